"""What a merge proposes and how people choose, from Xero to QuickBooks."""

from typing import Any

import pytest

from rehearsal.world import World
from shared.domain.lists import Kind
from tests.integration.merging.kit import LISTS, begin, choose, decide, entries, entry, onto, outline, work
from tests.integration.rules_13.api import Api


def test_the_outline_has_every_list_in_order_with_what_uses_it(api: Api) -> None:
    merge = begin(api)
    shown = api.ok("GET", f"merges/{merge}")
    assert [one["list"] for one in shown["lists"]] == list(LISTS)
    assert (shown["from"].split(":")[0], shown["to"].split(":")[0]) == ("xero", "quickbooks")
    assert all(one["proposed"] for one in shown["lists"])
    decisions = {one["list"]: one["decision"] for one in shown["lists"] if one["decided"]}
    assert decisions["payment_methods"] == "kept"
    assert decisions["suppliers"] == decisions["customers"] == "by_default"
    assert "categories" in shown["undecided"]
    categories = entries(api, merge, "categories")
    general = categories["General Expenses"]
    assert (general["rules"], general["items"]) == (1, 4)
    assert categories["Motor Vehicle Expenses"]["rules"] == 1
    assert next(iter(categories)) in {"General Expenses", "Motor Vehicle Expenses", "Sales"}
    assert categories["Rent"]["candidates"][0]["name"] == "Rent"
    assert categories["Rent"]["candidates"][0]["reasons"] == ["same_name"]
    assert entries(api, merge, "bank_accounts")["Business Bank Account"]["items"] == 1
    assert entries(api, merge, "dimensions")["Department"]["items"] == 1
    assert entries(api, merge, "dimension_values")["Retail"]["items"] == 1


def test_contacts_in_use_without_a_counterpart_are_made_unless_somebody_says_otherwise(api: Api) -> None:
    merge = begin(api)
    suppliers = entries(api, merge, "suppliers")
    assert {name: one["becomes"] for name, one in suppliers.items() if one["becomes"] != "left"} == {
        "Severn Power": "create",
        "Tidewater Fuel": "create",
    }
    choose(api, merge, "suppliers", **onto(api, merge, "suppliers", Severn_Power="Northern Fuel"))
    after = entries(api, merge, "suppliers")
    assert (after["Severn Power"]["becomes"], after["Severn Power"]["new_name"]) == ("entry", "Northern Fuel")
    assert after["Tidewater Fuel"]["becomes"] == "create"
    choose(api, merge, "suppliers", skip=True)
    assert {one["becomes"] for one in entries(api, merge, "suppliers").values()} == {"left"}
    assert outline(api, merge)["suppliers"]["decision"] == "skipped"


def test_values_are_proposed_among_those_of_the_dimension_that_was_chosen(api: Api) -> None:
    merge = begin(api)
    assert entries(api, merge, "dimension_values")["Retail"]["candidates"] == []
    choose(api, merge, "dimensions", **onto(api, merge, "dimensions", Department="Classes"))
    assert not outline(api, merge)["dimension_values"]["proposed"]
    status, problem = api.call("GET", f"merges/{merge}/lists/dimension_values")
    assert (status, problem["code"]) == (409, "merge_not_proposed")
    work(api.world)
    retail = entries(api, merge, "dimension_values")["Retail"]["candidates"][0]
    assert (retail["name"], retail["score"]) == ("Retail", 96)
    choose(api, merge, "dimension_values", rest="accept")
    assert entries(api, merge, "dimension_values")["Retail"]["becomes"] == "entry"
    # The same once more asks nothing anew; another choice of dimensions does.
    choose(api, merge, "dimensions", **onto(api, merge, "dimensions", Department="Classes"))
    assert outline(api, merge)["dimension_values"]["decided"]
    choose(api, merge, "dimensions", rest="not_applicable")
    work(api.world)
    assert outline(api, merge)["dimension_values"]["decision"] == "by_default"
    assert entries(api, merge, "dimension_values")["Retail"]["becomes"] == "not_applicable"


def bad(api: Api, merge: str, which: str, **one: Any) -> tuple[int, str, str | None]:
    status, problem = api.call("PUT", f"merges/{merge}/lists/{which}", {"mappings": [one]})
    return status, problem["code"], problem.get("field")


def test_what_does_not_fit_is_refused_by_name(api: Api, quickbooks: World) -> None:
    merge = begin(api)
    categories, taxes = entries(api, merge, "categories"), entries(api, merge, "tax_rates")
    general, sales = categories["General Expenses"]["old"], entry(quickbooks, Kind.CATEGORIES, "Sales").id
    does_not_fit = (409, "mapping_does_not_fit", "mappings[0].new")
    unknown = (422, "invalid_request", "mappings[0].new")
    assert bad(api, merge, "categories", old=general, new=sales) == does_not_fit
    assert bad(api, merge, "categories", old=general, new=general) == unknown
    assert bad(api, merge, "categories", old=general, new="create") == unknown
    assert bad(api, merge, "categories", old=sales, new=None) == (422, "invalid_request", "mappings[0].old")
    assert bad(api, merge, "payment_methods", old=general, new=None)[:2] == (422, "invalid_request")
    retail = entries(api, merge, "dimension_values")["Retail"]["old"]
    stall = entry(quickbooks, Kind.DIMENSIONS, "Market Stall").id
    assert bad(api, merge, "dimension_values", old=retail, new=stall) == does_not_fit
    assert bad(api, merge, "tax_rates", old=taxes["No VAT"]["old"], new="nonsense")[0] == 422
    assert not outline(api, merge)["categories"]["decided"]


def test_only_a_decided_draft_is_applied_and_only_admins_decide(api: Api, quickbooks: World) -> None:
    merge = begin(api)
    status, problem = api.call("POST", f"merges/{merge}/apply")
    assert (status, problem["code"]) == (409, "merge_not_decided")
    assert "categories" in problem["details"]["lists"]
    decide(api, merge)
    assert api.ok("GET", f"merges/{merge}")["undecided"] == []
    assert api.ok("POST", f"merges/{merge}/discard")["status"] == "discarded"
    for path in ("apply", "undo"):
        status, problem = api.call("POST", f"merges/{merge}/{path}")
        assert (status, problem["code"]) == (409, "merge_not_open")
    api.ok("POST", "members", {"user": "pat", "name": "Pat", "role": "publisher"})
    for method, path in (("GET", "merges"), ("GET", f"merges/{merge}"), ("POST", "merges")):
        status, problem = Api(quickbooks, "pat").call(method, path, {} if method == "POST" else None)
        assert (status, problem["code"]) == (403, "admin_needed")


@pytest.mark.parametrize(
    ("body", "field"),
    [({"from": "xero:nobody"}, "from"), ({"to": "xero:nobody"}, "to"), ({"from": "own", "to": "own"}, "to")],
)
def test_books_that_are_not_the_accounts_are_refused(api: Api, body: dict[str, str], field: str) -> None:
    status, problem = api.call("POST", "merges", body)
    assert (status, problem["code"], problem["field"]) == (422, "invalid_request", field)


def test_lists_kept_by_hand_are_merged_too(api: Api) -> None:
    merge = begin(api, **{"from": "own"})
    shown = api.ok("GET", f"merges/{merge}")
    assert shown["from"] == f"own:{api.world.account_id}"
    assert {one["decision"] for one in shown["lists"]} == {"nothing_to_map", "kept"}
    assert shown["undecided"] == []
