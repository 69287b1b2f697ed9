"""Look through an account's rules, then its items that are not published, as far as there is time."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from shared.domain.items import Item, Stage
from shared.domain.rules import Rule
from shared.usecases.service import Service

_RULES_A_PAGE, _ITEMS_A_PAGE = 200, 100
_RULES, _ITEMS = "rules", "items"
_SENT: Final = frozenset({Stage.PUBLISHED, Stage.UNKNOWN})


def look_through(
    service: Service,
    tenant: str,
    account: str,
    *,
    position: str | None,
    until: datetime,
    rules: Callable[[Sequence[Rule]], None],
    items: Callable[[Sequence[Item]], None],
) -> str | None:
    """Hand over the rules, then the items, page by page from a position on (None: from the start).

    Returns where to go on, None at the end. At least one page is looked at, so that whoever repeats it gets on.
    """
    what, _, cursor = (position or f"{_RULES}|").partition("|")
    following: str | None = cursor or None
    while True:
        if what == _RULES:
            following = _page_of_rules(service, tenant, account, following, rules)
        else:
            following = _page_of_items(service, tenant, account, following, items)
        if following is None and what == _ITEMS:
            return None
        if following is None:
            what = _ITEMS
        if service.clock.now() >= until:
            return f"{what}|{following or ''}"


def _page_of_rules(
    service: Service, tenant: str, account: str, cursor: str | None, look: Callable[[Sequence[Rule]], None]
) -> str | None:
    page, following = service.rules.page(tenant, account, cursor, _RULES_A_PAGE)
    look(page)
    return following


def _page_of_items(
    service: Service, tenant: str, account: str, cursor: str | None, look: Callable[[Sequence[Item]], None]
) -> str | None:
    page, following = service.items.page(tenant, account, cursor, _ITEMS_A_PAGE)
    wanted = [one.state.item for one in page if one.stage not in _SENT]
    look(list(service.items.batch_get(tenant, account, wanted).values()))
    return following
