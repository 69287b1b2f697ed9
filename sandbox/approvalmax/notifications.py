"""ApprovalMax's webhooks: made and validated on the developer portal, thin, signed.

Source: developer.approvalmax.com, "Webhooks" (payload, Entropy, validation before activation). Header and algorithm of
the signature are not on the page: SIGNATURE_HEADER and `signature` are assumed, after Xero's scheme that the payload
resembles; so are the retries.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import ssl
from collections.abc import Coroutine, Iterable
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, Literal

import httpx

from sandbox.approvalmax.answers import Record
from sandbox.approvalmax.requests import APPROVED, REJECTED
from sandbox.clock import SandboxClock

SIGNATURE_HEADER = "x-approvalmax-signature"  # assumed
ANSWER_WITHIN_SECONDS = 5.0  # assumed
RETRY_AFTER_SECONDS = (10, 60, 300)  # assumed
# Event type and sub-type by the request's newest event; those of approvals are documented, the others assumed.
EVENTS = {
    "approverApprovedRequestApproved": ("Approved", "ApprovedByApprover"),
    "approverRejected": ("Rejected", "RejectedByApprover"),
    "pulledFromSource": ("Submitted for Approval", "PulledFromSource"),
    "requesterSubmitted": ("Submitted for Approval", "SubmittedByRequester"),
    "approvedInXero": ("Approved", "ApprovedInXero"),
    "createdInSource": ("Approved", "CreatedInSource"),
    "cancelledInSource": ("Cancelled", "CancelledInSource"),
}
_BY_STATUS = {APPROVED: ("Approved", "ApprovedByApprover"), REJECTED: ("Rejected", "RejectedByApprover")}
Status = Literal["off", "checking", "active", "refused", "disabled"]


@dataclass
class Delivery:
    """One POST with its attempts; `status` is the last answer, None when none came."""

    body: str
    attempts: int = 0
    status: int | None = None


def signature(key: str, body: bytes) -> str:
    """The assumed signature: base64 of HMAC-SHA256 over the raw body."""
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


@dataclass
class Notifier:
    """One webhook of the one app, delivered in the background of the server's event loop."""

    clock: SandboxClock
    url: str | None = None
    key: str = field(default="", repr=False)
    status: Status = "off"
    deliveries: list[Delivery] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def subscribe(self, url: str, key: str, *, validate: bool) -> None:
        """Begin to send; with validation, events flow once an empty delivery has been answered 200."""
        self.stop()
        self.url, self.key, self.deliveries = url, key, []
        self.status = "checking" if validate else "active"
        if validate:
            self._start(self._validate())

    def stop(self) -> None:
        """Forget the webhook and what is still to be sent."""
        for task in self._tasks:
            task.cancel()
        self.url, self.status = None, "off"

    def send(self, requests: Iterable[Record]) -> None:
        """One delivery for the newest event of each of these requests; nothing without an active webhook."""
        rows = [_row(one) for one in requests]
        if rows and self.status == "active":
            self._start(self._deliver(Delivery(_body(rows))))

    def as_json(self) -> Record:
        return {"status": self.status, "url": self.url, "deliveries": [asdict(one) for one in self.deliveries]}

    def to_snapshot(self) -> Record:
        return {"url": self.url, "key": self.key, "status": self.status}

    def restore(self, saved: Record) -> None:
        self.stop()
        self.url, self.key, self.status = saved["url"], saved["key"], saved["status"]

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _validate(self) -> None:
        delivery = Delivery(_body([]))
        self.status = "active" if await self._post(delivery) else "refused"

    async def _deliver(self, delivery: Delivery) -> None:
        for pause in (*RETRY_AFTER_SECONDS, None):
            if await self._post(delivery):
                return
            if pause is not None:
                await self.clock.sleep(pause)
        self.status = "disabled"

    async def _post(self, delivery: Delivery) -> bool:
        if delivery not in self.deliveries:
            self.deliveries.append(delivery)
        body = delivery.body.encode()
        headers = {"content-type": "application/json", SIGNATURE_HEADER: signature(self.key, body)}
        delivery.attempts += 1
        try:
            async with httpx.AsyncClient(timeout=ANSWER_WITHIN_SECONDS, trust_env=False, verify=_trust()) as client:
                async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
                    answer = await client.post(str(self.url), content=body, headers=headers)
        except (httpx.HTTPError, TimeoutError):
            delivery.status = None
            return False
        delivery.status = answer.status_code
        return answer.status_code == 200


@cache
def _trust() -> ssl.SSLContext:
    # Reading the certificates takes longer than a delivery: once is enough.
    return ssl.create_default_context()


def _row(request: Record) -> Record:
    newest = next((one for one in reversed(request["events"]) if one["eventType"] in EVENTS), None)
    kind, sub_kind = EVENTS[newest["eventType"]] if newest else _BY_STATUS[request["requestStatus"]]
    prefix = "Xero" if request["_family"] == "xero" else "QBooks"
    return {
        "EventType": kind,
        "EventSubType": sub_kind,
        "RequestType": f"{prefix}Bill",
        "RequestId": request["requestId"],
        "CompanyId": request["companyId"],
        "TimeStamp": request["modifiedAt"],
    }


def _body(rows: list[Record]) -> str:
    return json.dumps({"Events": rows, "Entropy": secrets.token_urlsafe(24)})
