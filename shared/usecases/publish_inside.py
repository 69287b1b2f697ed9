"""What is published with an expense claim: the items inside, each with its own file on the claim's document."""

from dataclasses import replace
from decimal import Decimal

from shared.domain.connections import Connection
from shared.domain.errors import Problem
from shared.domain.items import Fact, FactOutcome, Item, ItemState, Place, Published, Stage
from shared.usecases.drain import Drain


def publish_inside(drain: Drain, connection: Connection, claim: Item, published: Published, *, voided: bool) -> None:
    """Write it to the items inside a published claim. May be repeated: one that says so already is left alone.

    The files of the items are pending, as many as the provider takes for one document; the others say so, and none
    goes to a document that is `voided`.
    """
    items = drain.claimed_items(connection.account, claim.items)
    states = drain.states(connection.account, claim.items)
    room = drain.provider.profile.publishing.files_per_document - (claim.document is not None)
    for item_id in claim.items:
        item, state = items.get(item_id), states.get(item_id)
        if item is None or state is None or state.claim != claim.id:
            continue
        file = None
        if item.document is not None and connection.settings.attach_files and not voided:
            file = Fact(FactOutcome.PENDING) if room > 0 else _too_many(drain)
            room -= 1
        if state.published is None or state.published.document_id != published.document_id:
            after = _published(state, published, file)
            hold = file is not None and file.outcome is FactOutcome.PENDING
            (drain.hold_state if hold else drain.save_state)(connection.account, after)


def _published(state: ItemState, published: Published, file: Fact | None) -> ItemState:
    own = replace(published, payment=None, approver=None, attachment=file, total=Decimal(state.summary.total))
    problem = file.problem if file is not None else None
    return replace(state, stage=Stage.PUBLISHED, place=Place.ARCHIVE, reasons=(), last_error=problem, published=own)


def _too_many(drain: Drain) -> Fact:
    most = drain.provider.profile.publishing.files_per_document
    return Fact(FactOutcome.FAILED, problem=Problem("too_many_files", "document", details={"most": most}))
