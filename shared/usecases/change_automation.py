"""Change what an account does by itself: publish what arrives, refresh its lists."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from shared.domain.accounts import Account, Caller
from shared.usecases.happenings import happened
from shared.usecases.readiness import linked_connections
from shared.usecases.record_refresh import plan_next
from shared.usecases.refresh_lists import REFRESHABLE
from shared.usecases.service import Service

MOST_HOURS: Final = 168  # between refreshes: a week, as lists are read whole once a week


def change_automation(service: Service, caller: Caller, account: Account, changes: Mapping[str, Any]) -> Account:
    """Change `auto_publish`, `auto_publish_exceptions`, `auto_publish_confidence` and `refresh_hours`; the rest stays.

    Turned on, the switch is for documents that arrive from now on. Raises ConflictError.
    """
    wish = account.auto_publish
    on = changes.get("auto_publish", wish.on)
    if on != wish.on:
        wish = replace(wish, on=on, since=service.clock.now() if on else None)
    exceptions = changes.get("auto_publish_exceptions", wish.exceptions)
    wish = replace(
        wish,
        exceptions=tuple(sorted(set(exceptions))),
        confidence=changes.get("auto_publish_confidence", wish.confidence),
    )
    hours = changes.get("refresh_hours", account.refresh_hours)
    after = replace(account, auto_publish=wish, refresh_hours=hours)
    if after == account:
        return account
    event = happened(service, account.id, "automation.changed", by=caller, before=_said(account), after=_said(after))
    stored = service.accounts.update(after, event)
    if hours != account.refresh_hours:
        for connection in linked_connections(service, stored):
            if connection.status in REFRESHABLE:
                plan_next(service, connection)
    return stored


def _said(account: Account) -> dict[str, object]:
    wish = account.auto_publish
    return {
        "auto_publish": wish.on,
        "auto_publish_exceptions": [one.value for one in wish.exceptions],
        "auto_publish_confidence": str(wish.confidence),
        "refresh_hours": account.refresh_hours,
    }
