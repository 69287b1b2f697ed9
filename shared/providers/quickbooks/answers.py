"""Which of QuickBooks' records are ours: the last line of a document's private note is our marker, names name contacts.

Answers of a batch are matched by the name each element was given, look-ups by marker or name; never by position.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from shared.domain.errors import Problem
from shared.domain.ids import find_marker
from shared.domain.lists import folded
from shared.domain.publishing import ElementAnswer, Member, Verdict
from shared.providers.contract import Standing, amount_text
from shared.providers.quickbooks.api import fault_of
from shared.providers.quickbooks.mapping import batch_name

Record = Mapping[str, Any]

CONTACTS: Final = frozenset({"Vendor", "Customer"})
# Documents that are paid later ("Bill", "VendorCredit", "Invoice", "CreditMemo"): their Balance is what is still open.
WITH_BALANCE: Final = frozenset({"Bill", "VendorCredit", "Invoice", "CreditMemo"})
DELETED: Final = "Deleted"  # the status of a tombstone ("Change data capture")
# Pages of the QuickBooks app by entity (assumed from what its address bar shows), and of a Purchase by how it was paid.
_PAGE: Final = "https://app.qbo.intuit.com/app/"
_PAGES: Final = {
    "Bill": "bill",
    "VendorCredit": "vendorcredit",
    "Invoice": "invoice",
    "CreditMemo": "creditmemo",
    "SalesReceipt": "salesreceipt",
    "Purchase": "expense",
}
_PURCHASE_PAGES: Final = {"Check": "check", "CreditCardCredit": "creditcardcredit"}
# How the note of a document begins that was voided; that its own text follows is assumed.
_VOIDED: Final = "voided"
_MOST_SHOWN: Final = 5


def sent_answers(resource: str, members: Sequence[Member], elements: Iterable[Record]) -> list[ElementAnswer]:
    """What the answer to a creating batch says of each member; members it does not name for certain are left out.

    A refusal that says nothing about the element (throttled, a failure on their side) is none: it is looked up.
    """
    ours = {batch_name(member.marker): member for member in members}
    named: dict[str, list[Record]] = defaultdict(list)
    for element in elements:
        named[str(element.get("bId"))].append(element)
    answers = []
    for name, member in ours.items():
        if len(named[name]) == 1:
            answer = _sent(resource, member, named[name][0])
            answers += [answer] if answer else []
    return answers


def _sent(resource: str, member: Member, element: Record) -> ElementAnswer | None:
    fault = fault_of(element)
    if fault is not None:
        return None if fault.passing else ElementAnswer(member.marker, Verdict.REFUSED, problem=fault.problem())
    record = element.get(resource)
    return done(resource, member.marker, record) if isinstance(record, Mapping) and id_of(record) else None


def found_answers(resource: str, members: Sequence[Member], records: Iterable[Record]) -> list[ElementAnswer]:
    """What a look-up says of each member: found once is done (void or not), found more often only a person can tell."""
    by_key: dict[str, dict[str, Record]] = defaultdict(dict)
    for record in records:
        key, record_id = _key(resource, record), id_of(record)
        if key and record_id:
            by_key[key][record_id] = record
    answers = []
    for member in members:
        found = by_key.get(member.fingerprint["name"] if resource in CONTACTS else member.marker, {})
        if len(found) == 1:
            answers.append(done(resource, member.marker, next(iter(found.values()))))
        elif found:
            answers.append(held(member, sorted(found)))
    return answers


def held(member: Member, found: Sequence[str]) -> ElementAnswer:
    """A member that only a person can tell about: `found` are the ids of what it may be."""
    problem = Problem("outcome_unknown", details={"found": list(found)[:_MOST_SHOWN]})
    return ElementAnswer(member.marker, Verdict.UNKNOWN, problem=problem)


def _key(resource: str, record: Record) -> str | None:
    if resource in CONTACTS:
        return folded(str(record.get("DisplayName") or ""))
    return marker_of(record)


def marker_of(record: Record) -> str | None:
    """The marker on the last line of a document's private note."""
    lines = str(record.get("PrivateNote") or "").strip().splitlines()
    return find_marker(lines[-1]) if lines else None


def id_of(record: Record) -> str | None:
    """QuickBooks' id of a record."""
    found = record.get("Id")
    return found if isinstance(found, str) and found else None


def done(resource: str, marker: str, record: Record) -> ElementAnswer:
    """A record that is in QuickBooks, as the answer for the member of this marker."""
    voided = str(record.get("PrivateNote") or "").lower().startswith(_VOIDED) and not record.get("TotalAmt")
    total = record.get("TotalAmt")
    return ElementAnswer(
        marker=marker,
        verdict=Verdict.DONE,
        provider_id=id_of(record),
        number=record.get("DocNumber") or None,
        status=None if resource in CONTACTS else _status(record, voided=voided),
        total=amount_text(Decimal(total)) if isinstance(total, int | Decimal) else None,
        url=page_of(resource, record),
        voided=voided,
    )


def _status(record: Record, *, voided: bool) -> str:
    """QuickBooks keeps no status: what is open of a document tells it."""
    if voided:
        return "VOIDED"
    return "OPEN" if record.get("Balance") else "PAID"


def standing(resource: str, records: Iterable[Record]) -> list[Standing]:
    """How documents of ours stand; a tombstone says of no document whose it was, and is known by its id alone.

    A record without a balance tells nothing of payments.
    """
    found = []
    for record in records:
        record_id = id_of(record)
        if record_id and record.get("status") == DELETED:
            found.append(Standing(resource, record_id, DELETED))
        elif record_id and "Balance" in record and (marker := marker_of(record)):
            found.append(Standing(resource, record_id, done(resource, marker, record).status or ""))
    return found


def page_of(resource: str, record: Record) -> str | None:
    """Where a person sees the document."""
    page = _PAGES.get(resource)
    if resource == "Purchase":
        paid = "CreditCardCredit" if record.get("Credit") is True else str(record.get("PaymentType"))
        page = _PURCHASE_PAGES.get(paid, page)
    return f"{_PAGE}{page}?txnId={id_of(record)}" if page else None
