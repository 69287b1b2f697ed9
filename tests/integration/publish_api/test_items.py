"""Items over HTTP: taking in, reading, changing, and who may."""

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.ids import new_id
from shared.domain.lists import EntryStatus, Kind
from tests.integration.publish_api.conftest import NOW, World


def test_an_item_that_is_ready_says_so(world: World) -> None:
    view = world.make()
    assert (view["stage"], view["reasons"], view["place"]) == ("ready", [], "inbox")
    assert view["lines"][0]["category"] == world.entries["fuel"].id
    status, body, headers = world.call("GET", f"items/{view['id']}")
    assert (status, body["total"], headers["etag"]) == (200, "48.00", '"0"')


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"contact": None}, "supplier_missing", "contact"),
        ({"date": None}, "date_missing", "date"),
        ({"lines": []}, "lines_missing", "lines"),
        ({"total": "48.01"}, "lines_do_not_add_up", "total"),
        ({"date": "2025-12-31"}, "period_locked", "date"),
        ({"currency": "USD"}, "currency_not_enabled", "currency"),
        ({"destination": "bank_accounts"}, "payment_method_missing", "payment_method"),
        ({"line": {"category": None}}, "category_missing", "lines[0].category"),
        ({"line": {"tax_rate": None}}, "tax_rate_missing", "lines[0].tax_rate"),
        ({"line": {"category": {"code": "480"}}}, "account_archived", "lines[0].category"),
        ({"line": {"tax_rate": {"name": "20% (vat on income)"}}}, "tax_wrong_side", "lines[0].tax_rate"),
    ],
)  # fmt: skip
def test_what_an_item_lacks_is_named_with_its_field(
    world: World, changes: dict[str, Any], code: str, field: str
) -> None:
    line = changes.pop("line", None)
    view = world.make(**changes, **({"lines": [world.line(**line)]} if line else {}))
    assert view["stage"] == "needs_review"
    assert (code, field) in [(reason["code"], reason["field"]) for reason in view["reasons"]]
    assert all(reason["remedy"] for reason in view["reasons"])


def test_the_default_tax_rate_fills_gaps_and_never_replaces(world: World) -> None:
    settings = replace(world.connection.settings, default_costs_tax_rate=world.entries["input"].id)
    world.service.connections.update(replace(world.connection, settings=settings))
    assert world.make(lines=[world.line(tax_rate=None)])["stage"] == "ready"
    wrong = [world.line(tax_rate=world.entries["output"].id)]
    assert [reason["code"] for reason in world.make(lines=wrong)["reasons"]] == ["tax_wrong_side"]


def test_an_external_id_is_found_again_and_another_body_is_a_conflict(world: World) -> None:
    first = world.make(external_id="inv-1")
    status, body, _ = world.call("POST", "items", world.bill(external_id="inv-1"))
    assert (status, body["results"][0]["status"], body["results"][0]["item"]["id"]) == (201, "found", first["id"])
    status, body, _ = world.call("POST", "items", world.bill(external_id="inv-1", number="other"))
    assert (status, body["code"], body["details"]["item"]) == (409, "conflict", first["id"])


def test_many_items_each_have_their_own_result(world: World) -> None:
    unknown = [world.line(category={"code": "999"})]
    items = [world.bill(external_id="a"), world.bill(lines=unknown), world.bill(external_id="a"), world.bill()]
    status, body, _ = world.call("POST", "items", {"items": items}, headers={"idempotency-key": "k1"})
    assert status == 201
    assert [one["status"] for one in body["results"]] == ["created", "refused", "found", "created"]
    assert body["results"][1]["problem"]["field"] == "lines[0].category"
    again, repeated, _ = world.call("POST", "items", {"items": items}, headers={"idempotency-key": "k1"})
    assert again == 201
    kept = [[one["item"]["id"] if one["item"] else None for one in body["results"]] for body in (body, repeated)]
    assert kept[0] == kept[1]
    reused, problem, _ = world.call("POST", "items", {"items": items[:1]}, headers={"idempotency-key": "k1"})
    assert (reused, problem["code"]) == (422, "idempotency_key_reused")


def test_a_new_supplier_is_one_entry_however_it_is_spelt(world: World) -> None:
    names = ["Müller  GmbH", "müller gmbh", " MÜLLER GmbH"]
    contacts = {world.make(contact={"name": name})["contact"] for name in names}
    assert len(contacts) == 1
    entry = world.service.lists.entry(world.book, Kind.SUPPLIERS, contacts.pop())
    assert entry is not None
    assert (entry.name, entry.provider_id) == ("Müller GmbH", None)
    assert world.make(contact={"name": "office supplies LTD"})["contact"] == world.entries["supplier"].id


def test_a_customer_known_to_the_software_is_the_same_contact_as_supplier(world: World) -> None:
    contact = world.make(contact={"name": "City Agency"})["contact"]
    entry = world.service.lists.entry(world.book, Kind.SUPPLIERS, contact)
    assert entry is not None
    assert entry.provider_id == world.entries["customer"].provider_id


def test_tracking_is_named_within_its_dimension_once_per_line(world: World) -> None:
    line = world.line()
    north = {"dimension": "Region", "name": "North"}
    view = world.make(lines=[{**line, "tracking": [north]}])
    assert (view["lines"][0]["tracking"], view["stage"]) == ([world.entries["north"].id], "ready")
    both = [{**line, "tracking": [north, {"id": world.entries["south"].id}]}]
    status, body, _ = world.call("POST", "items", world.bill(lines=both))
    assert (status, body["field"]) == (422, "lines[0].tracking[1]")


def test_bad_values_are_named(world: World) -> None:
    for changes, field in (
        ({"total": "NaN"}, "total"),
        ({"contact": {"id": new_id(NOW)}}, "contact"),
        ({"lines": [world.line(category=new_id(NOW))]}, "lines[0].category"),
        ({"tenant_id": "x"}, "tenant_id"),
    ):
        status, body, _ = world.call("POST", "items", world.bill(**changes))
        assert (status, body["code"]) == (422, "invalid_request")
        assert body["field"].removeprefix("items[0].") == field


def test_entries_are_named_by_code_or_name_where_that_is_clear(world: World) -> None:
    by_name = world.make(lines=[world.line(category={"name": "FUEL"}, tax_rate="INPUT2")])
    by_code = world.make(lines=[world.line(category={"code": "429"}, tax_rate={"name": "20% (VAT on Expenses)"})])
    assert by_name["lines"] == by_code["lines"] == world.make()["lines"]
    twin = replace(world.entries["fuel"], id=world.book.entry_id(Kind.CATEGORIES, "x"), provider_id="x", code="430")
    world.write(Kind.CATEGORIES, twin)
    status, body, _ = world.call("POST", "items", world.bill(lines=[world.line(category={"name": "Fuel"})]))
    assert (status, body["field"]) == (422, "lines[0].category")
    assert "several" in body["details"]["reason"]


def test_an_edit_needs_the_version_it_read(world: World) -> None:
    item = world.make(total="1.00")
    path = f"items/{item['id']}"
    assert world.call("PATCH", path, {"total": "48.00"})[0] == 428
    assert world.call("PATCH", path, {"total": "48.00"}, headers={"if-match": '"7"'})[0] == 412
    status, body, headers = world.call("PATCH", path, {"total": "48.00"}, headers={"if-match": '"0"'})
    assert (status, body["stage"], headers["etag"]) == (200, "ready", '"1"')
    status, body, _ = world.call("PATCH", path, {"contact": None}, headers={"if-match": '"1"'})
    assert (body["stage"], body["contact"]) == ("needs_review", None)
    _, history, _ = world.call("GET", f"{path}/timeline")
    assert [line["what"] for line in history["lines"]] == ["item.edited", "item.edited", "item.received"]
    assert history["lines"][0]["details"] == {"fields": ["contact"]}


def test_an_archived_category_shows_at_the_next_reading_and_heals(world: World) -> None:
    item = world.make()
    fuel = world.entries["fuel"]
    world.write(Kind.CATEGORIES, replace(fuel, status=EntryStatus.INACTIVE))
    _, page, _ = world.call("GET", "items")
    assert [reason["code"] for reason in page["items"][0]["reasons"]] == ["account_archived"]
    assert world.state(item["id"]).stage == "needs_review"
    world.write(Kind.CATEGORIES, fuel)
    _, body, _ = world.call("GET", f"items/{item['id']}")
    assert (body["stage"], body["reasons"]) == ("ready", [])


def test_a_merged_supplier_is_followed_to_its_survivor(world: World) -> None:
    item = world.make()
    survivor = replace(world.entries["supplier"], id=world.book.entry_id(Kind.SUPPLIERS, "c-9"), provider_id="c-9")
    world.write(Kind.SUPPLIERS, survivor)
    merged = replace(world.entries["supplier"], survivor=survivor.id, status=EntryStatus.INACTIVE)
    world.write(Kind.SUPPLIERS, merged)
    _, preview, _ = world.call("GET", f"items/{item['id']}/preview")
    assert preview["problems"] == []
    assert '"ContactID":"c-9"' in preview["payloads"][0]["body"]


def test_pages_are_walked_with_cursors_bound_to_their_filter(world: World) -> None:
    made = [world.make()["id"] for _ in range(5)]
    seen, cursor = [], None
    while True:
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        _, page, _ = world.call("GET", "items", query=query)
        seen += [one["id"] for one in page["items"]]
        first_cursor, cursor = cursor or page["next_cursor"], page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(made)
    assert world.call("GET", "items", query={"limit": "2", "cursor": first_cursor, "side": "sales"})[0] == 400
    assert world.call("GET", "items", query={"cursor": "x" * 40})[0] == 400
    assert world.call("GET", "items", query={"stage": "ready"})[1]["items"][0]["stage"] == "ready"
    assert world.call("GET", "items", query={"stage": "published"})[1]["items"] == []


ROUTES_OF_AN_ITEM = [
    ("GET", "", None),
    ("PATCH", "", {"number": "1"}),
    ("POST", "/document", {"file_name": "a.pdf", "size": 10}),
    ("PUT", "/document", {"upload": "x"}),
    ("POST", "/publish", None),
    ("GET", "/preview", None),
    ("POST", "/unarchive", {"mode": "keep"}),
    ("POST", "/resolve", {"outcome": "absent"}),
    ("GET", "/timeline", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES_OF_AN_ITEM)
def test_other_tenants_and_unknown_ids_look_alike(world: World, method: str, path: str, body: Any) -> None:
    item = world.make()["id"]
    headers = {"if-match": "*"}
    foreign = new_id(world.service.clock.now())
    answers = [
        world.call(method, f"items/{item}{path}", body, headers=headers, tenant=foreign),
        world.call(method, f"items/{item}{path}", body, headers=headers, person="nobody"),
        world.call(method, f"items/{item}{path}", body, headers=headers, account=foreign),
    ]
    assert {(status, answer["code"]) for status, answer, _ in answers} == {(404, "not_found")}
    if path != "/document" or method != "PUT":
        assert world.call(method, f"items/{foreign}{path}", body, headers=headers)[0] == 404


def test_a_viewer_reads_and_does_nothing_else(world: World) -> None:
    item = world.make()["id"]
    for method, path, body in ROUTES_OF_AN_ITEM:
        status, answer, _ = world.call(method, f"items/{item}{path}", body, headers={"if-match": "*"}, person="victor")
        if method == "GET":
            assert status == 200
        else:
            assert (status, answer["code"]) == (403, "publisher_needed")
            assert answer["details"]["admins"][0]["name"] == "Anna"
    assert world.call("POST", "publications", {"items": [item]}, person="victor")[0] == 403


def test_an_item_is_found_by_the_id_its_sender_gave_it(world: World) -> None:
    made = world.make(external_id="paper #7/é")
    world.make(external_id="paper 8")

    def found(**query: str) -> list[str]:
        status, page, _ = world.call("GET", "items", query={"external_id": "paper #7/é", **query})
        assert (status, page["next_cursor"]) == (200, None)
        return [one["id"] for one in page["items"]]

    assert found() == [made["id"]]
    assert found(stage="ready", side="costs", place="inbox") == [made["id"]]
    for other in ({"stage": "published"}, {"side": "sales"}, {"place": "archive"}, {"integration": "bill"}):
        assert found(**other) == []
    assert found(external_id="paper 9") == []
