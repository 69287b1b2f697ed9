"""On the deployed stack: a tenant's server hears, signed, what happens to its connections and items."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.e2e.tenants import World, wait_for


@dataclass
class Receiver:
    """A tenant's server on this machine: it keeps what it is sent."""

    port: int
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def of(self, event: str) -> list[dict[str, Any]]:
        said = [json.loads(body) for _, body in list(self.got)]
        return [one["data"] for one in said if one["type"] == event]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Receiver(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return hmac.compare_digest(wanted, headers["webhook-signature"])


def test_a_tenant_hears_what_happens(world: World, receiver: Receiver) -> None:
    product = world.tenant()
    events = ["item.published", "item.needs_review", "connection.connected", "refresh.done"]
    wanted = {"url": f"http://127.0.0.1:{receiver.port}/hooks", "events": events}
    endpoint = product.api.call("POST", "/v1/webhook-endpoints", wanted)
    world.secrets.keep("webhook secret", endpoint["secret"])
    product.api.call("POST", f"/v1/webhook-endpoints/{endpoint['id']}/test")
    wait_for("the test message", lambda: receiver.of("endpoint.test"))

    customer = product.connected()
    wait_for("the connection", lambda: receiver.of("connection.connected"))
    item = customer.item(number="TOLD-1")["id"]
    customer.publish([item])
    customer.await_stage(item, "published")
    told = wait_for("the publication", lambda: receiver.of("item.published"))
    assert {one["item"] for one in told} == {item}
    assert told[0]["account"] == customer.id
    assert all(is_signed(endpoint["secret"], *one) for one in receiver.got)

    ids = {headers["webhook-id"] for headers, _ in receiver.got}
    assert len(ids) == len(receiver.got)
    shown = product.api.call("GET", f"/v1/webhook-endpoints/{endpoint['id']}/deliveries")["deliveries"]
    assert {one["webhook_id"] for one in shown} >= ids
    assert {one["status"] for one in shown if one["webhook_id"] in ids} == {"delivered"}
