"""Fixed windows of time, in which calls are counted against a limit."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class Window:
    """A fixed window. `offset` shifts its start: some providers begin theirs at another time for each organisation."""

    length: timedelta
    offset: timedelta
    number: int = -1
    used: int = 0

    def used_at(self, now: datetime) -> int:
        number = self._number(now)
        if number != self.number:
            self.number, self.used = number, 0
        return self.used

    def left(self, now: datetime) -> timedelta:
        return self.length - timedelta(seconds=self._position(now) % self.length.total_seconds())

    def _number(self, now: datetime) -> int:
        return int(self._position(now) // self.length.total_seconds())

    def _position(self, now: datetime) -> float:
        return now.timestamp() + self.offset.total_seconds()
