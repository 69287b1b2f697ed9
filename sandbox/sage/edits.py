"""Changes made to a business from outside the API, as a person would in Sage's own screens."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.sage import artefacts, catalogues, charts
from sandbox.sage import contacts as contact_rules
from sandbox.sage.books import Books
from sandbox.sage.formats import Record, RefusedError, ref, stamp


def edit(books: Books, changes: Mapping[str, Any], now: datetime) -> None:
    """Apply each named change, in its order. Raises ValueError for an unknown change, record or value; what was named
    before it stays done.

    Known: lock_date, accounts_start_date, tax_return_until (ISO day or null); multi_currency (bool);
    reverse_charge (bool: of a business in GB); exchange_rate {currency, inverse_rate}; plan (PLUS, STANDARD, START);
    subscription_active (bool);
    deactivate_contact, activate_contact, delete_contact (id or name); rename_contact {contact, name};
    contact_types {contact, types}; rename_account {code, name}; account_areas {code, areas};
    deactivate_bank_account, activate_bank_account (code); hide_tax_rate, show_tax_rate (id);
    deactivate_item, delete_item (item code); rename_category {from, to}; delete_category (name);
    rename_business (name); void {table, id}; reconcile {table, id}; pay {table, id}.
    """
    try:
        for name, value in changes.items():
            _CHANGES[name](books, value, now)
    except (KeyError, ValueError, TypeError, RefusedError) as refused:
        raise ValueError(f"cannot edit the books: {refused}") from refused


def _setting(name: str) -> Callable[[Books, Any, datetime], None]:
    def change(books: Books, value: Any, _: datetime) -> None:
        books.settings = {**books.settings, name: date.fromisoformat(value).isoformat() if value else None}

    return change


def _multi_currency(books: Books, value: Any, _: datetime) -> None:
    books.settings = {**books.settings, "multi_currency_enabled": bool(value)}


def _reverse_charge(books: Books, value: Any, _: datetime) -> None:
    books.settings = {**books.settings, "_reverse_charge": bool(value)}


def _exchange_rate(books: Books, value: Any, now: datetime) -> None:
    worth, currency = Decimal(str(value["inverse_rate"])), str(value["currency"])
    row = {
        "id": currency,
        "displayed_as": currency,
        "created_at": stamp(now),
        "base_currency": books.settings["base_currency"],
        "currency": ref("currencies", currency),
        "rate": 1 / worth,
        "inverse_rate": worth,
    }
    _put(books, "business_exchange_rates", row, now)


def _plan(books: Books, value: Any, _: datetime) -> None:
    subscription = {**books.business["subscriptions"][0], "id": catalogues.SUBSCRIPTIONS[value]}
    books.business = {**books.business, "_plan": value, "subscriptions": [subscription]}


def _subscription(books: Books, value: Any, _: datetime) -> None:
    status = {"active": bool(value), "status": "paying" if value else "cancelled"}
    books.business = {**books.business, "subscriptions": [{**books.business["subscriptions"][0], **status}]}


def _rename_business(books: Books, value: Any, _: datetime) -> None:
    books.business = {**books.business, "name": str(value), "displayed_as": str(value)}


def _put(books: Books, table: str, record: Record, now: datetime) -> None:
    books.put(table, {**record, "updated_at": stamp(now)})


def _found(books: Books, table: str, *names: str) -> Callable[[Any], Record]:
    def find(value: Any) -> Record:
        record = books.get(table, value) or books.find(table, lambda one: value in [one.get(name) for name in names])
        if record is None:
            raise KeyError(f"{table} {value}")
        return record

    return find


def _contact(books: Books, value: Any) -> Record:
    return _found(books, "contacts", "name")(value)


def _contact_active(active: bool) -> Callable[[Books, Any, datetime], None]:
    def change(books: Books, value: Any, now: datetime) -> None:
        _put(books, "contacts", {**_contact(books, value), "is_active": active}, now)

    return change


def _delete_contact(books: Books, value: Any, now: datetime) -> None:
    _put(books, "contacts", {**_contact(books, value), "deleted_at": stamp(now)}, now)


def _rename_contact(books: Books, value: Any, now: datetime) -> None:
    changed = {**_contact(books, value["contact"]), "name": str(value["name"])}
    _put(books, "contacts", changed | {"displayed_as": contact_rules.shown(changed)}, now)


def _contact_types(books: Books, value: Any, now: datetime) -> None:
    types = [ref("contact_types", str(one)) for one in value["types"]]
    _put(books, "contacts", {**_contact(books, value["contact"]), "contact_types": types}, now)


def _account(books: Books, code: Any) -> Record:
    return _found(books, "ledger_accounts", "nominal_code")(int(code))


def _rename_account(books: Books, value: Any, now: datetime) -> None:
    account, name = _account(books, value["code"]), str(value["name"])
    shown = f"{name} ({account['nominal_code']})"
    _put(books, "ledger_accounts", {**account, "name": name, "display_name": name, "displayed_as": shown}, now)


def _account_areas(books: Books, value: Any, now: datetime) -> None:
    areas = {f"visible_in_{area}": area in value["areas"] for area in charts.ALL_AREAS}
    changed = {**_account(books, value["code"]), **areas, "visible_scopes": list(value["areas"])}
    _put(books, "ledger_accounts", changed, now)


def _bank_active(active: bool) -> Callable[[Books, Any, datetime], None]:
    def change(books: Books, value: Any, now: datetime) -> None:
        found = _found(books, "bank_accounts", "nominal_code")(int(value))
        _put(books, "bank_accounts", {**found, "is_active": active}, now)

    return change


def _tax_visible(visible: bool) -> Callable[[Books, Any, datetime], None]:
    def change(books: Books, value: Any, now: datetime) -> None:
        _put(books, "tax_rates", {**books.tables["tax_rates"][value], "is_visible": visible}, now)

    return change


def _item(books: Books, value: Any) -> tuple[str, Record]:
    for table in ("products", "services", "stock_items"):
        if found := books.find(table, lambda one: one["item_code"] == value):
            return table, found
    raise KeyError(f"item {value}")


def _deactivate_item(books: Books, value: Any, now: datetime) -> None:
    table, found = _item(books, value)
    _put(books, table, {**found, "active": False}, now)


def _delete_item(books: Books, value: Any, now: datetime) -> None:
    table, found = _item(books, value)
    _put(books, table, {**found, "deleted_at": stamp(now)}, now)


def _rename_category(books: Books, value: Any, now: datetime) -> None:
    found, name = _found(books, "analysis_type_categories", "name")(value["from"]), str(value["to"])
    _put(books, "analysis_type_categories", {**found, "name": name, "displayed_as": name}, now)


def _delete_category(books: Books, value: Any, now: datetime) -> None:
    """Analysis lists do not tell what was deleted: the category is simply no longer there."""
    found = _found(books, "analysis_type_categories", "name")(value)
    del books.tables["analysis_type_categories"][found["id"]]
    for kind in list(books.rows("analysis_types")):
        kept = [one for one in kind["analysis_type_categories"] if one["id"] != found["id"]]
        if len(kept) != len(kind["analysis_type_categories"]):
            _put(books, "analysis_types", {**kind, "analysis_type_categories": kept}, now)


def _void(books: Books, value: Any, now: datetime) -> None:
    artefacts.void(books, value["table"], value["id"], "voided in Sage", now)


def _pay(books: Books, value: Any, now: datetime) -> None:
    """Settled in full, by a payment that is not looked at further."""
    record = books.tables[value["table"]][value["id"]]
    paid = {"status": ref("artefact_statuses", "PAID"), "outstanding_amount": Decimal(0)}
    _put(books, value["table"], {**record, **paid}, now)


def _reconcile(books: Books, value: Any, now: datetime) -> None:
    record = books.tables[value["table"]][value["id"]]
    _put(books, value["table"], {**record, "tax_reconciled": True}, now)


_CHANGES: Mapping[str, Callable[[Books, Any, datetime], None]] = {
    "lock_date": _setting("year_end_lockdown_date"),
    "accounts_start_date": _setting("accounts_start_date"),
    "tax_return_until": _setting("_tax_return_until"),
    "multi_currency": _multi_currency,
    "reverse_charge": _reverse_charge,
    "exchange_rate": _exchange_rate,
    "plan": _plan,
    "subscription_active": _subscription,
    "rename_business": _rename_business,
    "deactivate_contact": _contact_active(active=False),
    "activate_contact": _contact_active(active=True),
    "delete_contact": _delete_contact,
    "rename_contact": _rename_contact,
    "contact_types": _contact_types,
    "rename_account": _rename_account,
    "account_areas": _account_areas,
    "deactivate_bank_account": _bank_active(active=False),
    "activate_bank_account": _bank_active(active=True),
    "hide_tax_rate": _tax_visible(visible=False),
    "show_tax_rate": _tax_visible(visible=True),
    "deactivate_item": _deactivate_item,
    "delete_item": _delete_item,
    "rename_category": _rename_category,
    "delete_category": _delete_category,
    "void": _void,
    "reconcile": _reconcile,
    "pay": _pay,
}
