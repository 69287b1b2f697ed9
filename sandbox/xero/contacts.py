"""Contacts: created and updated by /Contacts, and inline by the Contact of a document.

Source: Xero Accounting API, "Contacts"; messages from its OpenAPI description unless marked assumed.
"""

from sandbox.xero.books import Books, folded
from sandbox.xero.formats import NO_ID, InvalidElementError, Record, post_data_invalid, read_choice, read_text, stamp
from sandbox.xero.wire import ApiCall, WebhookEvent

UNIDENTIFIED = (
    "The Contact must contain at least 1 of the following elements to identify the contact: "
    "Name, ContactID, ContactNumber"
)
NAME_TAKEN = (
    "The contact name {0} is already assigned to another contact. "
    "The contact name must be unique across all active contacts."
)
ARCHIVED = (
    "The contact with the specified contact details has been archived. "
    "The contact must be un-archived before creating new invoices or credit notes"
)
UNKNOWN = "The specified contact could not be found."  # assumed wording
NUMBER_TAKEN = "The Contact Number {0} is already assigned to another contact."  # assumed wording
MERGED = "The contact has been merged into another contact and cannot be changed."  # assumed wording
TOO_LONG = "The {0} field must be no more than {1} characters."  # assumed wording
NAME_MISSING = "The Contact Name must be specified."  # assumed wording

_LENGTHS = {
    "Name": 255, "FirstName": 255, "LastName": 255, "EmailAddress": 255, "ContactNumber": 50, "AccountNumber": 50,
    "CompanyNumber": 50, "TaxNumber": 50,
}  # fmt: skip
_TEXTS = (
    *_LENGTHS, "BankAccountDetails", "DefaultCurrency", "AccountsReceivableTaxType", "AccountsPayableTaxType",
    "SalesDefaultAccountCode", "PurchasesDefaultAccountCode", "XeroNetworkKey",
)  # fmt: skip
_LISTS = ("Addresses", "Phones", "ContactPersons")
_STATUSES = ("ACTIVE", "ARCHIVED", "GDPRREQUEST")
RESOURCE_URL = "https://api.xero.com/api.xro/2.0"


def event(call: ApiCall, contact: Record, *, created: bool) -> WebhookEvent:
    """The webhook event of a contact's change."""
    url = f"{RESOURCE_URL}/Contacts/{contact['ContactID']}"
    return WebhookEvent("CONTACT", "CREATE" if created else "UPDATE", contact["ContactID"], url, call.now)


def save(books: Books, call: ApiCall, element: Record, path: str) -> tuple[Record, WebhookEvent]:
    """One element of PUT or POST /Contacts, stored.

    PUT creates; POST updates where ContactID, ContactNumber or Name is known. Raises InvalidElementError.
    """
    known = _named_by_id(books, element)
    if known is None and call.method == "POST":
        known = _named_by_number(books, element) or _named_by_name(books, element)
    if known is None:
        if not element.get("Name"):
            raise InvalidElementError([NAME_MISSING])
        return create(books, call, element, path)
    if known.get("MergedToContactID"):
        raise InvalidElementError([MERGED])
    return update(books, call, known, element, path)


def blank(books: Books) -> Record:
    """A new contact as Xero shows one: two addresses and four telephones, empty."""
    place = {"City": "", "Region": "", "PostalCode": "", "Country": ""}
    telephone = {"PhoneNumber": "", "PhoneAreaCode": "", "PhoneCountryCode": ""}
    return {
        "ContactID": books.new_id(),
        "ContactStatus": "ACTIVE",
        "Name": "",
        "EmailAddress": "",
        "BankAccountDetails": "",
        "TaxNumber": "",
        "Addresses": [{"AddressType": kind, **place} for kind in ("STREET", "POBOX")],
        "Phones": [{"PhoneType": kind, **telephone} for kind in ("DEFAULT", "DDI", "FAX", "MOBILE")],
        "ContactGroups": [],
        "ContactPersons": [],
        "IsSupplier": False,
        "IsCustomer": False,
        "HasAttachments": False,
    }


def create(books: Books, call: ApiCall, element: Record, path: str) -> tuple[Record, WebhookEvent]:
    """A new active contact. Raises InvalidElementError."""
    stored = _applied(books, call, {**blank(books), "_app": call.app_id}, element, path)
    return stored, event(call, stored, created=True)


def update(books: Books, call: ApiCall, known: Record, element: Record, path: str) -> tuple[Record, WebhookEvent]:
    """The fields given, over what is stored. Raises InvalidElementError."""
    stored = _applied(books, call, known, element, path)
    return stored, event(call, stored, created=False)


def _applied(books: Books, call: ApiCall, before: Record, element: Record, path: str) -> Record:
    fields = {name: read_text(element[name], f"{path}.{name}") for name in _TEXTS if element.get(name) is not None}
    for name in _LISTS:
        if element.get(name) is not None:
            if not isinstance(element[name], list):
                raise post_data_invalid(f"Error converting value to a list. Path '{path}.{name}'.")
            fields[name] = element[name]
    if element.get("ContactStatus") is not None:
        fields["ContactStatus"] = read_choice(
            element["ContactStatus"], f"{path}.ContactStatus", _STATUSES, "ContactStatus"
        )
    after: Record = {**before, **fields, "UpdatedDateUTC": stamp(call.now)}
    messages = [TOO_LONG.format(name, most) for name, most in _LENGTHS.items() if len(after.get(name) or "") > most]
    if not after["Name"].strip():
        messages.append(NAME_MISSING)
    holder = books.contact_named(after["Name"])
    if after["ContactStatus"] == "ACTIVE" and holder and holder["ContactID"] != after["ContactID"]:
        messages.append(NAME_TAKEN.format(after["Name"]))
    numbered = books.find("Contacts", "number", after.get("ContactNumber") or "")
    if numbered and numbered["ContactID"] != after["ContactID"]:
        messages.append(NUMBER_TAKEN.format(after["ContactNumber"]))
    if messages:
        raise InvalidElementError(messages)
    books.put("Contacts", after)
    return after


def of_document(books: Books, call: ApiCall, given: object, path: str) -> tuple[Record, tuple[WebhookEvent, ...]]:
    """The contact a document names: by ContactID (other fields update it), ContactNumber or Name; a new Name creates.

    Raises InvalidElementError when nothing identifies it, it is unknown, archived or merged.
    """
    if given is None:
        raise InvalidElementError(["A Contact must be specified for this type of transaction"])
    if not isinstance(given, dict):
        raise post_data_invalid(f"Error converting value to type 'Contact'. Path '{path}'.")
    if not any(given.get(name) for name in ("ContactID", "ContactNumber", "Name")):
        raise InvalidElementError([UNIDENTIFIED])
    known = _named_by_id(books, given) or _named_by_number(books, given) or _named_by_name(books, given)
    if known is None and given.get("Name"):
        if books.contact_named(str(given["Name"]), "ARCHIVED"):
            raise InvalidElementError([ARCHIVED])
        stored, made = create(books, call, given, path)
        return stored, (made,)
    if known is None:
        raise InvalidElementError([UNKNOWN])
    if known["ContactStatus"] != "ACTIVE":
        raise InvalidElementError([ARCHIVED])
    if any(known.get(name) != given[name] for name in (*_TEXTS, *_LISTS) if given.get(name) is not None):
        stored, made = update(books, call, known, given, path)
        return stored, (made,)
    return known, ()


def mark_side(books: Books, contact: Record, *, supplier: bool) -> None:
    """Having a purchase or sales document makes a contact supplier or customer; UpdatedDateUTC does not move."""
    side = "IsSupplier" if supplier else "IsCustomer"
    current = books.tables["Contacts"][contact["ContactID"]]
    if not current[side]:
        books.put("Contacts", {**current, side: True})


def _named_by_id(books: Books, element: Record) -> Record | None:
    given = element.get("ContactID")
    if not given or given == NO_ID:
        return None
    found = books.get("Contacts", given)
    if found is None:
        raise InvalidElementError([UNKNOWN])
    return found


def _named_by_number(books: Books, element: Record) -> Record | None:
    number = element.get("ContactNumber")
    return books.find("Contacts", "number", str(number)) if number else None


def _named_by_name(books: Books, element: Record) -> Record | None:
    name = element.get("Name")
    found = books.contact_named(str(name)) if name else None
    return found if found and folded(found["Name"]) == folded(str(name)) else None
