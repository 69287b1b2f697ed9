"""Say whether an item may be published: a decision of the account's admins, or of the tenant on their behalf."""

from dataclasses import replace

from shared.domain.accounts import Account
from shared.domain.errors import fail
from shared.domain.item_approvals import ItemApproval, ItemApprovalState, approval_of
from shared.domain.items import Stage
from shared.domain.readiness import judged
from shared.usecases.auto_publish import reconsider
from shared.usecases.create_items import Taken
from shared.usecases.edit_item import Changed, found_item, store_change
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Ways, evaluate
from shared.usecases.service import Service


def set_approval(
    service: Service, account: Account, item_id: str, said: ItemApprovalState, *, version: int | None, actor: str
) -> Taken:
    """Ask for an item's approval, give it, refuse it, or ask for none. `version` is the one that was looked at, if any.

    An approval is of the item as it is now; a later edit leaves it pending. What is queued leaves the queue where it
    may not be published any more; what only its approval kept from publishing itself does so now. Raises not_found,
    precondition_failed, already_published, outcome_unknown, publication_in_progress (a worker has claimed it);
    ConflictError when somebody else was faster.
    """
    ways = Ways(service, account)
    item, state, marker = found_item(service, account, item_id, ways.linked)
    if version is not None and version != item.version:
        raise fail("precondition_failed", current=item.version)
    if state.stage is Stage.PUBLISHED:
        raise fail("already_published")
    if state.stage is Stage.UNKNOWN:
        raise fail("outcome_unknown")
    if approval_of(item.approval, item.version) is said:
        return Taken(item, state, marker, new=False)
    next_version = item.version + 1
    given = ItemApproval(said, next_version, service.clock.now(), actor)
    after = replace(item, approval=None if said is ItemApprovalState.NONE else given)
    way = ways.of_marker(item, marker)
    cache = EntryCache(service, account)
    problems = evaluate(service, account, replace(after, version=next_version), way, cache=cache)
    state = judged(replace(state, reasons=()), problems, account.coding_version)
    changed = Changed(after, state, marker, ("approval",))
    taken = store_change(service, changed, ways.linked, actor=actor, what=f"item.approval.{said.value}")
    return reconsider(ways, cache, taken)
