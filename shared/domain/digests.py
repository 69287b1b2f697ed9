"""The daily digest: when a tenant's comes, and what is counted for it meanwhile."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Final

from shared.domain.ids import derived_id
from shared.domain.outgoing import EventType, News

_FROM: Final = time(6, tzinfo=UTC)  # tenants are spread over the hour that begins then
_SPREAD: Final = 3600  # seconds
COUNTED: Final = (
    EventType.ITEM_PUBLISHED,
    EventType.ITEM_REFUSED,
    EventType.ITEM_NEEDS_REVIEW,
    EventType.ITEM_UNKNOWN,
)


@dataclass(frozen=True, slots=True)
class Tally:
    """How often things happened in one account, as far as they were told together; `counts` is by kind of event.

    `day` is that of the digest that counts it. `id` follows from what was told: told again, it is the same tally.
    """

    id: str
    tenant: str
    account: str
    day: str
    counts: dict[str, int] = field(default_factory=dict)


def next_digest(tenant: str, now: datetime) -> datetime:
    """The tenant's own minute of the day, the next time it comes (UTC)."""
    offset = int(hashlib.sha256(tenant.encode()).hexdigest()[:8], 16) % _SPREAD
    today = datetime.combine(now.astimezone(UTC).date(), _FROM) + timedelta(seconds=offset)
    return today if today > now else today + timedelta(days=1)


def day_of(digest: datetime) -> str:
    """The day that a digest is named after; one digest counts what happened since the one before it."""
    return digest.astimezone(UTC).date().isoformat()


def tallies(tenant: str, news: Iterable[News], now: datetime) -> Iterator[Tally]:
    """What the next digest counts of items' news that are told together: one tally for each account."""
    by_account: dict[str, list[News]] = defaultdict(list)
    for one in news:
        if one.account is not None:
            by_account[one.account].append(one)
    day = day_of(next_digest(tenant, now))
    for account, some in by_account.items():
        told = {one.id(tenant): one.type.value for one in some}
        yield Tally(derived_id("tally", *sorted(told)), tenant, account, day, dict(Counter(told.values())))
