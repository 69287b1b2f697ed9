"""List records that the sandbox does not have: compound taxes, jobs of jobs, bundles, broken ones."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.lists import EntryStatus, Kind
from shared.providers.contract import CallFailed
from shared.providers.quickbooks import entries

D = Decimal


def code(code_id: str, costs: list[dict[str, Any]] | None = None, sales: list[dict[str, Any]] | None = None) -> Any:
    lists = {"PurchaseTaxRateList": {"TaxRateDetail": costs or []}, "SalesTaxRateList": {"TaxRateDetail": sales or []}}
    return {"Id": code_id, "Name": code_id, "Active": True, **lists}


def part(rate_id: str, order: int = 0, on: str = "TaxOnAmount") -> dict[str, Any]:
    return {"TaxRateRef": {"value": rate_id}, "TaxOrder": order, "TaxTypeApplicable": on}


RATES = [{"Id": "1", "RateValue": 5}, {"Id": "2", "RateValue": D("9.5")}, {"Id": "3", "RateValue": "20"}]


def values(one: Any) -> dict[str, Any]:
    (found,) = entries.tax_rates([one], RATES)
    return found.values


def test_a_tax_on_tax_counts_the_first_in() -> None:
    found = values(code("QC", [part("2", 1, "TaxOnAmountPlusTax"), part("1", 0)]))
    assert found["rate"] == "14.975" and [one["rate"] for one in found["costs_components"]] == ["5", "9.975"]
    assert values(code("X", [part("1", 0), part("2", 1, "TaxOnTax")]))["rate"] == "5.475"


def test_sides_with_their_own_rates() -> None:
    assert values(code("A", [part("1")], [part("3")])) | {"costs_rate": "5", "sales_rate": "20"} == values(
        code("A", [part("1")], [part("3")])
    )
    only_sales = values(code("B", [], [part("3")]))
    assert (only_sales["rate"], only_sales["costs"], only_sales["sales"]) == ("20", False, True)
    neither = values(code("C"))
    assert (neither["rate"], neither["costs"], neither["sales"]) == ("0", True, True)


def test_an_unlisted_rate_is_unknown() -> None:
    assert "rate" not in values(code("A", [part("99")]))


def test_hidden_codes_are_not_shown() -> None:
    (found,) = entries.tax_rates([{**code("A", [part("1")]), "Hidden": True}], RATES)
    assert not found.visible and found.status is EntryStatus.ACTIVE


def test_bundles_and_categories_of_products_are_left_out() -> None:
    for kind in ("Category", "Group"):
        assert list(entries.item({"Id": "1", "Name": "x", "Type": kind})) == []
    record = {"Id": "1", "Name": "Shirt", "Type": "Inventory", "AssetAccountRef": {"value": "81"}, "Sku": "S-1"}
    (found,) = entries.item({**record, "ExpenseAccountRef": {"value": "80"}})
    assert (found.code, found.values["purchase_account"], found.values["tracked"]) == ("S-1", "81", True)


def test_a_job_is_a_project() -> None:
    (found,) = entries.customer(
        {"Id": "9", "DisplayName": "Roof", "Job": True, "ParentRef": {"value": "4"}, "Level": 1}
    )
    assert (found.kind, found.values["customer"], found.values["level"]) == (Kind.PROJECTS, "4", 1)


@pytest.mark.parametrize("record", [{}, {"Id": 7}, {"Id": ""}])
def test_a_record_without_id_is_a_broken_answer(record: dict[str, Any]) -> None:
    with pytest.raises(CallFailed):
        list(entries.vendor({"DisplayName": "x", **record}))
