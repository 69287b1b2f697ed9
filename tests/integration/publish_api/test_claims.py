"""Expense claims over the API: items go in and come out, and are published with it alone."""

from dataclasses import replace
from typing import Any

from shared.domain.items import Place, Published, Stage
from tests.integration.publish_api.conftest import World

ANY = {"if-match": "*"}


def claim(world: World, *items: str, **more: Any) -> tuple[int, dict[str, Any]]:
    body = {
        "side": "costs", "type": "expense_claim", "currency": "GBP", "date": "2026-03-11",
        "contact": {"name": "Anna Berger"}, "items": list(items), **more,
    }  # fmt: skip
    status, answer, _ = world.call("POST", "items", body)
    return status, answer["results"][0]["item"] if status == 201 else answer


def get(world: World, item: str) -> dict[str, Any]:
    view: dict[str, Any] = world.call("GET", f"items/{item}")[1]
    return view


def test_a_claim_takes_its_items_in(world: World) -> None:
    one, two = world.make()["id"], world.make(total="12.00", lines=[world.line(amount="10.00")])["id"]
    status, made = claim(world, one, two)
    assert (status, made["stage"], made["total"], made["items"]) == (201, "ready", "60.00", [one, two])
    assert made["integration"]["slot"] == "main"
    for item in (one, two):
        seen = get(world, item)
        assert (seen["place"], seen["claim"]) == ("claim", made["id"])
        status, refused, _ = world.call("POST", f"items/{item}/publish")
        assert (status, refused["code"], refused["details"]) == (409, "item_in_claim", {"claim": made["id"]})
    _, page, _ = world.call("GET", "items", query={"place": "claim"})
    assert {row["id"] for row in page["items"]} == {one, two}
    status, refused = claim(world, one)
    assert (status, refused["code"], refused["field"]) == (409, "item_in_claim", "items[0]")


def test_a_claim_is_previewed_as_one_bill(world: World) -> None:
    made = claim(world, world.make()["id"], world.make()["id"])[1]
    _, preview, _ = world.call("GET", f"items/{made['id']}/preview")
    assert (preview["destination"], preview["publish_as"], preview["problems"]) == (
        "purchases", "awaiting_payment", [],
    )  # fmt: skip
    resources = [payload["resource"] for payload in preview["payloads"]]
    assert resources == ["Contacts", "Invoices"]
    document = preview["payloads"][1]["body"]
    assert document.count('"LineAmount"') == 2
    assert "ACCPAY" in document


def test_items_come_out_and_are_free_again(world: World) -> None:
    one, two = world.make()["id"], world.make()["id"]
    made = claim(world, one, two)[1]
    status, left, _ = world.call("PATCH", f"items/{made['id']}", {"items": [two]}, headers=ANY)
    assert (status, left["items"], left["total"]) == (200, [two], "48.00")
    freed = get(world, one)
    assert (freed["place"], freed["claim"], freed["stage"]) == ("inbox", None, "ready")
    assert world.call("POST", f"items/{one}/publish")[0] == 202
    status, empty, _ = world.call("PATCH", f"items/{made['id']}", {"items": []}, headers=ANY)
    assert (status, empty["total"], empty["stage"]) == (200, "0", "needs_review")
    assert ("lines_missing", "items") in {(one["code"], one["field"]) for one in empty["reasons"]}
    assert get(world, two)["place"] == "inbox"


def test_what_is_queued_published_or_of_another_kind_stays_out(world: World) -> None:
    queued = world.make()["id"]
    world.call("POST", f"items/{queued}/publish")
    status, refused = claim(world, queued)
    assert (status, refused["code"], refused["field"]) == (409, "publication_in_progress", "items[0]")
    foreign = world.make(currency="EUR")["id"]
    status, refused = claim(world, world.make()["id"], foreign)
    assert (status, refused["code"], refused["field"]) == (422, "invalid_request", "items[1]")
    status, refused = claim(world, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert (status, refused["field"]) == (422, "items[0]")
    inner = claim(world, world.make()["id"])[1]["id"]
    assert claim(world, inner)[0] == 422
    assert claim(world, world.make()["id"], total="1.00")[0] == 422
    assert world.call("POST", "items", world.bill(items=[foreign]))[0] == 422


def test_an_edit_inside_counts_for_the_claim(world: World) -> None:
    item = world.make()["id"]
    made = claim(world, item)[1]
    change = {"total": "24.00", "lines": [world.line(amount="20.00")]}
    status, _, _ = world.call("PATCH", f"items/{item}", change, headers=ANY)
    assert status == 200
    assert get(world, made["id"])["total"] == "24.00"
    world.call("PATCH", f"items/{item}", {"lines": [world.line(amount="20.00", category=None)]}, headers=ANY)
    seen = get(world, made["id"])
    named = [one for one in seen["reasons"] if one["field"] == "items[0].category"]
    assert [(one["code"], one["details"]["item"]) for one in named] == [("category_missing", item)]
    status, refused, _ = world.call("PATCH", f"items/{item}", {"currency": "EUR"}, headers=ANY)
    assert (status, refused["code"], refused["field"]) == (409, "item_in_claim", "currency")


def test_while_a_claim_is_queued_nothing_inside_moves(world: World) -> None:
    item = world.make()["id"]
    made = claim(world, item)[1]
    assert world.call("POST", f"items/{made['id']}/publish")[1]["stage"] == "queued"
    status, refused, _ = world.call("PATCH", f"items/{item}", {"number": "B"}, headers=ANY)
    assert (status, refused["code"]) == (409, "publication_in_progress")
    status, refused, _ = world.call("PATCH", f"items/{made['id']}", {"items": []}, headers=ANY)
    assert (status, refused["code"]) == (409, "publication_in_progress")
    assert world.markers() == [made["id"]]


def test_a_bulk_request_takes_claims_and_leaves_what_is_inside(world: World) -> None:
    item = world.make()["id"]
    made = claim(world, item)[1]["id"]
    _, dry, _ = world.call("POST", "publications", {"items": [item, made], "dry_run": True})
    assert (dry["dry_run"]["ready"], dry["dry_run"]["reasons"][0]["code"]) == (1, "item_in_claim")
    assert dry["dry_run"]["totals"][0]["destination"] == "purchases"


def test_a_repeat_finds_the_claim_again(world: World) -> None:
    item = world.make()["id"]
    first = claim(world, item, external_id="c-1")[1]
    status, again = claim(world, item, external_id="c-1")
    assert (status, again["id"]) == (201, first["id"])


def test_a_claim_that_is_deleted_frees_its_items(world: World) -> None:
    item = world.make()["id"]
    made = claim(world, item, external_id="c-2")[1]["id"]
    world.call("POST", f"items/{made}/publish")
    assert world.call("DELETE", f"items/{made}")[1]["code"] == "publication_in_progress"
    (marker,) = world.service.items.pending(world.account.tenant, "xero", "org-1")
    world.service.items.delete_marker(marker)
    assert world.call("DELETE", f"items/{made}")[0] == 204
    assert world.call("GET", f"items/{made}")[0] == 404
    freed = get(world, item)
    assert (freed["place"], freed["claim"], freed["stage"]) == ("inbox", None, "ready")
    assert claim(world, item, external_id="c-2")[1]["id"] != made
    status, refused, _ = world.call("DELETE", f"items/{item}")
    assert (status, refused["code"]) == (422, "invalid_request")


def test_clearing_a_claim_opens_what_is_inside(world: World) -> None:
    item = world.make()["id"]
    made = claim(world, item)[1]["id"]
    account = world.account
    there = Published("c", "org-1", "doc-1", "Invoices", world.service.clock.now(), "AUTHORISED")
    for one in (made, item):
        done = replace(world.state(one), stage=Stage.PUBLISHED, place=Place.ARCHIVE, published=there)
        world.service.items.update_state(account.tenant, account.id, done)
    assert world.call("DELETE", f"items/{made}")[1]["code"] == "already_published"
    status, refused, _ = world.call("POST", f"items/{item}/unarchive", {"mode": "clear"})
    assert (status, refused["code"], refused["details"]) == (409, "item_in_claim", {"claim": made})
    status, opened, _ = world.call("POST", f"items/{made}/unarchive", {"mode": "clear"})
    assert (status, opened["stage"], opened["generation"]) == (200, "ready", 2)
    inside = get(world, item)
    assert (inside["stage"], inside["place"], inside["published"], inside["claim"]) == ("ready", "claim", None, made)
