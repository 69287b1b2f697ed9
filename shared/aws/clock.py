"""The time, and how provider durations pass."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Real UTC time, and the pace of the providers' clocks.

    `pace` is how many provider seconds pass in one of ours: 1 but for a sandbox whose clock is sped up. Token
    lifetimes, settle times, limit windows and Retry-After are provider durations and go through `scale`; our own
    leases, deadlines and time-to-live are real time and do not.
    """

    def __init__(self, pace: float = 1.0, source: Callable[[], datetime] = _utc_now) -> None:
        if pace < 1:
            raise ValueError("the pace of a clock is 1 or more")
        self.pace = pace
        self._source = source

    def now(self) -> datetime:
        """The current time, UTC and aware."""
        return self._source()

    def scale(self, provider: timedelta) -> timedelta:
        """How long a provider duration takes in our time."""
        return provider / self.pace
