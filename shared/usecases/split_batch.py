"""Cut a batch into children with keys of their own: to find a poison element, or to send again what is absent."""

from collections.abc import Sequence
from dataclasses import replace

from shared.domain.ids import new_id
from shared.domain.publishing import Batch, BatchStatus, ElementAnswer, Member
from shared.domain.settling import SENDS_WITH_ONE_KEY
from shared.usecases.drain import Drain


def halves(drain: Drain, batch: Batch) -> list[Batch]:
    """Two children of half the members each; the parent is SPLIT. At least two members."""
    return _split(drain, batch, [unsent(drain, batch, group) for group in in_halves(batch.members)])


def in_halves(members: tuple[Member, ...]) -> tuple[tuple[Member, ...], tuple[Member, ...]]:
    """Members cut in two; at least two of them."""
    middle = len(members) // 2
    return members[:middle], members[middle:]


def resend_absent(drain: Drain, batch: Batch, known: list[ElementAnswer], resends: Sequence[Batch]) -> list[Batch]:
    """Cut off the members that are proven absent at the provider: each child of `resends` goes out under a new key.

    The others follow as a batch that was sent when the parent was, with the answers that are known of them.
    """
    again = {member.marker for child in resends for member in child.members}
    there = tuple(member for member in batch.members if member.marker not in again)
    if not there:
        return _split(drain, batch, resends)
    found = replace(
        batch,
        id=new_id(drain.now()),
        members=there,
        parent=batch.id,
        epoch=drain.epoch,
        attempt=max(batch.attempt, SENDS_WITH_ONE_KEY),  # its bytes are not those the key went out with: never resent
        version=0,
    )
    found, *resends = _split(drain, batch, [found, *resends])
    answered = drain.service.batches.put_answers(found.moved(BatchStatus.ANSWERED), known)
    return [answered, *resends]


def _split(drain: Drain, batch: Batch, children: Sequence[Batch]) -> list[Batch]:
    sent = drain.provider.elements(batch.resource, drain.service.batches.body(batch))
    elements = {member.marker: element for member, element in zip(batch.members, sent, strict=True)}
    with_bodies = [
        (child, drain.provider.body(batch.resource, [elements[member.marker] for member in child.members]))
        for child in children
    ]
    return drain.service.batches.split(batch.moved(BatchStatus.SPLIT, epoch=drain.epoch), with_bodies)


def unsent(drain: Drain, batch: Batch, members: tuple[Member, ...]) -> Batch:
    """A child of the batch that nothing is known of at the provider: a new key and no sends; not stored yet."""
    child_id = new_id(drain.now())
    return replace(
        batch,
        id=child_id,
        key=child_id,
        status=BatchStatus.PREPARED,
        members=members,
        created_at=drain.now(),
        attempt=0,
        epoch=drain.epoch,
        first_sent_at=None,
        sent_at=None,
        sent_with_grant=None,
        sent_with_token_version=None,
        looked_up=0,
        failed_lookups=0,
        rests_until=None,
        parent=batch.id,
        proven_absent=True,
        version=0,
    )
