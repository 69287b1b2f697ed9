"""Files that documents bring along: in the body, or fetched from an address by the worker."""

import base64
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from shared.aws.public_web import PublicWeb
from shared.domain.auto_publish import AutoPublishing
from shared.storage.agenda import AgendaKind
from shared.usecases.arriving_files import GUARDED_FOR, WAITS, ask_again
from shared.usecases.fetch_file import fetch_file
from tests.integration.publish_api.conftest import World

PDF = b"%PDF-1.4 a receipt"


class _Files(BaseHTTPRequestHandler):
    answers: ClassVar[dict[str, tuple[int, bytes]]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status, body = self.answers.get(self.path, (404, b""))
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def files(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server of files on this machine, which the local stage may name."""
    _Files.answers = {"/receipt.pdf": (200, PDF), "/page.pdf": (200, b"<html>log in first</html>"), "/busy": (503, b"")}
    _Files.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setitem(world.service.__dict__, "public_web", PublicWeb(allow_loopback=True))
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def deadline(world: World) -> datetime:
    return world.service.clock.now() + timedelta(minutes=2)


def awaited(world: World) -> list[dict[str, Any]]:
    return [body for body in world.messages() if body.get("kind") == "fetch_file"]


def seen(world: World, item: str) -> dict[str, Any]:
    _, view, _ = world.call("GET", f"items/{item}")
    return view


def codes(view: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in view["reasons"]]


def test_a_file_in_the_body_is_the_items_file_at_once(world: World) -> None:
    inline = {"name": "../Receipt 17", "content": base64.b64encode(PDF).decode()}
    view = world.make(file=inline, external_id="paper-1")
    assert (view["stage"], view["fetch"]) == ("ready", None)
    assert (view["document"]["file_name"], view["document"]["mime_type"]) == ("Receipt 17.pdf", "application/pdf")
    item = world.service.items.get(world.account.tenant, world.account.id, view["id"])
    assert item is not None and item.document is not None
    assert world.service.documents.get(item.document.key) == PDF
    assert world.make(file=inline, external_id="paper-1")["id"] == view["id"]
    other = {**inline, "content": base64.b64encode(PDF + b"!").decode()}
    status, body, _ = world.call("POST", "items", world.bill(file=other, external_id="paper-1"))
    assert (status, body["code"], body["field"]) == (409, "conflict", "external_id")


@pytest.mark.parametrize(
    ("given", "status", "code", "field"),
    [
        ({"file": {"name": "a.pdf", "content": "not base64"}}, 422, "invalid_request", "items[0].file.content"),
        (
            {"file": {"name": "a.exe", "content": base64.b64encode(b"MZ\x00").decode()}},
            409,
            "file_type_refused",
            "file",
        ),
        ({"file_url": "http://files.example.com/a.pdf"}, 422, "address_refused", "file_url"),
        ({"file_url": "https://127.0.0.1/a.pdf"}, 422, "address_refused", "file_url"),
        ({"file_url": "https://169.254.169.254/latest"}, 422, "address_refused", "file_url"),
        ({"file_url": "https://[::1]/a.pdf"}, 422, "address_refused", "file_url"),
        ({"confidence": {"total": "1.1"}}, 422, "invalid_request", "items[0].confidence.total"),
        ({"confidence": {"total": 0.9}}, 422, "invalid_request", "items[0].confidence.total"),
    ],
)
def test_what_is_no_file_or_no_address_is_refused_by_name(
    world: World, given: dict[str, Any], status: int, code: str, field: str
) -> None:
    answered, body, _ = world.call("POST", "items", world.bill(**given))
    assert (answered, body["code"], body["field"]) == (status, code, field)


def test_whose_it_is_and_how_sure_its_reader_was_are_shown(world: World) -> None:
    view = world.make(owner="anna-7", confidence={"total": "0.97", "lines[0].amount": "0.5"})
    assert view["owner"] == "anna-7"
    assert view["confidence"] == {"total": "0.97", "lines[0].amount": "0.5"}
    _, after, _ = world.call(
        "PATCH", f"items/{view['id']}", {"total": "48.00", "number": "N-2"}, headers={"if-match": "*"}
    )
    assert after["confidence"] == {"lines[0].amount": "0.5"}


def test_a_file_is_fetched_by_the_worker_and_the_item_waits_for_it(world: World, files: str) -> None:
    view = world.make(file_url=f"{files}/receipt.pdf")
    assert (view["stage"], codes(view)) == ("needs_review", ["file_under_way"])
    assert world.call("POST", f"items/{view['id']}/publish")[1]["code"] == "item_not_ready"
    (message,) = awaited(world)
    fetch_file(world.service, message, deadline(world))
    after = seen(world, view["id"])
    assert (after["stage"], after["fetch"], after["reasons"]) == ("ready", None, [])
    assert (after["document"]["file_name"], after["document"]["size"]) == ("receipt.pdf", len(PDF))
    assert fetch_file(world.service, message, deadline(world)) is None  # delivered twice
    assert _Files.asked == ["/receipt.pdf"]


@pytest.mark.parametrize(
    ("path", "code"), [("/gone", "file_not_fetched"), ("/page.pdf", "file_type_refused")]
)  # fmt: skip
def test_a_file_that_cannot_be_had_is_a_reason_and_may_be_asked_for_again(
    world: World, files: str, path: str, code: str
) -> None:
    view = world.make(file_url=files + path)
    (message,) = awaited(world)
    fetch_file(world.service, message, deadline(world))
    failed = seen(world, view["id"])
    assert (failed["stage"], codes(failed), failed["fetch"]["status"]) == ("needs_review", [code], "failed")
    _Files.answers[path] = (200, PDF)
    status, asked, _ = world.call("PATCH", f"items/{view['id']}", {"file_url": files + path}, headers={"if-match": "*"})
    assert (status, asked["fetch"]["status"]) == (200, "pending")
    (message,) = awaited(world)
    fetch_file(world.service, message, deadline(world))
    assert seen(world, view["id"])["stage"] == "ready"


def test_a_document_publishes_itself_when_its_file_is_here_and_not_before(world: World, files: str) -> None:
    switched_on = replace(world.account, auto_publish=AutoPublishing(on=True))
    world.service.accounts.update(switched_on)
    world.account = switched_on
    view = world.make(file_url=f"{files}/receipt.pdf")
    assert (view["stage"], world.markers()) == ("needs_review", [])
    messages = world.messages()
    fetch_file(world.service, messages[0], deadline(world))
    assert seen(world, view["id"])["stage"] == "queued"
    assert world.markers() == [view["id"]]


def test_a_file_that_does_not_come_can_be_given_up_or_sent(world: World, files: str) -> None:
    view = world.make(file_url=f"{files}/gone")
    status, after, _ = world.call("PATCH", f"items/{view['id']}", {"file_url": None}, headers={"if-match": "*"})
    assert (status, after["stage"], after["fetch"]) == (200, "ready", None)
    (message,) = awaited(world)
    assert fetch_file(world.service, message, deadline(world)) is None
    assert _Files.asked == []


def test_a_server_that_fails_is_tried_again_and_not_for_ever(world: World, files: str) -> None:
    view = world.make(file_url=f"{files}/busy")
    (message,) = awaited(world)
    for tried in range(1, len(WAITS) + 1):
        assert fetch_file(world.service, message, deadline(world)) is None
        message = {**message, "tried": tried}  # the queue holds it back; what it says is this
        assert codes(seen(world, view["id"])) == ["file_under_way"]
    fetch_file(world.service, message, deadline(world))
    failed = seen(world, view["id"])
    assert (codes(failed), len(_Files.asked)) == (["file_not_fetched"], 1 + len(WAITS))


def test_a_lost_message_is_made_good_by_the_agenda(world: World, files: str) -> None:
    view = world.make(file_url=f"{files}/receipt.pdf")
    assert len(awaited(world)) == 1  # and lost
    rows = world.service.agenda.due(AgendaKind.FILE, world.service.clock.now() + GUARDED_FOR, 1000)
    (row,) = [one for one in rows if one.payload["item"] == view["id"]]
    ask_again(world.service, row.payload)
    (message,) = awaited(world)
    fetch_file(world.service, message, deadline(world))
    assert seen(world, view["id"])["stage"] == "ready"
    ask_again(world.service, row.payload)
    assert awaited(world) == []


def test_papers_that_are_kept_are_stored_and_never_published(world: World) -> None:
    view = world.make(type="statement", lines=[], contact=None)
    assert (view["stage"], codes(view)) == ("needs_review", ["kept_not_published"])
    assert world.call("POST", f"items/{view['id']}/publish")[1]["code"] == "item_not_ready"
    status, body, _ = world.call("POST", "items", world.bill(type="delivery_note", side="sales"))
    assert (status, body["code"]) == (422, "invalid_request")


def test_cash_from_a_machine_goes_to_its_bank_account(world: World) -> None:
    line = world.line(amount="48.00", tax_rate=None)
    view = world.make(type="atm", tax_mode="none", lines=[line])
    assert "payment_method_missing" in codes(view)
    _, preview, _ = world.call("GET", f"items/{view['id']}/preview")
    assert preview["destination"] == "bank_accounts"
