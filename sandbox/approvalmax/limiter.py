"""ApprovalMax's limits: reads a minute for each app and organisation. No page of ApprovalMax's states them: 100 is
what clients report; that writes are counted apart and alike, and windows are fixed, is assumed."""

from dataclasses import dataclass, field
from datetime import datetime

READS_PER_MINUTE = 100
WRITES_PER_MINUTE = 100  # assumed
_MINUTE = 60


@dataclass
class Figures:
    reads: int = READS_PER_MINUTE
    writes: int = WRITES_PER_MINUTE


@dataclass
class Limiter:
    """Counts calls as they arrive; refused ones use up nothing (assumed)."""

    figures: Figures = field(default_factory=Figures)
    _windows: dict[tuple[str, str, bool], tuple[int, int]] = field(default_factory=dict)

    def enter(self, app_id: str, company_id: str, *, reading: bool, now: datetime) -> bool:
        """Let a call in, or say no."""
        key, number = (app_id, company_id, reading), int(now.timestamp() // _MINUTE)
        window, used = self._windows.get(key, (number, 0))
        used = used if window == number else 0
        if used >= (self.figures.reads if reading else self.figures.writes):
            return False
        self._windows[key] = (number, used + 1)
        return True
