"""The inbox of the deployed stack: documents that come in signed, with their files, and end in the books."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from local.inbox import signed_headers
from tests.e2e.tenants import PDF, Customer, World, bill


class _Files(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(PDF)))
        self.end_headers()
        self.wfile.write(PDF)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def files() -> Iterator[str]:
    """A tenant's server of files, on this machine as the local stage allows."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def customer(world: World) -> Customer:
    return world.tenant("Inbox").connected()


@pytest.fixture(scope="module")
def secret(customer: Customer) -> str:
    made = customer.product.api.call("POST", "/v1/tenant/inbox-secrets")
    return customer.world.secrets.keep("inbox secret", made["secret"])


def send(customer: Customer, secret: str, document: Any, *, message: str, sent: bytes | None = None) -> httpx.Response:
    """A signed message; `sent` goes out in place of what was signed."""
    body = json.dumps(document).encode()
    where = f"{customer.world.stack.api_url}/v1/accounts/{customer.id}/inbox"
    signed = signed_headers(secret, message, body, int(time.time()))
    return httpx.post(where, content=body if sent is None else sent, headers=signed, timeout=60)


def test_a_signed_document_is_published_with_the_file_that_was_fetched(
    customer: Customer, secret: str, files: str
) -> None:
    document = bill(number="INBOX-1", external_id="paper-1", file_url=f"{files}/paper-1.pdf", source="manual")
    first = send(customer, secret, document, message="msg_1")
    assert first.status_code == 201, first.text
    item = first.json()["results"][0]["item"]["id"]
    ready = customer.await_stage(item, "ready")
    assert (ready["document"]["file_name"], ready["fetch"]) == ("paper-1.pdf", None)
    customer.post(f"/items/{item}/publish")
    done = customer.await_stage(item, "published")
    assert done["published"]["document_id"]
    assert [one["InvoiceNumber"] for one in customer.documents()].count("INBOX-1") == 1


def test_the_same_message_is_one_item_however_often_it_comes(customer: Customer, secret: str) -> None:
    document = bill(number="INBOX-2", external_id="paper-2")
    answers = [send(customer, secret, document, message="msg_2") for _ in range(5)]
    assert [one.status_code for one in answers] == [201, 200, 200, 200, 200]
    assert len({one.json()["results"][0]["item"]["id"] for one in answers}) == 1
    other = send(customer, secret, {**document, "number": "X"}, message="msg_3")
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


def test_forged_and_rewritten_messages_are_refused(customer: Customer, secret: str) -> None:
    document = bill(number="INBOX-3")
    rewritten = json.dumps(document, separators=(",", ":")).encode()
    forged = "whsec_" + base64.b64encode(b"somebody else's own secret bytes").decode()
    for answer in (
        send(customer, forged, document, message="msg_4"),
        send(customer, secret, document, message="msg_5", sent=rewritten),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "signature_refused")
    oversized = send(customer, secret, document, message="msg_6", sent=b" " * ((1 << 20) + 1))
    assert oversized.status_code == 413


def test_what_means_nothing_is_put_aside(customer: Customer, secret: str) -> None:
    answer = send(customer, secret, bill(number="INBOX-4", mood="good"), message="msg_7")
    item = answer.json()["results"][0]["item"]
    assert [one["field"] for one in item["quarantine"]] == ["mood"]
    assert customer.seen(item["id"])["stage"] == "needs_review"
