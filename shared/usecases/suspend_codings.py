"""Codings that rest until lists are merged: counted before, and restored as they were; nothing of them is rewritten."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.domain.accounts import Account, Caller
from shared.domain.errors import ConflictError, fail
from shared.domain.items import Item, Stage
from shared.usecases.happenings import happened
from shared.usecases.readiness import refs_of
from shared.usecases.record_refresh import ask_recheck
from shared.usecases.service import Service

_PAGE: Final = 500
_COUNTS_FOR: Final = timedelta(seconds=10)  # of the time that a request has
_TRIES: Final = 6
_SENT: Final = frozenset({Stage.PUBLISHED, Stage.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Codings:
    """How many rules an account has, and open items that name an entry; `all` is False where time ran out counting."""

    rules: int
    items: int
    all: bool


def count_codings(service: Service, tenant: str, account: str) -> Codings:
    """What would rest, counted for ten seconds at most."""
    until = service.clock.now() + _COUNTS_FOR
    rules = items = 0
    cursor: str | None = None
    while service.clock.now() < until:
        page, cursor = service.rules.page(tenant, account, cursor, _PAGE)
        rules += len(page)
        if cursor is None:
            break
    else:
        return Codings(rules, 0, all=False)
    while service.clock.now() < until:
        listed, cursor = service.items.page(tenant, account, cursor, _PAGE)
        ids = [one.state.item for one in listed if one.stage not in _SENT]
        items += sum(_is_coded(item) for item in service.items.batch_get(tenant, account, ids).values()) if ids else 0
        if cursor is None:
            return Codings(rules, items, all=True)
    return Codings(rules, items, all=False)


def _is_coded(item: Item) -> bool:
    return bool(refs_of(item))


def restore_codings(service: Service, caller: Caller, account: Account) -> Account:
    """Have rules and codings that rest count again, as they are stored; without any that rest nothing changes.

    Raises ConflictError.
    """
    current: Account | None = account
    for _ in range(_TRIES):
        if current is None:
            raise fail("not_found")
        if current.suspended_at is None:
            return current
        before: dict[str, object] = {"suspended_at": current.suspended_at, "book": current.suspended_book}
        event = happened(service, current.id, "codings.restored", by=caller, before=before)
        try:
            after = service.accounts.update(current.restored(), event, recode=True)
        except ConflictError:
            current = service.accounts.get(account.tenant, account.id)
            continue
        ask_recheck(service, account.tenant, account.id)
        return after
    raise ConflictError("the account changes too often")
