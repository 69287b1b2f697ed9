"""Provider limits: windows, slices granted from them, and what a provider's headers correct."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SLICE_CALLS = 20
INTERACTIVE_RESERVE = 0.05  # share of a day's calls that only a person's own request may use


class LimitScope(StrEnum):
    """What a limit counts: an organisation's minute or day, calls in flight, or the app's minute over all of them."""

    MINUTE = "minute"
    DAY = "day"
    CONCURRENT = "concurrent"
    APP_MINUTE = "app_minute"


@dataclass(frozen=True, slots=True)
class LimitFigures:
    """A provider's limits from its profile: calls per organisation and minute or day, per app and minute."""

    per_minute: int
    per_day: int
    app_per_minute: int
    publish_slots: int
    refresh_slots: int = 1
    interactive_slots: int = 1


@dataclass(frozen=True, slots=True)
class LimitReading:
    """What an answer's headers said of what is left; None where the provider was silent or wrote rubbish."""

    minute_left: int | None = None
    day_left: int | None = None
    app_minute_left: int | None = None


@dataclass(frozen=True, slots=True)
class Blocked:
    """No call of this scope before `until`."""

    scope: LimitScope
    until: datetime


@dataclass(frozen=True, slots=True)
class Slice:
    """Calls granted to one worker until the window ends; unused ones lapse with it."""

    calls: int
    ends_at: datetime


def window_start(now: datetime, length: timedelta) -> datetime:
    """The start of the fixed window that `now` lies in, counted from the epoch."""
    seconds = length.total_seconds()
    return datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=now.tzinfo)
