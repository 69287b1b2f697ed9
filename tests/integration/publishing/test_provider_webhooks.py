"""A storm of a provider's webhooks becomes one refresh, and Xero's check of the receiver is passed.

Bodies are those that Xero sends, events together in batches; the queue is a list, the provider the sandbox.
"""

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from functions.connect import webhook
from functions.refresh.worker import serve
from rehearsal.world import INVOCATION, World
from sandbox.xero.webhooks import signature
from shared.aws.clock import Clock
from shared.domain.ids import new_id
from shared.domain.lists import Kind
from shared.usecases.service import Service

KEY = "hook-key"
EVENTS, TOGETHER = 10_000, 50
NEWCOMER = "Storm & Daughters"


class Receiver:
    """The webhook function, and the refresh queue as a list. Its clock stands still until a test moves it."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = world
        self.now = world.time()
        self.queue: list[tuple[dict[str, Any], int]] = []
        self.served: list[str] = []
        self._service = self._with_queue(Service(world.settings, Clock(source=lambda: self.now), world.clients))
        monkeypatch.setattr(webhook, "_service", lambda: self._service)

    def send(self, body: dict[str, Any], *, group: str, delay_seconds: int = 0) -> None:
        self.queue.append((json.loads(json.dumps(body)), delay_seconds))

    def __call__(self, body: str, signed: str) -> int:
        event = {"pathParameters": {"provider": "xero"}, "headers": {"x-xero-signature": signed}, "body": body}
        return int(webhook.handler(event, None)["statusCode"])

    def work(self) -> None:
        """Serve the queue until it is empty, delays and all."""
        while self.queue:
            body, delay = self.queue.pop(0)
            self.world.time.pass_by(seconds=delay)
            self.served.append(body["kind"])
            now = self.world.time()
            service = self._with_queue(self.world.new_service())
            serve(service, body, message_id=new_id(now), sent_at=now, deadline=now + INVOCATION)

    def _with_queue(self, service: Service) -> Service:
        service.__dict__["refresh_queue"] = self
        return service


@pytest.fixture
def receiver(world: World, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    return Receiver(world, monkeypatch)


def storm(world: World) -> list[str]:
    """Bodies of changes to contacts and invoices, in batches of 50, numbered through as Xero numbers them."""
    bodies = []
    for first in range(1, EVENTS + 1, TOGETHER):
        numbers = range(first, first + TOGETHER)
        events = [
            {
                "resourceUrl": f"{world.sandbox.xero}/api.xro/2.0/Contacts/{number % 700:036d}",
                "resourceId": f"{number % 700:036d}",
                "tenantId": world.tenant_id,
                "tenantType": "ORGANISATION",
                "eventCategory": "INVOICE" if number % 10 == 0 else "CONTACT",
                "eventType": "UPDATE" if number % 3 else "CREATE",
                "eventDateUtc": f"2026-03-11T09:00:{number % 60:02d}.{number % 1000:03d}",
            }
            for number in numbers
        ]
        body = {"events": events, "firstEventSequence": first, "lastEventSequence": numbers[-1], "entropy": str(first)}
        bodies.append(json.dumps(body))
    return bodies


def test_ten_thousand_events_are_one_refresh_of_what_changed(world: World, receiver: Receiver) -> None:
    made = world.sandbox.connect().call("PUT", "/Contacts", json={"Name": NEWCOMER})
    assert made.status_code == 200, made.text
    quiet, before = world.sandbox.read("/counts")["calls"], len(refreshes(world))
    bodies = storm(world)
    bodies += bodies[:20]  # whose answers Xero did not get in time
    for body in bodies:
        assert receiver(body, signature(KEY, body.encode())) == 200
        receiver.now += timedelta(milliseconds=100)
    assert world.sandbox.read("/counts")["calls"] == quiet  # nobody is asked while answering
    ((notice, delay),) = receiver.queue
    assert (notice["kind"], delay) == ("notice", 30)
    receiver.work()
    assert receiver.served.count("notice") == receiver.served.count("refresh") == 1
    assert world.calls("GET /Contacts") - quiet["xero"].get("GET /Contacts", 0) == 1
    assert [event.after["reason"] for event in refreshes(world)[before:]] == ["webhook"]
    names = {entry.name for entry in world.service.lists.all(world.connection.book, Kind.SUPPLIERS)}
    assert NEWCOMER in names


def refreshes(world: World) -> list[Any]:
    found, _ = world.service.events.page(world.tenant, world.account_id, None, 200)
    return [event for event in reversed(found) if event.kind == "refresh.done"]


@pytest.fixture
def url(receiver: Receiver) -> Iterator[str]:
    """The webhook function behind a real address, as the gateway would call it."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self.send_response(receiver(body, self.headers["x-xero-signature"]))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/v1/webhooks/xero"
    server.shutdown()
    server.server_close()


def test_xeros_intent_to_receive_passes(world: World, receiver: Receiver, url: str) -> None:
    world.sandbox.control("/xero/webhooks", {"url": url, "key": KEY, "intent_to_receive": True})
    end = time.monotonic() + 20
    while (found := world.sandbox.read("/xero/webhooks"))["status"] == "checking":
        assert time.monotonic() < end, found
        time.sleep(0.02)
    assert found["status"] == "active", found
    assert {(one["signed_right"], one["status"]) for one in found["deliveries"]} == {(True, 200), (False, 401)}
    assert receiver.queue == []
