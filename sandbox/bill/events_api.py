"""The webhook service's API (connect-events/v3): subscriptions, keys, the catalogue and what was sent.

Source: developer.bill.com, "Work with BILL webhooks" and its reference pages.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sandbox.bill import queries
from sandbox.bill.formats import NO_SUCH_API, bad_field, known_only, read_json, read_object, refused
from sandbox.bill.notifications import EVENT_TYPES, Notifier
from sandbox.bill.wire import Answer

_ONE = re.compile(r"/subscriptions/(?P<id>[^/]+)(?P<key>/security[-_]key)?")
_SENT = re.compile(r"/events/subscription/(?P<id>[^/]+)")


@dataclass(frozen=True)
class EventsCall:
    """One call of the webhook service; `key` is its X-Idempotent-Key."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    key: str


def answer(notifier: Notifier, organization_id: str, call: EventsCall, now: datetime) -> Answer:
    """Raises RefusedError."""
    if (call.method, call.path) == ("GET", "/events/catalog"):
        return Answer(200, {"results": [{"type": one, "version": "1"} for one in EVENT_TYPES]})
    if (call.method, call.path) == ("POST", "/subscriptions"):
        return Answer(201, notifier.subscribe(organization_id, call.key, read_json(call.body), now))
    if (call.method, call.path) == ("GET", "/subscriptions"):
        mine = [one.as_json() for one in notifier.subscriptions.values() if one.organization_id == organization_id]
        return Answer(200, queries.listed("subscriptions", mine, call.query))
    sent = _SENT.fullmatch(call.path)
    if sent and call.method == "GET":
        return _sent(notifier, organization_id, sent["id"], call)
    one = _ONE.fullmatch(call.path)
    if one is None:
        raise refused(404, NO_SUCH_API)
    if one["key"] and call.method == "POST":
        return Answer(201, notifier.new_key(organization_id, one["id"], call.key, now))
    return _subscription(notifier, organization_id, one["id"], call)


def _subscription(notifier: Notifier, organization_id: str, subscription_id: str, call: EventsCall) -> Answer:
    if call.method == "GET":
        return Answer(200, notifier.of(organization_id, subscription_id).as_json())
    if call.method == "DELETE":
        notifier.remove(organization_id, subscription_id)
        return Answer(204, None)
    if call.method == "PATCH":  # assumed to take the status alone
        given = read_object(read_json(call.body))
        known_only(given, ("status",))
        enabled = read_object(given.get("status"), "status").get("enabled")
        if not isinstance(enabled, bool):
            raise bad_field("status.enabled: must be true or false")
        subscription = notifier.of(organization_id, subscription_id)
        subscription.enabled = enabled
        return Answer(200, subscription.as_json())
    raise refused(404, NO_SUCH_API)


def _sent(notifier: Notifier, organization_id: str, subscription_id: str, call: EventsCall) -> Answer:
    rows = [
        {"eventId": one.event_id, "eventType": one.type, "entityId": one.entity_id, "createdTime": one.sent_at}
        for one in notifier.of(organization_id, subscription_id).sent
    ]
    return Answer(200, queries.listed("notifications", rows, call.query))
