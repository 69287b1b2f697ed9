"""What a connection that is being disconnected has left at its organisation: nothing new goes out, what did is found.

Under the organisation's publishing lease, so that no other worker has anything of it in hand.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.domain.connections import Closing, Connection, ConnectionStatus
from shared.domain.publishing import Batch, BatchStatus, FactKind
from shared.domain.settling import missing
from shared.providers.contract import AccessLost, CallFailed, LimitReached
from shared.usecases.drain import Drain, NotBefore
from shared.usecases.drain_organisation import free_abandoned, give_back
from shared.usecases.look_up import hold
from shared.usecases.set_back import free_queued, why_gone
from shared.usecases.settle_batch import settle_batch

# How long the outcome of what was sent is looked for; then only a person can find it out.
LOOKED_FOR: Final = timedelta(minutes=30)
LOOK_AGAIN: Final = timedelta(seconds=30)  # after a look-up that failed
SLICE: Final = 100
AFTER_SLICE: Final = timedelta(seconds=20)  # what one slice and the writes that end a turn may need
_ROUNDS: Final = 2  # one that a restore has made uncertain is found to be unknown in the first
WITHOUT_ACCESS: Final = frozenset({ConnectionStatus.EXPIRED, ConnectionStatus.REVOKED, ConnectionStatus.BROKEN})


@dataclass(frozen=True, slots=True)
class Left:
    """What a turn brought: items held and set back in it, and how many batches have to be looked up again.

    `until` is when it makes sense to go on; None when nothing of the connection is left here.
    """

    batches: int
    until: datetime | None
    held: int
    set_back: int


def settle_closing(drain: Drain, connection: Connection, closing: Closing) -> Left:
    """Withdraw what never went out, look up what did, free the queue. Raises OutOfTime; every step may be repeated.

    What cannot be looked up is held for a person: at once where access was lost before or is lost now, else when
    `LOOKED_FOR` has passed.
    """
    drain.service.batches.fence(drain.tenant, drain.provider_name, drain.organisation, drain.epoch)
    lost = closing.was in WITHOUT_ACCESS
    stops: list[datetime] = []
    for batch in open_batches(drain, connection):
        try:
            until = None if lost else settled(drain, batch)
        except AccessLost:
            lost = True
        else:
            stops += [until] if until is not None else []
    held = 0
    if lost or drain.now() >= closing.asked_at + LOOKED_FOR:
        held = _hold(drain, connection)
    free_abandoned(drain)
    left = len(open_batches(drain, connection))
    freed, all_free = _free(drain, connection)
    until = drain.now() if not all_free else min(stops, default=drain.now() + LOOK_AGAIN) if left else None
    return Left(left, until, held, freed)


def open_batches(drain: Drain, connection: Connection) -> list[Batch]:
    """The connection's open batches: payments last, as documents bring them along."""
    key = (drain.tenant, drain.provider_name, drain.organisation)
    found = []
    for left in drain.service.batches.open(*key):
        batch = drain.service.batches.get(*key, left.batch)
        if batch is None:
            give_back(drain, left)
        elif batch.connection == connection.id:
            found.append(batch)
    return sorted(found, key=lambda batch: batch.fact is FactKind.PAYMENTS)


def settled(drain: Drain, batch: Batch) -> datetime | None:
    """Settle a batch as far as it goes; returns when it may go on, None where it is done. Raises AccessLost."""
    current = _still_open(drain, batch)
    if current is None:
        return None
    try:
        settle_batch(drain, current)
    except NotBefore as early:
        return early.until
    except LimitReached as limit:
        return limit.blocked.until
    except CallFailed:
        return drain.now() + LOOK_AGAIN
    return None


def _still_open(drain: Drain, batch: Batch) -> Batch | None:
    """The batch as it is now; None for a payment that its document has brought along."""
    current = drain.service.batches.get(batch.tenant, batch.provider, batch.organisation, batch.id)
    return current if current is not None and current.is_open else None


def _hold(drain: Drain, connection: Connection) -> int:
    """Leave to a person what is still open; returns how many documents that are."""
    held = 0
    for _ in range(_ROUNDS):
        for batch in open_batches(drain, connection):
            current = _still_open(drain, batch)
            if current is None:
                continue
            if current.status is BatchStatus.SENDING:
                current = drain.service.batches.update(current.moved(BatchStatus.UNKNOWN, epoch=drain.epoch))
            if current.status is BatchStatus.UNKNOWN:
                answers = drain.service.batches.answers(current)
                held += len(missing(current.members, answers)) if current.fact is FactKind.DOCUMENTS else 0
                current = hold(drain, current, answers, current.failure or why_gone(connection))
            with suppress(AccessLost, CallFailed, LimitReached, NotBefore):
                settle_batch(drain, current)
    return held


def _free(drain: Drain, connection: Connection) -> tuple[int, bool]:
    """Free the connection's queue; returns how many items were in it, and whether it is empty."""
    freed = 0
    while markers := drain.service.items.unclaimed_at(connection, SLICE):
        if drain.now() + AFTER_SLICE >= drain.deadline:
            return freed, False
        freed += free_queued(drain.service, markers, why_gone(connection))
    return freed, True
