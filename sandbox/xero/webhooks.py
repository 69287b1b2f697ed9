"""Xero's webhooks: signed deliveries, the intent-to-receive check and retries.

From xero-webhooks.yaml and developer.xero.com/documentation/webhooks/configuring-your-server.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import ssl
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Literal

import httpx

from sandbox.clock import SandboxClock
from sandbox.xero.wire import WebhookEvent

ANSWER_WITHIN_SECONDS = 5.0
# "Decreasing frequency for 24 hours"; the steps (sandbox seconds between attempts) are assumed.
RETRY_AFTER_SECONDS = (10, 60, 300, 1_800, 7_200, 21_600, 54_630)
# Intent to receive sends several, some wrongly signed; how many and in which order is assumed.
INTENT_SIGNED_RIGHT = (True, False, True, False)

SubscriptionStatus = Literal["off", "checking", "active", "refused", "disabled"]


@dataclass
class Delivery:
    """One POST with all its attempts, for a test to read. `status` is the last answer, None when none came."""

    kind: Literal["events", "intent"]
    body: str
    signed_right: bool
    attempts: int = 0
    status: int | None = None
    accepted: bool = False
    problem: str | None = None


@dataclass(frozen=True)
class Subscription:
    url: str
    key: str = field(repr=False)


def signature(key: str, body: bytes) -> str:
    """The header x-xero-signature."""
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


class WebhookSender:
    """Delivers events to one URL, in the background of the server's event loop."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._subscription: Subscription | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sequence = 0
        self.status: SubscriptionStatus = "off"
        self.deliveries: list[Delivery] = []

    def subscribe(self, subscription: Subscription, intent_to_receive: bool) -> None:
        """Begin sending to a URL; with the intent check, events flow only once it has been passed."""
        self.stop()
        self._subscription = subscription
        self.deliveries = []
        self.status = "checking" if intent_to_receive else "active"
        if intent_to_receive:
            self._start(self._check_intent(subscription))

    def stop(self) -> None:
        """Forget the subscription and every delivery still to be tried."""
        for task in self._tasks:
            task.cancel()
        self._subscription = None
        self.status = "off"

    def send(self, tenant_id: str, events: Iterable[WebhookEvent]) -> None:
        """Queue the events of one call as one delivery; nothing happens without an active subscription."""
        rows = [_row(tenant_id, event) for event in events]
        if self._subscription is None or self.status != "active" or not rows:
            return
        first = self._sequence + 1
        self._sequence += len(rows)
        delivery = Delivery("events", _body(rows, first, self._sequence), signed_right=True)
        self.deliveries.append(delivery)
        self._start(self._deliver(self._subscription, delivery))

    def as_json(self) -> dict[str, Any]:
        url = self._subscription.url if self._subscription else None
        return {"status": self.status, "url": url, "deliveries": [asdict(one) for one in self.deliveries]}

    def to_snapshot(self) -> dict[str, Any]:
        """The subscription and the sequence; deliveries under way are not kept."""
        subscription = self._subscription
        return {
            "url": subscription.url if subscription else None,
            "key": subscription.key if subscription else None,
            "status": self.status,
            "sequence": self._sequence,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._sequence = state["sequence"]
        if state["url"]:
            self._subscription = Subscription(state["url"], state["key"])
            self.status = state["status"]

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _check_intent(self, subscription: Subscription) -> None:
        passed = True
        for right in INTENT_SIGNED_RIGHT:
            delivery = Delivery("intent", _body([], 0, 0), signed_right=right)
            self.deliveries.append(delivery)
            passed = await _post(subscription, delivery) and passed
        self.status = "active" if passed else "refused"

    async def _deliver(self, subscription: Subscription, delivery: Delivery) -> None:
        for pause in (*RETRY_AFTER_SECONDS, None):
            if await _post(subscription, delivery):
                return
            if pause is not None:
                await self._clock.sleep(pause)
        self.status = "disabled"


@cache
def _trust() -> ssl.SSLContext:
    # Reading the certificates takes longer than a delivery: once is enough.
    return ssl.create_default_context()


async def _post(subscription: Subscription, delivery: Delivery) -> bool:
    """One attempt: 200 with an empty body and no cookies for a right signature, 401 for a wrong one."""
    body = delivery.body.encode()
    signed = signature(subscription.key if delivery.signed_right else secrets.token_urlsafe(16), body)
    headers = {"content-type": "application/json; charset=utf-8", "x-xero-signature": signed}
    delivery.attempts += 1
    try:
        async with httpx.AsyncClient(timeout=ANSWER_WITHIN_SECONDS, trust_env=False, verify=_trust()) as client:
            async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
                answer = await client.post(subscription.url, content=body, headers=headers)
    except (httpx.HTTPError, TimeoutError) as error:
        delivery.status, delivery.problem = None, type(error).__name__
        return False
    delivery.status = answer.status_code
    delivery.problem = _fault_of(answer, delivery.signed_right)
    delivery.accepted = delivery.problem is None
    return delivery.accepted


def _fault_of(answer: httpx.Response, signed_right: bool) -> str | None:
    if not signed_right:
        return None if answer.status_code == 401 else "a wrong signature must be answered 401"
    if answer.status_code != 200:
        return "a right signature must be answered 200"
    if answer.content:
        return "the answer must have an empty body"
    return "the answer must set no cookie" if "set-cookie" in answer.headers else None


def _row(tenant_id: str, event: WebhookEvent) -> dict[str, Any]:
    row: dict[str, Any] = {
        "resourceUrl": event.resource_url,
        "resourceId": event.resource_id,
        "tenantId": tenant_id,
        "tenantType": "ORGANISATION",
        "eventCategory": event.category,
        "eventType": event.type,
        "eventDateUtc": _written(event.at),
    }
    return {**row, "data": dict(event.data)} if event.data else row


def _written(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds")


def _body(rows: list[dict[str, Any]], first: int, last: int) -> str:
    entropy = secrets.token_urlsafe(15)
    return json.dumps({"events": rows, "firstEventSequence": first, "lastEventSequence": last, "entropy": entropy})
