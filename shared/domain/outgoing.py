"""Webhooks of ours: what tenants are told, how a message is signed, and when it is tried again.

The form is that of Standard Webhooks (its specification at standardwebhooks.com): the headers webhook-id,
webhook-timestamp and webhook-signature over "id.timestamp.body".
"""

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from shared.domain.ids import derived_id
from shared.domain.secrets import Secret

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 (a prefix)
# How long the secret before the last rotation goes on signing beside the new one.
OVERLAP: Final = timedelta(hours=24)
# Waits after each failed try, as Standard Webhooks proposes; nine of them, 76 hours in all.
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
WAITS: Final = (
    timedelta(seconds=5),
    5 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    5 * _HOUR,
    10 * _HOUR,
    14 * _HOUR,
    20 * _HOUR,
    24 * _HOUR,
)
_JITTER: Final = 0.1  # of a wait, added at random: what failed together does not come again together
DISABLED_AFTER: Final = timedelta(days=5)  # of failures without one success in between
KEPT_FOR: Final = timedelta(days=30)  # deliveries, to be looked at and replayed
MOST_REPLAYS: Final = 20  # of one delivery
MOST_ENDPOINTS: Final = 10  # of one tenant
GONE: Final = 410


class EventType(StrEnum):
    """What a tenant may subscribe to."""

    ITEM_PUBLISHED = "item.published"
    ITEM_REFUSED = "item.refused"
    ITEM_NEEDS_REVIEW = "item.needs_review"
    ITEM_UNKNOWN = "item.unknown"
    CONNECTION_CONNECTED = "connection.connected"
    CONNECTION_EXPIRING = "connection.expiring"
    CONNECTION_EXPIRED = "connection.expired"
    CONNECTION_RECOVERED = "connection.recovered"
    REFRESH_DONE = "refresh.done"
    DIGEST_DAILY = "digest.daily"
    ENDPOINT_TEST = "endpoint.test"  # sent when asked for, to one endpoint, whatever it has subscribed to


SUBSCRIBABLE: Final = tuple(one for one in EventType if one is not EventType.ENDPOINT_TEST)


class DisabledBecause(StrEnum):
    GONE = "gone"  # it answered 410
    FAILING = "failing"  # for DISABLED_AFTER
    ASKED = "asked"  # by the tenant


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a tenant wants to hear of what. Its secrets are derived, never stored: see `usecases.endpoint_secrets`.

    `rotations` counts secrets given after the first, `rotated_by` names the request that asked for the last of them;
    the secret before it signs as well until `overlap_until`.
    """

    id: str
    tenant: str
    url: str
    events: tuple[EventType, ...]
    created_at: datetime
    description: str | None = None
    rotations: int = 0
    rotated_by: str | None = None
    overlap_until: datetime | None = None
    failing_since: datetime | None = None
    disabled_at: datetime | None = None
    disabled_because: DisabledBecause | None = None
    version: int = 0

    def wants(self, event: EventType) -> bool:
        return self.disabled_at is None and (event in self.events or event is EventType.ENDPOINT_TEST)


@dataclass(frozen=True, slots=True)
class News:
    """Something that a tenant may want to hear of.

    `occasion` is what tells this happening from the next of its kind (a batch, a refresh, a day): told twice with the
    same occasion, it is one message. `data` names things and codes; never a secret, never a document's content.
    """

    type: EventType
    account: str | None
    subject: str
    occasion: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def id(self, tenant: str) -> str:
        return derived_id("news", tenant, self.type.value, self.account or "", self.subject, self.occasion)

    def payload(self, at: datetime) -> dict[str, Any]:
        """The message's body as Standard Webhooks has it: type, timestamp, data."""
        named = {"account": self.account} if self.account else {}
        return {
            "type": self.type.value,
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "data": {**named, **self.data},
        }


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"  # every try is used up, or the endpoint is disabled


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one endpoint. `id` is the message's, the same at every endpoint and every try.

    `tries` counts those since it was first sent or last replayed; `code` and `failure` are the last try's.
    """

    id: str
    tenant: str
    endpoint: str
    type: EventType
    at: datetime
    body: str
    status: DeliveryStatus = DeliveryStatus.PENDING
    tries: int = 0
    tried_at: datetime | None = None
    next_at: datetime | None = None
    code: int | None = None
    failure: str | None = None
    replays: int = 0
    version: int = 0


def wait_after(tries: int, jitter: float | None = None) -> timedelta | None:
    """How long to wait after so many tries, with jitter (a share from 0 to 1); None when no more are made."""
    if tries > len(WAITS):
        return None
    share = random.random() if jitter is None else jitter  # noqa: S311 (no secret)
    return WAITS[tries - 1] * (1 + _JITTER * share)


def message_id(delivery: str) -> str:
    """The webhook-id header."""
    return f"msg_{delivery}"


def written(payload: Mapping[str, Any]) -> str:
    """A payload as the text that is signed and sent, at every try the same."""
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False)


def signature(secret: Secret, delivery: str, at: datetime, body: str) -> str:
    """One signature of Standard Webhooks: HMAC-SHA256 with the secret's bytes over "id.timestamp.body"."""
    key = base64.b64decode(secret.reveal().removeprefix(SECRET_PREFIX))
    signed = f"{message_id(delivery)}.{int(at.timestamp())}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def headers(secrets: Iterable[Secret], delivery: str, at: datetime, body: str) -> dict[str, str]:
    """The headers of one try, signed with every secret that is valid now."""
    return {
        "content-type": "application/json",
        "user-agent": "Ledgerbridge-Webhooks/1",
        "webhook-id": message_id(delivery),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signature(secret, delivery, at, body) for secret in secrets),
    }
