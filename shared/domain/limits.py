"""Provider limits: what they count, slices of calls granted from them, and what a provider's headers say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

SLICE_CALLS: Final = 20  # at most, in one grant
INTERACTIVE_RESERVE: Final = 0.05  # share of a day's calls that only a person's own request may use
# A call reaches the provider within this time of its turn, or never: the HTTP deadline, and a pause before it.
LONGEST_CALL: Final = timedelta(seconds=25)
_NO_LIMIT: Final = 1_000_000_000  # calls a day


class LimitScope(StrEnum):
    """What a limit counts: an organisation's minute or day, calls in flight, or the app's minute over all of them.

    CLASS is an organisation's minute of one class of calls, which are counted apart as well.
    """

    MINUTE = "minute"
    DAY = "day"
    CONCURRENT = "concurrent"
    APP_MINUTE = "app_minute"
    CLASS = "class"


class Work(StrEnum):
    """What calls are made for. Each kind gets its share of an organisation's minute; a person waits for some."""

    PUBLISH = "publish"
    REFRESH = "refresh"
    INTERACTIVE = "interactive"


@dataclass(frozen=True, slots=True)
class LimitFigures:
    """A provider's limits from its profile: calls per organisation and minute or day, per app and minute.

    `app_per_minute` is None where nothing is counted over all organisations. `classes` are calls of a class (its name
    is the provider module's own) per organisation and minute, where the provider counts some calls apart as well.
    """

    per_minute: int
    per_day: int
    app_per_minute: int | None
    publish_slots: int
    refresh_slots: int = 1
    interactive_slots: int = 1
    classes: Mapping[str, int] = field(default_factory=dict)

    def of_class(self, name: str) -> "LimitFigures":
        """What a class of calls is kept to, besides the limits of all calls."""
        return replace(self, per_minute=self.classes[name], per_day=_NO_LIMIT, app_per_minute=None, classes={})


@dataclass(frozen=True, slots=True)
class LimitReading:
    """What an answer's headers said of what is left; None where the provider was silent or wrote rubbish."""

    minute_left: int | None = None
    day_left: int | None = None
    app_minute_left: int | None = None


@dataclass(frozen=True, slots=True)
class Paying:
    """How calls are paid for: what `permit` and `observe` of a session do."""

    permit: Callable[[], None]
    observe: Callable[[LimitReading], None]


@dataclass(frozen=True, slots=True)
class Blocked:
    """No call of this scope before `until`."""

    scope: LimitScope
    until: datetime


@dataclass(frozen=True, slots=True)
class Slice:
    """Calls granted to one worker: the earliest time of each, in order. What is not begun by `ends_at` lapses."""

    turns: tuple[datetime, ...]
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """What became, as of `at`, of a worker's calls since it last reported.

    `answered` are the times of answers; `in_flight` calls are still on their way. `reading` is what the answer to a
    call made at `reading_at` said. `pace` is the time between two calls that nothing held up, where it was measured.
    `window` is how long a provider's minute takes in our time: 60 s, less where a sandbox's clock is sped up.
    """

    owner: str
    at: datetime
    window: timedelta
    answered: tuple[datetime, ...] = ()
    in_flight: int = 0
    reading: LimitReading = LimitReading()
    reading_at: datetime | None = None
    pace: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """What a worker wants: up to `calls` more for a kind of work, and what became of those it had."""

    work: Work
    calls: int
    report: Report


def window_start(now: datetime, length: timedelta) -> datetime:
    """The start of the fixed window that `now` lies in, counted from the epoch."""
    seconds = length.total_seconds()
    return datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=now.tzinfo)
