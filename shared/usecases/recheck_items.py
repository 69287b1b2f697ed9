"""Look at an account's open items again after an entry, a setting or the organisation changed."""

from datetime import datetime, timedelta
from typing import Final

from shared.domain.errors import ConflictError
from shared.domain.items import Item, ItemState, Stage
from shared.domain.readiness import judged
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Ways, evaluate, prefetch_all
from shared.usecases.service import Service
from shared.usecases.tell_reviews import tell_reviews

SLICE: Final = 50
AFTER_SLICE: Final = timedelta(seconds=20)  # what one slice and the message that goes on from it may need
OPEN: Final = frozenset({Stage.RECEIVED, Stage.NEEDS_REVIEW, Stage.READY})


def recheck_items(service: Service, tenant: str, account_id: str, cursor: str | None, deadline: datetime) -> bool:
    """Renew the stored readiness of open items, slice by slice from `cursor` on (None: the first).

    False when `deadline` (UTC) came first: a message with the place to go on from was sent. Queued and published items
    are left alone: those are checked again before they are sent, these no more.
    """
    account = service.accounts.get(tenant, account_id)
    if account is None or account.deleted_at is not None:
        return True
    ways = Ways(service, account)
    cache = EntryCache(service, account)
    while True:
        page, cursor = service.items.page(tenant, account_id, cursor, SLICE)
        stale = [one.state for one in page if one.stage in OPEN and one.state.coding_version != account.coding_version]
        _renew(service, ways, stale, cache)
        if cursor is None:
            return True
        if service.clock.now() + AFTER_SLICE >= deadline:
            _go_on_later(service, tenant, account_id, cursor)
            return False


def _renew(service: Service, ways: Ways, stale: list[ItemState], cache: EntryCache) -> None:
    if not stale:
        return
    account = ways.account
    items = service.items.batch_get(account.tenant, account.id, [state.item for state in stale])
    prefetch_all(ways, cache, items.values())
    for state in stale:
        item = items.get(state.item)
        if item is not None:
            problems = evaluate(service, account, item, ways.of(item), cache=cache)
            fresh = judged(state, problems, account.coding_version)
            tell_reviews(service, item.tenant, item.account, [(state, fresh)])
            _store(service, item, fresh)


def _store(service: Service, item: Item, state: ItemState) -> None:
    try:
        service.items.update_state(item.tenant, item.account, state)
    except ConflictError:
        return  # edited or published at this moment: whoever did it has judged the item anew


def _go_on_later(service: Service, tenant: str, account: str, cursor: str) -> None:
    body = {"schema": 1, "kind": "recheck", "tenant": tenant, "account": account, "cursor": cursor}
    service.refresh_queue.send(body, group=tenant)
