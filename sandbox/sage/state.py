"""Everything the sandbox's Sage remembers, reset and written to a snapshot as one."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.counts import CallCounts
from sandbox.faults import FaultBoard
from sandbox.late import LateCommits
from sandbox.sage import limiter, seed
from sandbox.sage.books import Books
from sandbox.sage.checks import Rules
from sandbox.sage.idempotency import IdempotencyStore
from sandbox.sage.identity import Identity
from sandbox.sage.limiter import Limiter, Turns
from sandbox.sage.wire import SageUser
from sandbox.simulation import SeedChoice, Shell


class SageState:
    """Books, people, apps, tokens, limits and switches. Clock, counts and faults are shared with other providers."""

    def __init__(self, shell: Shell) -> None:
        self.clock: SandboxClock = shell.clock
        self.counts: CallCounts = shell.counts
        self.faults: FaultBoard = shell.faults
        self.reset(shell.seed)

    def reset(self, choice: SeedChoice) -> None:
        """Back to seeded books and no tokens. Raises ValueError for an unknown seed."""
        books = _seeded(choice)
        self.books = {one.business_id: one for one in books}
        self.people = {person.user_id: person for person in seed.people()}
        self.access = {person.user_id: list(seed.businesses_of(person.email)) for person in self.people.values()}
        self.identity = Identity()
        self.rules = Rules()
        self.retry_after_told = limiter.RETRY_AFTER_TOLD
        self.refuse_parallel = True
        self._forget_traffic()

    def _forget_traffic(self) -> None:
        self.limiter = Limiter()
        self.turns = Turns()
        self.idempotency = IdempotencyStore()
        self.late = LateCommits()

    def person_named(self, login: str) -> SageUser | None:
        """By e-mail address, name or id, in any case."""
        wanted = login.strip().lower()
        found = (p for p in self.people.values() if wanted in {p.email.lower(), p.name.lower(), p.user_id.lower()})
        return next(found, None)

    def businesses_of(self, user_id: str) -> dict[str, Books]:
        """Ids and books of what a person sees, the lead business first."""
        return {key: self.books[key] for key in self.access.get(user_id, []) if key in self.books}

    def business_named(self, name: str) -> Books | None:
        """A business by its id or name, in any case."""
        wanted = name.lower()
        found = (one for one in self.books.values() if wanted in {one.business_id, one.business["name"].lower()})
        return next(found, None)

    def to_snapshot(self) -> dict[str, Any]:
        """Windows, idempotency keys and late commits are not kept."""
        return {
            "books": [one.to_snapshot() for one in self.books.values()],
            "access": self.access,
            "identity": self.identity.to_snapshot(),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        books = [Books.from_snapshot(one) for one in saved["books"]]
        self.books = {one.business_id: one for one in books}
        self.access = {key: list(value) for key, value in saved["access"].items()}
        self.identity = Identity.from_snapshot(saved["identity"])
        self._forget_traffic()


@cache
def _small_seed() -> Sequence[Books]:
    """Kept to be copied, which is many times faster than building: tests reset often."""
    return seed.businesses()


def _seeded(choice: SeedChoice) -> list[Books]:
    if isinstance(choice, str):
        if choice != "small":
            raise ValueError('seed must be "small" or {"contacts": n, "items": n, "accounts": n}')
        return [one.copy() for one in _small_seed()]
    if not set(choice) <= {"contacts", "items", "accounts", "tax_rates"}:
        raise ValueError("a bulk seed takes contacts, items, accounts and tax_rates")
    return seed.bulk(**choice)
