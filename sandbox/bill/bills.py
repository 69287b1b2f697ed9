"""Bills: created one by one or in bulk, replaced, changed, archived.

Source: developer.bill.com, "Bills", "Create a bill", "Create multiple bills" (a request is carried out whole or not at
all: "If any bill creation is not successful, the entire request fails and none of the bills in the request are
created"), change logs of 26 December 2024, 10 and 31 January and 2 April 2025 (classifications, vendorName). There is
no idempotency key: the same body twice makes two bills.
"""

from decimal import Decimal

from sandbox.bill import approvals
from sandbox.bill.books import Books
from sandbox.bill.formats import (
    NAME_TAKEN,
    Problem,
    Record,
    RefusedError,
    bad_field,
    broken_rule,
    known_only,
    read_amount,
    read_day,
    read_object,
    read_text,
)  # fmt: skip
from sandbox.bill.wire import ApiCall

MOST_IN_BULK = 100  # the newer reference page; an older one says 200
LONGEST_DESCRIPTION = 4_000
LONGEST_INVOICE_NUMBER = 100  # assumed, as for vendor credits
TAKEN = "Invoice number already exists."  # wording reported for BDC_1171
CLASSIFICATIONS = {
    "chartOfAccountId": "chart-of-accounts",
    "accountingClassId": "accounting-classes",
    "departmentId": "departments",
    "locationId": "locations",
    "jobId": "jobs",
    "itemId": "items",
    "customerId": "customers",  # assumed, with employeeId: by analogy to the fields above
    "employeeId": "employees",
}
_LINE_FIELDS = ("id", "amount", "quantity", "price", "description", "classifications")
_FIELDS = (
    "vendorId",
    "description",
    "dueDate",
    "billLineItems",
    "invoice",
    "payFromChartOfAccountId",
    "classifications",
    "purchaseOrderNumber",  # assumed name
    "billApprovals",
    "vendorCredits",
)
_NEEDED = ("vendorId", "dueDate", "billLineItems", "invoice")


def create(books: Books, call: ApiCall, body: object) -> Record:
    """Raises RefusedError: 400 for fields, 422 for references and rules."""
    given = read_object(body)
    draft = _draft(books, call, given, {})
    draft |= {"paymentStatus": "UNPAID", **approvals.assigned(books, draft, bool(given.get("billApprovals")), call.now)}
    return books.create("bills", draft, call.now)


def create_all(books: Books, call: ApiCall, body: object) -> list[Record]:
    """POST /v3/bills/bulk: an array of bills, answered as an array of bills in the same order; all or none.

    That a refusal lists the problems of every refused element, each preceded by its index, is assumed.
    """
    if not isinstance(body, list) or not body:
        raise bad_field("body: must be an array of bills")
    if len(body) > MOST_IN_BULK:
        raise bad_field(f"size must be between 1 and {MOST_IN_BULK}")
    made: list[Record] = []
    problems: list[Problem] = []
    status = 400
    for at, element in enumerate(body):
        try:
            made.append(create(books, call, element))
        except RefusedError as refused:
            status = refused.status
            problems += [Problem(one.code, f"[{at}].{one.message}", one.category) for one in refused.problems]
    if problems:
        raise RefusedError(status, *problems)
    return made


def replace(books: Books, call: ApiCall, bill: Record, body: object) -> Record:
    """PUT: the whole bill anew; what is not sent is gone."""
    return _changed(books, call, bill, read_object(body), {})


def update(books: Books, call: ApiCall, bill: Record, body: object) -> Record:
    """PATCH: the fields sent replace those stored, line items as a whole."""
    return _changed(books, call, bill, read_object(body), bill)


def rendered(books: Books, bill: Record, *, named: bool) -> Record:
    """A bill as answered; lists and single reads carry the vendor's name, creating answers do not."""
    if not named:
        return bill
    return {**bill, "vendorName": books.tables["vendors"][bill["vendorId"]]["name"]}


def _changed(books: Books, call: ApiCall, bill: Record, given: Record, base: Record) -> Record:
    if bill["paymentStatus"] != "UNPAID":
        raise broken_rule("A bill with payments cannot be changed.")  # assumed wording
    draft = _draft(books, call, given, base, itself=bill["id"])
    kept = {name: bill[name] for name in ("id", "archived", "createdTime", "paymentStatus")}
    # "set billApprovals as true when you create or update": without it the approvers go (assumed).
    decided = approvals.assigned(books, draft, bool(given.get("billApprovals")), call.now)
    before = {name: value for name, value in base.items() if name not in ("approvers", "approvalStatus")}
    return books.update("bills", {**before, **draft, **kept, **decided}, call.now)


def _draft(books: Books, call: ApiCall, given: Record, base: Record, itself: str | None = None) -> Record:
    """The bill's own fields, those sent before those of `base`; checked as a whole."""
    known_only(given, _FIELDS)
    missing = [f"{name}: must not be null" for name in _NEEDED if given.get(name) is None and name not in base]
    if missing:
        raise bad_field(*missing)
    draft: Record = {name: base[name] for name in _FIELDS if name in base}
    if "vendorId" in given:
        draft["vendorId"] = reference(books, "vendors", given["vendorId"], "vendorId")
    if "dueDate" in given:
        draft["dueDate"] = read_day(given["dueDate"], "dueDate")
    if "invoice" in given:
        draft["invoice"] = _invoice(given["invoice"])
    if given.get("payFromChartOfAccountId"):
        name = "payFromChartOfAccountId"
        draft[name] = reference(books, "chart-of-accounts", given[name], name)
    for name, longest in (("description", LONGEST_DESCRIPTION), ("purchaseOrderNumber", 100)):
        text = read_text(given.get(name), name, longest)
        if text is not None:
            draft[name] = text
    if "classifications" in given:
        draft["classifications"] = classified(books, given["classifications"], "classifications")
    if "billLineItems" in given:
        draft["billLineItems"] = _lines(books, given["billLineItems"])
    draft["amount"] = sum((line["amount"] for line in draft["billLineItems"]), Decimal(0))
    if draft["amount"] <= 0:
        raise broken_rule("Bill amount must be greater than zero.")  # assumed: a credit is a vendor credit
    if call.options.refuse_duplicate_bills and _twin(books, draft, itself):
        raise broken_rule(TAKEN, NAME_TAKEN)
    return draft


def _twin(books: Books, draft: Record, itself: str | None) -> bool:
    number = draft["invoice"]["invoiceNumber"].casefold()
    return any(
        one["vendorId"] == draft["vendorId"]
        and one["invoice"]["invoiceNumber"].casefold() == number
        and not one["archived"]
        and one["id"] != itself
        for one in books.tables["bills"].values()
    )


def _invoice(value: object) -> Record:
    given = read_object(value, "invoice")
    known_only(given, ("invoiceNumber", "invoiceDate"), "invoice.")
    number = read_text(given.get("invoiceNumber"), "invoice.invoiceNumber", LONGEST_INVOICE_NUMBER, required=True)
    return {"invoiceNumber": number, "invoiceDate": read_day(given.get("invoiceDate"), "invoice.invoiceDate")}


def _lines(books: Books, value: object) -> list[Record]:
    if not isinstance(value, list) or not value:
        raise bad_field("billLineItems: must not be empty")
    return [_line(books, read_object(line, f"billLineItems[{at}]"), at) for at, line in enumerate(value)]


def _line(books: Books, given: Record, at: int) -> Record:
    path = f"billLineItems[{at}]."
    known_only(given, _LINE_FIELDS, path)
    line: Record = {"id": given.get("id") or books.new_id("bli"), "amount": _amount(given, path)}
    for name, decimals in (("quantity", 4), ("price", 4)):
        if given.get(name) is not None:
            line[name] = read_amount(given[name], f"{path}{name}", decimals)
    description = read_text(given.get("description"), f"{path}description", LONGEST_DESCRIPTION)
    if description is not None:
        line["description"] = description
    if given.get("classifications") is not None:
        line["classifications"] = classified(books, given["classifications"], f"{path}classifications")
    return line


def _amount(given: Record, path: str) -> Decimal:
    """`amount` wins over quantity and price."""
    if given.get("amount") is not None:
        return read_amount(given["amount"], f"{path}amount")
    if given.get("quantity") is None or given.get("price") is None:
        raise bad_field(f"{path}amount: must not be null")
    worked_out = read_amount(given["quantity"], f"{path}quantity", 4) * read_amount(given["price"], f"{path}price", 4)
    return round(worked_out, 2)


def classified(books: Books, value: object, path: str) -> Record:
    """The ids of a `classifications` object, each of an active record. Raises RefusedError."""
    given = read_object(value, path)
    known_only(given, tuple(CLASSIFICATIONS), f"{path}.")
    return {
        name: reference(books, CLASSIFICATIONS[name], record_id, f"{path}.{name}")
        for name, record_id in given.items()
        if record_id is not None
    }


def reference(books: Books, table: str, record_id: object, path: str) -> str:
    """An id of an active record. Raises RefusedError (422); the wordings are assumed."""
    found = books.get(table, record_id)
    if found is None:
        raise broken_rule(f"{path}: {record_id} does not exist")
    if found["archived"]:
        raise broken_rule(f"{path}: {record_id} is archived")
    return str(found["id"])
