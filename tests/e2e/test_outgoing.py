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

from rehearsal.sandbox_process import Connected, SandboxClient
from tests.e2e.tenants import ADVISER, Customer, Product, World, wait_for


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


def heard_by(product: Product, receiver: Receiver, *events: str) -> None:
    """Have a tenant's news of these kinds told to the receiver."""
    wanted = {"url": f"http://127.0.0.1:{receiver.port}/hooks", "events": list(events)}
    endpoint = product.api.call("POST", "/v1/webhook-endpoints", wanted)
    product.world.secrets.keep("webhook secret", endpoint["secret"])


@pytest.mark.soak
def test_a_tenant_hears_that_access_was_lost_and_is_there_again(world: World, receiver: Receiver) -> None:
    product = world.tenant()
    heard_by(product, receiver, "connection.expired", "connection.recovered", "refresh.done")
    customer = product.connected()
    first = wait_for("the first refresh", lambda: receiver.of("refresh.done"))
    assert {one["connection"] for one in first} == {customer.connection}
    assert first[0]["failed"] == {}
    assert first[0]["lists"]["suppliers"]["added"] > 0

    world.sandbox.tell("/xero/revoke", {"user": ADVISER, "organisation": customer.organisation})
    customer.publish([customer.item(number="GONE-1")["id"]])
    [lost] = wait_for("the loss of access", lambda: receiver.of("connection.expired"))
    assert (lost["account"], lost["connection"]) == (customer.id, customer.connection)
    assert lost["status"] == customer.status() != "active"
    assert receiver.of("connection.recovered") == []

    assert customer.reconnect().status_code == 200
    [again] = wait_for("the new access", lambda: receiver.of("connection.recovered"))
    assert (again["connection"], again["organisation"]["name"]) == (customer.connection, customer.organisation)
    asked = customer.refresh()
    told = wait_for("the refresh", lambda: [one for one in receiver.of("refresh.done") if one["refresh"] in str(asked)])
    assert [one["connection"] for one in told] == [customer.connection]


@pytest.mark.soak
def test_a_tenant_hears_that_nobody_knows_what_became_of_a_document(world: World, receiver: Receiver) -> None:
    product = world.tenant()
    heard_by(product, receiver, "item.unknown", "item.published", "item.refused")
    customer = product.connected()
    item = customer.item(number="TWIN-1", type="credit_note", due_date=None)["id"]
    world.sandbox.mend()
    world.sandbox.fault("PUT", "/CreditNotes", "commit_then_drop", times=3)
    world.sandbox.fault("GET", "/CreditNotes", "status", status=503, times=None)
    customer.post(f"/items/{item}/publish")
    wait_for("a look-up that fails", lambda: world.sandbox.fired() > 3)
    make_twin(customer)
    world.sandbox.mend()
    customer.post(f"{customer.at}/resume")
    customer.await_stage(item, "unknown", seconds=120)
    [told] = wait_for("the news", lambda: receiver.of("item.unknown"))
    assert (told["account"], told["item"], told["error"]["code"]) == (customer.id, item, "outcome_unknown")
    assert receiver.of("item.published") == receiver.of("item.refused") == []


def make_twin(customer: Customer) -> None:
    """A person makes a credit note that looks just like ours, which has no field for a marker."""
    xero = SandboxClient(customer.world.sandbox.url)
    person = Connected(xero, xero.redeem(xero.consent(ADVISER, [customer.organisation_id])).json())
    [there] = customer.books()["CreditNotes"]
    copied = ("Type", "Date", "LineAmountTypes", "CurrencyCode", "Status")
    line = {"Description": "Paper", "Quantity": 1, "LineAmount": 100, "AccountCode": "429", "TaxType": "INPUT2"}
    twin = {name: there[name] for name in copied} | {"Contact": {"ContactID": there["Contact"]["ContactID"]}}
    body = {"CreditNotes": [{**twin, "LineItems": [line]}]}
    answer = person.call("PUT", "/CreditNotes", customer.organisation_id, json=body)
    assert answer.status_code == 200, answer.text
