"""Write a document batch's outcomes to its items, and bring their payments, approvers and files after them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.aws.log import count
from shared.domain.claims import is_claim
from shared.domain.connections import Connection
from shared.domain.errors import Problem
from shared.domain.items import ItemState, Published, Stage
from shared.domain.publishing import Answered, Batch, ElementAnswer, Member, PendingMarker, Verdict
from shared.usecases.as_published import as_published
from shared.usecases.attach_files import attach_files, with_inside
from shared.usecases.await_decision import await_decision
from shared.usecases.drain import Drain
from shared.usecases.item_news import tell_of_batch
from shared.usecases.name_approvers import give_up_approvers, name_approvers
from shared.usecases.prepare_payments import prepare_payments
from shared.usecases.publish_inside import publish_inside
from shared.usecases.watch_payments import watch_batch
from shared.usecases.withdraw import give_up_files

HELD = Problem("outcome_unknown")


def conclude_documents(drain: Drain, connection: Connection, batch: Batch, answers: list[ElementAnswer]) -> list[Batch]:
    """Items first, so that a person sees what is there; then payments (returned as batches to settle), then approvers.

    An item that something is to follow is written with the first that does (its payment's outcome, its file's), or
    without it where that must wait. May be repeated from any point: an item that already says what its answer says is
    not written again. What is left is `finish_documents`'.
    """
    by_marker = {answer.marker: answer for answer in answers}
    states = drain.states(batch.account, [member.subject for member in batch.members])
    watch_batch(drain, batch, by_marker, states)
    for member in batch.members:
        state = states.get(member.subject)
        after = _concluded(drain, batch, member, by_marker[member.marker], state) if state else None
        if after is not None and _is_followed(after.published):
            drain.hold_state(batch.account, after)
        elif after is not None:
            drain.save_state(batch.account, after)
    _publish_inside(drain, connection, batch, by_marker)
    payments = prepare_payments(drain, connection, batch)
    if payments is not None:
        return [payments]
    with_approver = [drain.marker(batch, member) for member in batch.members if member.approver is not None]
    if connection.is_ending:
        give_up_approvers(drain, with_approver)
    else:
        name_approvers(drain, connection, with_approver)
    return []


def finish_documents(drain: Drain, connection: Connection, batches: Sequence[Answered]) -> None:
    """Bring the files of concluded batches after them, those of all together, and tell of the batches.

    Markers go last: while one is there, the item counts as being published. May be repeated from any point.
    """
    with_file = [marker for batch, _ in batches for marker in _with_file(drain, batch)]
    if connection.is_ending:
        give_up_files(drain, with_inside(drain, connection, with_file))
    else:
        # Answered in an earlier turn, which may have gone on to the files before it wrote the items down.
        begun_before = {batch.claim for batch, _ in batches if batch.epoch != drain.epoch}
        attach_files(drain, connection, with_file, begun_before)
    drain.write_held()
    for batch, answers in batches:
        tell_of_batch(drain, batch, {answer.marker: answer for answer in answers})
        for member in batch.members:
            drain.service.items.delete_marker(drain.marker(batch, member))


def _with_file(drain: Drain, batch: Batch) -> list[PendingMarker]:
    """The markers of members with a file, and of expense claims, whose items may have some."""
    states = drain.states(batch.account, [member.subject for member in batch.members])
    claims = {item for item, state in states.items() if is_claim(state)}
    return [drain.marker(batch, member) for member in batch.members if member.has_file or member.subject in claims]


def _is_followed(published: Published | None) -> bool:
    facts = (published.payment, published.approver, published.attachment) if published is not None else ()
    return any(fact is not None for fact in facts)


def _publish_inside(drain: Drain, connection: Connection, batch: Batch, answers: Mapping[str, ElementAnswer]) -> None:
    """Write to the items inside published expense claims that they are published."""
    states = drain.states(batch.account, [member.subject for member in batch.members])
    claims = [one for one in batch.members if one.subject in states and is_claim(states[one.subject])]
    items = drain.claimed_items(batch.account, [member.subject for member in claims]) if claims else {}
    for member in claims:
        published = states[member.subject].published
        if published is not None and member.subject in items:
            voided = answers[member.marker].voided
            publish_inside(drain, connection, items[member.subject], published, voided=voided)


def _concluded(drain: Drain, batch: Batch, member: Member, answer: ElementAnswer, state: ItemState) -> ItemState | None:
    """What the answer makes of the item, or None when it says so already."""
    if answer.verdict is Verdict.DONE:
        known = state.published is not None and state.published.document_id == answer.provider_id
        return None if known else _published(drain, batch, member, answer, state)
    problem = answer.problem or (HELD if answer.verdict is Verdict.UNKNOWN else Problem("provider_refused"))
    if state.last_error == problem:
        return None
    count("documents_held" if answer.verdict is Verdict.UNKNOWN else "documents_refused")
    stage = Stage.UNKNOWN if answer.verdict is Verdict.UNKNOWN else Stage.READY
    sent_through = batch.connection if stage is Stage.UNKNOWN else None
    return replace(state, stage=stage, reasons=(), last_error=problem, sent_through=sent_through)


def _published(drain: Drain, batch: Batch, member: Member, answer: ElementAnswer, state: ItemState) -> ItemState:
    if not member.carries_marker:
        where = (batch.tenant, batch.provider, batch.organisation, batch.resource)
        drain.service.items.hold_document(*where, answer.provider_id or "", member.subject)
    if member.approval is not None and not answer.voided:
        await_decision(drain, batch, member, answer, member.approval)
    count("documents_published")
    return as_published(
        drain,
        state,
        batch.connection,
        batch.resource,
        answer,
        destination=member.destination,
        has_payment=member.has_payment,
        has_file=member.has_file,
        approval=member.approval,
        approver=member.approver,
        by=member.by,
    )
