"""BILL's lists, page by page. Source: developer.bill.com, "Search operations with lists".

A pass reads records in the order in which they were made, so that one that is changed meanwhile keeps its place; what
changed is asked for by updatedTime. Archived records are in the lists unless they are filtered out (assumed).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from shared.domain.lists import Entry, Kind
from shared.providers.bill import api, entries
from shared.providers.contract import ListPage, Session

# BILL does not say what time it has: a delta begins so long before the pass before it began by our own clock.
CLOCKS_DIFFER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Part:
    """One of BILL's lists: its path and how its records are read; `head` comes with its first page."""

    path: str
    entries: Callable[[Mapping[str, Any]], Iterator[Entry]]
    head: tuple[Entry, ...] = ()


_CLASSIFICATIONS: Final = "/classifications/"
# Lists that come together, essential ones first; dimensions are five lists read one after the other.
GROUPS: Final[Mapping[tuple[Kind, ...], tuple[_Part, ...]]] = {
    (Kind.CATEGORIES, Kind.BANK_ACCOUNTS): (_Part(f"{_CLASSIFICATIONS}chart-of-accounts", entries.account),),
    (Kind.SUPPLIERS,): (_Part("/vendors", entries.vendor),),
    (Kind.DIMENSIONS,): tuple(
        _Part(_CLASSIFICATIONS + name, entries.value_of(name), (entries.dimension(name),))
        for name in entries.DIMENSIONS
    ),
    (Kind.CUSTOMERS,): (_Part("/customers", entries.customer),),
    (Kind.PRODUCTS,): (_Part(f"{_CLASSIFICATIONS}items", entries.item),),
    (Kind.USERS, Kind.APPROVERS): (_Part("/users", entries.user),),
}


def list_page(session: Session, kinds: Sequence[Kind], page: str | None, since: str | None) -> ListPage:
    """One page; `page` is which of the group's lists is read and BILL's cursor in it. A cursor is a time."""
    group = next(group for group in GROUPS if set(kinds) <= set(group))
    parts = GROUPS[group]
    number, _, cursor = (page or "0:").partition(":")
    part = parts[int(number)]
    started = session.now()
    params = {"filters": f'updatedTime:gte:"{since}"'} if since else {}
    records, following = api.page(session, part.path, params, cursor or None)
    head = () if cursor else part.head
    return ListPage(
        entries=(*head, *(entry for record in records for entry in part.entries(record))),
        next=_next(int(number), following, len(parts)),
        cursor=api.stamp(started - CLOCKS_DIFFER),
    )


def _next(number: int, following: str | None, parts: int) -> str | None:
    if following is not None:
        return f"{number}:{following}"
    return f"{number + 1}:" if number + 1 < parts else None
