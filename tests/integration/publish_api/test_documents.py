"""Files of items, and what publishing would send."""

import hashlib
from typing import Any

import pytest

from tests.integration.publish_api.conftest import World

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n"


def _send(world: World, item: str, content: bytes, name: str = "bill.pdf", **changes: Any) -> tuple[int, Any, Any]:
    """Ask for a form, put the content where it points, and complete."""
    wish = {"file_name": name, "size": len(content), **changes}
    status, form, headers = world.call("POST", f"items/{item}/document", wish)
    if status != 201:
        return status, form, headers
    world.s3.put_object(Bucket=world.bucket, Key=form["fields"]["key"], Body=content)
    return world.call("PUT", f"items/{item}/document", {"upload": form["upload"]})


def test_a_file_is_kept_with_its_type_and_digest(world: World) -> None:
    item = world.make()["id"]
    status, body, _ = _send(world, item, PDF, "../../tmp/Bill: März.PDF", sha256=hashlib.sha256(PDF).hexdigest())
    assert status == 200
    assert body["document"] == {
        "file_name": "Bill März.PDF",
        "mime_type": "application/pdf",
        "size": len(PDF),
        "sha256": hashlib.sha256(PDF).hexdigest(),
    }
    assert world.call("GET", "items")[1]["items"][0]["has_document"]
    assert world.call("GET", f"items/{item}/timeline")[1]["lines"][0]["what"] == "item.document"


@pytest.mark.parametrize(
    ("content", "name", "changes", "code"),
    [
        (b"<!DOCTYPE html><html></html>", "bill.pdf", {}, "file_type_refused"),
        (b"MZ\x90\x00\x03", "bill.exe", {}, "file_type_refused"),
        (PDF, "bill.png", {}, "file_type_refused"),
        (PDF, "bill.pdf", {"size": 7}, "file_changed"),
        (PDF, "bill.pdf", {"sha256": "0" * 64}, "file_changed"),
        (PDF, "bill.pdf", {"size": 26_214_401}, "file_too_large"),
        (PDF, "bill.pdf", {"size": 0}, "invalid_request"),
    ],
)
def test_what_is_not_what_it_says_is_refused(
    world: World, content: bytes, name: str, changes: dict[str, Any], code: str
) -> None:
    item = world.make()["id"]
    status, body, _ = _send(world, item, content, name, **changes)
    assert (status // 100, body["code"]) == (4, code)
    assert world.call("GET", f"items/{item}")[1]["document"] is None


def test_an_upload_belongs_to_its_item_and_must_have_arrived(world: World) -> None:
    first, second = world.make()["id"], world.make()["id"]
    wish = {"file_name": "a.pdf", "size": len(PDF)}
    _, form, _ = world.call("POST", f"items/{first}/document", wish)
    assert world.call("PUT", f"items/{first}/document", {"upload": form["upload"]})[1]["code"] == "file_missing"
    assert world.call("PUT", f"items/{second}/document", {"upload": form["upload"]})[1]["field"] == "upload"
    assert world.call("PUT", f"items/{first}/document", {"upload": form["upload"][:-4] + "AAAA"})[0] == 422


def test_a_preview_shows_the_payload_and_warns_of_a_large_file(world: World) -> None:
    item = world.make(contact={"name": "New & Co"})["id"]
    _send(world, item, PDF + b" " * (10 * 1024 * 1024))
    status, body, _ = world.call("GET", f"items/{item}/preview")
    assert (status, body["problems"]) == (200, [])
    assert (body["destination"], body["publish_as"]) == ("purchases", "awaiting_payment")
    assert [one["resource"] for one in body["payloads"]] == ["Contacts", "Invoices"]
    assert '"LineAmount":40,' in body["payloads"][1]["body"]
    assert [one["code"] for one in body["warnings"]] == ["file_too_large"]
    assert body["attaches"] == "bill.pdf"


def test_a_preview_of_an_item_with_problems_has_no_payload(world: World) -> None:
    item = world.make(date="2025-06-01", total="1.00")["id"]
    _, body, _ = world.call("GET", f"items/{item}/preview")
    assert body["payloads"] == []
    assert {one["code"] for one in body["problems"]} == {"period_locked", "lines_do_not_add_up"}
    assert world.messages() == []
