"""Everything the sandbox's QuickBooks remembers, reset and written to a snapshot as one."""

import pickle
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

from sandbox.late import LateCommits
from sandbox.quickbooks import seed
from sandbox.quickbooks.books import Company
from sandbox.quickbooks.identity import Identity
from sandbox.quickbooks.limiter import Limiter
from sandbox.quickbooks.requests import RequestIds
from sandbox.quickbooks.tokens import KEY_ID, TokenStore
from sandbox.quickbooks.webhooks import WebhookSender
from sandbox.quickbooks.wire import IntuitUser
from sandbox.signing import Signer
from sandbox.simulation import SeedChoice, Shell


class QuickBooksState:
    """Companies, people, apps, tokens, limits and webhooks. Clock, counts and faults are shared with others."""

    def __init__(self, shell: Shell) -> None:
        self.clock = shell.clock
        self.counts = shell.counts
        self.faults = shell.faults
        self.webhooks = WebhookSender(shell.clock)
        self._signer = Signer(KEY_ID)
        self.reset(shell.seed)

    def reset(self, choice: SeedChoice) -> None:
        """Back to seeded books and no tokens. Raises ValueError for an unknown seed."""
        made = _seeded(choice)
        self.webhooks.stop()
        self.companies = {one.realm_id: one for one in made}
        self.people = {person.user_id: person for person in seed.people()}
        self.identity = Identity(TokenStore(self._signer))
        self._forget_traffic()

    def _forget_traffic(self) -> None:
        self.limiter = Limiter()
        self.request_ids = RequestIds()
        self.late = LateCommits()
        self.minor_versions: Counter[str] = Counter()

    def person_named(self, login: str) -> IntuitUser | None:
        """By e-mail address, name or id, in any case."""
        wanted = login.strip().lower()
        found = (p for p in self.people.values() if wanted in {p.email.lower(), p.name.lower(), p.user_id.lower()})
        return next(found, None)

    def company_named(self, company: str) -> Company | None:
        """By realm id or name, in any case."""
        wanted = company.lower()
        found = (one for one in self.companies.values() if wanted in {one.realm_id, one.info["CompanyName"].lower()})
        return next(found, None)

    def to_snapshot(self) -> dict[str, Any]:
        """Windows, request ids and late commits are not kept: they concern calls under way."""
        return {
            "companies": [company.to_snapshot() for company in self.companies.values()],
            "identity": self.identity.to_snapshot(),
            "webhooks": self.webhooks.to_snapshot(),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        self.companies = {one["realm_id"]: Company.from_snapshot(one) for one in saved["companies"]}
        self.identity = Identity.from_snapshot(saved["identity"])
        self.webhooks.restore(saved["webhooks"])
        self._forget_traffic()


@cache
def _pickled_small_seed() -> bytes:
    # Copying the companies is quicker than building them: tests reset often.
    return pickle.dumps(seed.companies())


def _seeded(choice: SeedChoice) -> list[Company]:
    if isinstance(choice, str):
        if choice == "large":
            return seed.with_bulk(seed.LARGE)
        if choice != "small":
            raise ValueError('seed must be "small", "large" or {"contacts": n, "items": n, "accounts": n}')
        small: list[Company] = pickle.loads(_pickled_small_seed())  # noqa: S301 - bytes of our own process
        return small
    return seed.with_bulk(choice)
