"""Calls of the API over HTTP: idempotency, one write at a time, limits, and answers that get lost."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.contract.sandbox.sage.sage_client import Connected, SageClient, new_key


def bills(owner: Connected) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = owner.call("GET", "/purchase_invoices?search=LB0123456789").json()["$items"]
    return rows


def test_the_same_idempotency_id_is_one_bill_for_seven_days(sage: SageClient, owner: Connected) -> None:
    bill = owner.bill(idempotency_id=new_key())
    first = owner.post("purchase_invoices", "purchase_invoice", bill)
    assert first.status_code == 201
    again = owner.post("purchase_invoices", "purchase_invoice", bill)
    assert (again.status_code, again.json()) == (201, first.json())
    assert len(bills(owner)) == 1
    sage.sandbox.control("/clock", {"advance_seconds": 7 * 86_400 + 1})
    owner.tokens = sage.refresh(owner.tokens["refresh_token"]).json()
    assert owner.post("purchase_invoices", "purchase_invoice", bill).json()["id"] != first.json()["id"]


def test_an_idempotency_id_belongs_to_one_resource(owner: Connected) -> None:
    key = new_key()
    owner.post("purchase_invoices", "purchase_invoice", owner.bill(idempotency_id=key))
    contact = {"name": "x", "contact_type_ids": ["VENDOR"], "idempotency_id": key}
    answer = owner.post("contacts", "contact", contact)
    assert answer.json() == [
        {
            "$severity": "error",
            "$dataCode": "IdempotencyResourceMismatch",
            "$message": "Entity type mismatch",
            "$source": "",
        }
    ]
    wrong = owner.post("contacts", "contact", contact | {"idempotency_id": "not-32-hex"})
    assert (wrong.status_code, wrong.json()[0]["$source"]) == (422, "idempotency_id")


def test_a_refused_call_leaves_its_key_free(owner: Connected) -> None:
    bill = owner.bill(idempotency_id=new_key())
    assert owner.post("purchase_invoices", "purchase_invoice", bill | {"due_date": None}).status_code == 422
    assert owner.post("purchase_invoices", "purchase_invoice", bill).status_code == 201


def test_attachments_are_not_idempotent(owner: Connected) -> None:
    bill = owner.post("purchase_invoices", "purchase_invoice", owner.bill()).json()
    file = {"file": "JVBERg==", "file_name": "r.pdf", "mime_type": "application/pdf", "idempotency_id": new_key()}
    file |= {"attachment_context_type_id": "PURCHASE_INVOICE", "attachment_context_id": bill["id"]}
    ids = {owner.post("attachments", "attachment", file).json()["id"] for _ in range(2)}
    assert len(ids) == 2
    content = owner.call("GET", f"/attachments/{ids.pop()}/file")
    assert (content.content, content.headers["content-type"]) == (b"%PDF", "application/pdf")


def test_two_writes_at_once_are_told_apart(sage: SageClient, owner: Connected) -> None:
    sage.fault("POST", "/purchase_invoices", "latency", seconds=0.8)
    bill = owner.bill()
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(owner.post, "purchase_invoices", "purchase_invoice", bill) for _ in range(2)]
        answers = sorted(one.result().status_code for one in sent)
    assert answers == [201, 409]
    assert sage.read("/overlaps") == {"overlaps": {owner.business: 1}, "total": 1}
    assert len(bills(owner)) == 1


def test_limits(sage: SageClient, owner: Connected) -> None:
    sage.control("/limits", {"minute": 2})
    assert [owner.call("GET", "/currencies").status_code for _ in range(3)] == [200, 200, 429]
    refused = owner.call("GET", "/currencies")
    assert refused.json()[0]["$severity"] == "error"
    assert "retry-after" not in refused.headers
    sage.control("/options", {"retry_after_told": True})
    assert 1 <= int(owner.call("GET", "/currencies").headers["retry-after"]) <= 60
    assert sage.sandbox.read("/counts")["throttled_by"]["sage"] == {"minute": 3}
    sage.control("/limits", {"minute": None, "app_day": 0})
    assert owner.call("GET", "/currencies").status_code == 429


@pytest.mark.parametrize("kind", ["commit_then_drop", "truncate"])
def test_a_lost_answer_is_found_by_the_same_key(sage: SageClient, owner: Connected, kind: str) -> None:
    sage.fault("POST", "/purchase_invoices", kind)
    bill = owner.bill(idempotency_id=new_key())
    with pytest.raises(httpx.TransportError):
        owner.post("purchase_invoices", "purchase_invoice", bill)
    assert owner.post("purchase_invoices", "purchase_invoice", bill).status_code == 201
    assert len(bills(owner)) == 1


def test_a_late_commit_is_not_seen_by_the_first_look_up(sage: SageClient, owner: Connected) -> None:
    sage.fault("POST", "/purchase_invoices", "commit_late", status=500)
    lost = owner.post("purchase_invoices", "purchase_invoice", owner.bill())
    assert (lost.status_code, lost.json()[0]["$dataCode"]) == (500, "UnexpectedError")
    assert [len(bills(owner)), len(bills(owner))] == [0, 1]


def test_faults_in_place_and_on_lists(sage: SageClient, owner: Connected) -> None:
    sage.fault("GET", "/contacts", "limiter", problem="day", retry_after=7)
    assert owner.call("GET", "/contacts").headers["retry-after"] == "7"
    sage.fault("GET", "/contacts", "missing", elements=[0])
    whole = owner.call("GET", "/contacts?page=1").json()
    assert (len(whole["$items"]), whole["$total"]) == (19, 23)
    sage.fault("POST", "/token", "commit_then_drop")
    with pytest.raises(httpx.TransportError):
        sage.refresh(owner.tokens["refresh_token"])
    assert sage.refresh(owner.tokens["refresh_token"]).status_code == 400


def test_counts_by_endpoint(sage: SageClient, owner: Connected) -> None:
    made = owner.post("purchase_invoices", "purchase_invoice", owner.bill()).json()
    owner.call("GET", f"/purchase_invoices/{made['id']}")
    assert sage.calls("POST /purchase_invoices") == 1
    assert sage.calls("GET /purchase_invoices/{id}") == 1
    assert sage.calls("POST /token") == 1


def test_books_edits_and_the_way_back_to_the_cent(sage: SageClient, owner: Connected) -> None:
    made = owner.post("purchase_invoices", "purchase_invoice", owner.bill()).json()
    books = sage.books()
    assert books["balances"] == {"7520": "40.00", "2201": "8.00", "2100": "-48.00"}
    assert [one["id"] for one in books["purchase_invoices"]] == [made["id"]]
    sage.edit(lock_date="2026-11-30")
    answer = owner.post("purchase_invoices", "purchase_invoice", owner.bill())
    assert (answer.status_code, answer.json()[0]["$source"]) == (422, "date")
    sage.edit(void={"table": "purchase_invoices", "id": made["id"]})
    assert owner.call("GET", f"/purchase_invoices/{made['id']}").json()["status"]["id"] == "VOID"
    wrong = sage.sandbox.http.post(
        f"{sage.sandbox.base}/__control/sage/businesses/{owner.business}/edit", json={"x": 1}
    )
    assert wrong.status_code == 400
