"""How long a consent is taken as given, and when its end is announced."""

from datetime import datetime, timedelta
from typing import Final

WARNING_DAYS: Final = (30, 7, 1)


def warning_due(expires_at: datetime, now: datetime) -> int | None:
    """How many days ahead the latest warning is that should have been given by now; None before the first."""
    due = [days for days in WARNING_DAYS if expires_at - timedelta(days=days) <= now]
    return min(due) if due else None


def next_look(expires_at: datetime, now: datetime) -> datetime:
    """When to look at the consent again: at the next warning, or at its end."""
    moments = [expires_at - timedelta(days=days) for days in WARNING_DAYS]
    return min((moment for moment in moments if moment > now), default=expires_at)
