"""What applying a merge would do, as it is chosen now: items that become ready, or do not, and rules that give way."""

from collections import Counter
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from shared.domain.accounts import Account
from shared.domain.aliases import AliasRow, AppliedMerge, MirrorRow
from shared.domain.errors import Problem, fail
from shared.domain.items import Item, ItemState, Stage
from shared.domain.lists import Book, Entry, Kind
from shared.domain.merges import Merge, MergeList, MergeStatus
from shared.domain.readiness import judged
from shared.domain.rules import Rule
from shared.storage.aliases import Ask
from shared.storage.planned_aliases import PlannedAliases
from shared.usecases.carry_out_merge import rows_by
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Ways, evaluate, prefetch_all
from shared.usecases.make_contacts import planned_contacts
from shared.usecases.merge_books import books_of
from shared.usecases.recheck_items import OPEN
from shared.usecases.service import Service

_PAGE: Final = 50
MOST_ITEMS: Final = 500  # looked at, the newest first
MOST_SHOWN: Final = 50
_TIME: Final = timedelta(seconds=12)  # of what a request has
_UNRESOLVED: Final = "entry_unresolved"


@dataclass(frozen=True, slots=True)
class Effect:
    """An open item before and after: whether it is ready, and what is wrong with it then."""

    item: str
    was_ready: bool
    is_ready: bool
    problems: tuple[Problem, ...]

    @property
    def unresolved(self) -> bool:
        return any(problem.code == _UNRESOLVED for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A rule that would give way to another, because both are for one entry then."""

    rule: Rule
    by: Rule


@dataclass(slots=True)
class Preview:
    """Effects on the open items looked at, and on rules; `complete` is False where there are more than were looked at.

    `shown` are items that become ready, that stay unresolved, or that are ready no more.
    """

    items: Counter[str] = field(default_factory=Counter)
    shown: list[Effect] = field(default_factory=list)
    shadowed: list[Shadowed] = field(default_factory=list)
    complete: bool = True

    def add(self, effect: Effect) -> None:
        if effect.is_ready:
            word = "stays_ready" if effect.was_ready else "becomes_ready"
        elif effect.was_ready:
            word = "ready_no_more"
        else:
            word = "stays_unresolved" if effect.unresolved else "needs_review"
        self.items[word] += 1
        if word not in {"stays_ready", "needs_review"} and len(self.shown) < MOST_SHOWN:
            self.shown.append(effect)


def preview_merge(service: Service, account: Account, merge: Merge) -> Preview:
    """Look at up to 500 open items and the rules with and without the merge; nothing is stored.

    Lists that nobody has decided on count as they stand. Raises merge_not_open, merge_not_proposed.
    """
    if merge.status is not MergeStatus.DRAFT:
        raise fail("merge_not_open", status=merge.status.value)
    if not merge.proposed:
        raise fail("merge_not_proposed")
    until = service.clock.now() + _TIME
    ahead, after = _ahead(service, account, merge)
    found = Preview()
    sides = (_Side(service, account), _Side(ahead, after))
    found.complete = _items(service, account, sides, found, until)
    found.complete &= _rules(service, account, sides, found, until)
    return found


class _Side:
    """The account's items and rules under the merges of one account value."""

    def __init__(self, service: Service, account: Account) -> None:
        self.service, self.account = service, account
        self.ways = Ways(service, account)
        self.cache = EntryCache(service, account)

    def problems(self, items: Iterable[Item]) -> dict[str, list[Problem]]:
        items = list(items)
        prefetch_all(self.ways, self.cache, items)
        return {
            item.id: evaluate(self.service, self.account, item, self.ways.of(item), cache=self.cache) for item in items
        }


def _ahead(service: Service, account: Account, merge: Merge) -> tuple[Service, Account]:
    """The service and the account as they would be: rows that nobody wrote stand beside those that are stored."""
    target = books_of(merge)[1]
    rows: list[AliasRow | MirrorRow] = []
    entries: dict[Ask, Entry] = {}
    sources = {merge.source}
    for which in MergeList:
        contacts = planned_contacts(service, merge, which) if which.of_contacts else None
        if contacts is not None:
            entries |= _asked(target, which.kind, contacts.new)
        some = rows_by(service, account, merge, which, made=contacts.ids if contacts is not None else {})
        rows += some
        sources |= {one.book for one in some if isinstance(one, AliasRow)}
    ahead = copy(service)
    ahead.__dict__["aliases"] = PlannedAliases(service.table("lists"), rows, entries)
    applied = AppliedMerge(merge.id, merge.target, tuple(sorted(sources)))
    return ahead, replace(account, merges=(*account.merges, applied)).restored()


def _asked(book: Book, kind: Kind, entries: Iterable[Entry]) -> dict[Ask, Entry]:
    return {(book, kind, entry.id): entry for entry in entries}


def _items(service: Service, account: Account, sides: tuple[_Side, _Side], found: Preview, until: datetime) -> bool:
    """True when every open item was looked at."""
    looked_at = 0
    for states in _open(service, account):
        if looked_at >= MOST_ITEMS or service.clock.now() >= until:
            return False
        looked_at += len(states)
        items = service.items.batch_get(account.tenant, account.id, states)
        before, after = (side.problems(items.values()) for side in sides)
        for item in items:
            found.add(_effect(states[item], before[item], after[item], account.coding_version))
    return True


def _effect(state: ItemState, before: list[Problem], after: list[Problem], version: int) -> Effect:
    was, becomes = (judged(replace(state, reasons=()), some, version).stage for some in (before, after))
    return Effect(state.item, was is Stage.READY, becomes is Stage.READY, tuple(after))


def _open(service: Service, account: Account) -> Iterator[dict[str, ItemState]]:
    cursor: str | None = None
    while True:
        page, cursor = service.items.page(account.tenant, account.id, cursor, _PAGE)
        states = {one.state.item: one.state for one in page if one.state.stage in OPEN}
        if states:
            yield states
        if cursor is None:
            return


def _rules(service: Service, account: Account, sides: tuple[_Side, _Side], found: Preview, until: datetime) -> bool:
    """True when every rule was looked at."""
    cursor: str | None = None
    while True:
        page, cursor = service.rules.page(account.tenant, account.id, cursor, _PAGE * 4)
        for side in sides:
            side.ways.rules.load((rule.kind, rule.subject) for rule in page)
        for rule in page:
            before, after = (side.ways.rules.of(rule.kind, rule.subject) for side in sides)
            gives_way = after is not None and after.id != rule.id
            if gives_way and after is not None and (before is None or before.id == rule.id):
                found.shadowed.append(Shadowed(rule, after))
        if cursor is None:
            return True
        if service.clock.now() >= until:
            return False
