"""Documents as they go out: tax, amounts, notes, currencies; pure, so that the same item gives the same bytes."""

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.connections import Destination, Organisation
from shared.domain.items import Item, TaxMode
from shared.domain.lists import Entry, Kind
from shared.domain.publishing import Member, Verdict
from shared.providers.contract import Resolved
from shared.providers.quickbooks import mapping
from shared.providers.quickbooks.amounts import figures
from shared.providers.quickbooks.answers import found_answers, marker_of, sent_answers
from shared.providers.quickbooks.profile import SALES_TAX
from tests.unit.providers.quickbooks.kit import (
    AMERICAN,
    COMPANY,
    CUSTOMER,
    MARKER,
    RESOLVED,
    D,
    item,
    line,
    resolved,
    sale,
    target,
)


def document(
    one: Item,
    organisation: Organisation = COMPANY,
    given: Resolved = RESOLVED,
    destination: Destination = Destination.PURCHASES,
) -> dict[str, Any]:
    draft = mapping.draft(one, given, target(destination, organisation))
    found: dict[str, Any] = draft.element[draft.resource]
    return found


def test_a_bill() -> None:
    draft = mapping.draft(item(), RESOLVED, target())
    assert draft.resource == "Bill"
    assert draft.element["bId"] == MARKER[-10:] and draft.element["operation"] == "create"
    assert draft.element["Bill"] == {
        "VendorRef": {"value": "56"},
        "TxnDate": "2026-03-11",
        "DueDate": "2026-04-10",
        "DocNumber": "B-1",
        "PrivateNote": MARKER,
        "CurrencyRef": {"value": "GBP"},
        "GlobalTaxCalculation": "TaxExcluded",
        "Line": [
            {
                "Amount": D("40.00"),
                "Description": "Diesel",
                "DetailType": "AccountBasedExpenseLineDetail",
                "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "15"}, "TaxCodeRef": {"value": "20S"}},
            }
        ],
    }


def test_the_bytes_are_what_they_were_made_from() -> None:
    draft = mapping.draft(item(line(tax="7.99"), total="47.99"), RESOLVED, target())
    body = mapping.body(draft.resource, [draft.element, draft.element])
    assert mapping.body(draft.resource, mapping.elements(draft.resource, body)) == body


@pytest.mark.parametrize(
    ("description", "link", "note"),
    [
        (None, None, MARKER),
        ("For the van\nsecond line", None, f"For the van\nsecond line\n{MARKER}"),
        ("x" * 5000, "https://app.example.com/i/1", "x" * 3951 + f"\nhttps://app.example.com/i/1\n{MARKER}"),
    ],
)
def test_the_marker_is_the_notes_last_line(description: str | None, link: str | None, note: str) -> None:
    told = mapping.note(item(description=description), replace(target(), link=link))
    assert told == note and len(told) <= 4000
    assert marker_of({"PrivateNote": told}) == MARKER
    assert marker_of({"PrivateNote": f"{MARKER}\nand more"}) is None


def test_tax_is_overridden_only_where_it_is_another() -> None:
    assert "TxnTaxDetail" not in document(item())
    told = document(item(line(tax="7.99"), total="47.99"))["TxnTaxDetail"]
    assert told["TotalTax"] == D("7.99")
    assert told["TaxLine"][0]["TaxLineDetail"] == {
        "TaxRateRef": {"value": "r20"},
        "PercentBased": True,
        "TaxPercent": D(20),
        "NetAmountTaxable": D("40.00"),
    }


def test_gross_amounts_go_out_as_they_are_unless_tax_is_overridden() -> None:
    plain = document(item(line("48.00"), tax_mode=TaxMode.INCLUSIVE))
    assert plain["GlobalTaxCalculation"] == "TaxInclusive"
    assert plain["Line"][0]["Amount"] == D("40.00")
    assert plain["Line"][0]["AccountBasedExpenseLineDetail"]["TaxInclusiveAmt"] == D("48.00")
    own = document(item(line("48.00", tax="7.99"), tax_mode=TaxMode.INCLUSIVE))
    assert own["GlobalTaxCalculation"] == "TaxExcluded"
    assert (own["Line"][0]["Amount"], own["TxnTaxDetail"]["TotalTax"]) == (D("40.01"), D("7.99"))


def test_a_combined_code_divides_the_tax() -> None:
    told = document(item(line("100.00", tax_rate="GST/PST", tax="12.01"), total="112.01"))["TxnTaxDetail"]["TaxLine"]
    assert [(one["TaxLineDetail"]["TaxRateRef"]["value"], one["Amount"]) for one in told] == [
        ("r5", D("5.00")),
        ("r7", D("7.01")),
    ]


def test_without_tax_of_its_own_the_cost_has_it() -> None:
    untaxed = replace(COMPANY, features=tuple(one for one in COMPANY.features if one != SALES_TAX))
    told = document(item(), untaxed)
    assert told["GlobalTaxCalculation"] == "NotApplicable"
    assert told["Line"][0]["Amount"] == D("48.00")
    assert "TaxCodeRef" not in told["Line"][0]["AccountBasedExpenseLineDetail"]
    american = document(item(line(tax_rate="TAX", tax="8.00"), currency="USD"), AMERICAN)
    assert american["Line"][0]["Amount"] == D("48.00")
    assert "GlobalTaxCalculation" not in american and "TxnTaxDetail" not in american and "CurrencyRef" not in american


def test_sales_in_the_us_have_one_tax() -> None:
    given = resolved(contact=CUSTOMER)
    taxed = sale(line(category="sales", product="paper", tax_rate="TAX"), total="43.30", currency="USD")
    told = document(taxed, AMERICAN, given, Destination.SALES)
    assert told["TxnTaxDetail"] == {"TotalTax": D("3.30")}  # what the total has beyond the lines
    plain = sale(line(category="sales", product="paper", tax_rate="NON"), total="40.00", currency="USD")
    assert "TxnTaxDetail" not in document(plain, AMERICAN, given, Destination.SALES)


def test_the_documents_tax_is_shared_out_among_lines_that_state_none() -> None:
    one = item(line("10.00", tax_rate="TAX"), line("20.00", tax_rate="TAX"), total="32.48", currency="USD")
    found = figures(one, RESOLVED.tax_rates)
    assert found is not None and found.tax == (D("0.83"), D("1.65"))
    inclusive = item(line("48.00"), line("4.80"), tax_mode=TaxMode.INCLUSIVE, total="52.80", tax_total=D("8.81"))
    found = figures(inclusive, RESOLVED.tax_rates)
    assert found is not None and (sum(found.tax), sum(found.net)) == (D("8.81"), D("43.99"))


def test_a_foreign_rate_is_the_other_way_round() -> None:
    euros = resolved(contact=replace(RESOLVED.contact or CUSTOMER, values={"currency": "EUR"}))
    told = document(item(currency="EUR", exchange_rate=D("1.16")), given=euros)
    assert told["ExchangeRate"] == D("0.86206897")
    assert "ExchangeRate" not in document(item(exchange_rate=D("1.16")))


def test_new_contacts() -> None:
    draft = mapping.new_supplier(Entry("x", Kind.CUSTOMERS, " Dover  Ferries "), MARKER)
    assert draft.resource == "Customer" and draft.element["Customer"] == {"DisplayName": "Dover Ferries"}
    assert draft.fingerprint == {"name": "dover ferries", "spelt": "Dover Ferries"}


# --- answers
MEMBERS = [Member("a", MARKER, {}, "A"), Member("b", "LB00000000000000000B", {}, "A")]


def test_answers_are_matched_by_name_in_any_order() -> None:
    second = {"bId": MEMBERS[1].marker[-10:], "Bill": {"Id": "2", "TotalAmt": D("1.50"), "Balance": 1}}
    fault = {"bId": MARKER[-10:], "Fault": {"Error": [{"code": "6240", "Message": "x"}], "type": "ValidationFault"}}
    answers = {one.marker: one for one in sent_answers("Bill", MEMBERS, [second, fault, {"bId": "9"}])}
    assert answers[MEMBERS[1].marker].provider_id == "2" and answers[MEMBERS[1].marker].total == "1.5"
    assert answers[MARKER].verdict is Verdict.REFUSED


@pytest.mark.parametrize(
    "element",
    [
        {"bId": MARKER[-10:]},
        {"bId": MARKER[-10:], "Bill": {}},
        {"bId": MARKER[-10:], "Invoice": {"Id": "1"}},
        {"bId": "1", "Bill": {"Id": "1"}},
        {"bId": MARKER[-10:], "Fault": {"Error": [{"code": "3001"}], "type": "SERVICE"}},
        {"bId": MARKER[-10:], "Fault": {"Error": [{"code": "5010"}], "type": "ValidationFault"}},
        {"bId": MARKER[-10:], "Fault": {"Error": [{"code": "10000"}], "type": "SystemFault"}},
    ],
)
def test_what_is_not_certain_is_left_to_be_looked_up(element: dict[str, Any]) -> None:
    assert sent_answers("Bill", MEMBERS[:1], [element]) == []


def test_an_element_that_is_answered_twice_is_not_certain() -> None:
    twice = [{"bId": MARKER[-10:], "Bill": {"Id": one}} for one in ("1", "2")]
    assert sent_answers("Bill", MEMBERS[:1], twice) == []


def test_void_documents_are_done() -> None:
    record = {"Id": "7", "PrivateNote": f"Voided - note\n{MARKER}", "TotalAmt": 0}
    (answer,) = found_answers("Invoice", MEMBERS, [record])
    assert answer.voided and answer.verdict is Verdict.DONE and answer.status == "VOIDED"
