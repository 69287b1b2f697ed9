"""What a connection's settings make of what Xero gets, as it is previewed and as it arrives."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from rehearsal.papers import LINKED
from rehearsal.world import World
from shared.domain.items import Stage
from shared.domain.lists import Kind
from shared.usecases.recheck_items import recheck_items
from tests.integration.rules_13.api import Api


def _settings(api: Api, **changes: Any) -> tuple[int, dict[str, Any]]:
    path = f"connections/{api.world.connection_id}/settings"
    return api.call("PATCH", path, changes, version=api.world.connection.settings.version)


def _sent(api: Api, item: str) -> dict[str, Any]:
    preview = api.ok("GET", f"items/{item}/preview")
    assert preview["problems"] == []
    (document,) = json.loads(preview["payloads"][-1]["body"])["Invoices"]
    return dict(document)


@pytest.mark.parametrize(("policy", "tax"), [("document", "8.00"), ("provider", None), ("exceptions", "8.00")])
def test_whose_tax_goes_into_the_books(world: World, policy: str, tax: str | None) -> None:
    api = Api(world)
    assert _settings(api, tax_policy=policy)[0] == 200
    line = world.papers.line(tax_amount="8.00")
    item = api.make(world.papers.bill(lines=[line], tax_total="8.00"))["id"]
    (sent,) = _sent(api, item)["LineItems"]
    said = sent.get("TaxAmount")
    assert (None if said is None else Decimal(str(said))) == (None if tax is None else Decimal(tax))
    assert api.publish(item)["stage"] == "published"


def test_a_category_without_tax_has_none_by_exception(world: World) -> None:
    api = Api(world)
    category = next(
        one
        for one in world.service.lists.all(world.connection.book, Kind.CATEGORIES)
        if one.values.get("default_tax_rate") == "NONE" and one.values.get("class") == "expense" and one.usable
    )
    assert _settings(api, tax_policy="exceptions")[0] == 200
    line = world.papers.line(category={"id": category.id}, tax_amount="8.00")
    item = api.make(world.papers.bill(lines=[line], total="48.00"))["id"]
    preview = api.ok("GET", f"items/{item}/preview")
    assert [(one["field"], one["before"], one["after"]) for one in preview["changes"]] == [("total", "48.00", "40.00")]
    (sent,) = _sent(api, item)["LineItems"]
    assert (sent["TaxType"], "TaxAmount" in sent) == ("NONE", False)


def test_a_line_without_a_rate_takes_its_categorys(world: World) -> None:
    api = Api(world)
    line = {name: value for name, value in world.papers.line().items() if name != "tax_rate"}
    item = api.make(world.papers.bill(lines=[line]))["id"]
    assert [one["code"] for one in api.item(item)["reasons"]] == ["tax_rate_missing"]
    assert _settings(api, tax_from_category=True)[0] == 200
    (sent,) = _sent(api, item)["LineItems"]
    assert sent["TaxType"] == "INPUT2"


def test_a_foreign_document_is_sent_as_the_switches_say(world: World) -> None:
    api = Api(world)
    foreign = world.papers.bill(currency="USD", exchange_rate="1.25")
    item = api.make(foreign)["id"]
    sent = _sent(api, item)
    assert (sent["CurrencyCode"], Decimal(str(sent["CurrencyRate"]))) == ("USD", Decimal("1.25"))
    assert _settings(api, own_rate=False)[0] == 200
    assert "CurrencyRate" not in _sent(api, item)
    assert _settings(api, multi_currency=False)[0] == 200
    sent = _sent(api, item)
    assert (sent["CurrencyCode"], Decimal(str(sent["LineItems"][0]["LineAmount"]))) == ("GBP", Decimal("32.00"))
    changed = {one["field"]: one["after"] for one in api.ok("GET", f"items/{item}/preview")["changes"]}
    assert changed == {"currency": "GBP", "total": "38.40"}
    assert Decimal(api.publish(item)["published"]["total"]) == Decimal("38.40")
    without = api.make(world.papers.bill(currency="USD"))
    assert "exchange_rate_missing" in [one["code"] for one in without["reasons"]]


def test_suppliers_are_made_or_warned_about_or_not(world: World) -> None:
    api = Api(world)
    item = api.make(world.papers.bill(contact={"name": "Newcomer Ltd"}))["id"]
    assert api.ok("GET", f"items/{item}/preview")["warnings"] == []
    assert _settings(api, warn_new_supplier=True)[0] == 200
    assert [one["code"] for one in api.ok("GET", f"items/{item}/preview")["warnings"]] == ["supplier_new"]
    assert _settings(api, create_suppliers=False)[0] == 200
    assert [one["code"] for one in api.item(item)["reasons"]] == ["supplier_not_in_books"]
    assert api.call("POST", f"items/{item}/publish")[1]["code"] == "item_not_ready"
    assert _contacts(world, "Newcomer Ltd") == []
    assert _settings(api, create_suppliers=True)[0] == 200
    assert [one["code"] for one in api.ok("GET", f"items/{item}/preview")["warnings"]] == ["supplier_new"]
    published = api.publish(item)  # a warning holds nobody up who publishes by hand
    assert published["stage"] == "published"
    (made,) = _contacts(world, "Newcomer Ltd")
    (there,) = world.books()["Invoices"]
    assert there["Contact"]["ContactID"] == made
    assert api.ok("GET", "lists/suppliers", q="Newcomer Ltd")["entries"][0]["provider_id"] == made
    another = api.make(world.papers.bill(contact={"name": "newcomer  ltd"}))["id"]
    assert api.ok("GET", f"items/{another}/preview")["warnings"] == []


def _contacts(world: World, name: str) -> list[str]:
    return [one["ContactID"] for one in world.books()["Contacts"] if one["Name"] == name]


def test_claims_have_a_status_of_their_own(world: World) -> None:
    api = Api(world)
    inside = api.make(world.papers.bill(type="receipt", due_date=None))["id"]
    claim = {
        "side": "costs", "type": "expense_claim", "currency": "GBP", "date": "2026-03-11", "items": [inside],
        "contact": {"name": world.papers.supplier},
    }  # fmt: skip
    item = api.make(claim)["id"]
    assert _sent(api, item)["Status"] == "AUTHORISED"
    assert _settings(api, claims_publish_as="draft")[0] == 200
    assert _sent(api, item)["Status"] == "DRAFT"
    status, problem = _settings(api, claims_publish_as="paid")
    assert (status, problem["field"]) == (422, "claims_publish_as")


def test_a_setting_whose_entry_vanished_is_reported(world: World) -> None:
    api = Api(world)
    rate = next(one for one in world.service.lists.all(world.connection.book, Kind.TAX_RATES) if one.code == "INPUT2")
    assert _settings(api, default_costs_tax_rate=rate.id)[1]["problems"] == []
    api.ok("DELETE", f"lists/tax_rates/{rate.id}")
    said = api.ok("GET", f"connections/{world.connection_id}/settings")["problems"]
    assert [(one["code"], one["field"]) for one in said] == [("tax_rate_not_found", "default_costs_tax_rate")]


def test_what_nobody_says_was_paid_is_as_the_connection_takes_it(world: World) -> None:
    api = Api(world)
    linked = {"due_date": None, "type": "receipt", "payment_method": {"name": LINKED}, "publish_as": "paid"}
    quiet = api.make(world.papers.bill(**linked))["id"]
    unpaid = api.make(world.papers.bill(**linked, paid=False))["id"]
    claim = {"side": "costs", "type": "expense_claim", "currency": "GBP", "date": "2026-03-11"}
    claim |= {"items": [api.make(world.papers.bill(**linked))["id"]], "contact": {"name": world.papers.supplier}}
    person = api.make(claim)["id"]
    assert (api.item(quiet)["paid"], api.item(quiet)["sources"]["paid"]) == (False, "connection_default")
    assert _settings(api, costs_paid=True)[0] == 200
    shown = api.item(quiet)
    assert (shown["paid"], shown["sources"]["paid"]) == (True, "connection_default")
    assert api.item(unpaid)["paid"] is False
    previews = [api.ok("GET", f"items/{item}/preview") for item in (quiet, unpaid, person)]
    assert [one["problems"] for one in previews] == [[], [], []]
    assert [one["publish_as"] for one in previews] == ["paid", "awaiting_payment", "awaiting_payment"]
    assert api.publish(quiet)["published"]["payment"]["outcome"] == "done"
    assert api.publish(unpaid)["published"]["payment"] is None


def test_a_changed_setting_judges_open_items_anew(world: World) -> None:
    api = Api(world)
    line = {name: value for name, value in world.papers.line().items() if name != "tax_rate"}
    item = api.make(world.papers.bill(lines=[line]))["id"]
    assert world.state(item).stage is Stage.NEEDS_REVIEW
    assert _settings(api, tax_from_category=True)[0] == 200
    assert world.state(item).coding_version < world.account.coding_version
    assert recheck_items(world.service, world.tenant, world.account_id, None, world.time() + timedelta(minutes=5))
    assert world.state(item).stage is Stage.READY
