"""The main job over HTTP, and the rules of the API that it leans on."""

import re
import uuid
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.e2e.tenants import HOME, PDF, Customer, World, next_organisation, wait_for

MB = 1 << 20


@pytest.fixture(scope="module")
def customer(world: World) -> Customer:
    """An account with Xero connected and its lists in."""
    return world.tenant().connected()


def codes(problems: list[dict[str, Any]]) -> list[str]:
    return [problem["code"] for problem in problems]


def test_from_consent_to_the_providers_ledger(world: World) -> None:
    product = world.tenant("Journey")
    customer = product.account()
    organisation = next_organisation()
    back = customer.consent(customer.start(), organisations=[organisation])
    assert back["status"] == "consented"
    assert customer.refused("GET", f"{customer.at}/organisations")[1] == "connection_not_active"
    customer.post(f"{customer.at}/redeem", {"result_code": back["result_code"]})
    offer = next(
        one
        for one in customer.get(f"{customer.at}/organisations")["organisations"]
        if one["organisation"]["name"] == organisation
    )
    assert (offer["organisation"]["country"], offer["organisation"]["base_currency"]) == ("GB", "GBP")
    assert offer["already_linked"] is False
    assert customer.choose(organisation).json()["status"] == "importing"
    customer.await_lists()
    assert customer.lists()["categories"]["entries"] > 40

    item = customer.item(contact={"name": "A supplier nobody has yet"}, number="J-1")
    assert customer.attach(item["id"]).json()["document"]["mime_type"] == "application/pdf"
    wrong = customer.item(number="J-2", lines=[{**item_line(), "category": {"code": "451"}}])
    assert wrong["stage"] == "needs_review"

    preview = customer.get(f"/items/{item['id']}/preview")
    assert preview["problems"] == []
    assert preview["attaches"] == "paper.pdf"
    assert {one["resource"] for one in preview["payloads"]} == {"Contacts", "Invoices"}
    assert codes(customer.get(f"/items/{wrong['id']}/preview")["problems"]) == ["account_archived"]

    both = [item["id"], wrong["id"]]
    dry = customer.post("/publications", {"items": both, "dry_run": True})["dry_run"]
    assert (dry["ready"], dry["refused_count"]) == (1, 1)
    assert Decimal(dry["totals"][0]["total"]) == Decimal("120.00")
    assert customer.documents() == []

    publication = customer.publish(both)
    progress = settled(customer, publication)
    assert progress["counts"]["published"] == 1
    assert [one["problem"]["code"] for one in progress["refused"]] == ["account_archived"]
    assert progress["refused"][0]["problem"]["remedy"]
    assert [(one["published_count"], one["agrees"]) for one in progress["totals"]] == [(1, True)]

    [document] = customer.documents()
    assert (document["InvoiceNumber"], document["Status"], document["HasAttachments"]) == ("J-1", "AUTHORISED", True)
    published = customer.seen(item["id"])
    assert published["place"] == "archive"
    assert published["published"]["document_id"] == document["InvoiceID"]
    assert published["published"]["attachment"]["outcome"] == "done"
    happened = [line["what"] for line in customer.get(f"/items/{item['id']}/timeline")["lines"]]
    assert happened[0] == "item.published"
    assert happened[-1] == "item.received"
    assert {one["kind"] for one in customer.events()} >= {
        "connection.started",
        "connection.redeemed",
        "connection.organisation_chosen",
        "connection.activated",
        "refresh.done",
    }


def item_line() -> dict[str, Any]:
    return {
        "description": "Paper",
        "amount": "100.00",
        "category": {"code": "429"},
        "tax_rate": {"code": "INPUT2"},
    }


def settled(customer: Customer, publication: str) -> dict[str, Any]:
    def done() -> dict[str, Any] | None:
        progress: dict[str, Any] = customer.get(f"/publications/{publication}")
        counts = progress["counts"]
        moving = counts["waiting"] + counts["sending"]
        return None if moving or progress["publication"]["status"] == "expanding" else progress

    found: dict[str, Any] = wait_for("the publication to settle", done)
    return found


def test_the_catalogue_and_the_description_are_served(customer: Customer) -> None:
    errors = {one["code"]: one for one in customer.api.call("GET", "/v1/errors")["errors"]}
    assert errors["no_connection"]["status"] == 409
    assert all(one["cause"] and one["remedy"] and one["class"] for one in errors.values())
    providers = {one["name"]: one for one in customer.api.call("GET", "/v1/providers")["providers"]}
    assert providers["xero"]["steps"]
    page = httpx.get(f"{customer.world.stack.api_url}/docs", timeout=30)
    assert page.headers["content-type"].startswith("text/html")
    described = httpx.get(f"{customer.world.stack.api_url}/v1/openapi.json", timeout=30).json()
    assert described["openapi"].startswith("3.1")


def test_publishing_needs_a_connection(customer: Customer) -> None:
    alone = customer.product.account("Nothing connected")
    item = alone.item(lines=[{**item_line(), "category": None, "tax_rate": None}])
    assert alone.refused("POST", f"/items/{item['id']}/publish") == (409, "no_connection")
    assert alone.refused("POST", "/publications", {"items": [item["id"]]}) == (409, "no_connection")
    assert alone.refused("GET", f"/items/{item['id']}/preview") == (409, "no_connection")


def test_a_document_taken_out_of_the_archive_is_kept_or_cleared(customer: Customer) -> None:
    item = customer.item(number="U-1")["id"]
    customer.post(f"/items/{item}/publish")
    first = customer.await_stage(item, "published")
    kept = customer.post(f"/items/{item}/unarchive", {"mode": "keep"})
    assert (kept["stage"], kept["place"]) == ("published", "inbox")
    assert customer.refused("POST", f"/items/{item}/publish") == (409, "already_published")
    assert [one["InvoiceNumber"] for one in customer.documents()].count("U-1") == 1

    cleared = customer.post(f"/items/{item}/unarchive", {"mode": "clear"})
    assert (cleared["stage"], cleared["generation"], cleared["published"]) == ("ready", 2, None)
    customer.post(f"/items/{item}/publish")
    second = customer.await_stage(item, "published")
    assert second["published"]["document_id"] != first["published"]["document_id"]
    assert [one["InvoiceNumber"] for one in customer.documents()].count("U-1") == 2


def test_a_body_of_eleven_megabytes_is_refused_by_our_code(customer: Customer) -> None:
    answer = customer.send("POST", "/items", {"items": [{"description": "x" * 11 * MB}]})
    assert answer.status_code == 413
    problem = answer.json()
    assert (problem["code"], problem["details"]) == ("body_too_large", {"largest": MB})
    assert problem["remedy"]


def test_files_are_checked_by_what_they_are(customer: Customer) -> None:
    item = customer.item(number="F-1")["id"]
    where = f"/items/{item}/document"
    too_large = {"file_name": "scan.pdf", "size": 26 * MB}
    assert customer.refused("POST", where, too_large) == (409, "file_too_large")
    form = customer.post(where, {"file_name": "scan.pdf", "size": len(PDF), "sha256": "0" * 64})
    assert customer.refused("PUT", where, {"upload": form["upload"]})[1] == "file_missing"
    httpx.post(form["url"], data=form["fields"], files={"file": ("scan.pdf", PDF)}, timeout=30).raise_for_status()
    assert customer.refused("PUT", where, {"upload": form["upload"]})[1] == "file_changed"
    assert customer.refused("PUT", where, {"upload": form["upload"] + "x"})[0] in {404, 409, 422}
    refused = customer.attach(item, b"MZ this is a program, whatever it is called", "invoice.pdf")
    assert refused.json()["code"] == "file_type_refused"
    longer = customer.post(where, {"file_name": "scan.pdf", "size": 10})
    sent = httpx.post(longer["url"], data=longer["fields"], files={"file": ("scan.pdf", PDF)}, timeout=30)
    assert sent.is_error, "the form is for ten bytes"


def test_a_file_over_the_providers_limit_shows_first_and_fails_alone(customer: Customer) -> None:
    item = customer.item(number="F-2")["id"]
    assert customer.attach(item, PDF + b"\0" * 11 * MB).status_code == 200
    assert codes(customer.get(f"/items/{item}/preview")["warnings"]) == ["file_too_large"]
    customer.post(f"/items/{item}/publish")
    published = customer.await_stage(item, "published")["published"]
    assert published["attachment"]["outcome"] == "failed"
    assert published["attachment"]["problem"]["code"] == "file_too_large"
    assert [one["InvoiceNumber"] for one in customer.documents()].count("F-2") == 1


def test_a_post_repeated_with_its_key_is_done_once(customer: Customer) -> None:
    api, key = customer.api, {"idempotency-key": str(uuid.uuid4())}
    first = api.send("POST", "/v1/accounts", {"name": "Once"}, **key)
    again = api.send("POST", "/v1/accounts", {"name": "Once"}, **key)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    other = api.send("POST", "/v1/accounts", {"name": "Another"}, **key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")

    items = {"idempotency-key": str(uuid.uuid4())}
    paper = {"side": "costs", "type": "invoice", "currency": "GBP", "tax_mode": "none", "total": "1.00", "lines": []}
    made = customer.post("/items", {"items": [paper]}, **items)["results"][0]["item"]["id"]
    assert customer.post("/items", {"items": [paper]}, **items)["results"][0]["item"]["id"] == made

    start = {"idempotency-key": str(uuid.uuid4())}
    body = {"provider": "xero", "return_url": f"{HOME}/done"}
    alone = customer.product.account("Begun twice")
    begun, repeated = (alone.post("/connections", body, **start) for _ in range(2))
    assert begun["id"] == repeated["id"]
    assert begun["authorize_url"]
    assert repeated["authorize_url"] is None, "a URL with a state is never shown twice"


def test_a_change_names_the_version_it_was_made_to(customer: Customer) -> None:
    item = customer.item(number="V-1")["id"]
    version = customer.send("GET", f"/items/{item}").headers["etag"]
    assert customer.refused("PATCH", f"/items/{item}", {"number": "V-2"}) == (428, "precondition_required")
    changed = customer.send("PATCH", f"/items/{item}", {"number": "V-2"}, **{"if-match": version})
    assert (changed.status_code, changed.json()["number"]) == (200, "V-2")
    assert changed.headers["etag"] != version
    stale = customer.refused("PATCH", f"/items/{item}", {"number": "V-3"}, **{"if-match": version})
    assert stale == (412, "precondition_failed")
    assert customer.seen(item)["number"] == "V-2"


def test_a_page_goes_on_where_the_last_one_ended(customer: Customer) -> None:
    first = customer.get("/lists/categories?limit=20")
    cursor = first["next_cursor"]
    second = customer.get(f"/lists/categories?limit=20&cursor={cursor}")
    assert len({one["id"] for one in first["entries"] + second["entries"]}) == 40
    damaged = re.sub(r"^.", lambda found: "A" if found.group() != "A" else "B", cursor)
    assert customer.refused("GET", f"/lists/categories?cursor={damaged}") == (400, "invalid_cursor")
    assert customer.refused("GET", f"/lists/suppliers?cursor={cursor}") == (400, "invalid_cursor")


def test_what_the_caller_asks_for_must_make_sense(customer: Customer) -> None:
    answer = customer.send("POST", "/items", {"items": [{"side": "costs", "total": 12}]})
    fields = {problem["field"] for problem in answer.json()["problems"]}
    assert answer.status_code == 422
    assert {"items[0].total", "items[0].type", "items[0].currency"} <= fields
    assert customer.refused("GET", "/items?stage=nowhere") == (422, "invalid_request")
    assert customer.refused("POST", "/publications", {"items": [], "filter": {}})[0] == 422
