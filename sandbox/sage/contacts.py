"""Contacts: customers, suppliers, or both.

Names may be used twice (assumed: the published description calls the reference unique, and not the name).
"""

from typing import Any

from sandbox.sage import messages
from sandbox.sage.books import Books
from sandbox.sage.checks import Desk
from sandbox.sage.formats import Fields, Problems, Record, invalid, not_found, ref, ref_id, stamp

_ADDRESS = {"address_line_1": 50, "address_line_2": 50, "city": 50, "region": 50, "postal_code": 10}
_REFERENCES = {
    "default_sales_ledger_account_id": ("default_sales_ledger_account", "ledger_accounts"),
    "default_sales_tax_rate_id": ("default_sales_tax_rate", "tax_rates"),
    "default_purchase_ledger_account_id": ("default_purchase_ledger_account", "ledger_accounts"),
    "currency_id": ("currency", "currencies"),
}
_CREDIT_TERMS = frozenset(
    f"{when}_{what}" for when in ("month_end", "date_from", "immediate") for what in ("invoice", "payment")
)
_USED_BY = (
    *("purchase_invoices", "sales_invoices", "purchase_credit_notes", "sales_credit_notes"),
    *("purchase_quick_entries", "sales_quick_entries", "contact_payments", "other_payments"),
)


def create(desk: Desk, raw: Any) -> Record:
    """Add a contact. Raises RefusedError with everything that is wrong."""
    problems = Problems()
    fields = Fields(raw, problems)
    changes = _read(desk, fields, new=True, own_id=None)
    problems.raise_any()
    at = stamp(desk.now)
    record = blank(desk.books, str(changes["name"])) | {"created_at": at, "updated_at": at} | changes
    return desk.books.put("contacts", record | {"displayed_as": shown(record)})


def update(desk: Desk, record_id: str, raw: Any) -> Record:
    """Change what was sent of a contact. Raises RefusedError (404, 422)."""
    record = desk.books.live("contacts", record_id)
    if record is None:
        raise not_found()
    problems = Problems()
    changes = _read(desk, Fields(raw, problems), new=False, own_id=record_id)
    problems.raise_any()
    changed = {**record, **changes, "updated_at": stamp(desk.now)}
    return desk.books.put("contacts", changed | {"displayed_as": shown(changed)})


def delete(desk: Desk, record_id: str) -> None:
    """Delete a contact without transactions. Raises RefusedError (404, 422)."""
    record = desk.books.live("contacts", record_id)
    if record is None:
        raise not_found()
    if any(ref_id(one["contact"]) == record_id for table in _USED_BY for one in desk.books.rows(table)):
        raise invalid(messages.CONTACT_USED)
    at = stamp(desk.now)
    desk.books.put("contacts", {**record, "deleted_at": at, "updated_at": at})


def blank(books: Books, name: str) -> Record:
    """A contact with nothing but a name."""
    return {
        "id": books.new_id(),
        "displayed_as": name,
        "name": name,
        "reference": None,
        "contact_types": [],
        "is_active": True,
        "deleted_at": None,
        "links": [],
        "deletable": True,
        "system": False,
        "gdpr_obfuscated": False,
        "email": None,
        "tax_number": None,
        "notes": None,
        "main_address": None,
        "currency": ref("currencies", books.base_currency),
        "default_sales_ledger_account": None,
        "default_sales_tax_rate": None,
        "default_purchase_ledger_account": None,
        "credit_days": None,
        "credit_terms": None,
    }


def shown(record: Record) -> str:
    """The reference is folded into the name, as recorded from the live service: "Northwind Traders (NORTH01)"."""
    return f"{record['name']} ({record['reference']})" if record["reference"] else str(record["name"])


def _read(desk: Desk, fields: Fields, *, new: bool, own_id: str | None) -> Record:
    found: Record = {}
    for name, longest in (("name", 100), ("reference", 10), ("tax_number", 255), ("notes", 4000)):
        value = fields.text(name, longest=longest, required=new and name == "name")
        if value is not None:
            found[name] = value
    types = fields.rows("contact_type_ids", required=new)
    if any(desk.books.get("contact_types", one) is None for one in types):
        fields.wrong("contact_type_ids", messages.CONTACT_TYPES)
    elif types:
        found["contact_types"] = [ref("contact_types", one) for one in dict.fromkeys(types)]
    for name, (stored, table) in _REFERENCES.items():
        key = fields.text(name)
        if key is not None and desk.books.live(table, key) is None:
            fields.wrong(name, messages.UNKNOWN_REFERENCE.format(what=stored.replace("_", " ")))
        elif key is not None:
            found[stored] = ref(table, key)
    if found.get("reference") and _reference_taken(desk.books, found["reference"], own_id):
        fields.wrong("reference", messages.REFERENCE_TAKEN)
    return found | _terms(fields) | _nested(desk, fields)


def _reference_taken(books: Books, reference: str, own_id: str | None) -> bool:
    wanted = reference.casefold()
    same = books.find(
        "contacts",
        lambda one: one["id"] != own_id and not one["deleted_at"] and (one["reference"] or "").casefold() == wanted,
    )
    return same is not None


def _terms(fields: Fields) -> Record:
    found: Record = {}
    days, terms = fields.number("credit_days"), fields.text("credit_terms")
    if days is not None:
        found["credit_days"] = int(days)
    if terms is not None and terms not in _CREDIT_TERMS:
        fields.wrong("credit_terms", messages.UNKNOWN_REFERENCE.format(what="credit terms"))
    elif terms is not None:
        found["credit_terms"] = terms
    return found


def _nested(desk: Desk, fields: Fields) -> Record:
    found: Record = {}
    if fields.given("main_contact_person") is not None:
        person = Fields(fields.given("main_contact_person"), fields.problems, "main_contact_person.")
        found["email"] = person.text("email", longest=100)
    if fields.given("main_address") is not None:
        address = Fields(fields.given("main_address"), fields.problems, "main_address.")
        parts = {name: address.text(name, longest=longest) for name, longest in _ADDRESS.items()}
        country = address.text("country_id")
        found["main_address"] = {
            "id": desk.books.new_id(),
            "displayed_as": ", ".join(part for part in parts.values() if part),
            **parts,
            "country": ref("countries", country),
        }
    return found
