"""Xero's limits: fixed windows per app and organisation, and per app.

Figures from developer.xero.com/documentation/guides/oauth2/limits and developer.xero.com/pricing.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sandbox.windows import Window

Problem = Literal["minute", "day", "concurrent", "appminute"]
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
CALLS_PER_MINUTE = 60
CALLS_AT_ONCE = 5
APP_CALLS_PER_MINUTE = 10_000
# Calls a day per organisation by the app's tier.
CALLS_PER_DAY = {"starter": 1_000, "core": 5_000, "plus": 5_000, "advanced": 5_000, "enterprise": 5_000}


@dataclass(frozen=True)
class Verdict:
    """`problem` is None for a call let through; `retry_after` is the sandbox time left in the window, where told."""

    problem: Problem | None
    retry_after: timedelta | None
    headers: dict[str, str]


@dataclass
class Figures:
    """The limits in force; None for the day takes the figure of the app's tier."""

    minute: int = CALLS_PER_MINUTE
    day: int | None = None
    concurrent: int = CALLS_AT_ONCE
    app_minute: int = APP_CALLS_PER_MINUTE


@dataclass
class _Usage:
    minute: Window
    day: Window
    in_flight: int = 0


@dataclass
class Limiter:
    """Counts calls as they arrive. Refused calls use up nothing (assumed: Xero does not say)."""

    figures: Figures = field(default_factory=Figures)
    _tenants: dict[tuple[str, str], _Usage] = field(default_factory=dict)
    _apps: dict[str, Window] = field(default_factory=dict)

    def enter(self, app_id: str, tier: str, tenant_id: str, now: datetime) -> Verdict:
        """Let a call in or refuse it. A call let in must `leave` when its answer is sent."""
        usage = self._usage(app_id, tenant_id)
        problem = self._problem(app_id, tier, usage, now)
        if problem is None:
            usage.minute.used += 1
            usage.day.used += 1
            self._app_window(app_id).used += 1
            usage.in_flight += 1
        return Verdict(
            problem, self.time_left(problem, app_id, tenant_id, now), self._headers(app_id, tier, usage, now)
        )

    def enter_app_only(self, app_id: str, now: datetime) -> Verdict:
        """A call that concerns no organisation (GET /connections): the app's own window alone."""
        window = self._app_window(app_id)
        problem: Problem | None = "appminute" if window.used_at(now) >= self.figures.app_minute else None
        window.used += 0 if problem else 1
        left = max(0, self.figures.app_minute - window.used)
        return Verdict(problem, None, {"X-AppMinLimit-Remaining": str(left)})

    def leave(self, app_id: str, tenant_id: str) -> None:
        self._usage(app_id, tenant_id).in_flight -= 1

    def time_left(self, problem: Problem | None, app_id: str, tenant_id: str, now: datetime) -> timedelta | None:
        """Sandbox time to the window's end; Xero tells it for minute and day only."""
        usage = self._usage(app_id, tenant_id)
        if problem == "minute":
            return usage.minute.left(now)
        return usage.day.left(now) if problem == "day" else None

    def _problem(self, app_id: str, tier: str, usage: _Usage, now: datetime) -> Problem | None:
        app_used = self._app_window(app_id).used_at(now)
        minute_used, day_used = usage.minute.used_at(now), usage.day.used_at(now)
        if app_used >= self.figures.app_minute:
            return "appminute"
        if day_used >= self._day_figure(tier):
            return "day"
        if minute_used >= self.figures.minute:
            return "minute"
        return "concurrent" if usage.in_flight >= self.figures.concurrent else None

    def _headers(self, app_id: str, tier: str, usage: _Usage, now: datetime) -> dict[str, str]:
        return {
            "X-DayLimit-Remaining": str(max(0, self._day_figure(tier) - usage.day.used_at(now))),
            "X-MinLimit-Remaining": str(max(0, self.figures.minute - usage.minute.used_at(now))),
            "X-AppMinLimit-Remaining": str(max(0, self.figures.app_minute - self._app_window(app_id).used_at(now))),
        }

    def _day_figure(self, tier: str) -> int:
        return self.figures.day if self.figures.day is not None else CALLS_PER_DAY[tier]

    def _usage(self, app_id: str, tenant_id: str) -> _Usage:
        key = (app_id, tenant_id)
        if key not in self._tenants:
            seconds = int.from_bytes(hashlib.sha256(tenant_id.encode()).digest()[:4], "big")
            offset = timedelta(seconds=seconds % int(DAY.total_seconds()))
            self._tenants[key] = _Usage(Window(MINUTE, offset), Window(DAY, offset))
        return self._tenants[key]

    def _app_window(self, app_id: str) -> Window:
        return self._apps.setdefault(app_id, Window(MINUTE, timedelta()))
