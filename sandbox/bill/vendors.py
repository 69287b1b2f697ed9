"""Vendors: created one by one or in bulk, changed, archived.

Source: developer.bill.com, "Create a vendor" and "Create multiple vendors" (fields, lengths, 20 in one request, all or
none), "Creating a US vendor".
"""

from sandbox.bill.books import Books
from sandbox.bill.formats import (
    NAME_TAKEN,
    Record,
    RefusedError,
    bad_field,
    broken_rule,
    known_only,
    read_object,
    read_text,
)  # fmt: skip
from sandbox.bill.wire import ApiCall

MOST_IN_BULK = 20
TAKEN = "A vendor with the same name already exists."  # assumed wording
_TEXTS = {"name": 100, "shortName": 40, "accountNumber": 100, "email": 128, "phone": 40, "billCurrency": 3}
_ACCOUNT_TYPES = ("BUSINESS", "PERSON", "NONE")
_ADDRESS = {"line1": 100, "line2": 100, "city": 50, "stateOrProvince": 50, "zipOrPostalCode": 20, "country": 2}
_NEEDED = ("line1", "city", "zipOrPostalCode", "country")
_TAKEN_AS_SENT = ("additionalInfo", "autoPay")
_FIELDS = (*_TEXTS, "accountType", "address", "paymentInformation", *_TAKEN_AS_SENT)


def create(books: Books, call: ApiCall, body: object) -> Record:
    """Raises RefusedError: 400 for fields, 422 for a name that is taken (switch: `refuse_duplicate_vendors`)."""
    given = read_object(body)
    draft = {"accountType": "NONE", "billCurrency": "USD", **_fields(given, creating=True)}
    if call.options.refuse_duplicate_vendors and books.named("vendors", draft["name"]):
        raise broken_rule(TAKEN, NAME_TAKEN)
    return books.create("vendors", draft, call.now)


def update(books: Books, call: ApiCall, vendor: Record, body: object) -> Record:
    """PATCH: the fields sent replace those stored."""
    given = read_object(body)
    if "paymentInformation" in given and "bankAccount" in read_object(given["paymentInformation"]):
        raise bad_field("paymentInformation.bankAccount: use the vendor bank account endpoints")
    draft = _fields(given, creating=False)
    namesake = books.named("vendors", draft["name"]) if "name" in draft else None
    if namesake and namesake["id"] != vendor["id"] and call.options.refuse_duplicate_vendors:
        raise broken_rule(TAKEN, NAME_TAKEN)
    return books.update("vendors", {**vendor, **draft}, call.now)


def _fields(given: Record, *, creating: bool) -> Record:
    known_only(given, _FIELDS)
    draft: Record = {}
    for name, longest in _TEXTS.items():
        required = name == "name" and (creating or "name" in given)
        value = read_text(given.get(name), name, longest, required=required)
        if value is not None:
            draft[name] = value
    if "accountType" in given:
        draft["accountType"] = _account_type(given["accountType"])
    if creating and "address" not in given:
        raise bad_field("address: must not be null")
    if "address" in given:
        draft["address"] = _address(given["address"])
    if "paymentInformation" in given:
        # The bank account itself is never answered: "/v3/vendors/{vendorId}/bank-account" is for that.
        payment = read_object(given["paymentInformation"], "paymentInformation")
        draft["paymentInformation"] = {name: value for name, value in payment.items() if name != "bankAccount"}
    draft |= {name: given[name] for name in _TAKEN_AS_SENT if name in given}
    if "email" in draft and "@" not in draft["email"]:
        raise bad_field("email: must be a well-formed email address")
    return draft


def _account_type(value: object) -> str:
    if not isinstance(value, str) or value not in _ACCOUNT_TYPES:
        raise bad_field(f"accountType: must be one of {', '.join(_ACCOUNT_TYPES)}")
    return value


def _address(value: object) -> Record:
    given = read_object(value, "address")
    known_only(given, tuple(_ADDRESS), "address.")
    problems = [
        problem
        for name in _NEEDED
        if not given.get(name)
        for problem in bad_field(f"address.{name}: must not be blank").problems
    ]
    if problems:
        raise RefusedError(400, *problems)
    address = {name: read_text(given.get(name), f"address.{name}", longest) for name, longest in _ADDRESS.items()}
    country = str(address["country"])
    if len(country) != 2 or not country.isalpha() or not country.isupper():
        raise bad_field("address.country: must be a two-letter ISO 3166 code")
    return {name: text for name, text in address.items() if text is not None}
