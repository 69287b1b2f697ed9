"""Publish what is queued for one organisation: the worker's whole turn, from lease to the next wake-up."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from shared.aws.log import count, logger
from shared.aws.queues import LONGEST_DELAY
from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.errors import Problem
from shared.domain.publishing import FactKind, PendingMarker, WakeUp
from shared.providers.contract import AccessLost, CallFailed, LimitReached
from shared.storage.batches import OpenBatch
from shared.usecases.complete_published import complete_published
from shared.usecases.drain import Drain, NotBefore
from shared.usecases.files_together import files_together, upload_together
from shared.usecases.note_attention import note_attention
from shared.usecases.prepare_documents import prepare_documents
from shared.usecases.publishing_lease import publishing_lease
from shared.usecases.service import Service
from shared.usecases.sessions import OutOfTime
from shared.usecases.set_back import free_queued, why_gone
from shared.usecases.settle_batch import settle_or_pass
from shared.usecases.wake import remind, wake_up

# Queued items looked at together, at most: enough to fill a batch of each kind of document, few enough to read at once.
SLICE: Final = 200
MOST_HOPS: Final = 200
DRAINS_BEFORE_PARKING: Final = 5
PARKED_FOR: Final = timedelta(minutes=30)
HELD_LOOKED_AT_AGAIN: Final = timedelta(minutes=5)


def drain_organisation(service: Service, wake: WakeUp, deadline: datetime) -> None:
    """Work through an organisation's queue until it is empty, a limit is reached or time is short.

    `deadline` is when the invocation ends (UTC). One holder at a time: who finds the lease held leaves at once, for
    the holder looks once more after letting go. Never waits: what must wait is woken later. While an operator holds
    publishing nothing is done at all.
    """
    standing = service.standing.get()
    if standing.held:
        count("wake_ups_while_held")
        remind(service, wake, service.clock.now() + HELD_LOOKED_AT_AGAIN)
        return
    with publishing_lease(service, wake, standing, deadline) as drain:
        if drain is None:
            return
        not_before = _turn(drain)
    _look_once_more(drain, wake, not_before)


def _turn(drain: Drain) -> datetime | None:
    """All the work there is time and allowance for; returns when to go on, None when nothing is left to do now."""
    try:
        drain.service.batches.fence(drain.tenant, drain.provider_name, drain.organisation, drain.epoch)
        with files_together(drain):
            _settle_open(drain)
            for connection, markers in _slices(drain):
                drain.need_time_for_a_call()
                _publish(drain, connection, markers)
        free_abandoned(drain)
    except OutOfTime:
        return drain.now()
    except LimitReached as limit:
        count("drains_stopped_by_limit")
        return limit.blocked.until
    except NotBefore as early:
        return early.until
    except CallFailed as failure:
        return _failed(drain, failure.problem)
    except AccessLost as lost:
        logger.warning("access lost while publishing", extra={"code": lost.problem.code})
        return _failed(drain, lost.problem)  # a connection that was put out of service keeps its queue and waits
    _recovered(drain)
    return _after_passing(drain)


def _after_passing(drain: Drain) -> datetime | None:
    """When to go on with the batches that others went past; None when there are none.

    Where nothing at all went through, the provider fails at everything that is sent, and counts as failed.
    """
    if not drain.passed:
        return None
    first = min(early.until for early in drain.passed)
    failing = next((early.failing for early in drain.passed if early.failing is not None), None)
    if drain.progress:
        _tell_failing(drain)
        return first
    return max(first, _failed(drain, failing)) if failing is not None else first


def _tell_failing(drain: Drain) -> None:
    """Write to the batches that the provider fails at that it took others meanwhile: it is not out of order."""
    key = (drain.tenant, drain.provider_name, drain.organisation)
    for left in drain.service.batches.open(*key):
        batch = drain.service.batches.get(*key, left.batch)
        if batch is None or not batch.rounds or batch.others_taken:
            continue
        if batch.first_sent_at is not None or batch.rests_until is not None:  # it has failed since it was cut like this
            drain.service.batches.update(replace(batch, others_taken=True, epoch=drain.epoch))


def _settle_open(drain: Drain) -> None:
    """Close what an earlier holder left before making anything new; give back claims whose batch never came to be.

    Payments after their documents, which usually bring them along: an item is told of its document first.
    """
    key = (drain.tenant, drain.provider_name, drain.organisation)
    payments = []
    for left in drain.service.batches.open(*key):
        batch = drain.service.batches.get(*key, left.batch)
        if batch is None:
            give_back(drain, left)
        elif batch.fact is FactKind.PAYMENTS:
            payments.append(batch.id)
        elif may_send(drain, drain.connection(batch.account, batch.connection)):
            settle_or_pass(drain, batch)
    for payment in payments:
        batch = drain.service.batches.get(*key, payment)
        if batch is not None and batch.is_open and may_send(drain, drain.connection(batch.account, batch.connection)):
            settle_or_pass(drain, batch)


def give_back(drain: Drain, left: OpenBatch) -> None:
    """Release the claims of a batch that was announced and never came to be."""
    for marker in left.markers:
        drain.service.items.release(marker)
    drain.service.batches.withdraw(drain.tenant, drain.provider_name, drain.organisation, left.batch)


def _slices(drain: Drain) -> Iterator[tuple[Connection, list[PendingMarker]]]:
    """Unclaimed markers in slices of one connection each; held connections (paused, expired) keep their queue.

    Each slice asks anew how its connection stands: one that is being disconnected meanwhile gets no further.
    """
    after: PendingMarker | None = None
    full = drain.provider.profile.publishing.batch_elements  # whole batches of them: no call goes out for a remainder
    size = SLICE // full * full
    while markers := drain.service.items.unclaimed(
        drain.tenant, drain.provider_name, drain.organisation, size, after=after
    ):
        first = markers[0]
        drain.connections.pop(first.connection, None)
        connection = drain.connection(first.account, first.connection)
        mine = [marker for marker in markers if marker.connection == first.connection]
        if may_send(drain, connection):
            yield connection, mine
        elif connection.status is ConnectionStatus.DISCONNECTED:
            free_queued(drain.service, mine, why_gone(connection))  # queued in the moment in which it ended
        after = mine[-1]


def free_abandoned(drain: Drain) -> None:
    """Give back claims of a batch that nobody has: its worker was held up between claiming and writing it down.

    That worker's lease has ended, so it cannot write the batch any more. Looked for when the queue is done: what is
    left in it is little.
    """
    key = (drain.tenant, drain.provider_name, drain.organisation)
    claimed = [marker for marker in drain.service.items.pending(*key) if marker.batch is not None]
    if not claimed:
        return
    there = (drain.service.batches.get(*key, left.batch) for left in drain.service.batches.open(*key))
    claims = {batch.claim for batch in there if batch is not None}
    for marker in claimed:
        if marker.batch not in claims:
            drain.service.items.release(marker)
            count("abandoned_claims_freed")


def may_send(drain: Drain, connection: Connection) -> bool:
    """Whether this connection's queue may move: active, not paused, not parked."""
    parked = connection.parked_until is not None and drain.now() < connection.parked_until
    return connection.why_not_publishing() is None and connection.paused_at is None and not parked


def _may_go(drain: Drain, marker: PendingMarker) -> bool:
    """Whether the secondary that an item goes to takes it; one that has ended has it refused."""
    behalf = drain.behalf(marker)
    return behalf is None or behalf.is_ending or may_send(drain, behalf)


def _publish(drain: Drain, connection: Connection, markers: list[PendingMarker]) -> None:
    markers = [marker for marker in markers if _may_go(drain, marker)]
    known = [marker for marker in markers if not marker.makes_document]
    if known:
        complete_published(drain, connection, known)
    documents = [marker for marker in markers if marker.makes_document]
    for batch in prepare_documents(drain, connection, documents):
        settle_or_pass(drain, batch)
    upload_together(drain, connection)


def _failed(drain: Drain, problem: Problem) -> datetime:
    """When to try again after the provider failed: later each time; parked, with an alarm, after five in a row."""
    again = drain.now()
    for connection in list(drain.connections.values()):
        failed = connection.failed_drains + 1
        park = failed >= DRAINS_BEFORE_PARKING
        wait = PARKED_FOR if park else timedelta(seconds=2**failed * (1 + random.random()))  # noqa: S311 (jitter)
        again = max(again, drain.now() + wait)
        parked_until = again if park else None
        drain.remember(replace(connection, failed_drains=failed, parked_until=parked_until, problem=problem))
        if park:
            note_attention(drain.service, connection.tenant, connection.account)
        count("connections_parked" if park else "drains_failed")
    return again


def _recovered(drain: Drain) -> None:
    for connection in list(drain.connections.values()):
        if connection.failed_drains and drain.progress:
            drain.remember(replace(connection, failed_drains=0, parked_until=None, problem=None))


def _look_once_more(drain: Drain, wake: WakeUp, not_before: datetime | None) -> None:
    """After letting go: what came in meanwhile, or must wait, gets a wake-up of its own."""
    service, now = drain.service, drain.now()
    if not_before is None and not _anything_to_do(drain):
        return
    at = max(not_before or now, now)
    delay = ceil((at - now).total_seconds())
    if delay > LONGEST_DELAY or wake.hops >= MOST_HOPS:
        remind(service, replace(wake, hops=0), at)
    elif service.seen.first_time(f"wake#{wake.provider}#{wake.organisation}#{at.isoformat()}", timedelta(hours=1), now):
        # Many wake-ups may end at the same limit; one of them carries on.
        wake_up(service, replace(wake, hops=wake.hops + 1), delay_seconds=delay)


def _anything_to_do(drain: Drain) -> bool:
    """Whether a sendable connection has unclaimed markers now; read after the lease was let go."""
    drain.connections.clear()
    return next(_slices(drain), None) is not None
