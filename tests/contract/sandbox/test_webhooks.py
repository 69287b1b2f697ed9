"""Webhooks as xero-webhooks.yaml and developer.xero.com/documentation/webhooks have them."""

import base64
import hashlib
import hmac
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from rehearsal.sandbox_process import SandboxClient

KEY = "webhook-key"


class Receiver:
    """A target on a free port. `answer` decides the status of each delivery; bodies arrive in `received`."""

    def __init__(self) -> None:
        self.received: queue.Queue[tuple[bytes, bool]] = queue.Queue()
        self.answer: Callable[[bool], int] = lambda right: 200 if right else 401
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                wanted = base64.b64encode(hmac.new(KEY.encode(), body, hashlib.sha256).digest()).decode()
                right = self.headers["x-xero-signature"] == wanted
                receiver.received.put((body, right))
                self.send_response(receiver.answer(right))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://localhost:{self.server.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    target = Receiver()
    yield target
    target.server.shutdown()
    target.server.server_close()


def subscribed(sandbox: SandboxClient, receiver: Receiver, *, intent: bool) -> None:
    sandbox.control("/xero/webhooks", {"url": receiver.url, "key": KEY, "intent_to_receive": intent})


def until(sandbox: SandboxClient, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    end = time.monotonic() + 10
    while not wanted(state := sandbox.read("/xero/webhooks")):
        assert time.monotonic() < end, state
        time.sleep(0.02)
    found: dict[str, Any] = state
    return found


def test_intent_to_receive_sends_right_and_wrong_signatures(sandbox: SandboxClient, receiver: Receiver) -> None:
    subscribed(sandbox, receiver, intent=True)
    until(sandbox, lambda state: state["status"] == "active")
    sent = [receiver.received.get(timeout=5) for _ in range(4)]
    assert [right for _, right in sent] == [True, False, True, False]
    assert all(json.loads(body)["events"] == [] for body, _ in sent)


def test_a_target_that_takes_wrong_signatures_gets_no_events(sandbox: SandboxClient, receiver: Receiver) -> None:
    receiver.answer = lambda _right: 200
    subscribed(sandbox, receiver, intent=True)
    state = until(sandbox, lambda state: state["status"] == "refused")
    assert "a wrong signature must be answered 401" in [one["problem"] for one in state["deliveries"]]


def test_a_change_is_delivered_signed_and_thin(sandbox: SandboxClient, receiver: Receiver) -> None:
    subscribed(sandbox, receiver, intent=False)
    owner = sandbox.connect()
    made = owner.call("PUT", "/Contacts", json={"Name": "Webhook & Co"}).json()["Contacts"][0]
    body, right = receiver.received.get(timeout=5)
    event = json.loads(body)["events"][0]
    assert right
    assert (event["eventCategory"], event["eventType"], event["resourceId"]) == (
        "CONTACT",
        "CREATE",
        made["ContactID"],
    )
    assert event["tenantId"] == owner.tenant
    assert event["resourceUrl"].endswith(f"/Contacts/{made['ContactID']}")
    assert json.loads(body)["firstEventSequence"] == 1


def test_a_failed_delivery_is_tried_again_on_the_sandbox_clock(sandbox: SandboxClient, receiver: Receiver) -> None:
    statuses = iter([500, 503, 200])
    receiver.answer = lambda _right: next(statuses)
    subscribed(sandbox, receiver, intent=False)
    sandbox.connect().call("PUT", "/Contacts", json={"Name": "Again & Co"})
    until(sandbox, lambda state: bool(state["deliveries"]) and state["deliveries"][0]["status"] == 500)
    sandbox.control("/clock", {"advance_seconds": 10})
    until(sandbox, lambda state: state["deliveries"][0]["status"] == 503)
    sandbox.control("/clock", {"advance_seconds": 60})
    until(sandbox, lambda state: state["deliveries"][0]["status"] == 200)
    bodies = {receiver.received.get(timeout=5)[0] for _ in range(3)}
    assert len(bodies) == 1, "a retry repeats the same bytes"


def test_a_day_of_failures_disables_the_subscription(sandbox: SandboxClient, receiver: Receiver) -> None:
    receiver.answer = lambda _right: 500
    subscribed(sandbox, receiver, intent=False)
    sandbox.connect().call("PUT", "/Contacts", json={"Name": "Never & Co"})

    def disabled(state: dict[str, Any]) -> bool:
        sandbox.control("/clock", {"advance_seconds": 86_400})
        return bool(state["status"] == "disabled")

    assert until(sandbox, disabled)["deliveries"][0]["attempts"] == 8
