"""BILL makes no vendor without an address: how callers give one, for a supplier or for all new ones."""

from typing import Any

import pytest

from tests.integration.bill.world import ADDRESS, BillWorld, assert_sound, paper
from tests.integration.rules_13.api import Api

THERE = {"line1": "12 Quay Road", "city": "Portland", "stateOrProvince": "ME", "zipOrPostalCode": "04101"}
NEW = {"name": "Dover Ferries"}


@pytest.fixture
def api(world: BillWorld) -> Api:
    return Api(world)


def vendor(world: BillWorld, name: str = "Dover Ferries") -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in world.books()["vendors"] if one["name"] == name)
    return found


def set_default(api: Api, world: BillWorld, address: Any) -> tuple[int, dict[str, Any]]:
    path = f"connections/{world.bill_connection}/settings"
    version = world.bill.settings.version
    return api.call("PATCH", path, {"default_supplier_address": address}, version=version)


def test_a_new_supplier_waits_for_its_address_and_goes_out_with_it(world: BillWorld, api: Api) -> None:
    made = api.make(paper(1, contact=NEW))
    assert made["stage"] == "needs_review"
    (reason,) = made["reasons"]
    assert (reason["code"], reason["field"]) == ("supplier_address_missing", "contact")
    assert "`address`" in reason["remedy"] and "`default_supplier_address`" in reason["remedy"]
    path = f"lists/suppliers/{made['contact']}"
    entry = api.ok("GET", path)
    changed = api.ok("PATCH", path, {"address": ADDRESS}, version=entry["version"])
    assert changed["values"]["address"] == ADDRESS
    world.refresh(full=True)
    assert api.ok("GET", path)["values"]["address"] == ADDRESS, "a refresh leaves what is ours alone"
    assert api.item(made["id"])["stage"] == "ready"
    preview = api.ok("GET", f"items/{made['id']}/preview")
    assert [one["resource"] for one in preview["payloads"]] == ["vendors", "bills"]
    assert '"zipOrPostalCode":"04101"' in preview["payloads"][0]["body"]
    assert api.publish(made["id"])["stage"] == "published"
    assert vendor(world)["address"] == {**THERE, "country": "US"}
    world.refresh(full=True)
    entry = api.ok("GET", path)
    assert (entry["own"], entry["values"]["address"]) == (False, ADDRESS)
    assert_sound(world)


def test_an_item_brings_its_new_suppliers_address_for_those_that_wait_as_well(world: BillWorld, api: Api) -> None:
    waiting = api.make(paper(1, contact=NEW))
    bringing = api.make(paper(2, contact={**NEW, "address": ADDRESS}))
    other = api.make(paper(3, contact={**NEW, "address": {**ADDRESS, "city": "Bangor"}}))
    assert waiting["contact"] == bringing["contact"] == other["contact"]
    assert api.item(waiting["id"])["stage"] == "ready"
    assert [api.publish(one["id"])["stage"] for one in (waiting, bringing, other)] == ["published"] * 3
    assert vendor(world)["address"]["city"] == "Portland", "the first that was given counts"
    assert_sound(world)


def test_a_supplier_is_made_for_bills_lists_with_its_address(world: BillWorld, api: Api) -> None:
    body = {**NEW, "address": ADDRESS, "connection": world.bill_connection}
    made = api.ok("POST", "lists/suppliers", body)
    item = api.make(paper(1, contact={"id": made["id"]}))
    assert (item["stage"], item["contact"]) == ("ready", made["id"])
    assert api.call("POST", "lists/suppliers", {**body, "connection": made["id"]})[0] == 404
    kept = {"name": "Odds", "connection": world.bill_connection}
    assert api.call("POST", "lists/categories", kept)[1]["code"] == "list_has_no_entries_of_own"


def test_a_default_address_is_of_new_suppliers_without_one(world: BillWorld, api: Api) -> None:
    item = api.make(paper(1, contact=NEW))
    own = api.make(paper(2, contact={"name": "Bangor Boats", "address": {**ADDRESS, "city": "Bangor"}}))
    checks = f"connections/{world.bill_connection}/checklist"
    steps = {one["step"]: one["done"] for one in api.ok("GET", checks)["steps"]}
    assert steps["supplier_address"] is False
    status, answer = set_default(api, world, ADDRESS)
    assert (status, answer["default_supplier_address"]) == (200, {"line2": None, **ADDRESS})
    read = api.ok("GET", f"connections/{world.bill_connection}/settings")
    assert read["default_supplier_address"]["city"] == "Portland"
    assert {one["step"]: one["done"] for one in api.ok("GET", checks)["steps"]}["supplier_address"] is True
    assert api.item(item["id"])["stage"] == "ready"
    preview = api.ok("GET", f"items/{item['id']}/preview")
    assert '"line1":"12 Quay Road"' in preview["payloads"][0]["body"]
    assert [api.publish(one["id"])["stage"] for one in (item, own)] == ["published"] * 2
    assert vendor(world)["address"] == {**THERE, "country": "US"}
    assert vendor(world, "Bangor Boats")["address"]["city"] == "Bangor"
    assert set_default(api, world, None)[1]["default_supplier_address"] is None
    again = api.make(paper(3, contact={"name": "Calais Cars"}))
    assert [one["code"] for one in again["reasons"]] == ["supplier_address_missing"]


def test_the_setting_is_told_of_where_it_has_a_use_and_refused_elsewhere(world: BillWorld, api: Api) -> None:
    providers = {one["name"]: one["settings"] for one in api.ok("GET", "/v1/providers")["providers"]}
    assert [name for name, settings in providers.items() if "default_supplier_address" in settings] == ["bill"]
    path = f"connections/{world.connection_id}/settings"
    version = world.connection.settings.version
    status, problem = api.call("PATCH", path, {"default_supplier_address": ADDRESS}, version=version)
    assert (status, problem["field"]) == (422, "default_supplier_address")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"city": None}, "address.city"),
        ({"line1": " "}, "address.line1"),
        ({"country": "USA"}, "address.country"),
        ({"country": "ZZ"}, "address.country"),
        ({"postal_code": "1" * 21}, "address.postal_code"),
        ({"street": "Quay Road"}, "address.street"),
    ],
)
def test_a_bad_address_is_refused_by_its_field(world: BillWorld, api: Api, changes: dict[str, Any], field: str) -> None:
    bad = {name: value for name, value in {**ADDRESS, **changes}.items() if value is not None}
    status, problem = api.call("POST", "lists/suppliers", {**NEW, "address": bad})
    assert (status, problem["field"]) == (422, field)
    status, problem = api.call("POST", "items", paper(1, contact={**NEW, "address": bad}))
    assert (status, problem["field"]) == (422, f"items[0].contact.{field}")
    status, problem = set_default(api, world, bad)
    assert (status, problem["field"]) == (422, f"default_supplier_{field}")


def test_only_a_new_contact_takes_an_address(world: BillWorld, api: Api) -> None:
    known = api.make(paper(1))["contact"]
    status, problem = api.call("POST", "items", paper(2, contact={"id": known, "address": ADDRESS}))
    assert (status, problem["field"]) == (422, "items[0].contact")
    version = api.ok("GET", f"lists/suppliers/{known}")["version"]
    status, problem = api.call("PATCH", f"lists/suppliers/{known}", {"address": ADDRESS}, version=version)
    assert problem["code"] == "list_has_no_entries_of_own"
    method = {"name": "Card", "address": ADDRESS}
    status, problem = api.call("POST", "lists/payment_methods", method)
    assert (status, problem["field"]) == (422, "address")
    api.make(paper(3, contact={"name": "Office Depot", "address": ADDRESS}))
    assert vendor(world, "Office Depot")["address"]["city"] == "San Jose"
