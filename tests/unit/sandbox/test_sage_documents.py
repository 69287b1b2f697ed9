"""The sandbox's Sage: what documents it takes, refuses and books."""

import base64
from decimal import Decimal
from typing import Any

import pytest

from sandbox.sage import edits, seed
from tests.unit.sandbox.sage_desk import CA, IE, NOW, PEOPLE, START, US, Desk, fresh


@pytest.fixture
def desk() -> Desk:
    return Desk()


def edit(desk: Desk, **changes: Any) -> None:
    edits.edit(desk.books, changes, NOW)


def test_a_bill_is_answered_whole_and_booked_to_the_cent(desk: Desk) -> None:
    category = desk.category("Projects")
    made = desk.create("purchase_invoices", desk.bill(invoice_lines=[desk.line(analysis_type_categories=[category])]))
    assert (made["net_amount"], made["tax_amount"], made["total_amount"]) == (40.0, 8.0, 48.0)
    assert made["status"]["id"] == "UNPAID"
    assert made["displayed_as"] == "LB0123456789"
    assert made["transaction_type"]["id"] == "PURCHASE_INVOICE"
    assert made["invoice_lines"][0]["analysis_type_categories"][0]["displayed_as"] == "Projects"
    assert desk.balances() == {"7520": Decimal(40), "2201": Decimal(8), "2100": Decimal(-48)}
    entries = desk.call("GET", "/ledger_entries", query={"transaction_id": made["transaction"]["id"]})[1]
    assert entries["$total"] == 3


@pytest.mark.parametrize(
    ("changes", "source", "message"),
    [
        ({"due_date": None}, "due_date", "This field is required."),
        ({"contact_id": "0" * 32}, "contact_id", "can't find vendor"),
        ({"reference": "x" * 26}, "reference", "is too long (maximum is 25 characters)"),
        ({"date": "11/11/2026"}, "date", "is not a valid date"),
        ({"date": "2025-03-31"}, "date", "The date is on or before the year end lockdown date of 31/03/2025."),
        ({"date": "2024-03-31"}, "date", "You cannot record entries prior to your accounts start date of 01/04/2024"),
        ({"currency_id": "CHF"}, "currency_id", "There is no exchange rate for the currency."),
        ({"total_amount": 47.0}, "total_amount", "The total amount does not match the lines."),
        ({"tax_amount": 7.0}, "tax_amount", "The tax amount does not match the lines."),
    ],
)
def test_what_a_bill_is_refused_for(desk: Desk, changes: dict[str, Any], source: str, message: str) -> None:
    assert desk.refused("purchase_invoices", desk.bill(**changes)) == {source: message}
    assert desk.call("GET", "/purchase_invoices")[1]["$total"] == 0
    assert desk.balances() == {}


@pytest.mark.parametrize(
    ("changes", "source", "message"),
    [
        ({"tax_amount": None}, "tax_amount", "This field is required."),
        ({"tax_amount": 9.0}, "tax_amount", "The tax amount does not match the tax rate."),
        ({"tax_rate_id": None}, "tax_rate_id", "This field is required."),
        ({"tax_rate_id": "GB_HOSPITALITY"}, "tax_rate_id", "The tax rate is not available"),
        ({"tax_rate_id": "GB_OLD_LOWER"}, "tax_rate_id", "The tax rate is not available"),
        ({"net_amount": 41.0}, "net_amount", "The net amount does not match"),
        ({"ledger_account_id": "x"}, "ledger_account_id", "can't find ledger account"),
        ({"analysis_type_categories": ["x"]}, "analysis_type_categories", "can't find analysis type category"),
        ({"product_id": "x"}, "product_id", "can't find product"),
    ],
)
def test_what_a_line_is_refused_for(desk: Desk, changes: dict[str, Any], source: str, message: str) -> None:
    found = desk.refused("purchase_invoices", desk.bill(invoice_lines=[desk.line(**changes)]))
    assert found.keys() == {f"invoice_lines.{source}"}
    assert found[f"invoice_lines.{source}"].startswith(message)


def test_every_error_is_told_at_once(desk: Desk) -> None:
    wrong = desk.bill(due_date=None, contact_id=None, invoice_lines=[desk.line(tax_amount=None, quantity=None)])
    found = desk.refused("purchase_invoices", wrong)
    assert found.keys() >= {"due_date", "contact_id", "invoice_lines.quantity"}


def test_a_line_without_tax_needs_no_tax_amount(desk: Desk) -> None:
    made = desk.create(
        "purchase_invoices", desk.bill(invoice_lines=[desk.line(tax_rate_id="GB_ZERO", tax_amount=None)])
    )
    assert made["total_amount"] == 40.0


def test_a_price_with_tax_inside(desk: Desk) -> None:
    line = desk.line(unit_price=48.0, unit_price_includes_tax=True)
    made = desk.create("purchase_invoices", desk.bill(invoice_lines=[line]))
    assert (made["net_amount"], made["total_amount"]) == (40.0, 48.0)


def test_the_rate_of_the_day_counts(desk: Desk) -> None:
    edit(desk, lock_date=None, accounts_start_date=None)
    old = desk.bill(date="2010-06-01", due_date="2010-07-01", invoice_lines=[desk.line(tax_amount=7.0)])
    assert desk.create("purchase_invoices", old)["tax_amount"] == 7.0


def test_accounts_hidden_inactive_or_of_control_are_refused(desk: Desk) -> None:
    def refused(code: int) -> str:
        line = desk.line(code)
        return desk.refused("purchase_invoices", desk.bill(invoice_lines=[line]))["invoice_lines.ledger_account_id"]

    assert refused(4000).startswith("The ledger account is not available")
    assert refused(2100).startswith("The ledger account is a control account")
    edit(desk, account_areas={"code": 7520, "areas": ["sales"]})
    assert refused(7520).startswith("The ledger account is not available")


def test_contacts_of_the_other_type_or_inactive_are_refused(desk: Desk) -> None:
    vendor = {"contact_id": desk.contact("Northgate Stationers")}
    assert desk.refused("sales_invoices", desk.sale(**vendor)) == {"contact_id": "can't find customer"}
    inactive = {"contact_id": desk.contact("Dunmore Signs (closed)")}
    assert desk.refused("purchase_invoices", desk.bill(**inactive)) == {"contact_id": "The contact is inactive."}
    both = {"contact_id": desk.contact("Copperfield Insurance")}
    assert desk.create("purchase_invoices", desk.bill(**both))


def test_sales_documents_are_numbered_and_voided(desk: Desk) -> None:
    first, second = desk.create("sales_invoices", desk.sale()), desk.create("sales_invoices", desk.sale())
    assert (first["displayed_as"], second["displayed_as"]) == ("SI-1", "SI-2")
    status, gone = desk.call("DELETE", f"/sales_invoices/{first['id']}", query={"void_reason": "mistake"})
    assert (status, gone["status"]["id"], gone["void_reason"]) == (200, "VOID", "mistake")
    assert desk.balances() == {"1100": Decimal(48), "4000": Decimal(-40), "2200": Decimal(-8)}
    assert desk.call("GET", "/sales_invoices")[1]["$total"] == 2


def test_credit_notes_turn_the_postings_round(desk: Desk) -> None:
    assert desk.create("purchase_credit_notes", desk.credit())["total_amount"] == 48.0
    assert desk.balances() == {"7520": Decimal(-40), "2201": Decimal(-8), "2100": Decimal(48)}


def test_under_reverse_charge_the_vat_is_booked_and_not_owed(desk: Desk) -> None:
    """Who buys accounts for it on both tax accounts, who sells has nothing to do with it."""
    made = desk.create("purchase_invoices", desk.bill(vat_reverse_charge=True))
    assert made["vat_reverse_charge"] is True
    assert (made["net_amount"], made["tax_amount"], made["total_amount"]) == (40.0, 0.0, 40.0)
    assert made["outstanding_amount"] == 40.0 and made["invoice_lines"][0]["tax_amount"] == 8.0
    booked = {"7520": Decimal(40), "2201": Decimal(8), "2200": Decimal(-8), "2100": Decimal(-40)}
    assert desk.balances() == booked
    draft = desk.create("purchase_credit_notes", desk.credit(vat_reverse_charge=True, status_id="DRAFT"))
    assert desk.balances() == booked
    assert desk.call("POST", f"/purchase_credit_notes/{draft['id']}/release")[0] == 201
    assert desk.balances() == {}
    sold = desk.create("sales_invoices", desk.sale(vat_reverse_charge=True))
    assert (sold["tax_amount"], sold["total_amount"]) == (0.0, 40.0)
    assert desk.balances() == {"1100": Decimal(40), "4000": Decimal(-40)}


def test_reverse_charge_is_switched_on_in_a_british_business(desk: Desk) -> None:
    edit(desk, reverse_charge=False)
    said = {"vat_reverse_charge": "Domestic reverse charge is not enabled."}
    assert desk.refused("purchase_invoices", desk.bill(vat_reverse_charge=True)) == said
    assert desk.create("purchase_invoices", desk.bill(vat_reverse_charge=False))["total_amount"] == 48.0
    elsewhere = Desk(fresh(IE))
    line = elsewhere.line(tax_amount=9.2)  # 23 %
    made = elsewhere.create("purchase_invoices", elsewhere.bill(invoice_lines=[line], vat_reverse_charge=True))
    assert (made["vat_reverse_charge"], made["total_amount"]) == (False, 49.2)


def test_a_draft_counts_when_released(desk: Desk) -> None:
    draft = desk.create("purchase_invoices", desk.bill(status_id="DRAFT"))
    assert desk.balances() == {}
    status, released = desk.call("POST", f"/purchase_invoices/{draft['id']}/release")
    assert (status, released["status"]["id"]) == (201, "UNPAID")
    assert desk.balances()["2100"] == Decimal(-48)
    assert desk.call("POST", f"/purchase_invoices/{draft['id']}/release")[0] == 422


def test_payments_settle_and_can_be_deleted(desk: Desk) -> None:
    bill = desk.create("purchase_invoices", desk.bill())
    part = desk.create("contact_payments", desk.payment(bill, 20.0))
    assert desk.read("purchase_invoices", bill["id"])["status"]["id"] == "PART_PAID"
    too_much = desk.refused("contact_payments", desk.payment(bill, 40.0))
    assert too_much["allocated_artefacts.amount"] == "The allocated amount is more than the outstanding amount."
    desk.create("contact_payments", desk.payment(bill, 28.0))
    paid = desk.read("purchase_invoices", bill["id"])
    assert (paid["status"]["id"], paid["outstanding_amount"], len(paid["payments_allocations"])) == ("PAID", 0.0, 2)
    assert desk.balances() == {"7520": Decimal(40), "2201": Decimal(8), "1200": Decimal(-48)}
    assert desk.call("DELETE", f"/purchase_invoices/{bill['id']}")[0] == 422
    assert desk.call("DELETE", f"/contact_payments/{part['id']}")[0] == 204
    assert desk.read("purchase_invoices", bill["id"])["outstanding_amount"] == 20.0


def test_payments_of_the_wrong_kind_are_refused(desk: Desk) -> None:
    bill = desk.create("purchase_invoices", desk.bill())
    refund = desk.refused("contact_payments", desk.payment(bill, transaction_type_id="VENDOR_REFUND"))
    assert refund["allocated_artefacts.artefact_id"] == "The artefact cannot be allocated to this contact payment."
    closed = desk.refused("contact_payments", desk.payment(bill, bank_account_id=desk.bank(1290)))
    assert closed == {"bank_account_id": "The bank account is inactive."}
    assert desk.refused("contact_payments", desk.payment(bill, bank_account_id=None))


def test_a_foreign_bill_paid_at_another_rate_leaves_a_difference(desk: Desk) -> None:
    bill = desk.create("purchase_invoices", desk.bill(currency_id="EUR", exchange_rate=0.8))
    assert bill["base_currency_total_amount"] == 38.4
    paid = {"currency_id": "EUR", "exchange_rate": 0.9, "bank_account_id": desk.bank(1250)}
    desk.create("contact_payments", desk.payment(bill, **paid))
    assert desk.balances()["7905"] == Decimal("4.80")
    assert desk.balances()["1250"] == Decimal("-43.20")
    assert "2100" not in desk.balances()
    edit(desk, multi_currency=False)
    assert "multi-currency" in desk.refused("purchase_invoices", desk.bill(currency_id="EUR"))["currency_id"]


def test_other_payments_and_quick_entries(desk: Desk) -> None:
    desk.create("other_payments", desk.other())
    assert desk.balances() == {"7310": Decimal(40), "2201": Decimal(8), "1200": Decimal(-48)}
    assert desk.refused("other_payments", desk.other(total_amount=50.0)) == {
        "total_amount": "The total amount does not match the lines."
    }
    assert desk.refused("other_payments", desk.other(bank_account_id=None)).keys() == {"bank_account_id"}
    entry = desk.create("purchase_quick_entries", desk.quick())
    desk.create("contact_payments", desk.payment(entry))
    assert desk.read("purchase_quick_entries", entry["id"])["status"]["id"] == "PAID"
    assert desk.refused("purchase_quick_entries", desk.quick(reference=None)).keys() == {"reference"}
    wrong = desk.create("purchase_quick_entries", desk.quick(reference="LB-WRONG"))
    assert desk.call("DELETE", f"/purchase_quick_entries/{wrong['id']}")[0] == 204
    assert desk.read("purchase_quick_entries", wrong["id"])["status"]["id"] == "VOID"


def test_combined_rates_and_countries_without_tax() -> None:
    canada = Desk(fresh(CA))
    line = canada.line(tax_rate_id="CA_GST_PST_BC", tax_amount=4.8)
    made = canada.create("purchase_invoices", canada.bill(invoice_lines=[line]))
    assert [part["amount"] for part in made["invoice_lines"][0]["tax_breakdown"]] == [2.0, 2.8]
    america = Desk(fresh(US))
    line = america.line(tax_rate_id=None, tax_amount=None)
    assert america.create("purchase_invoices", america.bill(invoice_lines=[line]))["total_amount"] == 40.0


def test_what_a_plan_or_a_person_lacks(desk: Desk) -> None:
    start = Desk(fresh(START))
    status, body = start.call("POST", "/purchase_invoices", {"purchase_invoice": start.bill()})
    assert (status, body[0]["$dataCode"]) == (403, "FeatureNotAvailable")
    assert start.create("other_payments", start.other())
    for email in (seed.READER, seed.CLERK):
        person = Desk(desk.books, PEOPLE[email])
        status, body = person.call("POST", "/purchase_invoices", {"purchase_invoice": desk.bill()})
        assert (status, body[0]["$dataCode"]) == (403, "MultiUserAccessDenied")
    assert Desk(desk.books, PEOPLE[seed.COLLEAGUE]).call("GET", "/analysis_types")[0] == 403
    assert Desk(desk.books, scope="readonly").call("POST", "/contacts", {"contact": {}})[0] == 403


def test_attachments(desk: Desk) -> None:
    bill = desk.create("purchase_invoices", desk.bill())
    file = {
        "file": base64.b64encode(b"%PDF-1.7").decode(),
        "file_name": "r.pdf",
        "mime_type": "application/pdf",
        "attachment_context_type_id": "PURCHASE_INVOICE",
        "attachment_context_id": bill["id"],
    }
    made = desk.create("attachments", file)
    assert (made["file_size"], made["file_extension"]) == (8, ".pdf")
    assert desk.call("GET", f"/attachments/{made['id']}/file") == (200, b"%PDF-1.7")
    desk.create("attachments", file)
    assert desk.call("GET", "/attachments", query={"attachment_context_id": bill["id"]})[1]["$total"] == 2
    assert desk.call("GET", "/purchase_invoices", query={"has_attachments": "true"})[1]["$total"] == 1
    large = base64.b64encode(b"x" * 2_500_001).decode()
    assert desk.refused("attachments", file | {"file": large}) == {"file": "The file is larger than 2.5 MB."}
    assert desk.refused("attachments", file | {"file": "%"}) == {"file": "The file is not valid base64."}
    assert desk.refused("attachments", file | {"attachment_context_id": "x"}).keys() == {"attachment_context_id"}


def test_switches_for_what_sage_leaves_unsaid(desk: Desk) -> None:
    desk.rules.refuse_duplicates = desk.rules.refuse_future_dates = True
    desk.create("purchase_invoices", desk.bill())
    assert desk.refused("purchase_invoices", desk.bill()).keys() == {"vendor_reference"}
    later = desk.bill(date="2026-11-23", vendor_reference="SUP-78")
    assert desk.refused("purchase_invoices", later) == {"date": "The date cannot be later than today."}
    edit(desk, tax_return_until="2026-10-31")
    assert desk.refused("purchase_invoices", desk.bill(date="2026-10-31")).keys() == {"date"}


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 400), ({"sales_invoice": {}}, 400), ({"purchase_invoice": {}, "x": {}}, 400)],
)
def test_bodies_that_are_none(desk: Desk, body: Any, status: int) -> None:
    assert desk.call("POST", "/purchase_invoices", body)[0] == status
