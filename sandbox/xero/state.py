"""Everything the sandbox's Xero remembers, reset and written to a snapshot as one."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.counts import CallCounts
from sandbox.faults import FaultBoard
from sandbox.late import LateCommits
from sandbox.signing import Signer
from sandbox.simulation import SeedChoice
from sandbox.xero import seed
from sandbox.xero.books import Books
from sandbox.xero.idempotency import IdempotencyStore
from sandbox.xero.identity import Identity
from sandbox.xero.limiter import Limiter
from sandbox.xero.tokens import KEY_ID, TokenStore
from sandbox.xero.webhooks import WebhookSender
from sandbox.xero.wire import XeroUser


class XeroState:
    """Books, people, apps, tokens, limits and webhooks. Clock, counts and faults are shared with other providers."""

    def __init__(
        self, clock: SandboxClock, counts: CallCounts, faults: FaultBoard, choice: SeedChoice = "small"
    ) -> None:
        self.clock = clock
        self.counts = counts
        self.faults = faults
        self.webhooks = WebhookSender(clock)
        self._signer = Signer(KEY_ID)
        self.reset(choice)

    def reset(self, choice: SeedChoice) -> None:
        """Back to seeded books and no tokens. Raises ValueError for an unknown seed."""
        books = _seeded(choice)
        self.webhooks.stop()
        self.books = {tenant_id_of(one.organisation_id): one for one in books}
        self.people = {person.user_id: person for person in seed.people()}
        self.identity = Identity(TokenStore(self._signer))
        self._forget_traffic()

    def _forget_traffic(self) -> None:
        self.limiter = Limiter()
        self.idempotency = IdempotencyStore()
        self.late = LateCommits()

    def person_named(self, login: str) -> XeroUser | None:
        """By e-mail address, name or id, in any case."""
        wanted = login.strip().lower()
        found = (p for p in self.people.values() if wanted in {p.email.lower(), p.name.lower(), p.user_id.lower()})
        return next(found, None)

    def organisations_of(self, user_id: str) -> dict[str, Books]:
        """Tenant ids and books that a person can open to an app."""
        visible = set(seed.organisations_of(user_id))
        return {tenant: books for tenant, books in self.books.items() if books.organisation_id in visible}

    def tenant_of(self, organisation: str) -> str | None:
        """The tenant id of an organisation given by its OrganisationID, tenant id or name."""
        wanted = organisation.lower()
        for tenant, books in self.books.items():
            if wanted in {tenant, books.organisation_id.lower(), str(books.organisation["Name"]).lower()}:
                return tenant
        return None

    def to_snapshot(self) -> dict[str, Any]:
        """Windows, idempotency keys and late commits are not kept: they last minutes."""
        return {
            "books": [books.to_snapshot() for books in self.books.values()],
            "identity": self.identity.to_snapshot(),
            "webhooks": self.webhooks.to_snapshot(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.books = _by_tenant(Books.from_snapshot(one) for one in state["books"])
        self.identity = Identity.from_snapshot(state["identity"])
        self.webhooks.restore(state["webhooks"])
        self._forget_traffic()


def tenant_id_of(organisation_id: str) -> str:
    """Xero's tenant id is another GUID than the OrganisationID."""
    return str(uuid.uuid5(uuid.UUID(organisation_id), "tenant"))


def _by_tenant(books: Iterable[Books]) -> dict[str, Books]:
    return {tenant_id_of(one.organisation_id): one for one in books}


@cache
def _small_seed() -> Sequence[Books]:
    """Kept to be copied: building fifty organisations takes a quarter of a second, and tests reset often."""
    return seed.organisations()


def _seeded(choice: SeedChoice) -> list[Books]:
    if isinstance(choice, str):
        if choice != "small":
            raise ValueError('seed must be "small" or {"contacts": n, "items": n, "accounts": n}')
        return [one.copy() for one in _small_seed()]
    if not set(choice) <= {"contacts", "items", "accounts", "tax_rates"}:
        raise ValueError("a bulk seed takes contacts, items, accounts and tax_rates")
    return seed.bulk(**choice)
