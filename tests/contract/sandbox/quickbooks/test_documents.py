"""Documents of the three kinds of company: totals and tax to the cent, journals that balance, changes and payments."""

from decimal import Decimal
from typing import Any

import pytest

from rehearsal.sandbox_process import SandboxClient
from tests.contract.sandbox.quickbooks.desk import (
    CA,
    GB,
    SIMPLE_START,
    US,
    Body,
    Desk,
    american_bill,
    bill,
    connect,
    line,
)


def canadian_bill(*lines: Body, **more: Any) -> Body:
    made = bill(*lines, **more)
    del made["CurrencyRef"]
    return made


def sale(amount: float, *, tax: str, **more: Any) -> Body:
    detail = {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": tax}}
    row = {"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": detail}
    return {"CustomerRef": {"value": "61"}, "TxnDate": "2026-03-11", "Line": [row], **more}


def tax_lines(document: Body) -> dict[str, float]:
    return {one["TaxLineDetail"]["TaxRateRef"]["value"]: one["Amount"] for one in document["TxnTaxDetail"]["TaxLine"]}


def assert_balanced(desk: Desk) -> list[Body]:
    journals: list[Body] = desk.books()["Journals"]
    for journal in journals:
        assert sum(Decimal(one["amount"]) for one in journal["postings"]) == 0, journal
    return journals


def test_british_tax_is_added_by_rate(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, GB)
    made = desk.post("Bill", bill(line(10.01), line(10.02), line(100, tax="3"), line(7, tax="6")))
    # 20 % of 20.03 is 4.006; line by line it would be 2.00 + 2.00.
    assert (made["TotalAmt"], made["Balance"], made["TxnTaxDetail"]["TotalTax"]) == (136.04, 136.04, 9.01)
    assert tax_lines(made) == {"2": 4.01, "4": 5, "10": 0}
    assert_balanced(desk)


def test_british_tax_is_taken_out_of_gross_amounts(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, GB)
    made = desk.post("Bill", bill(line(9.99), GlobalTaxCalculation="TaxInclusive"))
    detail = made["Line"][0]["AccountBasedExpenseLineDetail"]
    assert (made["Line"][0]["Amount"], detail["TaxInclusiveAmt"], made["TotalAmt"]) == (8.33, 9.99, 9.99)
    beside = desk.post("Bill", bill(line(8.33, TaxInclusiveAmt=9.99), GlobalTaxCalculation="TaxInclusive"))
    assert (beside["Line"], beside["TotalAmt"]) == (made["Line"], 9.99)
    assert_balanced(desk)


def test_reverse_charge_adds_nothing(sandbox: SandboxClient) -> None:
    made = connect(sandbox, GB).post("Bill", bill(line(100, tax="7")))
    assert (made["TotalAmt"], tax_lines(made)) == (100, {"12": 20, "13": -20})


def test_sent_tax_lines_stand(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, GB)
    sent = {"TaxRateRef": {"value": "2"}, "PercentBased": True, "TaxPercent": 20, "NetAmountTaxable": 40}
    detail = {"TaxLine": [{"Amount": 8.01, "DetailType": "TaxLineDetail", "TaxLineDetail": sent}]}
    assert desk.post("Bill", bill(TxnTaxDetail=detail))["TotalAmt"] == 48.01
    assert_balanced(desk)


def test_combined_canadian_codes_have_a_line_for_each_rate(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, CA)
    excluded = desk.post("Bill", canadian_bill(line(100.10, tax="5")))
    assert sorted(tax_lines(excluded).values()) == [5.01, 9.98]
    assert excluded["TotalAmt"] == 115.09
    inclusive = desk.post("Bill", canadian_bill(line(115.09, tax="5"), GlobalTaxCalculation="TaxInclusive"))
    assert (inclusive["Line"][0]["Amount"], inclusive["TotalAmt"]) == (100.10, 115.09)
    assert_balanced(desk)


def test_american_purchases_carry_no_tax_and_sales_are_worked_out(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, US)
    made = desk.post("Bill", american_bill(line(40, tax="NON"), line(5.55, tax=None)))
    assert (made["TotalAmt"], "TxnTaxDetail" in made) == (45.55, False)
    automatic = desk.post("Invoice", sale(100, tax="TAX"))
    assert (automatic["TotalAmt"], automatic["DocNumber"]) == (108.25, "1001")
    assert automatic["Line"][-1] == {"Amount": 100, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    assert desk.post("Invoice", sale(100, tax="NON"))["TotalAmt"] == 100
    chosen = {"TxnTaxCodeRef": {"value": "3"}}
    assert desk.post("SalesReceipt", sale(100, tax="TAX", TxnTaxDetail=chosen))["TotalAmt"] == 108.20
    assert_balanced(desk)


@pytest.mark.parametrize(
    ("kind", "account", "credit", "posted"),
    [
        ("Cash", "1", False, "-48.00"),
        ("Check", "2", False, "-48.00"),
        ("CreditCard", "3", False, "-48.00"),
        ("CreditCard", "3", True, "48.00"),
    ],
)
def test_an_expense_is_posted_to_the_account_it_was_paid_from(
    sandbox: SandboxClient, kind: str, account: str, credit: bool, posted: str
) -> None:
    desk = connect(sandbox, GB)
    head: Body = {"EntityRef": {"value": "55", "type": "Vendor"}, "AccountRef": {"value": account}, "PaymentType": kind}
    body = bill(line(40), **head, Credit=credit)
    del body["VendorRef"]
    made = desk.post("Purchase", body)
    assert made["EntityRef"] == {"value": "55", "name": "Bright Office Supplies", "type": "Vendor"}
    (journal,) = assert_balanced(desk)
    assert {one["account_id"]: one["amount"] for one in journal["postings"]}[account] == posted


def test_credits_post_the_other_way(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, GB)
    assert desk.post("VendorCredit", bill())["Balance"] == 48
    body = sale(50, tax="2", GlobalTaxCalculation="TaxExcluded", CurrencyRef={"value": "GBP"})
    assert desk.post("CreditMemo", body)["TotalAmt"] == 60
    credit, memo = assert_balanced(desk)
    assert (credit["postings"][-1]["amount"], memo["postings"][-1]["amount"]) == ("48.00", "-60.00")


def test_foreign_bills_use_the_payable_account_and_rate_of_their_currency(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, GB)
    made = desk.post("Bill", bill(vendor="65", CurrencyRef={"value": "EUR"}))
    assert (made["APAccountRef"]["value"], made["ExchangeRate"]) == ("23", 0.86)
    rate = desk.call("GET", "/exchangerate", params={"sourcecurrencycode": "EUR", "asofdate": "2026-03-11"}).json()
    assert (rate["ExchangeRate"]["Rate"], rate["ExchangeRate"]["TargetCurrencyCode"]) == (0.86, "GBP")


def test_a_payment_takes_from_the_balance_until_it_is_deleted(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, US)
    owed = desk.post("Bill", american_bill(line(40, tax="NON")))
    link = {"Amount": 30, "LinkedTxn": [{"TxnId": owed["Id"], "TxnType": "Bill"}]}
    paid = {"BankAccountRef": {"value": "1"}}
    body = {"VendorRef": {"value": "55"}, "PayType": "Check", "CheckPayment": paid, "TotalAmt": 30, "Line": [link]}
    payment = desk.post("BillPayment", body)
    settled = desk.call("GET", f"/bill/{owed['Id']}").json()["Bill"]
    assert (settled["Balance"], settled["LinkedTxn"]) == (10, [{"TxnId": payment["Id"], "TxnType": "BillPaymentCheck"}])
    assert desk.refused("BillPayment", body)["code"] == "6000"
    assert desk.post("BillPayment", payment, operation="delete")["status"] == "Deleted"
    assert desk.call("GET", f"/bill/{owed['Id']}").json()["Bill"]["Balance"] == 40
    assert_balanced(desk)


def test_a_sparse_update_keeps_what_it_does_not_name_and_a_full_one_does_not(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, US)
    made = desk.post("Bill", american_bill(DocNumber="S-1", PrivateNote="first"))
    key = {"Id": made["Id"], "SyncToken": "0"}
    sparse = desk.post("Bill", {**key, "sparse": True, "PrivateNote": "second"})
    assert (sparse["DocNumber"], sparse["PrivateNote"], sparse["SyncToken"]) == ("S-1", "second", "1")
    full = desk.post("Bill", american_bill(**key | {"SyncToken": "1"}))
    assert ("DocNumber" in full, full["SyncToken"]) == (False, "2")
    assert desk.refused("Bill", {**key, "sparse": True})["code"] == "5010"


def test_a_deleted_document_is_gone_and_a_voided_one_stays(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, US)
    made = desk.post("Bill", american_bill())
    gone = desk.post("Bill", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")
    assert gone == {"status": "Deleted", "domain": "QBO", "Id": made["Id"]}
    again = desk.refused("Bill", {"Id": made["Id"], "SyncToken": "0", "sparse": True})
    assert again["Detail"] == "Object Not Found : Another user has deleted this transaction."
    invoice = desk.post("Invoice", sale(100, tax="NON", PrivateNote="mine"))
    void = desk.post("Invoice", {"Id": invoice["Id"], "SyncToken": "0"}, operation="void")
    assert (void["TotalAmt"], void["Balance"], void["PrivateNote"]) == (0, 0, "Voided - mine")
    assert assert_balanced(desk) == []


def test_a_deposited_receipt_cannot_be_changed_and_a_paid_bill_not_below_what_was_paid(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, US)
    receipt = desk.post("SalesReceipt", sale(100, tax="NON"))
    desk.edit(deposit={"entity": "SalesReceipt", "id": receipt["Id"]})
    key = {"Id": receipt["Id"], "SyncToken": "1"}
    assert desk.refused("SalesReceipt", {**key, "sparse": True, "PrivateNote": "new"})["code"] == "6540"
    assert desk.refused("SalesReceipt", key, operation="delete")["code"] == "6540"
    owed = desk.post("Bill", american_bill(line(40, tax="NON")))
    link = {"Amount": 30, "LinkedTxn": [{"TxnId": owed["Id"], "TxnType": "Bill"}]}
    card = {"PayType": "CreditCard", "CreditCardPayment": {"CCAccountRef": {"value": "3"}}}
    desk.post("BillPayment", {"VendorRef": {"value": "55"}, **card, "TotalAmt": 30, "Line": [link]})
    less = american_bill(line(20, tax="NON"), Id=owed["Id"], SyncToken="1")
    assert "what has been paid" in desk.refused("Bill", less)["Detail"]
    assert_balanced(desk)


def test_terms_set_the_due_date(sandbox: SandboxClient) -> None:
    made = connect(sandbox, US).post("Bill", american_bill(SalesTermRef={"value": "3"}))
    assert (made["DueDate"], made["SalesTermRef"]["name"]) == ("2026-04-10", "Net 30")


def test_simple_start_takes_expenses_but_no_bills(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, SIMPLE_START)
    assert desk.refused("Bill", canadian_bill())["code"] == "5020"
    body = canadian_bill(line(40), PaymentType="Cash", AccountRef={"value": "1"}, EntityRef={"value": "55"})
    del body["VendorRef"]
    assert desk.post("Purchase", body)["TotalAmt"] == 48
