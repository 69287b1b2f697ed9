"""BILL's webhooks: subscriptions, signed notifications, retries.

Source: developer.bill.com, "BILL webhook API general rules" (X-Idempotent-Key for two endpoints, answers kept 24 h),
"BILL webhook API notification rules" (HTTPS, 10 seconds, exponential back-off 2, 4, 8 and 16 s, payload as a
JSON-escaped string), "Test with BILL webhook security" (x-bill-sha-signature: base64 of HMAC-SHA256 with the
subscription's securityKey).
"""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import uuid
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx

from sandbox.bill.formats import Record, bad_field, known_only, not_found, read_object, read_text, stamp, to_json
from sandbox.bill.wire import Event, Options
from sandbox.clock import SandboxClock

ANSWER_WITHIN_SECONDS = 10.0
RETRY_AFTER_SECONDS = (2, 4, 8, 16)
IDEMPOTENT_FOR = timedelta(hours=24)
EVENT_TYPES = tuple(
    f"{what}.{change}" for what in ("vendor", "bill") for change in ("created", "updated", "archived", "restored")
)
_FIELDS = ("name", "status", "events", "notificationUrl")


@dataclass
class Notification:
    """One notification with its attempts; `status` is the last attempt's, None while it lasts or without an answer."""

    event_id: str
    type: str
    entity_id: str
    sent_at: str
    body: bytes = field(repr=False)
    signature: str = field(repr=False)
    attempts: int = 0
    status: int | None = None


@dataclass
class Subscription:
    """One organization's subscription. Its security key is told once."""

    id: str
    name: str
    organization_id: str
    url: str
    types: tuple[str, ...]
    key: str = field(repr=False)
    enabled: bool = True
    created_at: str = ""
    sent: list[Notification] = field(default_factory=list)

    def as_json(self) -> Record:
        return {
            "id": self.id,
            "name": self.name,
            "organizationId": self.organization_id,
            "status": {"enabled": self.enabled},
            "events": [{"type": one, "version": "1"} for one in self.types],
            "notificationUrl": self.url,
            "createdTime": self.created_at,
        }


class Notifier:
    """Every subscription, and the notifications under way in the background of the server's event loop."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: dict[tuple[str, str], tuple[datetime, Record]] = {}
        self.subscriptions: dict[str, Subscription] = {}

    def subscribe(self, organization_id: str, key: str, body: object, now: datetime) -> Record:
        """POST /v3/subscriptions. The same X-Idempotent-Key within 24 h gets the first answer again."""
        earlier = self._earlier(organization_id, key, now)
        if earlier:
            return earlier
        given = read_object(body)
        known_only(given, _FIELDS)
        types = _types(given.get("events"))
        subscription = Subscription(
            str(uuid.uuid4()),
            str(read_text(given.get("name"), "name", 200, required=True)),
            organization_id,
            _url(given.get("notificationUrl")),
            types,
            _new_key(),
            bool(read_object(given.get("status", {}), "status").get("enabled", True)),
            stamp(now),
        )
        self.subscriptions[subscription.id] = subscription
        return self._kept(organization_id, key, now, {**subscription.as_json(), "securityKey": subscription.key})

    def new_key(self, organization_id: str, subscription_id: str, key: str, now: datetime) -> Record:
        """POST /v3/subscriptions/{id}/security-key: from now on notifications are signed with the new key."""
        subscription = self.of(organization_id, subscription_id)
        earlier = self._earlier(organization_id, key, now)
        if earlier:
            return earlier
        subscription.key = _new_key()
        return self._kept(organization_id, key, now, {"id": subscription.id, "securityKey": subscription.key})

    def of(self, organization_id: str, subscription_id: str) -> Subscription:
        """Raises RefusedError (404) for one that is not this organization's."""
        found = self.subscriptions.get(subscription_id)
        if found is None or found.organization_id != organization_id:
            raise not_found(f"Subscription {subscription_id}")
        return found

    def remove(self, organization_id: str, subscription_id: str) -> None:
        del self.subscriptions[self.of(organization_id, subscription_id).id]

    def notify(self, organization_id: str, events: tuple[Event, ...], options: Options, now: datetime) -> None:
        """Send the events to every enabled subscription of the organization that asked for their type."""
        for subscription in list(self.subscriptions.values()):
            if subscription.organization_id == organization_id and subscription.enabled:
                for event in events:
                    if event.type in subscription.types:
                        self._start(self._deliver(subscription, _notification(subscription, event, options, now)))

    def stop(self) -> None:
        """Forget what is still to be sent."""
        for task in self._tasks:
            task.cancel()

    def as_json(self) -> list[Record]:
        """Every subscription with what was sent, for a test to read; keys are left out."""
        return [
            {
                **one.as_json(),
                "notifications": [
                    {**{k: v for k, v in vars(sent).items() if k not in ("body", "signature")}, "size": len(sent.body)}
                    for sent in one.sent
                ],
            }
            for one in self.subscriptions.values()
        ]

    def to_snapshot(self) -> list[Record]:
        """What was sent is not kept."""
        return [{k: v for k, v in vars(one).items() if k != "sent"} for one in self.subscriptions.values()]

    def restore(self, saved: list[Mapping[str, Any]]) -> None:
        rows = [Subscription(**{**row, "types": tuple(row["types"])}) for row in saved]
        self.subscriptions = {one.id: one for one in rows}

    def _earlier(self, organization_id: str, key: str, now: datetime) -> Record | None:
        _check_key(key)
        at, answer = self._answers.get((organization_id, key), (None, None))
        return answer if at and now < at + IDEMPOTENT_FOR else None

    def _kept(self, organization_id: str, key: str, now: datetime, answer: Record) -> Record:
        self._answers[organization_id, key] = (now, answer)
        return answer

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, subscription: Subscription, notification: Notification) -> None:
        subscription.sent.append(notification)
        for pause in (*RETRY_AFTER_SECONDS, None):
            if await _post(subscription.url, notification):
                return
            if pause is not None:
                await self._clock.sleep(pause)
        subscription.enabled = False


def _notification(subscription: Subscription, event: Event, options: Options, now: datetime) -> Notification:
    metadata = {
        "eventId": str(uuid.uuid4()),
        "subscriptionId": subscription.id,
        "organizationId": subscription.organization_id,
        "eventType": event.type,
        "version": "1",
    }
    payload = to_json({"metadata": metadata, event.member: _payload(event.record)})
    body = payload if options.notification_body == "object" else json.dumps(payload.decode()).encode()
    signed = body if options.notification_signature == "raw" else payload
    signature = base64.b64encode(hmac.new(subscription.key.encode(), signed, hashlib.sha256).digest()).decode()
    record_id = str(event.record["id"])
    return Notification(metadata["eventId"], event.type, record_id, stamp(now), body, signature)


def _payload(record: Record) -> Record:
    """The record as notifications show it; a bill's days are written as instants there."""
    shown = {name: value for name, value in record.items() if not name.startswith("_") and name != "approvers"}
    if "invoice" in shown:
        day = f"{shown['invoice']['invoiceDate']}T00:00:00.000Z"
        shown["invoice"] = {**shown["invoice"], "invoiceDate": day}
    return shown


async def _post(url: str, notification: Notification) -> bool:
    headers = {"content-type": "application/json", "x-bill-sha-signature": notification.signature}
    notification.attempts += 1
    notification.status = None  # until this attempt is over
    try:
        async with httpx.AsyncClient(timeout=ANSWER_WITHIN_SECONDS, trust_env=False, verify=_trust()) as client:
            async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
                answer = await client.post(url, content=notification.body, headers=headers)
    except (httpx.HTTPError, TimeoutError):
        return False
    notification.status = answer.status_code
    return answer.status_code == 200


@cache
def _trust() -> ssl.SSLContext:
    # Reading the certificates takes longer than a delivery: once is enough.
    return ssl.create_default_context()


def _new_key() -> str:
    return base64.b64encode(uuid.uuid4().bytes + uuid.uuid4().bytes).decode()


def _check_key(key: str) -> None:
    try:
        valid = uuid.UUID(key).version == 4
    except ValueError:
        valid = False
    if not valid:
        raise bad_field("X-Idempotent-Key: must be a UUID4")


def _types(events: object) -> tuple[str, ...]:
    rows = events if isinstance(events, list) else []
    types = tuple(str(read_object(one, "events").get("type")) for one in rows)
    if not types or not set(types) <= set(EVENT_TYPES):
        raise bad_field(f"events: each type must be one of {', '.join(EVENT_TYPES)}")
    return types


def _url(value: object) -> str:
    """https, or http on this machine: the sandbox's own ease."""
    url = str(read_text(value, "notificationUrl", 500, required=True))
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")):
        raise bad_field("notificationUrl: must be HTTPS")
    return url
