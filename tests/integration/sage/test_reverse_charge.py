"""Domestic reverse charge over the API: by the item, by a rule, switched off in Sage, and where nothing carries it."""

import json
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.lists import Kind
from tests.integration.rules_13.api import Api
from tests.integration.sage.world import PAID, SageWorld, line, paper

NET = Decimal(40)
OUT, IN = "2200", "2201"  # the tax accounts of sales and purchases


def building(**changes: Any) -> dict[str, Any]:
    """A bill of 40.00 whose VAT the buyer accounts for."""
    return paper(**{"number": 1, "reverse_charge": True, "total": "40.00", **changes})


def stored(world: SageWorld, view: dict[str, Any], table: str = "purchase_invoices") -> dict[str, Any]:
    """The document in Sage's books."""
    document = view["published"]["document_id"]
    found: dict[str, Any] = next(one for one in world.books()[table] if one["id"] == document)
    return found


def amounts(record: dict[str, Any]) -> tuple[Decimal, ...]:
    return tuple(Decimal(record[name]) for name in ("net_amount", "tax_amount", "total_amount"))


def balance(world: SageWorld, code: str) -> Decimal:
    return Decimal(world.books()["balances"].get(code, "0"))


def test_an_item_under_reverse_charge_owes_its_net(world: SageWorld) -> None:
    api = Api(world)
    made = api.make(building())
    assert (made["stage"], made["reverse_charge"]) == ("ready", True)
    assert made["sources"]["reverse_charge"] == "manual"
    preview = api.ok("GET", f"items/{made['id']}/preview")
    (sent,) = json.loads(preview["payloads"][-1]["body"]).values()
    assert sent["vat_reverse_charge"] is True
    before = balance(world, OUT), balance(world, IN)
    view = api.publish(made["id"])
    record = stored(world, view)
    assert record["vat_reverse_charge"] is True
    assert amounts(record) == (NET, Decimal(0), NET)
    assert Decimal(record["invoice_lines"][0]["tax_amount"]) == Decimal(8)
    assert Decimal(view["published"]["total"]) == NET
    assert (balance(world, OUT) - before[0], balance(world, IN) - before[1]) == (Decimal(-8), Decimal(8))


@pytest.mark.parametrize(
    ("changes", "table"),
    [
        ({"type": "credit_note", "due_date": None}, "purchase_credit_notes"),
        (
            {
                "side": "sales",
                "contact": {"name": "Ridgeway University"},
                "destination": "sales",
                "lines": [line(category="4000")],
            },
            "sales_invoices",
        ),
    ],
)
def test_credit_notes_and_sales_have_it_too(world: SageWorld, changes: dict[str, Any], table: str) -> None:
    api = Api(world)
    record = stored(world, api.publish(api.make(building(**changes))["id"]), table)
    assert record["vat_reverse_charge"] is True
    assert amounts(record) == (NET, Decimal(0), NET)


def test_what_is_paid_is_the_net(world: SageWorld) -> None:
    api = Api(world)
    view = api.publish(api.make(building(**PAID))["id"])
    assert view["published"]["payment"]["outcome"] == "done"
    (payment,) = world.books()["contact_payments"]
    assert Decimal(payment["total_amount"]) == NET
    assert Decimal(stored(world, view)["outstanding_amount"]) == 0


def test_a_supplier_rule_carries_it_and_a_persons_no_stands(world: SageWorld) -> None:
    api = Api(world)
    suppliers = world.service.lists.all(world.connection.book, Kind.SUPPLIERS)
    supplier = next(entry.id for entry in suppliers if entry.name == "Northgate Stationers")
    rule = api.ok("POST", "rules", {"kind": "supplier", "subject": supplier, "reverse_charge": True})
    assert rule["reverse_charge"] is True
    read = {"reverse_charge": None, "source": "extracted"}
    ruled = api.make(building(**read))
    assert (ruled["reverse_charge"], ruled["sources"]["reverse_charge"]) == (True, "supplier_rule")
    assert stored(world, api.publish(ruled["id"]))["vat_reverse_charge"] is True
    other = api.make(building(**read, number=2))
    refused = api.ok("PATCH", f"items/{other['id']}", {"reverse_charge": False}, version=other["version"])
    assert (refused["reverse_charge"], refused["sources"]["reverse_charge"]) == (False, "manual")
    assert [(one["code"], one["field"]) for one in refused["reasons"]] == [("lines_do_not_add_up", "total")]
    back = api.ok("PATCH", f"items/{other['id']}", {"reverse_charge": None}, version=refused["version"])
    assert (back["reverse_charge"], back["sources"]["reverse_charge"]) == (True, "supplier_rule")
    no = api.ok("PATCH", f"items/{other['id']}", {"reverse_charge": False, "total": "48.00"}, version=back["version"])
    record = stored(world, api.publish(no["id"]))
    assert (record["vat_reverse_charge"], amounts(record)) == (False, (NET, Decimal(8), Decimal(48)))


def test_switched_off_in_sage_it_is_refused_with_the_remedy(world: SageWorld) -> None:
    api = Api(world)
    item = api.make(building())["id"]
    world.sage.edit(reverse_charge=False)
    refused = api.publish(item)
    assert refused["published"] is None
    error = refused["last_error"]
    assert (error["code"], error["details"]["feature"]) == ("feature_off", "reverse charge")
    assert error["provider_text"] == "Domestic reverse charge is not enabled. (vat_reverse_charge)"
    assert "Switch it on there" in error["remedy"]
    world.sage.edit(reverse_charge=True)
    assert stored(world, api.publish(item))["vat_reverse_charge"] is True


def test_a_total_with_the_tax_in_it_is_not_ready(world: SageWorld) -> None:
    (reason,) = Api(world).make(building(total="48.00"))["reasons"]
    assert (reason["code"], reason["field"]) == ("lines_do_not_add_up", "total")


@pytest.mark.parametrize("destination", ["quick_entries", "bank_accounts"])
def test_what_has_no_switch_does_not_lose_it(world: SageWorld, destination: str) -> None:
    api = Api(world)
    paid = {name: value for name, value in PAID.items() if name != "publish_as"} | {"publish_as": None}
    made = api.make(building(destination=destination, type="receipt", **paid))
    assert ("field_not_carried", "reverse_charge") in {(one["code"], one["field"]) for one in made["reasons"]}
    world.publish([made["id"]])
    world.settle()
    assert world.made() == {}


def test_an_expense_claim_does_not_lose_it(world: SageWorld) -> None:
    api = Api(world)
    inside = api.make(building(destination=None))["id"]
    claim = {"side": "costs", "type": "expense_claim", "currency": "GBP", "items": [inside], "date": "2026-03-31"}
    made = api.make({**claim, "contact": {"name": "Northgate Stationers"}})
    assert ("field_not_carried", "items[0].reverse_charge") in {(one["code"], one["field"]) for one in made["reasons"]}
    status, refused = api.call("POST", "items", {**claim, "reverse_charge": True})
    assert status == 422, refused


def test_another_software_is_told_of_it_in_its_way(world: SageWorld) -> None:
    told = {one["name"]: one["reverse_charge"] for one in Api(world).ok("GET", "/v1/providers")["providers"]}
    assert told["sage"] == "switch"
    assert (told["xero"], told["quickbooks"], told["bill"]) == ("tax_rate", "tax_rate", None)
