"""Cut a batch into children with keys of their own: to find a poison element, or to send again what is absent."""

from dataclasses import replace

from shared.domain.ids import new_id
from shared.domain.publishing import Batch, BatchStatus, ElementAnswer, Member
from shared.domain.settling import SENDS_WITH_ONE_KEY
from shared.usecases.drain import Drain


def halves(drain: Drain, batch: Batch) -> list[Batch]:
    """Two children of half the members each; the parent is SPLIT. At least two members."""
    middle = len(batch.members) // 2
    return _split(
        drain, batch, [_unsent(drain, batch, group) for group in (batch.members[:middle], batch.members[middle:])]
    )


def resend_absent(drain: Drain, batch: Batch, known: list[ElementAnswer], absent: tuple[Member, ...]) -> list[Batch]:
    """Cut off the members that are proven absent at the provider: they go out again under a new key.

    The others follow as a batch that was sent when the parent was, with the answers that are known of them.
    """
    resend = _unsent(drain, batch, absent)
    there = tuple(member for member in batch.members if member not in absent)
    if not there:
        return _split(drain, batch, [resend])
    found = replace(
        batch,
        id=new_id(drain.now()),
        members=there,
        parent=batch.id,
        epoch=drain.epoch,
        attempt=max(batch.attempt, SENDS_WITH_ONE_KEY),  # its bytes are not those the key went out with: never resent
        version=0,
    )
    found, resend = _split(drain, batch, [found, resend])
    answered = drain.service.batches.put_answers(found.moved(BatchStatus.ANSWERED), known)
    return [answered, resend]


def _split(drain: Drain, batch: Batch, children: list[Batch]) -> list[Batch]:
    sent = drain.provider.elements(batch.resource, drain.service.batches.body(batch))
    elements = {member.marker: element for member, element in zip(batch.members, sent, strict=True)}
    with_bodies = [
        (child, drain.provider.body(batch.resource, [elements[member.marker] for member in child.members]))
        for child in children
    ]
    return drain.service.batches.split(batch.moved(BatchStatus.SPLIT, epoch=drain.epoch), with_bodies)


def _unsent(drain: Drain, batch: Batch, members: tuple[Member, ...]) -> Batch:
    """A child of the batch that nothing is known of at the provider: a new key and no history."""
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
        parent=batch.id,
        proven_absent=True,
        version=0,
    )
