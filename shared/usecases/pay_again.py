"""Payments asked for by themselves: their documents are published, they failed, or it is not known whether they did."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from shared.domain.connections import Connection
from shared.domain.errors import ConflictError
from shared.domain.ids import new_id
from shared.domain.items import FactOutcome, Published
from shared.domain.publishing import Batch, BatchStatus, FactKind, Member, PendingMarker
from shared.domain.settling import SENDS_WITH_ONE_KEY
from shared.providers.contract import Draft
from shared.usecases.drain import Drain
from shared.usecases.prepare_batch import new_batch, store_batch
from shared.usecases.prepare_payments import payment_drafts

UNPAID: Final = frozenset({FactOutcome.PENDING, FactOutcome.FAILED, FactOutcome.UNKNOWN})
Claimable = tuple[PendingMarker, Member, Draft]


def pay_again(drain: Drain, connection: Connection, markers: Sequence[PendingMarker]) -> Iterator[Batch]:
    """Batches of the payments that these items still lack; markers of items that lack none are taken away.

    A batch is claimed and frozen when it is asked for. One of payments whose outcome is unknown counts as sent: it is
    looked up before anything is sent, and held for a person again where it is ambiguous.
    """
    unpaid = _unpaid(drain, connection, markers)
    drain.read_items(connection.account, list(unpaid))
    drafts = {member.subject: (member, draft) for member, draft in payment_drafts(drain, connection, unpaid)}
    groups: dict[tuple[str, bool], list[Claimable]] = defaultdict(list)
    for marker in markers:
        if marker.item not in drafts:
            with suppress(ConflictError):  # edited in this moment: it stays queued
                drain.service.items.delete_marker(marker)
            continue
        member, draft = drafts[marker.item]
        payment = unpaid[marker.item].payment
        unsure = payment is not None and payment.outcome is FactOutcome.UNKNOWN
        groups[draft.resource, unsure].append((marker, member, draft))
    size = drain.provider.profile.publishing.batch_elements
    for (_, unsure), group in groups.items():
        for start in range(0, len(group), size):
            drain.need_time_for_a_call()
            batch = _freeze(drain, connection, group[start : start + size], unsure=unsure)
            if batch is not None:
                yield batch


def _unpaid(drain: Drain, connection: Connection, markers: Sequence[PendingMarker]) -> dict[str, Published]:
    states = drain.states(connection.account, [marker.item for marker in markers])
    wanted = {marker.item: marker.generation for marker in markers}
    return {
        item: state.published
        for item, state in states.items()
        if state.generation == wanted[item]
        and state.published is not None
        and state.published.payment is not None
        and state.published.payment.outcome in UNPAID
    }


def _freeze(drain: Drain, connection: Connection, group: Sequence[Claimable], *, unsure: bool) -> Batch | None:
    """Claim the markers, then store the exact bytes; an item that changed in between is left for the next round."""
    batches, batch_id = drain.service.batches, new_id(drain.now())
    where = (drain.tenant, drain.provider_name, drain.organisation)
    batches.announce(*where, batch_id, [marker for marker, _, _ in group])
    claimed = [one for one in group if _claim(drain, connection, one[0], batch_id)]
    if not claimed:
        batches.withdraw(*where, batch_id)
        return None
    drafts = [(member, draft) for _, member, draft in claimed]
    batch = replace(new_batch(drain, connection, FactKind.PAYMENTS, batch_id, drafts), standalone=True)
    return store_batch(drain, _as_sent(drain, batch, claimed) if unsure else batch, drafts, announced=True)


def _as_sent(drain: Drain, batch: Batch, claimed: Sequence[Claimable]) -> Batch:
    """The batch as one that went out some time between the documents' publication and the wish to pay again.

    Whatever went out had another key: this one is worth nothing.
    """
    states = drain.states(batch.account, [member.subject for member in batch.members])
    published = [state.published.at for state in states.values() if state.published]
    return replace(
        batch,
        status=BatchStatus.SENDING,
        attempt=SENDS_WITH_ONE_KEY,
        first_sent_at=min(published),
        sent_at=max(marker.queued_at for marker, _, _ in claimed),
    )


def _claim(drain: Drain, connection: Connection, marker: PendingMarker, batch_id: str) -> bool:
    version = drain.claimed_items(connection.account, [marker.item])[marker.item].version
    try:
        drain.service.items.claim(replace(marker, item_version=version), batch_id)
    except ConflictError:
        return False
    return True
