"""Make a batch: the record of what one call will send, stored with its exact bytes before anything goes out."""

from collections.abc import Sequence

from shared.domain.connections import Connection
from shared.domain.publishing import Batch, BatchStatus, FactKind, Member
from shared.providers.contract import Draft
from shared.usecases.drain import Drain

Drafts = Sequence[tuple[Member, Draft]]


def new_batch(drain: Drain, connection: Connection, fact: FactKind, batch_id: str, drafts: Drafts) -> Batch:
    """A batch of these elements (at least one, all of one resource), not stored yet; its id goes out as the key."""
    return Batch(
        id=batch_id,
        claim=batch_id,
        tenant=drain.tenant,
        account=connection.account,
        connection=connection.id,
        provider=drain.provider_name,
        organisation=drain.organisation,
        fact=fact,
        resource=drafts[0][1].resource,
        key=batch_id,
        status=BatchStatus.PREPARED,
        members=tuple(member for member, _ in drafts),
        created_at=drain.now(),
        epoch=drain.epoch,
    )


def store_batch(drain: Drain, batch: Batch, drafts: Drafts, *, announced: bool = False) -> Batch:
    """Store a new batch with the bytes of its elements; `announced` where the claims that it stands on were.

    Raises ConflictError when somebody else holds the lease now.
    """
    body = drain.provider.body(batch.resource, [draft.element for _, draft in drafts])
    return drain.service.batches.create(batch, body, announced=announced)
