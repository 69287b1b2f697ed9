"""BILL's webhooks: subscriptions, signed notifications, retries."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.sandbox.bill.kit import Bill
from tests.contract.sandbox.quickbooks.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    target = Receiver()
    yield target
    target.close()


def received(receiver: Receiver) -> tuple[bytes, str]:
    """Body and signature of the next notification."""
    headers, body = receiver.received.get(timeout=5)
    return body, headers["x-bill-sha-signature"]


def subscribe(bill: Bill, url: str, *types: str, key: str = "") -> Any:
    body = {
        "name": "Changes",
        "status": {"enabled": True},
        "events": [{"type": one, "version": "1"} for one in types],
        "notificationUrl": url,
    }
    headers = {"X-Idempotent-Key": key or str(uuid.uuid4())}
    return bill.call("POST", "/subscriptions", service="connect-events", json=body, headers=headers)


def signed(key: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def test_a_new_bill_is_notified_as_a_json_string_signed_with_the_key(bill: Bill, receiver: Receiver) -> None:
    subscription = subscribe(bill, receiver.url, "bill.created").json()
    bill.call("POST", "/vendors", json={})
    made = bill.made("/bills", bill.bill())
    body, signature = received(receiver)
    assert signature == signed(subscription["securityKey"], body)
    payload = json.loads(json.loads(body))
    assert payload["metadata"]["eventType"] == "bill.created"
    assert payload["metadata"]["organizationId"] == bill.organization
    assert (payload["bill"]["id"], payload["bill"]["amount"]) == (made["id"], 149.0)
    sent = bill.call("GET", f"/events/subscription/{subscription['id']}", service="connect-events").json()["results"]
    assert [one["eventId"] for one in sent] == [payload["metadata"]["eventId"]]


def test_the_other_form_of_body_and_signature(bill: Bill, receiver: Receiver) -> None:
    key = subscribe(bill, receiver.url, "bill.created").json()["securityKey"]
    bill.sandbox.control("/bill/options", {"notification_signature": "minified"})
    bill.made("/bills", bill.bill())
    body, signature = received(receiver)
    assert signature != signed(key, body)
    assert signature == signed(key, json.loads(body).encode())
    bill.sandbox.control("/bill/options", {"notification_body": "object"})
    bill.made("/bills", bill.bill())
    body, signature = received(receiver)
    assert (json.loads(body)["metadata"]["version"], signature) == ("1", signed(key, body))


def test_the_same_idempotent_key_makes_one_subscription(bill: Bill) -> None:
    key = str(uuid.uuid4())
    first, second = (subscribe(bill, "https://example.com/hook", "bill.created", key=key) for _ in range(2))
    assert first.json() == second.json()
    assert len(bill.call("GET", "/subscriptions", service="connect-events").json()["results"]) == 1
    assert subscribe(bill, "https://example.com/hook", "bill.created", key="not a uuid").status_code == 400
    assert subscribe(bill, "http://example.com/hook", "bill.created").status_code == 400
    assert subscribe(bill, "https://example.com/hook", "bill.painted").status_code == 400


def test_a_new_key_signs_from_then_on(bill: Bill, receiver: Receiver) -> None:
    first = subscribe(bill, receiver.url, "vendor.archived").json()
    path = f"/subscriptions/{first['id']}/security-key"
    headers = {"X-Idempotent-Key": str(uuid.uuid4())}
    new = bill.call("POST", path, service="connect-events", headers=headers).json()["securityKey"]
    vendor = bill.named("/vendors", "Office Depot")
    bill.call("POST", f"/vendors/{vendor}/archive", json={})
    body, signature = received(receiver)
    assert signature == signed(new, body) != signed(first["securityKey"], body)


def test_failures_are_tried_again_after_2_4_8_and_16_seconds_and_then_disable(bill: Bill, receiver: Receiver) -> None:
    receiver.status = 500
    subscribe(bill, receiver.url, "bill.created")
    bill.made("/bills", bill.bill())
    for attempt, pause in enumerate((2, 4, 8, 16), start=1):
        until(bill, answered(attempt))
        bill.sandbox.control("/clock", {"advance_seconds": pause})
    state = until(bill, lambda state: not state["status"]["enabled"])
    assert state["notifications"][0]["attempts"] == 5
    assert len({received(receiver)[0] for _ in range(5)}) == 1, "a retry repeats the same bytes"


def answered(times: int) -> Callable[[dict[str, Any]], bool]:
    """Whether that attempt is over and the pause after it runs: only then can the clock be moved past it."""

    def so_far(state: dict[str, Any]) -> bool:
        first = state["notifications"][0]
        return bool(first["attempts"] == times and first["status"] == 500)

    return so_far


def until(bill: Bill, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    end = time.monotonic() + 10
    while True:
        state: dict[str, Any] = bill.sandbox.read("/bill/webhooks")[0]
        if state["notifications"] and wanted(state):
            return state
        assert time.monotonic() < end, state
        time.sleep(0.02)
