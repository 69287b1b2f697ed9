"""Which of Xero's elements are ours: by marker where Xero keeps one, else by fingerprint, never by position.

Bills, invoices and bank transactions carry the marker in Url (that Xero answers it as sent is assumed), sales credit
notes and payments in Reference, contacts in ContactNumber. Purchase credit notes keep no field of ours.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from shared.domain.errors import Problem
from shared.domain.ids import find_marker
from shared.domain.lists import folded
from shared.domain.publishing import ElementAnswer, Member, Verdict
from shared.providers.contract import Known, Standing, amount_text
from shared.providers.xero.api import calendar_date
from shared.providers.xero.faults import messages_of, problem

Element = Mapping[str, Any]

ID_FIELDS: Final = {
    "Invoices": "InvoiceID",
    "CreditNotes": "CreditNoteID",
    "BankTransactions": "BankTransactionID",
    "Contacts": "ContactID",
    "Payments": "PaymentID",
}
_MARKER_FIELDS: Final = {
    "Invoices": "Url",
    "CreditNotes": "Reference",
    "BankTransactions": "Url",
    "Contacts": "ContactNumber",
    "Payments": "Reference",
}
_NUMBER_FIELDS: Final = {"Invoices": "InvoiceNumber", "CreditNotes": "CreditNoteNumber"}
_MOST_SHOWN: Final = 5  # of the documents that one item may be, in its state
_GONE: Final = frozenset({"VOIDED", "DELETED"})
_NO_ID: Final = "00000000-0000-0000-0000-000000000000"
# "Deep linking": pages of the Xero app by document type; those of credit notes are assumed.
_PAGES: Final = {
    "ACCPAY": "https://go.xero.com/AccountsPayable/View.aspx?InvoiceID=",
    "ACCREC": "https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID=",
    "ACCPAYCREDIT": "https://go.xero.com/AccountsPayable/ViewCreditNote.aspx?creditNoteID=",
    "ACCRECCREDIT": "https://go.xero.com/AccountsReceivable/ViewCreditNote.aspx?creditNoteID=",
    "SPEND": "https://go.xero.com/Bank/ViewTransaction.aspx?bankTransactionID=",
    "RECEIVE": "https://go.xero.com/Bank/ViewTransaction.aspx?bankTransactionID=",
}


def id_of(resource: str, element: Element) -> str | None:
    """Xero's id of an element that exists there, else None (refused elements have none, or zeros)."""
    found = element.get(ID_FIELDS[resource])
    return found if isinstance(found, str) and found and found != _NO_ID else None


def marker_of(resource: str, element: Element) -> str | None:
    """The marker that an element carries, where Xero keeps one."""
    return find_marker(element.get(_MARKER_FIELDS[resource]))


def known_document(resource: str, kind: str, marker: str, element: Element) -> Known | None:
    """An element that was asked for by its id as the document of an item; None where it is of another Type."""
    if id_of(resource, element) is None or element.get("Type") != kind:
        return None
    carried = marker_of(resource, element)
    return Known(resource, done(resource, marker, element), carried)


def sent_answers(resource: str, members: Sequence[Member], elements: Sequence[Element]) -> list[ElementAnswer]:
    """What the answer to a creating call says of each member; members it does not name for certain are left out."""
    answers = []
    for member, named in _paired(resource, members, elements):
        if len(named) == 1:
            answer = _sent(resource, member, named[0])
            answers += [answer] if answer else []
    return answers


def found_answers(
    resource: str, members: Sequence[Member], elements: Sequence[Element], held: frozenset[str]
) -> list[ElementAnswer]:
    """What a look-up says of each member: found once is done (void or not), found more often only a person can tell.

    `held` are ids that other items already are: a fingerprint never matches those. Documents that keep a marker are
    found by it alone: a person may have made one that looks the same.
    """
    answers = []
    for member, named in _paired(resource, members, [one for one in elements if _may_be_ours(resource, one, held)]):
        ids = {id_of(resource, one) for one in named} - {None}
        if len(ids) == 1:
            answers.append(done(resource, member.marker, named[0]))
        elif len(ids) > 1:
            found = Problem("outcome_unknown", details={"found": sorted(str(one) for one in ids)[:_MOST_SHOWN]})
            answers.append(ElementAnswer(member.marker, Verdict.UNKNOWN, problem=found))
    return answers


def _may_be_ours(resource: str, element: Element, held: frozenset[str]) -> bool:
    if resource == "Contacts" or marker_of(resource, element) is not None:
        return True
    return element.get("Type") == "ACCPAYCREDIT" and id_of(resource, element) not in held


def _paired(
    resource: str, members: Sequence[Member], elements: Sequence[Element]
) -> Iterable[tuple[Member, list[Element]]]:
    """Each member with the elements that may be it: by marker, then, among those without one, by fingerprint."""
    ours = {member.marker for member in members}
    by_marker: dict[str, list[Element]] = defaultdict(list)
    others = []
    for element in elements:
        marker = marker_of(resource, element)
        if marker in ours:
            by_marker[marker or ""].append(element)
        elif marker is None:
            others.append(element)
    nameless = []
    for member in members:
        if member.marker in by_marker:
            yield member, by_marker[member.marker]
        else:
            nameless.append(member)
    if resource == "Contacts":
        for member in nameless:  # one contact may be a supplier and a customer of ours, under either's marker
            yield member, [element for element in elements if _same_contact(member.fingerprint, element)]
    elif resource != "Payments":  # payments always keep their Reference
        yield from _twins(nameless, others)


def _twins(members: Sequence[Member], elements: Sequence[Element]) -> Iterable[tuple[Member, list[Element]]]:
    """Members that look the same to Xero share the elements that look like them: one each while there are enough.

    More elements than members is more than we made: each member then gets them all, and is ambiguous.
    """
    groups: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        groups[repr([member.fingerprint.get(name) for name in _COMPARED])].append(member)
    for group in groups.values():
        alike = [element for element in elements if _same_document(group[0].fingerprint, element)]
        yield from _shared_out(group, alike)


def _shared_out(members: list[Member], elements: list[Element]) -> Iterable[tuple[Member, list[Element]]]:
    """By number where the element has one (then it is nobody else's), by the lines' texts, and then in any order."""
    left, free = list(members), [element for element in elements if not _number(element)]
    for member in members:
        same = [one for one in elements if _number(one) and _number(one) == member.fingerprint.get("number")]
        if same:
            left.remove(member)
            yield member, same
    if len(free) > len(left):
        yield from ((member, free) for member in left)
        return
    for exactly in (True, False):
        for member in list(left):
            same = [one for one in free if not exactly or _texts(one) == member.fingerprint.get("texts")]
            if same:
                left.remove(member)
                free.remove(same[0])
                yield member, same[:1]


def _number(element: Element) -> str:
    return str(element.get("CreditNoteNumber") or element.get("InvoiceNumber") or "")


def _texts(element: Element) -> list[str]:
    return [str(line.get("Description") or "") for line in element.get("LineItems") or []]


_COMPARED: Final = ("type", "contact", "date", "currency", "total", "amounts")


def _same_document(fingerprint: Mapping[str, Any], element: Element) -> bool:
    """Whether a document looks like ours. What the answer leaves out is not compared: a refusal has no total."""
    lines = element.get("LineItems")
    amounts = sorted(_amount(line.get("LineAmount")) for line in lines) if isinstance(lines, list) else None
    on = calendar_date(element.get("DateString") or element.get("Date"))
    said = {
        "type": element.get("Type"),
        "contact": (element.get("Contact") or {}).get("ContactID"),
        "date": on.isoformat() if on else None,
        "currency": element.get("CurrencyCode"),
        "total": _amount(element.get("Total")) or fingerprint.get("total"),
        "amounts": amounts if amounts is not None else fingerprint.get("amounts"),
    }
    return all(fingerprint.get(name) == said[name] for name in _COMPARED)


def _same_contact(fingerprint: Mapping[str, Any], element: Element) -> bool:
    """A contact's name is unique among the active ones: whoever made it, it is the one that is meant."""
    active = element.get("ContactStatus", "ACTIVE") == "ACTIVE"
    return active and folded(str(element.get("Name") or "")) == fingerprint.get("name")


def _sent(resource: str, member: Member, element: Element) -> ElementAnswer | None:
    if element.get("StatusAttributeString") == "ERROR" or id_of(resource, element) is None:
        return refused(resource, member, element)
    return done(resource, member.marker, element)


def refused(resource: str, member: Member, element: Element) -> ElementAnswer | None:
    """A refusal in Xero's own words; None for an element that was neither taken nor refused."""
    messages = messages_of(element)
    if not messages and element.get("StatusAttributeString") != "ERROR":
        return None
    found = problem(messages, resource) if messages else Problem("provider_refused")
    return ElementAnswer(member.marker, Verdict.REFUSED, problem=found)


def done(resource: str, marker: str, element: Element) -> ElementAnswer:
    """An element that is in Xero, as the answer for the member of this marker."""
    status = element.get("Status") or element.get("ContactStatus")
    provider_id = id_of(resource, element)
    page = _PAGES.get(str(element.get("Type")))
    return ElementAnswer(
        marker=marker,
        verdict=Verdict.DONE,
        provider_id=provider_id,
        number=element.get(_NUMBER_FIELDS.get(resource, "")) or None,
        status=status,
        total=_amount(element.get("Total", element.get("Amount"))) or None,
        url=f"{page}{provider_id}" if page else None,
        voided=status in _GONE,
    )


def standings(resource: str, elements: Iterable[Element]) -> list[Standing]:
    """How documents of ours stand. A supplier's credit note has no field for our marker: it is known by its id."""
    return [
        Standing(resource, one_id, str(element["Status"]))
        for element in elements
        if (one_id := id_of(resource, element)) and element.get("Status")
        if element.get("Type") == "ACCPAYCREDIT" or find_marker(element.get(_MARKER_FIELDS[resource]))
    ]


def _amount(value: object) -> str:
    return amount_text(Decimal(value)) if isinstance(value, int | Decimal) else ""
