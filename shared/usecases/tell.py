"""Tell a tenant what happened: the one way by which anything reaches its webhook endpoints."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from shared.domain.digests import tallies
from shared.domain.ids import new_id
from shared.domain.outgoing import EventType, News
from shared.usecases.note_attention import note_attention
from shared.usecases.service import Service

SCHEMA: Final = 1
NEWS: Final = "news"
AT_ONCE: Final = 20  # news in one message of the queue
# How long a process takes a tenant's subscriptions as it read them: so long after a change the old ones may hold.
KNOWN_FOR: Final = timedelta(seconds=10)
_ATTENTION: Final = frozenset(
    {
        EventType.ITEM_REFUSED,
        EventType.ITEM_NEEDS_REVIEW,
        EventType.ITEM_UNKNOWN,
        EventType.CONNECTION_EXPIRING,
        EventType.CONNECTION_EXPIRED,
        EventType.CONNECTION_RECOVERED,  # what waited may wait no more
    }
)


def tell(  # noqa: PLR0917 - what a line of news consists of
    service: Service,
    tenant: str,
    account: str | None,
    event_type: EventType,
    subject: str,
    data: Mapping[str, Any],
    *,
    occasion: str | None = None,
) -> None:
    """Tell of one happening. With the same `occasion` it may be told again: it stays one message.

    Told before, or together with, what a repeat would not do again: so it is told at least once. Where the tenant has
    no endpoint that wants it nothing is written. Raises botocore's errors when the queue takes no message.
    """
    said = occasion or new_id(service.clock.now())
    tell_all(service, tenant, [News(event_type, account, subject, said, data)])


def tell_all(service: Service, tenant: str, news: Iterable[News]) -> None:
    """Tell of several happenings at once, and note the accounts that need somebody now."""
    known = list(news)
    for account in dict.fromkeys(one.account for one in known if one.type in _ATTENTION and one.account):
        note_attention(service, tenant, account)
    wanted = _wanted(service, tenant) if known else frozenset()
    left = (one for one in known if one.type in wanted)
    while some := list(islice(left, AT_ONCE)):
        service.deliver_queue.send(news_message(tenant, some, service.clock.now()), group=tenant)


def tell_of_items(service: Service, tenant: str, news: Iterable[News]) -> None:
    """Tell what happened to items, as `tell_all` does, and have the next digest count it where one is wanted."""
    known = list(news)
    if known and EventType.DIGEST_DAILY in _wanted(service, tenant):
        for tally in tallies(tenant, known, service.clock.now()):
            service.tallies.add(tally)
    tell_all(service, tenant, known)


def news_message(tenant: str, news: Sequence[News], at: datetime, endpoint: str | None = None) -> dict[str, Any]:
    """The delivery queue's message about news, for one endpoint alone where it is named."""
    told = [{"id": one.id(tenant), "type": one.type.value, "payload": one.payload(at)} for one in news]
    only = {"endpoint": endpoint} if endpoint else {}
    return {"schema": SCHEMA, "kind": NEWS, "tenant": tenant, "at": at.isoformat(), "news": told, **only}


def _wanted(service: Service, tenant: str) -> frozenset[EventType]:
    """What any of the tenant's endpoints wants to hear, read once in a while."""
    now = service.clock.now()
    read = service.subscriptions.get(tenant)
    if read is None or now - read[0] >= KNOWN_FOR:
        endpoints = service.endpoints.of_tenant(tenant)
        wanted = frozenset(event for one in endpoints if one.disabled_at is None for event in one.events)
        service.subscriptions[tenant] = read = (now, wanted)
    return read[1]
