"""Write a payment batch's outcomes to the items whose documents were paid."""

from dataclasses import replace

from shared.aws.log import count
from shared.domain.connections import Connection
from shared.domain.errors import Problem
from shared.domain.items import Fact, FactOutcome
from shared.domain.publishing import Batch, ElementAnswer, Verdict
from shared.usecases.drain import Drain

_OUTCOMES = {
    Verdict.DONE: FactOutcome.DONE,
    Verdict.REFUSED: FactOutcome.FAILED,
    Verdict.UNKNOWN: FactOutcome.UNKNOWN,
}


def conclude_payments(drain: Drain, _connection: Connection, batch: Batch, answers: list[ElementAnswer]) -> list[Batch]:
    """The document stays published whatever became of its payment; the item says which."""
    by_marker = {answer.marker: answer for answer in answers}
    states = drain.states(batch.account, [member.subject for member in batch.members])
    for member in batch.members:
        state = states.get(member.subject)
        if state is None or state.published is None:
            continue
        answer = by_marker[member.marker]
        problem = Problem("payment_unknown") if answer.verdict is Verdict.UNKNOWN else answer.problem
        payment = Fact(_OUTCOMES[answer.verdict], answer.provider_id, problem)
        if state.published.payment != payment:
            published = replace(state.published, payment=payment)
            known = state.published.payment.problem if state.published.payment else None
            error = None if state.last_error == known else state.last_error
            drain.save_state(batch.account, replace(state, published=published, last_error=problem or error))
            count("payments_recorded" if answer.verdict is Verdict.DONE else "payments_failed")
    if batch.standalone:
        for member in batch.members:
            drain.service.items.delete_marker(drain.marker(batch, member))
    return []
