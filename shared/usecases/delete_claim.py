"""Take an expense claim away; the items inside are free again."""

from dataclasses import replace

from shared.domain.accounts import Account, Caller
from shared.domain.errors import fail
from shared.domain.items import ItemType, Stage
from shared.usecases.edit_item import found_item
from shared.usecases.expense_claims import gathered
from shared.usecases.happenings import happened
from shared.usecases.integrations import Ways
from shared.usecases.service import Service


def delete_claim(service: Service, account: Account, item_id: str, *, caller: Caller) -> None:
    """Delete an expense claim that is not published. Raises not_found, invalid_request (it is no claim, or has more
    items than go out at once), already_published, outcome_unknown, publication_in_progress, ConflictError.
    """
    ways = Ways(service, account)
    claim, state, marker = found_item(service, account, item_id, ways.linked)
    if claim.type is not ItemType.EXPENSE_CLAIM:
        raise fail("invalid_request", field="item", reason="only expense claims are deleted")
    if state.stage is Stage.PUBLISHED:
        raise fail("already_published")
    if state.stage is Stage.UNKNOWN:
        raise fail("outcome_unknown")
    if marker is not None:
        raise fail("publication_in_progress")
    freed = gathered(ways, replace(claim, items=()), claim.items).states
    service.items.erase(claim, state, inside=freed, connections=ways.linked)
    before: dict[str, object] = {"items": list(claim.items), "total": str(claim.total), "currency": claim.currency}
    event = happened(service, account.id, "claim.deleted", by=caller, subject=claim.id, before=before)
    service.events.append(account.tenant, event)
