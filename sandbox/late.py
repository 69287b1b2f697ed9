"""Commits that become visible only later: the answer was lost, and the first look-ups find nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(eq=False)
class LateCommit:
    """A call whose effect waits for `lookups_left` GETs of its collection, or until `due_at` (sandbox clock)."""

    tenant_id: str
    collection: str
    idempotency_key: str | None
    lookups_left: int | None
    due_at: datetime | None
    commit: Callable[[], None]


class LateCommits:
    """All calls still to take effect, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: list[LateCommit] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, late: LateCommit) -> None:
        self._waiting.append(late)

    def run_due(self, now: datetime) -> None:
        """Let those whose time has come take effect."""
        self._run(lambda late: late.due_at is not None and late.due_at <= now)

    def looked_up(self, tenant_id: str, collection: str) -> None:
        """A look-up has been answered: what waited for it takes effect now, unseen by that look-up."""
        for late in self._waiting:
            if (late.tenant_id, late.collection) == (tenant_id, collection) and late.lookups_left is not None:
                late.lookups_left -= 1
        self._run(lambda late: late.lookups_left is not None and late.lookups_left <= 0)

    def run_keyed(self, tenant_id: str, key: str) -> None:
        """The same Idempotency-Key again while the first call is under way waits for its end (assumed)."""
        self._run(lambda late: (late.tenant_id, late.idempotency_key) == (tenant_id, key))

    def _run(self, chosen: Callable[[LateCommit], bool]) -> None:
        ready = [late for late in self._waiting if chosen(late)]
        self._waiting = [late for late in self._waiting if late not in ready]
        for late in ready:
            late.commit()
