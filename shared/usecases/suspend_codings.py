"""Codings that rest until lists are merged: counted before, and restored as they were; nothing of them is rewritten."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.domain.accounts import Account, Caller
from shared.domain.errors import ConflictError, fail
from shared.domain.items import Item
from shared.domain.rules import Rule
from shared.usecases.happenings import happened
from shared.usecases.look_through import look_through
from shared.usecases.readiness import refs_of
from shared.usecases.record_refresh import ask_recheck
from shared.usecases.service import Service

_COUNTS_FOR: Final = timedelta(seconds=10)  # of the time that a request has
_TRIES: Final = 6


@dataclass(frozen=True, slots=True)
class Codings:
    """How many rules an account has, and open items that name an entry; `all` is False where time ran out counting."""

    rules: int
    items: int
    all: bool


def count_codings(service: Service, tenant: str, account: str) -> Codings:
    """What would rest, counted for ten seconds at most."""
    numbers = Counter[str]()

    def count_rules(rules: Sequence[Rule]) -> None:
        numbers["rules"] += len(rules)

    def count_items(items: Sequence[Item]) -> None:
        numbers["items"] += sum(bool(refs_of(item)) for item in items)

    until = service.clock.now() + _COUNTS_FOR
    left = look_through(service, tenant, account, position=None, until=until, rules=count_rules, items=count_items)
    return Codings(numbers["rules"], numbers["items"], all=left is None)


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
