"""Invoices, credit notes and bank transactions in the sandbox's books."""

import json

import pytest

from sandbox.xero import seed
from sandbox.xero.books import Books
from sandbox.xero.edits import edit
from tests.unit.sandbox.xero_desk import NOW, Desk, bill, line, sale, spend

ARCHIVED = "Account code '451' has been archived, or has been deleted. Each line item must reference a valid account."
YEAR_END = "The document date cannot be before the end of year lock date, currently set at 31 Mar 2025"
PERIOD = "The document date cannot be before the period lock date, currently set at 31 Dec 2025"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_bill_is_stored_with_totals_and_both_date_forms(desk: Desk) -> None:
    made = desk.create("Invoices", bill(Url="https://product.example/item/LB1"))
    assert (made["SubTotal"], made["TotalTax"], made["Total"], made["AmountDue"]) == (40.0, 8.0, 48.0, 48.0)
    assert made["Date"] == "/Date(1794355200000+0000)/"
    assert made["DateString"] == "2026-11-11T00:00:00"
    assert made["Url"] == "https://product.example/item/LB1"
    status, body = desk.call("GET", f"/Invoices/{made['InvoiceID']}")
    assert status == 200
    assert body["Invoices"][0]["LineItems"][0]["TaxType"] == "INPUT2"
    assert body["Invoices"][0]["Url"] == made["Url"]


def test_fields_that_xero_ignores_are_dropped(desk: Desk) -> None:
    made = desk.create("Invoices", bill(Reference="mine", Colour="blue"))
    assert not made.get("Reference")
    assert "Colour" not in made
    note = bill(Type="ACCPAYCREDIT", DueDate=None, CreditNoteNumber="CN-9", Reference="mine", Url="https://x.example")
    credit = desk.create("CreditNotes", note)
    assert not credit.get("CreditNoteNumber")
    assert not credit.get("Reference")
    assert "Url" not in credit
    kept = desk.create("CreditNotes", sale(Type="ACCRECCREDIT", Reference="LB2", CreditNoteNumber="CN-9"))
    assert (kept["Reference"], kept["CreditNoteNumber"]) == ("LB2", "CN-9")
    assert desk.create("Invoices", sale(Reference="LB3"))["Reference"] == "LB3"


@pytest.mark.parametrize(
    ("mode", "unit", "totals"),
    [
        ("Exclusive", 33.33, (33.33, 6.67, 40.0)),
        ("Inclusive", 40.0, (33.33, 6.67, 40.0)),
        ("NoTax", 33.33, (33.33, 0.0, 33.33)),
        ("Exclusive", 0.125, (0.13, 0.03, 0.16)),
    ],
)
def test_totals_by_tax_mode(desk: Desk, mode: str, unit: float, totals: tuple[float, ...]) -> None:
    made = desk.create("Invoices", bill(LineAmountTypes=mode, LineItems=[line(UnitAmount=unit)]))
    assert (made["SubTotal"], made["TotalTax"], made["Total"]) == totals


def test_line_amount_and_tax_round_halves_away_from_zero(desk: Desk) -> None:
    lines = [line(Quantity=0.5, UnitAmount=0.25, TaxType="NONE"), line(UnitAmount=0.5, TaxType="RRINPUT")]
    made = desk.create("Invoices", bill(LineItems=lines))["LineItems"]
    assert (made[0]["LineAmount"], made[1]["TaxAmount"]) == (0.13, 0.03)


def test_tax_is_rounded_for_each_line(desk: Desk) -> None:
    made = desk.create("Invoices", bill(LineItems=[line(UnitAmount=0.12) for _ in range(3)]))
    assert made["TotalTax"] == 0.06


def test_four_decimals_on_request_only(desk: Desk) -> None:
    lines = [line(UnitAmount=1.2345, Quantity=100)]
    assert desk.create("Invoices", bill(LineItems=lines))["SubTotal"] == 123.0
    four = desk.create("Invoices", bill(LineItems=lines), unitdp="4")
    assert (four["SubTotal"], four["LineItems"][0]["UnitAmount"]) == (123.45, 1.2345)
    _, body = desk.call("GET", f"/Invoices/{four['InvoiceID']}")
    assert body["Invoices"][0]["LineItems"][0]["UnitAmount"] == 1.23


def test_tax_amount_override_within_the_line_amount(desk: Desk) -> None:
    assert desk.create("Invoices", bill(LineItems=[line(TaxAmount=7.99)]))["Total"] == 47.99
    refused = desk.messages("Invoices", bill(LineItems=[line(TaxAmount=40.01)]))
    assert refused == ["The tax amount cannot be greater than the line amount."]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"LineItems": [line(AccountCode="451")]}, ARCHIVED),
        ({"LineItems": [line(AccountCode="999")]}, "Account code '999' is not a valid code for this document."),
        ({"LineItems": [line(AccountCode="090")]}, "Account code '090' is not a valid code for this document."),
        ({"LineItems": [line(AccountCode="800")]}, "Account code '800' is not a valid code for this document."),
        ({"LineItems": [line(AccountCode=None)]}, "Account code or ID must be specified"),
        ({"LineItems": [line(Description=None)]}, "The description field is mandatory for each line item."),
        (
            {"LineItems": [line(TaxType="OUTPUT2")]},
            "The TaxType code 'OUTPUT2' cannot be used with account code '429'.",
        ),
        (
            {"LineItems": [line(TaxType="OUTPUT2", AccountCode="835")]},
            "The TaxType code 'OUTPUT2' does not exist or cannot be used for this type of transaction.",
        ),
        (
            {"LineItems": [line(TaxType="TAX001")]},
            "The TaxType code 'TAX001' does not exist or cannot be used for this type of transaction.",
        ),
        ({"LineItems": [line(LineAmount=40.01)]}, "The line total 40.01 does not match the expected line total 40.00"),
        ({"LineItems": [line(Quantity=-1)]}, "Quantity must not be less than zero"),
        ({"LineItems": [line(DiscountRate=10)]}, "Discounts may not be applied to ACCPAY invoices."),
        ({"LineItems": [line(ItemCode="NOPE")]}, "Item code 'NOPE' is not valid"),
        ({"LineItems": []}, "One or more line items must be specified"),
        ({"Total": 48.01}, "The document total does not equal the sum of the lines."),
        ({"DueDate": None}, "The document DueDate field must be specified."),
        ({"DueDate": None, "Status": "SUBMITTED"}, "The document DueDate field must be specified."),
        ({"Date": "2025-03-31"}, YEAR_END),
        ({"Date": "2025-12-31"}, PERIOD),
        ({"CurrencyCode": "JPY"}, "Organisation is not subscribed to currency JPY"),
        ({"Contact": None}, "A Contact must be specified for this type of transaction"),
        ({"Status": "VOIDED"}, "Invoice not of valid status for creation"),
        (
            {"InvoiceID": "9d1f1d4e-0000-4000-8000-000000000000"},
            "PUT creates documents; a document that exists is updated by POST.",
        ),
    ],
)  # fmt: skip
def test_refusals_of_a_bill(desk: Desk, changes: dict[str, object], message: str) -> None:
    before = desk.books.view()
    assert message in desk.messages("Invoices", bill(**changes))
    assert desk.books.view() == before


def test_drafts_pass_where_approved_bills_do_not(desk: Desk) -> None:
    for changes in ({"Date": "2025-03-31"}, {"DueDate": None}, {"LineItems": [line(AccountCode=None)]}):
        assert desk.create("Invoices", bill(Status="DRAFT", **changes))["Status"] == "DRAFT"
    assert desk.create("Invoices", bill(Status="SUBMITTED", Date="2025-03-31"))["Status"] == "SUBMITTED"


def test_draft_with_an_unknown_account_is_kept_with_a_warning(desk: Desk) -> None:
    draft = bill(Status="DRAFT", LineItems=[line(AccountCode="999")])
    made = desk.create("Invoices", draft, summarizeErrors="false")
    warning = "Account code '999' has been removed as it does not match a recognised account."
    assert made["StatusAttributeString"] == "WARNING"
    assert made["Warnings"] == [{"Message": warning}]
    assert "AccountCode" not in made["LineItems"][0]


def test_only_the_adviser_passes_the_period_lock_and_nobody_the_year_end(desk: Desk) -> None:
    adviser = desk.as_person(seed.ADVISER)
    assert adviser.create("Invoices", bill(Date="2025-12-31"))["Status"] == "AUTHORISED"
    assert adviser.messages("Invoices", bill(Date="2025-03-31")) == [YEAR_END]


def test_rights_follow_the_role(desk: Desk) -> None:
    clerk = desk.as_person(seed.CLERK)
    assert clerk.messages("Invoices", bill()) == ["The user specified does not have the correct permissions"]
    assert clerk.create("Invoices", bill(Status="DRAFT"))["Status"] == "DRAFT"
    assert desk.as_person(seed.READER).messages("Invoices", bill(Status="DRAFT"))


def test_sales_numbers_are_unique_and_bill_numbers_are_not(desk: Desk) -> None:
    first = desk.create("Invoices", sale())
    assert desk.messages("Invoices", sale()) == ["Invoice # must be unique."]
    desk.create("Invoices", bill())
    desk.create("Invoices", bill())
    desk.call("POST", f"/Invoices/{first['InvoiceID']}", {"Status": "VOIDED"})
    assert desk.create("Invoices", sale())["InvoiceNumber"] == "S-1"


def test_post_overwrites_a_sales_invoice_by_number(desk: Desk) -> None:
    first = desk.create("Invoices", sale())
    changed = sale(LineItems=[line(AccountCode="200", UnitAmount=99)])
    _, body = desk.call("POST", "/Invoices", {"Invoices": [changed]})
    assert body["Invoices"][0]["InvoiceID"] == first["InvoiceID"]
    assert body["Invoices"][0]["SubTotal"] == 99.0
    _, twice = desk.call("POST", "/Invoices", {"Invoices": [bill(), bill()]})
    assert len({one["InvoiceID"] for one in twice["Invoices"]}) == 2


def test_numbers_are_given_to_sales_without_one(desk: Desk) -> None:
    made = [desk.create("Invoices", sale(InvoiceNumber=None))["InvoiceNumber"] for _ in range(2)]
    assert len(set(made)) == 2
    assert made[0].startswith("INV-")


@pytest.mark.parametrize(
    ("start", "wanted", "allowed"),
    [
        ("DRAFT", "SUBMITTED", True),
        ("DRAFT", "AUTHORISED", True),
        ("DRAFT", "DELETED", True),
        ("DRAFT", "VOIDED", False),
        ("SUBMITTED", "AUTHORISED", True),
        ("AUTHORISED", "VOIDED", True),
        ("AUTHORISED", "DELETED", False),
        ("AUTHORISED", "DRAFT", False),
        ("AUTHORISED", "PAID", False),
    ],
)
def test_moves_between_statuses(desk: Desk, start: str, wanted: str, allowed: bool) -> None:
    made = desk.create("Invoices", bill(Status=start))
    status, body = desk.call("POST", f"/Invoices/{made['InvoiceID']}", {"Status": wanted})
    assert status == (200 if allowed else 400), body
    if allowed:
        assert body["Invoices"][0]["Status"] == wanted
    else:
        assert body["Elements"][0]["ValidationErrors"][0]["Message"] == "Invoice not of valid status for modification"


def test_approving_a_draft_checks_it_again(desk: Desk) -> None:
    made = desk.create("Invoices", bill(Status="DRAFT", DueDate=None))
    status, body = desk.call("POST", f"/Invoices/{made['InvoiceID']}", {"Status": "AUTHORISED"})
    assert status == 400
    assert "DueDate" in json.dumps(body)


def test_spend_money_takes_the_currency_of_its_bank_account(desk: Desk) -> None:
    assert desk.create("BankTransactions", spend())["CurrencyCode"] == "GBP"
    euro = desk.create("BankTransactions", spend(BankAccount={"Code": "092"}))
    assert (euro["CurrencyCode"], euro["CurrencyRate"]) == ("EUR", 1.1725)
    refused = desk.messages("BankTransactions", spend(CurrencyCode="EUR"))
    assert refused == ["The currency of the transaction must be that of the bank account (GBP)."]
    jpy = desk.messages("BankTransactions", spend(CurrencyCode="JPY"))
    assert jpy == ["Organisation is not subscribed to currency JPY"]


@pytest.mark.parametrize("account", [None, {"Code": "429"}, {"Code": "099"}, {"Code": "nope"}, {"AccountID": "x"}])
def test_spend_money_needs_an_active_bank_account(desk: Desk, account: dict[str, str] | None) -> None:
    refused = desk.messages("BankTransactions", spend(BankAccount=account))
    assert refused == ["The specified bank account details do not match a known bank account"]


def test_spend_money_has_no_draft_and_obeys_lock_dates(desk: Desk) -> None:
    assert desk.messages("BankTransactions", spend(Date="2025-12-01")) == [PERIOD]
    status, body = desk.call("PUT", "/BankTransactions", {"BankTransactions": [spend(Status="DRAFT")]})
    assert (status, body["Type"]) == (400, "PostDataInvalidException")


def test_tracking_by_names_or_ids_must_be_active(desk: Desk) -> None:
    tracked = [line(Tracking=[{"Name": "Region", "Option": "North"}, {"Name": "department", "Option": "Retail"}])]
    kept = desk.create("Invoices", bill(LineItems=tracked))["LineItems"][0]["Tracking"]
    assert [one["Option"] for one in kept] == ["North", "Retail"]
    ids = [{name: kept[0][name] for name in ("TrackingCategoryID", "TrackingOptionID")}]
    assert desk.create("Invoices", bill(LineItems=[line(Tracking=ids)]))["LineItems"][0]["Tracking"][0] == kept[0]
    for name, option in (("Region", "Eastside"), ("Vehicle", "Van 1"), ("Region", "Moon")):
        refused = desk.messages("Invoices", bill(LineItems=[line(Tracking=[{"Name": name, "Option": option}])]))
        assert refused == [f"The tracking category or option '{option}' could not be found or is not active."]


def test_an_item_brings_its_price_account_and_tax(desk: Desk) -> None:
    made = desk.create("Invoices", bill(LineItems=[{"ItemCode": "PAPER-A4", "Quantity": 2}]))["LineItems"][0]
    assert (made["UnitAmount"], made["AccountCode"], made["TaxType"]) == (18.4, "461", "INPUT2")
    assert made["Description"] == "A4 paper, box of five reams"


def test_plan_limits(desk: Desk) -> None:
    edit(desk.books, {"plan": "STARTER"}, NOW)
    for _ in range(5):
        desk.create("Invoices", bill())
    assert desk.messages("Invoices", bill()) == ["You have reached the limit of invoices you can approve"]
    desk.create("Invoices", bill(Status="DRAFT"))
    desk.create("Invoices", bill(Date="2026-10-11"))
    edit(desk.books, {"plan": "LEDGER"}, NOW)
    assert desk.messages("Invoices", bill(Status="DRAFT")) == [
        "Purchases are not available on this organisation's plan"
    ]


def test_one_refused_element_refuses_the_call_unless_told_to_list_them(desk: Desk) -> None:
    batch = {"Invoices": [bill(), bill(DueDate=None), bill(InvoiceNumber="SUP-78")]}
    before = desk.books.view()
    status, body = desk.call("PUT", "/Invoices", batch)
    assert (status, body["ErrorNumber"], len(body["Elements"])) == (400, 10, 1)
    assert desk.books.view() == before
    status, body = desk.call("PUT", "/Invoices", batch, {"summarizeErrors": "false"})
    assert status == 200
    assert [one["StatusAttributeString"] for one in body["Invoices"]] == ["OK", "ERROR", "OK"]
    refused = body["Invoices"][1]
    assert refused["InvoiceID"] == "00000000-0000-0000-0000-000000000000"
    assert refused["HasErrors"] is True
    assert refused["ValidationErrors"] == [{"Message": "The document DueDate field must be specified."}]
    assert len(desk.stored("Invoices")) == 2


def test_a_refused_document_leaves_no_contact_behind(desk: Desk) -> None:
    count = len(desk.stored("Contacts"))
    desk.call(
        "PUT", "/Invoices", {"Invoices": [bill(Contact={"Name": "Never"}, DueDate=None)]}, {"summarizeErrors": "false"}
    )
    assert len(desk.stored("Contacts")) == count
    assert desk.books.contact_named("Never") is None
    assert desk.last is not None
    assert desk.last.events == ()


def test_events_of_documents_and_their_contacts(desk: Desk) -> None:
    made = desk.create("Invoices", bill(Contact={"Name": "Quite New"}))
    assert desk.last is not None
    told = [(one.category, one.type, one.data) for one in desk.last.events]
    status = {"Type": "ACCPAY", "Status": "AUTHORISED"}
    assert told == [("CONTACT", "CREATE", None), ("INVOICE", "CREATE", status)]
    assert desk.last.events[1].resource_id == made["InvoiceID"]
    desk.create("BankTransactions", spend())
    assert desk.last.events == ()


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"Invoices": 3}',
        b'{"Invoices": [3]}',
        b'{"Type": "BILL"}',
        b"NaN",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"Type": "ACCPAY", "Date": "2026-02-30"}',
        b'{"Type": "ACCPAY", "Contact": {"Name": "A"}, "LineItems": [{"Quantity": "many"}]}',
        b'{"Type": "ACCPAY", "Contact": {"Name": "A"}, "LineItems": [{"UnitAmount": 1e400}]}',
        b'{"Type": "ACCPAY", "Contact": {"Name": "A"}, "LineAmountTypes": "NO_TAX"}',
        b'{"Type": "ACCPAY", "Contact": "A"}',
    ],
)
def test_bodies_that_cannot_be_read(desk: Desk, body: bytes) -> None:
    before = desk.books.view()
    status, answer = desk.call("PUT", "/Invoices", body)
    assert (status, answer["ErrorNumber"], answer["Type"]) == (400, 14, "PostDataInvalidException")
    assert desk.books.view() == before


def test_json_only(desk: Desk) -> None:
    assert desk.call("GET", "/Accounts", headers={"accept": "text/xml"})[0] == 406
    assert desk.call("PUT", "/Invoices", bill(), headers={"content-type": "text/xml"})[0] == 415


def test_snapshot_keeps_everything(desk: Desk) -> None:
    made = desk.create("Invoices", bill(CurrencyCode="EUR"))
    desk.call("PUT", f"/Invoices/{made['InvoiceID']}/Attachments/a.pdf", b"%PDF-1.7")
    copy = Books.from_snapshot(json.loads(json.dumps(desk.books.to_snapshot())))
    assert copy.view() == desk.books.view()
    assert Desk(books=copy).create("Invoices", sale())["InvoiceID"] == desk.create("Invoices", sale())["InvoiceID"]
