"""Sage's limits and its one rule about order: calls per app and day, calls at once per app, one write at a time.

Source: developer.sage.com/accounting, guide "Best practices": 1,296,000 calls a day and 150 at once per app; contacts,
products, invoices, credit notes, quick entries and the like must not be created in parallel. What a parallel one meets
is not said. A third party (knowledgelib.io) tells of 100 a minute and 2,500 a day per company: off unless set.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Problem = Literal["minute", "day", "concurrent", "appminute"]
APP_CALLS_PER_DAY = 1_296_000
APP_CALLS_AT_ONCE = 150
MINUTE, DAY = 60, 86_400
# Resources that must not be created in parallel within one business.
SEQUENTIAL = frozenset(
    {"contacts", "products", "services", "stock_items", "purchase_invoices", "sales_invoices"}
    | {"purchase_credit_notes", "sales_credit_notes", "purchase_quick_entries", "sales_quick_entries"}
)
PARALLEL_STATUS = 409  # assumed: the second of two parallel writes is refused, and not recorded
# Assumed: 429 comes without Retry-After, which no document mentions. A test can switch it on.
RETRY_AFTER_TOLD = False


@dataclass
class Figures:
    """The limits in force; None is no limit."""

    app_day: int | None = APP_CALLS_PER_DAY
    concurrent: int | None = APP_CALLS_AT_ONCE
    minute: int | None = None
    day: int | None = None


@dataclass
class _Window:
    """A fixed window of UTC (assumed)."""

    seconds: int
    number: int = -1
    used: int = 0

    def used_at(self, now: datetime) -> int:
        number = int(now.timestamp() // self.seconds)
        if number != self.number:
            self.number, self.used = number, 0
        return self.used

    def left(self, now: datetime) -> timedelta:
        return timedelta(seconds=self.seconds - now.timestamp() % self.seconds)


@dataclass
class Turns:
    """Writes under way by business, and how often one came while another was."""

    under_way: dict[str, int] = field(default_factory=dict)
    overlaps: dict[str, int] = field(default_factory=dict)

    def enter(self, business_id: str) -> bool:
        """True when no other write of the business is under way. Every enter is followed by a leave."""
        before = self.under_way.get(business_id, 0)
        self.under_way[business_id] = before + 1
        if before:
            self.overlaps[business_id] = self.overlaps.get(business_id, 0) + 1
        return before == 0

    def leave(self, business_id: str) -> None:
        self.under_way[business_id] -= 1


@dataclass
class Limiter:
    """Counts calls as they arrive. Refused calls use up nothing (assumed)."""

    figures: Figures = field(default_factory=Figures)
    _at_once: dict[str, int] = field(default_factory=dict)
    _windows: dict[tuple[str, int], _Window] = field(default_factory=dict)

    def enter(self, app_id: str, business_id: str, now: datetime) -> Problem | None:
        """Let a call in (None) or refuse it. A call let in must `leave` when its answer is sent."""
        figures = self.figures
        checks: tuple[tuple[Problem, int | None, _Window], ...] = (
            ("day", figures.app_day, self._window(app_id, DAY)),
            ("day", figures.day, self._window(business_id, DAY)),
            ("minute", figures.minute, self._window(business_id, MINUTE)),
        )
        for problem, most, window in checks:
            if window.used_at(now) >= (most if most is not None else window.used + 1):
                return problem
        if figures.concurrent is not None and self._at_once.get(app_id, 0) >= figures.concurrent:
            return "concurrent"
        for _, _, window in checks:
            window.used += 1
        self._at_once[app_id] = self._at_once.get(app_id, 0) + 1
        return None

    def leave(self, app_id: str) -> None:
        self._at_once[app_id] -= 1

    def time_left(self, problem: Problem, business_id: str, now: datetime) -> timedelta:
        """Sandbox time to the end of the window; a second where there is none."""
        seconds = {"minute": MINUTE, "day": DAY}.get(problem)
        return self._window(business_id, seconds).left(now) if seconds else timedelta(seconds=1)

    def _window(self, key: str, seconds: int) -> _Window:
        return self._windows.setdefault((key, seconds), _Window(seconds))
