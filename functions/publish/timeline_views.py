"""An item's history as callers see it."""

from datetime import datetime
from typing import Any

from shared.aws.http import View
from shared.domain.items import TimelineEntry


class TimelineLine(View):
    """A line of an item's history; `actor` is empty where nobody in particular did it."""

    at: datetime
    actor: str
    what: str
    details: dict[str, Any]

    @classmethod
    def of(cls, line: TimelineEntry) -> "TimelineLine":
        return cls(at=line.at, actor=line.actor, what=line.what, details=line.details)


class TimelinePage(View):
    """An item's history, newest first."""

    lines: list[TimelineLine]
    next_cursor: str | None
