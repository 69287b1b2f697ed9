"""Intuit's webhooks in both formats: the old eventNotifications and CloudEvents 1.0, signed alike.

Sources: developer.intuit.com, "Webhooks"; blogs.a.intuit.com, "Upcoming change to webhooks payload structure".
"""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import uuid
from collections.abc import Coroutine, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Literal

import httpx

from sandbox.clock import SandboxClock
from sandbox.quickbooks.wire import EntityEvent, Operation

ANSWER_WITHIN_SECONDS = 3.0
# Retries after 20, 30 and 50 minutes, for these answers and for none at all; then the endpoint is given up.
RETRY_AFTER_SECONDS = (1_200, 1_800, 3_000)
RETRIED = frozenset({408, 500, 502, 503, 504})
# Assumed: which entities notify; Intuit lists nearly all of them.
NOTIFIED = frozenset(
    ("Account", "Vendor", "Customer", "Item", "Class", "Department", "Bill", "Purchase", "VendorCredit", "Invoice")
) | frozenset(("SalesReceipt", "CreditMemo", "BillPayment", "Payment"))
_VERBS: dict[Operation, str] = {
    "Create": "created",
    "Update": "updated",
    "Delete": "deleted",
    "Merge": "merged",
    "Void": "voided",
}
Format = Literal["cloudevents", "old"]


@dataclass
class Delivery:
    """One POST with all its attempts, for a test to read. `status` is the last answer, None when none came."""

    body: str
    attempts: int = 0
    status: int | None = None
    accepted: bool = False
    problem: str | None = None


@dataclass(frozen=True)
class Subscription:
    url: str
    verifier_token: str = field(repr=False)
    format: Format = "cloudevents"


def signature(verifier_token: str, body: bytes) -> str:
    """The header intuit-signature."""
    return base64.b64encode(hmac.new(verifier_token.encode(), body, hashlib.sha256).digest()).decode()


class WebhookSender:
    """Delivers events to one URL, in the background of the server's event loop."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._subscription: Subscription | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.status: Literal["off", "active", "blacklisted"] = "off"
        self.deliveries: list[Delivery] = []

    def subscribe(self, subscription: Subscription) -> None:
        """Begin sending to a URL; there is no check of it beforehand."""
        self.stop()
        self._subscription, self.status, self.deliveries = subscription, "active", []

    def stop(self) -> None:
        """Forget the subscription and every delivery still to be tried."""
        for task in self._tasks:
            task.cancel()
        self._subscription, self.status = None, "off"

    def send(self, realm_id: str, events: Iterable[EntityEvent]) -> None:
        """Queue the events of one call as one delivery; nothing happens without an active subscription."""
        told = [event for event in events if event.entity in NOTIFIED]
        if self._subscription is None or self.status != "active" or not told:
            return
        write = _cloud_events if self._subscription.format == "cloudevents" else _old_notifications
        delivery = Delivery(json.dumps(write(realm_id, told)))
        self.deliveries.append(delivery)
        self._start(self._deliver(self._subscription, delivery))

    def as_json(self) -> dict[str, Any]:
        url = self._subscription.url if self._subscription else None
        return {"status": self.status, "url": url, "deliveries": [asdict(one) for one in self.deliveries]}

    def to_snapshot(self) -> dict[str, Any]:
        """The subscription; deliveries under way are not kept."""
        return {"subscription": asdict(self._subscription) if self._subscription else None, "status": self.status}

    def restore(self, saved: dict[str, Any]) -> None:
        if saved["subscription"]:
            self._subscription, self.status = Subscription(**saved["subscription"]), saved["status"]

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, subscription: Subscription, delivery: Delivery) -> None:
        for pause in (*RETRY_AFTER_SECONDS, None):
            await _post(subscription, delivery, self._clock.now())
            if delivery.accepted or (delivery.status is not None and delivery.status not in RETRIED):
                return
            if pause is not None:
                await self._clock.sleep(pause)
        self.status = "blacklisted"


@cache
def _trust() -> ssl.SSLContext:
    # Reading the certificates takes longer than a delivery: once is enough.
    return ssl.create_default_context()


async def _post(subscription: Subscription, delivery: Delivery, now: datetime) -> None:
    body = delivery.body.encode()
    headers = {
        "content-type": "application/json",
        "intuit-signature": signature(subscription.verifier_token, body),
        "intuit-created-time": now.isoformat(timespec="milliseconds"),
        "intuit-t-id": str(uuid.uuid4()),
        "intuit-notification-schema-version": "2.0" if subscription.format == "cloudevents" else "1.0",
    }
    delivery.attempts += 1
    delivery.status, delivery.problem = None, None
    try:
        async with httpx.AsyncClient(timeout=ANSWER_WITHIN_SECONDS, trust_env=False, verify=_trust()) as client:
            async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
                answer = await client.post(subscription.url, content=body, headers=headers)
    except (httpx.HTTPError, TimeoutError) as error:
        delivery.problem = type(error).__name__
        return
    delivery.status = answer.status_code
    delivery.accepted = answer.status_code == 200


def _cloud_events(realm_id: str, events: list[EntityEvent]) -> Any:
    return [
        {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": "intuit.sandbox",
            "type": f"qbo.{event.entity.lower()}.{_VERBS[event.operation]}.v1",
            "datacontenttype": "application/json",
            "time": event.at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z",
            "intuitentityid": event.entity_id,
            "intuitaccountid": realm_id,
            "data": {},
        }
        for event in events
    ]


def _old_notifications(realm_id: str, events: list[EntityEvent]) -> Any:
    entities = [
        {
            "name": event.entity,
            "id": event.entity_id,
            "operation": event.operation,
            "lastUpdated": event.at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z",
        }
        for event in events
    ]
    return {"eventNotifications": [{"realmId": realm_id, "dataChangeEvent": {"entities": entities}}]}
