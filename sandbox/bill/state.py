"""Everything the sandbox's BILL remembers, reset and written to a snapshot as one."""

import pickle
from collections.abc import Mapping
from functools import cache
from typing import Any

from sandbox.bill import seed
from sandbox.bill.books import Books
from sandbox.bill.limiter import Limiter
from sandbox.bill.notifications import Notifier
from sandbox.bill.sessions import Sessions
from sandbox.bill.wire import Options
from sandbox.late import LateCommits
from sandbox.simulation import SeedChoice, Shell


class BillState:
    """Books, sessions, limits and subscriptions. Clock, counts and faults are shared with other providers."""

    def __init__(self, shell: Shell) -> None:
        self.clock = shell.clock
        self.counts = shell.counts
        self.faults = shell.faults
        self.notifier = Notifier(shell.clock)
        self.reset(shell.seed)

    def reset(self, choice: SeedChoice) -> None:
        """Back to seeded books and no sessions. Raises ValueError for an unknown seed."""
        books = _small_seed() if choice == "small" else seed.seeded(choice)
        self.notifier.stop()
        self.notifier = Notifier(self.clock)
        self.books = {one.organization_id: one for one in books}
        self.sessions = Sessions({seed.DEV_KEY}, seed.credentials())
        self.options = Options()
        self._forget_traffic()

    def _forget_traffic(self) -> None:
        self.limiter = Limiter()
        self.late = LateCommits()

    def organization(self, wanted: str) -> Books:
        """By id or name. Raises LookupError."""
        for one in self.books.values():
            if wanted.casefold() in {one.organization_id.casefold(), str(one.organization["name"]).casefold()}:
                return one
        raise LookupError(f"no organisation {wanted}")

    def to_snapshot(self) -> dict[str, Any]:
        """Limits and late commits are not kept."""
        return {
            "books": [one.to_snapshot() for one in self.books.values()],
            "sessions": self.sessions.to_snapshot(),
            "subscriptions": self.notifier.to_snapshot(),
            "options": vars(self.options),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        self.books = {one.organization_id: one for one in map(Books.from_snapshot, saved["books"])}
        self.sessions = Sessions.from_snapshot(saved["sessions"])
        self.notifier.restore(saved["subscriptions"])
        self.options = Options(**saved["options"])
        self._forget_traffic()


def _small_seed() -> list[Books]:
    books: list[Books] = pickle.loads(_pickled_small_seed())  # noqa: S301 - bytes of our own process
    return books


@cache
def _pickled_small_seed() -> bytes:
    # Copying is faster than building, and tests reset often.
    return pickle.dumps(seed.seeded("small"))
