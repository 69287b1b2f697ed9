"""Which accounts wait for somebody, why, and since when."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.consent import warning_due
from shared.domain.items import ItemState, Place, Stage


class Cause(StrEnum):
    CONNECTION_EXPIRED = "connection_expired"  # access is lost: expired, revoked or broken
    CONNECTION_EXPIRING = "connection_expiring"
    PUBLISHING_PARKED = "publishing_parked"
    LIST_FAILING = "list_failing"
    ITEMS_FAILED = "items_failed"
    ITEMS_WAITING = "items_waiting"  # needs_review
    ITEMS_UNKNOWN = "items_unknown"


LOST: Final = frozenset({ConnectionStatus.EXPIRED, ConnectionStatus.REVOKED, ConnectionStatus.BROKEN})
_UNWARNED: Final = LOST | {ConnectionStatus.PENDING_CONSENT, ConnectionStatus.CHOOSING_ORGANISATION}


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many connections or items wait for one cause, and since when it is known (UTC)."""

    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Older:
    """What waited at a time (UTC), by cause, of the items that are older than `item`: more than one look reads."""

    item: str
    at: datetime
    causes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attention:
    """One account that waits for somebody: noted at once when something happens, `causes` at the next look.

    `since` is the oldest cause's. `chain` names the agenda's row that looks at it again; `looked_at` is None before
    the first look.
    """

    tenant: str
    account: str
    since: datetime
    chain: str
    causes: dict[str, Waiting] = field(default_factory=dict)
    looked_at: datetime | None = None
    older: Older | None = None  # None where a look reads all there are, or before they were first counted
    version: int = 0


def counted(connections: Iterable[Connection], states: Iterable[ItemState], now: datetime) -> Counter[Cause]:
    """What of an account's connections and items waits for somebody."""
    found = Counter(cause for connection in connections for cause in _of_connection(connection, now))
    found.update(cause for state in states if (cause := of_item(state)) is not None)
    return found


def _of_connection(connection: Connection, now: datetime) -> list[Cause]:
    if connection.status in LOST:
        return [Cause.CONNECTION_EXPIRED]
    if not connection.is_live:
        return []
    ends = connection.consent_expires_at
    found = {
        Cause.CONNECTION_EXPIRING: ends is not None
        and connection.status not in _UNWARNED
        and warning_due(ends, now) is not None,
        Cause.PUBLISHING_PARKED: connection.parked_until is not None,
        Cause.LIST_FAILING: any(health.problem for health in connection.lists.values()),
    }
    return [cause for cause, holds in found.items() if holds]


def of_item(state: ItemState) -> Cause | None:
    """Why an item waits for somebody; None when it does not, or when its archiving has settled the matter."""
    if state.stage is Stage.UNKNOWN:
        return Cause.ITEMS_UNKNOWN
    if state.last_error is not None and (state.published is not None or state.place is not Place.ARCHIVE):
        return Cause.ITEMS_FAILED
    if state.stage is Stage.NEEDS_REVIEW and state.place is Place.INBOX:
        return Cause.ITEMS_WAITING
    return None


def looked_at(before: Attention, found: Mapping[Cause, int], now: datetime) -> Attention | None:
    """The note after a look; None when nothing waits any more. A cause keeps the time since which it is known."""
    if not found:
        return None
    new_since = before.since if before.looked_at is None else now
    causes = {
        cause.value: Waiting(count, before.causes[cause.value].since if cause.value in before.causes else new_since)
        for cause, count in sorted(found.items())
    }
    since = min(waiting.since for waiting in causes.values())
    return replace(before, since=since, causes=causes, looked_at=now)
