"""Approval requests of bills: made by API or pulled from the ledger, read, decided.

Source: the read shape and the query parameters as recorded from the live service; statuses and events named there. The
body of a new bill is on no page we have: CREATE_FIELDS mirrors the read shape (assumed).
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sandbox.approvalmax.answers import Record, RefusedError, Wrong, day, invalid, stamp
from sandbox.approvalmax.companies import Company
from sandbox.approvalmax.ledgers import File, LedgerRefusedError

Decision = Literal["approve", "reject"]
PENDING, APPROVED, REJECTED, CANCELLED = "onApproval", "approved", "rejected", "cancelled"  # but "approved": assumed
STATUSES = (PENDING, APPROVED, REJECTED, CANCELLED)
TAX_TYPES = ("Exclusive", "Inclusive", "NoTax")  # assumed wire form
LARGEST_FILE = 3_000_000
MOST_FILES = 9
CREATE_FIELDS = (
    "contactId",
    "contact",
    "date",
    "dueDate",
    "documentNumber",
    "reference",
    "currencyCode",
    "taxType",
    "lineItems",
)
LINE_FIELDS = (
    "description",
    "quantity",
    "itemPrice",
    "accountCode",
    "accountId",
    "taxCode",
    "itemCode",
    "itemId",
    "tracking",
)
_NEEDED = ("date", "dueDate", "documentNumber", "lineItems")


def create(company: Company, body: Any, user: str, now: datetime) -> Record:
    """POST .../bills: a request on approval, by the token's user. Raises RefusedError (400)."""
    fields = _checked(company, body)
    request = _stored(company, fields, now, origin="PublicApi")
    request["events"].append(_event("requesterSubmitted", now, author=user))
    return request


def pull(company: Company, now: datetime) -> list[Record]:
    """New bills of the ledger as requests: awaiting approval from Xero, approved already from QuickBooks.

    Also closes requests whose bill was approved, voided or sent back in the ledger. Returns the requests that are new
    or changed.
    """
    changed: list[Record] = []
    for document_id, fields in company.ledger.bills().items():
        known = company.requests.get(company.documents.get(document_id, ""))
        if known is not None and known["requestStatus"] in (PENDING, APPROVED):
            continue  # one sent back as rejected and submitted anew is a new request (assumed)
        request = _stored(company, fields, now, origin=company.ledger.kind.title())
        company.documents[document_id] = request["requestId"]
        request["_document"] = document_id
        request["events"].append(_event("pulledFromSource", now))
        if company.ledger.kind == "quickbooks":
            _close(request, APPROVED, _event("createdInSource", now), now)
        changed.append(request)
    return [*changed, *_closed_elsewhere(company, now)]


def decide(company: Company, request: Record, decision: Decision, comment: str | None, now: datetime) -> None:
    """The last approver's word, and what it does in the ledger. Raises ValueError for a request not on approval.

    A ledger that refuses leaves the request approved, with an event that says why (assumed name: pushFailed).
    """
    if request["requestStatus"] != PENDING:
        raise ValueError(f"request {request['requestId']} is {request['requestStatus']}")
    approved = decision == "approve"
    word = "approverApprovedRequestApproved" if approved else "approverRejected"
    _close(request, APPROVED if approved else REJECTED, _event(word, now, "Jordan Lee", comment), now)
    try:
        _write_back(company, request, approved=approved, now=now)
    except LedgerRefusedError as refused:
        request["events"].append(_event("pushFailed", now, comment=str(refused)))


def attach(company: Company, request: Record, name: str, content: bytes) -> Record:
    """A file on a request (call and answer assumed; 3 MB and nine files are the product's). Raises RefusedError."""
    files = company.files.setdefault(request["requestId"], [])
    if not name or not content:
        raise invalid(Wrong("fileName", name, "a file name and a file are needed"))
    if len(content) > LARGEST_FILE or len(files) >= MOST_FILES:
        raise invalid(Wrong("file", name, "at most 9 files of 3 MB each"))
    files.append(File(name, content))
    made = {"attachmentId": company.new_id(), "fileName": name, "fileSize": len(content)}
    request["attachments"] = [*request["attachments"], made]
    return made


def rendered(request: Record, status_form: Literal["string", "object"]) -> Record:
    """A request as answered. Seen live as a string, described as {name, value}: the sandbox can do both."""
    shown = {name: value for name, value in request.items() if not name.startswith("_")}
    if status_form == "object":
        status = shown["requestStatus"]
        shown["requestStatus"] = {"name": status, "value": status}
    return shown


def _write_back(company: Company, request: Record, *, approved: bool, now: datetime) -> None:
    document_id = request.get("_document")
    if document_id:
        company.ledger.settle(document_id, now, approved=approved)
    elif approved:
        made = company.ledger.create(request, company.files.get(request["requestId"], []), now)
        request["_document"] = made
        company.documents[made] = request["requestId"]


def _closed_elsewhere(company: Company, now: datetime) -> list[Record]:
    changed: list[Record] = []
    for request in company.requests.values():
        if request["requestStatus"] != PENDING or "_document" not in request:
            continue
        state = company.ledger.state_of(request["_document"])
        if state == "approved":
            _close(request, APPROVED, _event("approvedInXero", now), now)
        elif state != "waiting":
            _close(request, CANCELLED, _event("cancelledInSource", now), now)  # assumed name
        else:
            continue
        changed.append(request)
    return changed


def _stored(company: Company, fields: Mapping[str, Any], now: datetime, *, origin: str) -> Record:
    request_id = company.new_id()
    path = f"https://app.approvalmax.com/requests/myDecisionRequired/{company.company_id}?requestId={request_id}"
    total = fields["total"]
    request: Record = {
        "requestId": request_id,
        "companyId": company.company_id,
        "friendlyName": f"Bill from {fields['contact']} for {fields['currencyCode']} {total}",
        **{"externalUrl": path, "attachments": [], **fields},
        "amountDue": total,
        "remainingBalance": total,
        "exchangeRate": Decimal(1),
        "createdAt": stamp(now),
        "modifiedAt": stamp(now),
        "decisionDate": None,
        "requestStatus": PENDING,
        "billed": False,
        "origin": origin,
        "events": [],
        "_family": company.ledger.kind,
    }
    company.requests[request_id] = request
    return request


def _close(request: Record, status: str, event: Record, now: datetime) -> None:
    request["requestStatus"] = status
    request["modifiedAt"] = request["decisionDate"] = stamp(now)
    request["events"].append(event)


def _event(kind: str, now: datetime, author: str | None = None, comment: str | None = None) -> Record:
    return {
        "eventType": kind,
        "eventDate": stamp(now),
        "authorId": author,
        "isSystem": author is None,
        "comment": comment,
    }


def _checked(company: Company, body: Any) -> Record:
    """A new bill's fields. Raises RefusedError naming every field at fault."""
    if not isinstance(body, dict):
        raise invalid(Wrong("body", None, "an object is needed"))
    wrong = [Wrong(name, body[name], "unknown field") for name in body if name not in CREATE_FIELDS]
    wrong += [Wrong(name, None, "a value is needed") for name in _NEEDED if not body.get(name)]
    if not body.get("contactId") and not body.get("contact"):
        wrong.append(Wrong("contact", None, "contactId or contact is needed"))
    tax_type = body.get("taxType", TAX_TYPES[0])
    if tax_type not in TAX_TYPES:
        wrong.append(Wrong("taxType", tax_type, f"unrecognized value '{tax_type}' for 'TaxType'"))
    if wrong:
        raise invalid(*wrong)
    lists = company.ledger.lists()
    contact = _contact(lists["contacts"], body)
    lines = _lines(lists, body["lineItems"], taxed=tax_type != "NoTax")
    return {
        **_totals(lists, lines, tax_type),
        **_head(company, body),
        **contact,
        "taxType": tax_type,
        "lineItems": lines,
    }


def _head(company: Company, body: Mapping[str, Any]) -> Record:
    return {
        "documentNumber": str(body["documentNumber"]),
        "reference": body.get("reference"),
        "date": day(body["date"], "date"),
        "dueDate": day(body["dueDate"], "dueDate"),
        "currencyCode": body.get("currencyCode") or company.ledger.currency,
    }


def _contact(contacts: list[Record], body: Mapping[str, Any]) -> Record:
    """A known contact by id or name; an unknown name is a new contact, an unknown id is refused."""
    by_id = next((one for one in contacts if one["contactId"] == body.get("contactId")), None)
    by_name = next((one for one in contacts if one["name"].casefold() == str(body.get("contact")).casefold()), None)
    if body.get("contactId") and by_id is None:
        raise invalid(Wrong("contactId", body["contactId"], "the contact is not found"))
    found = by_id or by_name
    return {
        "contactId": found["contactId"] if found else None,
        "contact": found["name"] if found else body["contact"],
    }


def _lines(lists: Mapping[str, list[Record]], given: Any, *, taxed: bool) -> list[Record]:
    if not isinstance(given, list):
        raise invalid(Wrong("lineItems", None, "a list is needed"))
    return [_line(lists, line, f"lineItems[{at}]", taxed=taxed) for at, line in enumerate(given)]


def _line(lists: Mapping[str, list[Record]], given: Any, path: str, *, taxed: bool) -> Record:
    if not isinstance(given, dict) or set(given) - set(LINE_FIELDS):
        raise invalid(Wrong(path, None, f"known fields are {', '.join(LINE_FIELDS)}"))
    account = _entry(lists["accounts"], given, path, ("accountCode", "accountId"), required=True)
    item = _entry(lists["items"], given, path, ("itemCode", "itemId"), required=False)
    tax = _entry(lists["tax-rates"], given, path, ("taxCode",), required=taxed)
    quantity = _number(given.get("quantity", Decimal(1)), f"{path}.quantity")
    price = _number(given.get("itemPrice"), f"{path}.itemPrice")
    return {
        "description": str(given.get("description") or ""),
        "quantity": quantity,
        "itemPrice": price,
        "amount": round(quantity * price, 2),
        "account": account["name"] if account else None,
        "accountCode": account.get("accountCode") if account else None,
        "accountId": account["accountId"] if account else None,
        "itemCode": item["itemCode"] if item else None,
        "itemId": item["itemId"] if item else None,
        "taxCode": tax["taxCode"] if tax else None,
        "taxRate": tax["rate"] if tax else None,
        "tracking": [_tracking(lists, one, f"{path}.tracking") for one in given.get("tracking") or []],
    }


def _entry(
    rows: list[Record], given: Mapping[str, Any], path: str, names: tuple[str, ...], *, required: bool
) -> Record | None:
    """The list entry that a line names by one of these fields. Raises RefusedError."""
    for name in names:
        if given.get(name):
            found = next((one for one in rows if one[name] == given[name]), None)
            if found is None:
                raise invalid(Wrong(f"{path}.{name}", given[name], "is not found"))
            return found
    if required:
        raise invalid(Wrong(f"{path}.{names[0]}", None, "a value is needed"))
    return None


def _tracking(lists: Mapping[str, list[Record]], given: Any, path: str) -> Record:
    for category in lists["tracking-categories"]:
        for option in category["options"]:
            wanted = isinstance(given, dict) and (given.get("categoryId"), given.get("optionId"))
            if wanted == (category["categoryId"], option["optionId"]):
                named = {"categoryId": category["categoryId"], "categoryName": category["categoryName"]}
                return {**named, **option}
    raise invalid(Wrong(path, str(given), "the category or option is not found"))


def _number(value: Any, path: str) -> Decimal:
    number = value if isinstance(value, Decimal) else Decimal("NaN")
    if not number.is_finite() or number != round(number, 4):
        raise invalid(Wrong(path, str(value), "a number with at most four decimals is needed"))
    return number


def _totals(lists: Mapping[str, list[Record]], lines: list[Record], tax_type: str) -> Record:
    """Tax by line, rounded to the cent each (assumed: the ledger's own sums stand once it is pushed)."""
    rates = {one["taxCode"]: Decimal(one["rate"]) for one in lists["tax-rates"]}
    amount = sum((line["amount"] for line in lines), Decimal(0))
    tax = Decimal(0)
    for line in lines:
        rate = rates.get(line["taxCode"], Decimal(0)) if tax_type != "NoTax" else Decimal(0)
        base = Decimal(100) if tax_type == "Exclusive" else Decimal(100) + rate
        tax += round(line["amount"] * rate / base, 2)
    net = amount if tax_type != "Inclusive" else amount - tax
    return {"subTotal": net, "totalTax": tax, "total": net + tax}


def refuse_family(family: str, ledger_kind: str) -> None:
    """Xero's paths are for organisations on Xero, QuickBooks' for those on QuickBooks. Raises RefusedError."""
    if family != ledger_kind:
        detail = f"The organisation is not connected to {family}."  # assumed wording
        raise RefusedError(400, "invalidInput", detail)
