"""Tie the suppliers and customers that a batch created to the list entries they were created for."""

from contextlib import suppress

from shared.aws.log import count
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError, Problem
from shared.domain.lists import Kind
from shared.domain.publishing import Batch, ElementAnswer, Verdict
from shared.usecases.drain import Drain


def conclude_suppliers(drain: Drain, connection: Connection, batch: Batch, answers: list[ElementAnswer]) -> list[Batch]:
    """An entry gets the provider's id once; a refused one is remembered for this turn, so its items can say why."""
    by_marker = {answer.marker: answer for answer in answers}
    for member in batch.members:
        answer = by_marker[member.marker]
        if answer.verdict is Verdict.DONE and answer.provider_id:
            _tie(drain, connection, Kind(member.fingerprint["kind"]), member.subject, answer.provider_id)
            count("suppliers_created")
        else:
            unknown = answer.verdict is Verdict.UNKNOWN
            drain.refused_suppliers[member.subject] = (
                Problem("outcome_unknown") if unknown else answer.problem or Problem("provider_refused")
            )
    return []


def _tie(drain: Drain, connection: Connection, kind: Kind, entry_id: str, provider_id: str) -> None:
    lists = drain.service.lists
    with suppress(ConflictError):  # concluded before by a worker that died, or tied by a refresh: that stands
        lists.set_provider_id(connection.book, kind, entry_id, provider_id)
    entry = lists.entry(connection.book, kind, entry_id)
    if entry is not None:
        drain.entries.put(connection.book, entry)
