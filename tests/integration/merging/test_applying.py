"""A merge that is applied: what items and rules mean in the new books, with not a byte of them changed."""

from typing import Any

from rehearsal.world import World
from shared.domain.lists import Kind
from shared.domain.rules import RuleKind
from shared.usecases.integrations import Ways
from tests.integration.merging.conftest import RULED
from tests.integration.merging.kit import (
    apply,
    begin,
    choose,
    contents,
    decide,
    entries,
    entry,
    onto,
    outline,
    stored,
    work,
)
from tests.integration.rules_13.api import Api

EXPENSES = {"General_Expenses": "Office Expenses", "Motor_Vehicle_Expenses": "Travel"}


def mapped(api: Api, **lists: dict[str, Any]) -> str:
    """A merge with the expenses that rules and items use mapped, and everything else as proposed."""
    merge = begin(api)
    decide(api, merge, **({"categories": onto(api, merge, "categories", **EXPENSES)} | lists))
    return merge


def reasons(api: Api, name: str) -> set[tuple[str, str]]:
    item = api.item(api.world.items[name]["id"])
    return {(one["code"], one["field"]) for one in item["reasons"]}


def test_items_of_before_are_published_without_an_edit(api: Api, quickbooks: World) -> None:
    merge = mapped(api, bank_accounts={"mappings": [], "rest": "accept"})
    before = contents(quickbooks)
    assert reasons(api, "plain") >= {("entry_unresolved", "contact"), ("entry_unresolved", "lines[0].category")}
    shown = apply(api, merge)
    assert contents(quickbooks) == before
    assert shown["lists"][0]["mapped"] >= 2
    assert reasons(api, "plain") == reasons(api, "other") == set()
    view = api.publish(quickbooks.items["plain"]["id"])
    assert view["stage"] == "published", view["reasons"]
    bill = next(iter(quickbooks.ledger().documents.values()))
    assert len(quickbooks.ledger().documents) == 1, bill


def test_every_rule_codes_the_next_paper_of_its_supplier(api: Api, quickbooks: World) -> None:
    apply(api, mapped(api))
    wanted = {"429": "Office Expenses", "449": "Travel"}
    for supplier, code in RULED.items():
        line = {"description": "Fuel", "amount": "40.00", "tax_rate": {"code": "20.0% S"}}
        made = api.make(quickbooks.papers.bill(contact={"name": supplier}, lines=[line]))
        assert made["sources"]["lines[0].category"] == "supplier_rule"
        view = api.publish(made["id"])
        assert view["stage"] == "published", view["reasons"]
        bill = quickbooks.books()["Bill"][-1]
        assert bill["VendorRef"]["name"] == supplier
        account = bill["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"]["value"]
        assert account == entry(quickbooks, Kind.CATEGORIES, wanted[code]).provider_id


def test_two_ruled_suppliers_become_one(api: Api, quickbooks: World) -> None:
    merge = begin(api)
    both = onto(api, merge, "suppliers", Severn_Power="Northern Fuel", Tidewater_Fuel="Northern Fuel")
    choose(api, merge, "suppliers", **both)
    decide(api, merge, categories=onto(api, merge, "categories", **EXPENSES))
    seen = api.ok("GET", f"merges/{merge}/preview")
    assert len(seen["shadowed"]) == 1
    before = contents(quickbooks)
    apply(api, merge)
    assert contents(quickbooks) == before
    one = entry(quickbooks, Kind.SUPPLIERS, "Northern Fuel").id
    rules = Ways(quickbooks.service, quickbooks.account).rules
    counts = rules.of(RuleKind.SUPPLIER, one)
    assert counts is not None
    assert counts.id == seen["shadowed"][0]["by"]
    assert [rule.id for rule in rules.shadowed(RuleKind.SUPPLIER, one)] == [seen["shadowed"][0]["rule"]]


def test_what_was_left_says_so_and_is_reported(api: Api, quickbooks: World) -> None:
    merge = begin(api)
    decide(api, merge, categories={"skip": True}, suppliers={"skip": True})
    seen = api.ok("GET", f"merges/{merge}/preview")
    assert seen["items"] == {"stays_unresolved": len(quickbooks.items)}
    shown = apply(api, merge)
    left = {(one["list"], one["name"]): (one["rules"], one["items"]) for one in shown["unmapped"]}
    assert left["categories", "General Expenses"] == (1, 4)
    assert left["suppliers", "Tidewater Fuel"] == (1, 1)
    assert shown["unmapped_used"] == len(left)
    assert reasons(api, "plain") == {("entry_unresolved", "contact"), ("entry_unresolved", "lines[0].category")}
    told = [one for one in api.ok("GET", "events", limit="20")["events"] if one["subject"] == merge]
    assert {one["kind"] for one in told} == {"merge.begun", "merge.applying", "merge.applied", "merge.reported"}


def test_the_preview_counts_what_becomes_ready_and_stores_nothing(api: Api, quickbooks: World) -> None:
    merge = mapped(api)
    before = stored(quickbooks, "lists", "rules", "items")
    seen = api.ok("GET", f"merges/{merge}/preview")
    assert seen["complete"]
    assert stored(quickbooks, "lists", "rules", "items") == before
    apply(api, merge)
    ready = [name for name in quickbooks.items if api.item(quickbooks.items[name]["id"])["stage"] == "ready"]
    assert seen["items"].get("becomes_ready", 0) == len(ready) >= 2
    assert {one["item"] for one in seen["shown"] if one["is_ready"]} == {quickbooks.items[one]["id"] for one in ready}


def test_tracking_becomes_classes_dimension_by_dimension(api: Api, quickbooks: World) -> None:
    merge = begin(api)
    choose(api, merge, "dimensions", **onto(api, merge, "dimensions", Department="Classes"))
    work(quickbooks)
    decide(api, merge, categories=onto(api, merge, "categories", **EXPENSES))
    assert outline(api, merge)["dimension_values"]["mapped"] == 1
    apply(api, merge)
    assert reasons(api, "tracked") == set()
    view = api.publish(quickbooks.items["tracked"]["id"])
    assert view["stage"] == "published", view["reasons"]
    retail = entry(quickbooks, Kind.DIMENSIONS, "Retail")
    assert retail.provider_id is not None
    bills = quickbooks.books()["Bill"]
    assert any(retail.provider_id.split(":")[-1] in str(line) for bill in bills for line in bill["Line"])


def test_a_tax_rate_may_not_apply(api: Api, quickbooks: World) -> None:
    apply(api, mapped(api, tax_rates={"rest": "not_applicable"}))
    found = reasons(api, "plain")
    assert ("entry_unresolved", "lines[0].tax_rate") not in found
    assert outline(api, api.ok("GET", "merges")["merges"][0]["id"])["tax_rates"]["mapped"] == 0


def test_one_merge_at_a_time_and_each_once(api: Api, quickbooks: World) -> None:
    first = mapped(api)
    api.ok("POST", f"merges/{first}/apply")
    status, problem = api.call("POST", "merges", {})
    workflow = api.ok("GET", f"merges/{first}")["workflow"]
    assert (status, problem["code"], problem["details"]["workflow"]) == (409, "workflow_in_progress", workflow)
    status, problem = api.call("PUT", f"merges/{first}/lists/categories", {"skip": True})
    assert (status, problem["code"]) == (409, "merge_not_open")
    assert api.ok("POST", f"merges/{first}/apply")["status"] == "applying"
    work(quickbooks)
    assert api.ok("POST", f"merges/{first}/apply")["status"] == "applied"
    status, problem = api.call("PUT", f"merges/{first}/lists/categories", {"skip": True})
    assert (status, problem["code"]) == (409, "merge_not_open")
    assert [one.id for one in quickbooks.account.merges] == [first]
    assert entries(api, first, "categories")["General Expenses"]["new_name"] == "Office Expenses"
