"""What is quicker to see in the QuickBooks sandbox's books than over HTTP: cuts, windows, order and undoing."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.quickbooks import attachables, changes, queries, seed, tax
from sandbox.quickbooks.accounting import answer
from sandbox.quickbooks.books import Company
from sandbox.quickbooks.errors import RefusedError
from sandbox.quickbooks.formats import to_json
from sandbox.quickbooks.limiter import Figures, Limiter
from sandbox.quickbooks.wire import ApiCall

NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)


@pytest.fixture
def company() -> Company:
    return next(one for one in seed.companies() if one.realm_id == seed.US_REALM)


def vendors(company: Company, count: int, at: datetime) -> None:
    for number in range(count):
        name = f"New {number:05d}"
        company.add("Vendor", {"DisplayName": name, "Active": True, "CurrencyRef": {"value": "USD"}}, at)


def test_changes_are_cut_at_1000_objects_over_all_entities(company: Company) -> None:
    vendors(company, 999, NOW)
    company.add("Class", {"Name": "A", "FullyQualifiedName": "A", "Active": True}, NOW)
    company.add("Class", {"Name": "B", "FullyQualifiedName": "B", "Active": True}, NOW)
    found = changes.answer(company, "Vendor,Class", "2026-03-01", NOW)["QueryResponse"]
    assert [row["maxResults"] for row in found] == [999, 1]


def test_changes_reach_30_days_back_and_no_further(company: Company) -> None:
    changes.answer(company, "Vendor", (NOW - timedelta(days=30)).isoformat(), NOW)
    with pytest.raises(RefusedError):
        changes.answer(company, "Vendor", (NOW - timedelta(days=30, seconds=1)).isoformat(), NOW)


def test_unordered_means_by_id_as_a_number(company: Company) -> None:
    vendors(company, 60, NOW)
    found = [one["Id"] for one in queries.answer(company, "select * from Vendor")["Vendor"]]
    assert found == sorted(found, key=int)
    assert found[-1] == "124"


def test_the_large_seed_reads_in_27_queries() -> None:
    company = seed.with_bulk(seed.LARGE)[0]
    pages = 0
    for name in ("Account", "Vendor", "Customer", "TaxCode", "TaxRate", "Item"):
        rows = queries.answer(company, f"select count(*) from {name} where Active in (true, false)")["totalCount"]
        pages += -(-rows // queries.MOST_RESULTS)
    # 1 of accounts, 20 of names, 5 of products, and codes and rates apart: 28 with them, 27 without the rates.
    assert pages == 28


def test_a_refused_write_leaves_no_trace(company: Company) -> None:
    before = company.to_snapshot()
    body = {"VendorRef": {"value": "55"}, "Line": [{"DetailType": "AccountBasedExpenseLineDetail", "Amount": 1}]}
    call = ApiCall("POST", "/bill", {}, {}, to_json(body), NOW)
    assert answer(company, call).status == 400
    assert company.to_snapshot() == before


@pytest.mark.parametrize(
    ("figures", "calls", "batch", "problem"),
    [
        (Figures(second=1000, concurrent=1000), 500, False, "minute"),
        (Figures(concurrent=1000), 10, False, "second"),
        (Figures(second=1000), 10, False, "concurrent"),
        (Figures(second=1000, concurrent=1000), 40, True, "batch"),
    ],
)
def test_limits_as_documented(figures: Figures, calls: int, batch: bool, problem: str) -> None:
    limiter = Limiter(figures)
    assert [limiter.enter("app", "1", NOW, batch=batch) for _ in range(calls)] == [None] * calls
    assert limiter.enter("app", "1", NOW, batch=batch) == problem
    assert limiter.enter("app", "2", NOW, batch=batch) is None
    limiter.leave("app", "1")
    later = NOW + timedelta(seconds=60)
    assert limiter.enter("app", "1", later, batch=batch) is None


def test_a_company_takes_120_batches_a_minute_of_all_apps() -> None:
    limiter = Limiter(Figures(second=1000, concurrent=1000))
    for app in ("a", "b", "c"):
        assert [limiter.enter(app, "1", NOW, batch=True) for _ in range(40)] == [None] * 40
    assert limiter.enter("d", "1", NOW, batch=True) == "batch"
    assert limiter.enter("d", "1", NOW, batch=False) is None


def test_inclusive_tax_and_net_always_sum_to_the_gross() -> None:
    company = next(one for one in seed.companies() if one.realm_id == seed.CA_REALM)
    for number in range(1, 200):
        detail: dict[str, Any] = {"TaxCodeRef": {"value": "5"}}
        kind = "AccountBasedExpenseLineDetail"
        gross = Decimal(number) / 100
        row = {"DetailType": kind, "Amount": gross, kind: detail}
        worked = tax.worked_out(company, {"GlobalTaxCalculation": "TaxInclusive"}, [row, row], sales=False)
        assert worked.total == 2 * gross


def test_multipart_bodies_with_bare_line_feeds_are_read() -> None:
    body = (
        b'\n--B\nContent-Disposition: form-data; name="file_metadata_01"\nContent-Type: application/json\n\n{}\n'
        b'--B\nContent-Disposition: form-data; name="file_content_01"\nContent-Transfer-Encoding: base64\n\n'
        b"eA==\n--B--\n"
    )
    found = list(attachables.parts(body, "multipart/form-data; boundary=B"))
    assert [(part.name, part.content) for part in found] == [("file_metadata_01", b"{}"), ("file_content_01", b"eA==")]
