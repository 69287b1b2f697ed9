"""The sandbox's clock: real time, run faster by a factor and moved ahead on request, so that windows and lifetimes
of minutes or days can be lived through in a test."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

FASTEST_FACTOR = 10_000.0


class SandboxClock:
    """UTC time of every simulated provider.

    `wall` returns real seconds since 1970. One real second is `factor` sandbox seconds; a change of factor does not
    make the time jump.
    """

    def __init__(self, factor: float = 1.0, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._wall_anchor = self._sandbox_anchor = wall()
        self._factor = _checked_factor(factor)
        self._changed = asyncio.Event()

    @property
    def factor(self) -> float:
        return self._factor

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._seconds(), UTC)

    def set_factor(self, factor: float) -> None:
        """Raises ValueError outside 0 < factor <= 10,000."""
        checked = _checked_factor(factor)
        self._move_to(self._seconds())
        self._factor = checked

    def advance(self, seconds: float) -> None:
        """Move ahead by sandbox seconds. Raises ValueError when negative: windows and lifetimes never run backwards."""
        if seconds < 0:
            raise ValueError("advance_seconds must not be negative")
        self._move_to(self._seconds() + seconds)

    def begin_anew(self) -> None:
        """Back to real time at its own speed: for fresh books, in which nothing has happened yet."""
        self._factor = 1.0
        self._move_to(self._wall())

    def wall_seconds(self, duration: timedelta) -> float:
        """How long a client really waits for a sandbox duration, in seconds."""
        return duration.total_seconds() / self._factor

    async def sleep(self, seconds: float) -> None:
        """Sleep sandbox seconds; wakes at once when the clock is moved past the end."""
        end = self._seconds() + seconds
        while (left := end - self._seconds()) > 0:
            changed = self._changed
            try:
                await asyncio.wait_for(changed.wait(), left / self._factor)
            except TimeoutError:
                continue

    def offset(self) -> float:
        """Seconds by which the sandbox is ahead of real time: what a snapshot keeps."""
        return self._seconds() - self._wall()

    def restore(self, offset: float, factor: float) -> None:
        """Continue a snapshot's time: the time between two runs passes at real speed."""
        self._factor = _checked_factor(factor)
        self._move_to(self._wall() + offset)

    def _seconds(self) -> float:
        return self._sandbox_anchor + (self._wall() - self._wall_anchor) * self._factor

    def _move_to(self, sandbox_seconds: float) -> None:
        self._wall_anchor, self._sandbox_anchor = self._wall(), sandbox_seconds
        self._changed.set()
        self._changed = asyncio.Event()


def _checked_factor(factor: float) -> float:
    if not 0 < factor <= FASTEST_FACTOR:
        raise ValueError(f"factor must be above 0 and at most {FASTEST_FACTOR:g}")
    return float(factor)
