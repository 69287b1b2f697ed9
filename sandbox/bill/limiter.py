"""BILL's limits: calls an hour for each developer key, log-ins an hour, calls at once for each key and organization.

Source: developer.bill.com, "API rate limits". Hours are those of the clock: after a refusal
one waits "until the beginning of the next hour".
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

CALLS_PER_HOUR = 20_000
LOGINS_PER_HOUR = 200
CALLS_AT_ONCE = 3
HOUR = timedelta(hours=1)

Limit = Literal["hour", "login_hour", "concurrent"]


@dataclass
class Figures:
    hour: int = CALLS_PER_HOUR
    login_hour: int = LOGINS_PER_HOUR
    concurrent: int = CALLS_AT_ONCE


@dataclass
class _Hour:
    number: int = -1
    used: int = 0

    def used_at(self, now: datetime) -> int:
        number = int(now.timestamp() // HOUR.total_seconds())
        if number != self.number:
            self.number, self.used = number, 0
        return self.used


@dataclass
class Limiter:
    """Counts calls as they arrive. Refused calls use up nothing (assumed: BILL does not say)."""

    figures: Figures = field(default_factory=Figures)
    _hours: dict[tuple[str, str], _Hour] = field(default_factory=dict)
    _at_once: dict[tuple[str, str], int] = field(default_factory=dict)

    def count(self, dev_key: str, now: datetime, *, login: bool = False) -> Limit | None:
        """Let a call into the hour (and a log-in into the hour of log-ins), or say which is used up."""
        windows = [("hour", self.figures.hour)] + ([("login_hour", self.figures.login_hour)] if login else [])
        hours = [(name, self._hours.setdefault((dev_key, name), _Hour()), figure) for name, figure in windows]
        for name, hour, figure in hours:
            if hour.used_at(now) >= figure:
                return "login_hour" if name == "login_hour" else "hour"
        for _, hour, _ in hours:
            hour.used += 1
        return None

    def enter(self, dev_key: str, organization_id: str) -> Limit | None:
        """Take one of the places for calls at once; a call let in must `leave` when its answer is sent."""
        key = (dev_key, organization_id)
        if self._at_once.get(key, 0) >= self.figures.concurrent:
            return "concurrent"
        self._at_once[key] = self._at_once.get(key, 0) + 1
        return None

    def leave(self, dev_key: str, organization_id: str) -> None:
        self._at_once[dev_key, organization_id] -= 1

    def figure(self, limit: Limit) -> int:
        return {
            "hour": self.figures.hour,
            "login_hour": self.figures.login_hour,
            "concurrent": self.figures.concurrent,
        }[limit]
