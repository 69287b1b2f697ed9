"""What each document posts to the ledger, to the cent: for tests that compare books rather than answers."""

from collections.abc import Iterator
from decimal import Decimal

from sandbox.quickbooks.books import Company
from sandbox.quickbooks.documents import control_account
from sandbox.quickbooks.entities import PURCHASE_SIDE, SALES_SIDE
from sandbox.quickbooks.formats import ZERO, ref_value
from sandbox.quickbooks.tax import detail_of, posts
from sandbox.quickbooks.wire import Record

_REVERSED = frozenset({"VendorCredit", "CreditMemo"})


def of_company(company: Company) -> Iterator[Record]:
    """One journal per document that stands: postings in its currency, debits positive, summing to nothing."""
    for entity in (*PURCHASE_SIDE, *SALES_SIDE, "BillPayment", "Payment"):
        for record in company.tables[entity].values():
            postings = list(_postings(company, entity, record))
            if postings:
                head = {"source": entity, "id": record["Id"], "date": record["TxnDate"]}
                yield {**head, "currency": record["CurrencyRef"]["value"], "postings": postings}


def _postings(company: Company, entity: str, record: Record) -> Iterator[Record]:
    currency = record["CurrencyRef"]["value"]
    total: Decimal = record["TotalAmt"]
    if not total:
        return
    if entity == "BillPayment":
        bank = ref_value(record.get("CheckPayment") or record.get("CreditCardPayment") or {}, _bank_field(record))
        yield _posting(company, control_account(company, "Accounts Payable", currency)["Id"], total)
        yield _posting(company, str(bank), -total)
        return
    if entity == "Payment":
        deposit = ref_value(record, "DepositToAccountRef") or _sub_type(company, "UndepositedFunds")
        yield _posting(company, deposit, total)
        yield _posting(company, control_account(company, "Accounts Receivable", currency)["Id"], -total)
        return
    # Lines and tax on one side, the partner's or the bank's account on the other.
    sign = Decimal(1 if entity in PURCHASE_SIDE else -1)
    if entity in _REVERSED or record.get("Credit"):
        sign = -sign
    for line in record["Line"]:
        if posts(line) and line["Amount"]:
            yield _posting(company, _line_account(company, entity, line), sign * line["Amount"])
    tax = record.get("TxnTaxDetail", {}).get("TotalTax", ZERO)
    if tax:
        yield _posting(company, _sub_type(company, "GlobalTaxPayable"), sign * tax)
    yield _posting(company, _counter_account(company, entity, record), -sign * total)


def _bank_field(record: Record) -> str:
    return "BankAccountRef" if record["PayType"] == "Check" else "CCAccountRef"


def _line_account(company: Company, entity: str, line: Record) -> str:
    detail = detail_of(line)
    account = ref_value(detail, "AccountRef")
    if account is not None:
        return account
    item = company.tables["Item"][detail["ItemRef"]["value"]]
    field = "ExpenseAccountRef" if entity in PURCHASE_SIDE else "IncomeAccountRef"
    return str(ref_value(item, field))


def _counter_account(company: Company, entity: str, record: Record) -> str:
    own = ref_value(
        record, {"Purchase": "AccountRef", "SalesReceipt": "DepositToAccountRef"}.get(entity, "APAccountRef")
    )
    return own or str(control_account(company, "Accounts Receivable", record["CurrencyRef"]["value"])["Id"])


def _sub_type(company: Company, wanted: str) -> str:
    accounts = company.tables["Account"].values()
    return str(next(one["Id"] for one in accounts if one["AccountSubType"] == wanted))


def _posting(company: Company, account_id: str, amount: Decimal) -> Record:
    account = company.tables["Account"][account_id]
    return {"account_id": account_id, "account": account["FullyQualifiedName"], "amount": amount}
