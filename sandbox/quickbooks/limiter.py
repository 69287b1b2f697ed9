"""Intuit's limits, from developer.intuit.com, "API call limits and throttles".

500 calls a minute per company, 10 a second per company and app, 40 batches a minute per company and app and 120 per
company. An older announcement says 10 at once instead of 10 a second; both are kept.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sandbox.windows import Window

Problem = Literal["minute", "second", "concurrent", "batch"]
_MINUTE, _SECOND = timedelta(minutes=1), timedelta(seconds=1)


@dataclass
class Figures:
    """The limits in force."""

    minute: int = 500
    second: int = 10
    concurrent: int = 10
    batch_minute: int = 40
    batch_minute_company: int = 120


@dataclass
class Limiter:
    """Counts calls as they arrive. Refused calls use up nothing, and windows are fixed (both assumed)."""

    figures: Figures = field(default_factory=Figures)
    _windows: dict[tuple[str, ...], Window] = field(default_factory=dict)
    _in_flight: dict[tuple[str, str], int] = field(default_factory=dict)

    def enter(self, app_id: str, realm_id: str, now: datetime, *, batch: bool) -> Problem | None:
        """Let a call in (None), or say what refuses it. A call let in must `leave` when its answer is sent."""
        pair = (app_id, realm_id)
        wanted: list[tuple[Problem, Window, int]] = [
            ("minute", self._window(_MINUTE, "minute", realm_id), self.figures.minute),
            ("second", self._window(_SECOND, "second", *pair), self.figures.second),
        ]
        if batch:
            wanted.append(("batch", self._window(_MINUTE, "batch", *pair), self.figures.batch_minute))
            company = self._window(_MINUTE, "batches", realm_id)
            wanted.append(("batch", company, self.figures.batch_minute_company))
        for problem, window, most in wanted:
            if window.used_at(now) >= most:
                return problem
        if self._in_flight.get(pair, 0) >= self.figures.concurrent:
            return "concurrent"
        for _, window, _most in wanted:
            window.used += 1
        self._in_flight[pair] = self._in_flight.get(pair, 0) + 1
        return None

    def leave(self, app_id: str, realm_id: str) -> None:
        self._in_flight[app_id, realm_id] -= 1

    def _window(self, length: timedelta, *key: str) -> Window:
        if key not in self._windows:
            seconds = int.from_bytes(hashlib.sha256(key[-1].encode()).digest()[:2], "big") % 60
            self._windows[key] = Window(length, timedelta(seconds=seconds))
        return self._windows[key]
