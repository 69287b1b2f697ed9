"""What an item says once its document is at the provider."""

from dataclasses import replace
from decimal import Decimal

from shared.domain.approvals import Approval
from shared.domain.connections import Destination
from shared.domain.items import Fact, FactOutcome, ItemState, Place, Published, Stage
from shared.domain.publishing import ElementAnswer
from shared.usecases.drain import Drain


def as_published(
    drain: Drain,
    state: ItemState,
    connection: str,
    resource: str,
    answer: ElementAnswer,
    *,
    destination: Destination | None,
    has_payment: bool,
    has_file: bool,
    approval: str | None = None,
    approver: str | None = None,
    by: str,
) -> ItemState:
    """The item's state with its document; what follows is pending (payment, file, approver), and not for a void one.

    `approver` is the provider's id of whom the item names; `approval` is the connection in whose software people decide
    on it, `by` who asked for the document.
    """
    document_id = answer.provider_id or ""
    published = Published(
        connection=connection,
        organisation=drain.organisation,
        document_id=document_id,
        document_type=resource,
        at=drain.now(),
        status=answer.status or "",
        number=answer.number,
        url=answer.url or drain.provider.document_url(resource, document_id),
        total=Decimal(answer.total) if answer.total is not None else None,
        payment=Fact(FactOutcome.PENDING) if has_payment and not answer.voided else None,
        attachment=Fact(FactOutcome.PENDING) if has_file and not answer.voided else None,
        approver=Fact(FactOutcome.PENDING, approver) if approver is not None and not answer.voided else None,
        destination=destination,
        approval=Approval(approval) if approval is not None else None,
        by=by,
    )
    drain.progress += 1
    return replace(state, stage=Stage.PUBLISHED, place=Place.ARCHIVE, last_error=None, reasons=(), published=published)
