"""Give up what never went out through a connection that is ending: batches that were prepared, files that follow."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from shared.aws.log import count
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError
from shared.domain.items import Fact, FactOutcome
from shared.domain.publishing import Batch, BatchStatus, ElementAnswer, FactKind, PendingMarker, Verdict
from shared.usecases.conclude_payments import conclude_payments
from shared.usecases.drain import Drain
from shared.usecases.set_back import DISCONNECTED, why_gone


def withdraw(drain: Drain, connection: Connection, batch: Batch) -> list[Batch]:
    """Close a batch of which nothing was sent; nothing follows it.

    Documents leave their items queued and unclaimed, for who frees the connection's queue. A payment has failed: it
    can be asked for by itself once the organisation is connected again. May be repeated.
    """
    if batch.fact is FactKind.PAYMENTS:
        why = why_gone(connection)
        refused = [ElementAnswer(member.marker, Verdict.REFUSED, problem=why) for member in batch.members]
        conclude_payments(drain, connection, batch, refused)
    elif batch.fact is FactKind.DOCUMENTS:
        for member in batch.members:
            with suppress(ConflictError):  # released before by a worker that died, and taken back by a person since
                drain.service.items.release(drain.marker(batch, member))
    drain.service.batches.update(batch.moved(BatchStatus.CLOSED, epoch=drain.epoch))
    count("batches_withdrawn")
    return []


def give_up_files(drain: Drain, markers: Sequence[PendingMarker]) -> None:
    """Files that were to follow these documents have failed; one that is under way at the provider is not known."""
    if not markers:
        return
    states = drain.states(markers[0].account, [marker.item for marker in markers])
    for marker in markers:
        state = states.get(marker.item)
        if state is None or state.published is None or state.published.attachment is None:
            continue
        file = state.published.attachment
        if file.outcome is not FactOutcome.PENDING:
            continue
        outcome = FactOutcome.UNKNOWN if file.provider_id else FactOutcome.FAILED
        published = replace(state.published, attachment=Fact(outcome, file.provider_id, DISCONNECTED))
        drain.save_state(marker.account, replace(state, published=published, last_error=DISCONNECTED))
        count("files_failed")
