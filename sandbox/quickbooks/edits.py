"""Changes made to a company from outside the API, as a person would in QuickBooks' own screens."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sandbox.quickbooks import documents, listing
from sandbox.quickbooks.books import Company
from sandbox.quickbooks.documents import Wish
from sandbox.quickbooks.errors import RefusedError
from sandbox.quickbooks.seed import subscription
from sandbox.quickbooks.wire import EntityEvent, Operation, Record

_Change = Callable[[Company, Any, datetime], list[EntityEvent]]


def edit(company: Company, changes: Mapping[str, Any], now: datetime) -> list[EntityEvent]:
    """Apply each named change, in its order, and return the events of it.

    Raises ValueError for an unknown change, an unknown record or a value that is none; the books are then as they were.
    Known: close_books (ISO day or null); deactivate, reactivate {entity, id}; rename {entity, id, name};
    merge {entity, from, to}; change, delete, void {entity, id, [fields]}; deposit {entity, id};
    preferences {group: {name: value}}; multicurrency (true); plan ("Plus", "Simple Start");
    suspended, access_lost, warns_of_duplicates, one_file_per_upload (booleans).
    """
    mark = company.mark()
    flags = {name: getattr(company, name) for name in ("plan", *_FLAGS)}
    events: list[EntityEvent] = []
    try:
        for name, value in changes.items():
            events += _CHANGES[name](company, value, now)
    except (KeyError, ValueError, TypeError, RefusedError) as refused:
        company.undo_to(mark)
        for name, value in flags.items():
            setattr(company, name, value)
        raise ValueError(f"cannot edit the books: {refused}") from refused
    company.commit()
    return events


def _preference(company: Company, group: str, values: Mapping[str, Any], now: datetime) -> None:
    old = company.preferences
    company.change("Preferences", {**old, group: {**old[group], **values}}, now)


def _close_books(company: Company, value: Any, now: datetime) -> list[EntityEvent]:
    day = date.fromisoformat(value).isoformat() if value else None
    _preference(company, "AccountingInfoPrefs", {"BookCloseDate": day}, now)
    return []


def _preferences(company: Company, value: Any, now: datetime) -> list[EntityEvent]:
    for group, values in value.items():
        _preference(company, group, values, now)
    return []


def _multicurrency(company: Company, value: Any, now: datetime) -> list[EntityEvent]:
    if not value and company.multicurrency:
        raise ValueError("multicurrency cannot be turned off again")
    _preference(company, "CurrencyPrefs", {"MultiCurrencyEnabled": bool(value)}, now)
    return []


def _record(company: Company, value: Any) -> Record:
    return company.tables[value["entity"]][str(value["id"])]


def _event(value: Any, operation: Operation, now: datetime) -> list[EntityEvent]:
    return [EntityEvent(value["entity"], operation, str(value["id"]), now)]


def _active(active: bool) -> _Change:
    def change(company: Company, value: Any, now: datetime) -> list[EntityEvent]:
        return _relisted(company, value, now, {"Active": active})

    return change


def _rename(company: Company, value: Any, now: datetime) -> list[EntityEvent]:
    field = "DisplayName" if value["entity"] in {"Vendor", "Customer"} else "Name"
    return _relisted(company, value, now, {field: value["name"]})


def _relisted(company: Company, value: Any, now: datetime, changes: Record) -> list[EntityEvent]:
    entity, before = value["entity"], _record(company, value)
    if entity.startswith("Tax"):
        company.change(entity, {**before, **changes}, now)
        return []
    record = listing.checked(company, entity, Wish({**before, **changes}, now), before)
    made = company.change(entity, {**before, **record}, now)
    if "FullyQualifiedName" in made:
        listing.rename_children(company, entity, made, now)
    return _event(value, "Update", now)


def _merge(company: Company, value: Any, now: datetime) -> list[EntityEvent]:
    """The merged entry is gone; documents that named it name the survivor."""
    entity, gone = value["entity"], str(value["from"])
    survivor = company.tables[entity][str(value["to"])]
    ref = {"value": survivor["Id"], "name": survivor.get("DisplayName") or survivor.get("Name")}
    for table, rows in company.tables.items():
        for row in list(rows.values()):
            changed = _repointed(row, f"{entity}Ref", gone, ref)
            if changed != row:
                company.change(table, changed, now)
    company.delete(entity, company.tables[entity][gone], now)
    return [EntityEvent(entity, "Merge", survivor["Id"], now)]


def _repointed(value: Any, name: str, gone: str, ref: Record) -> Any:
    if isinstance(value, list):
        return [_repointed(one, name, gone, ref) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: _repointed(inner, name, gone, ref) for key, inner in value.items()}
    for key in (name, "EntityRef"):
        if isinstance(made.get(key), dict) and made[key].get("value") == gone:
            made[key] = {**made[key], **ref}
    return made


def _change_record(company: Company, value: Any, now: datetime) -> list[EntityEvent]:
    company.change(value["entity"], {**_record(company, value), **value["fields"]}, now)
    return _event(value, "Update", now)


def _delete(company: Company, value: Any, now: datetime) -> list[EntityEvent]:
    company.delete(value["entity"], _record(company, value), now)
    return _event(value, "Delete", now)


def _void(company: Company, value: Any, now: datetime) -> list[EntityEvent]:
    company.change(value["entity"], documents.voided(_record(company, value)), now)
    return _event(value, "Void", now)


def _flag(name: str) -> _Change:
    def change(company: Company, value: Any, _now: datetime) -> list[EntityEvent]:
        if not isinstance(value, bool):
            raise TypeError(f"{name} must be true or false")
        setattr(company, name, value)
        return []

    return change


def _deposit(company: Company, value: Any, now: datetime) -> list[EntityEvent]:
    """The person banks a receipt or a payment: the API can no longer change it."""
    company.change(value["entity"], {**_record(company, value), "_deposited": True}, now)
    return _event(value, "Update", now)


def _plan(company: Company, value: Any, now: datetime) -> list[EntityEvent]:
    if value not in {"Plus", "Simple Start"}:
        raise ValueError('plan must be "Plus" or "Simple Start"')
    company.plan = value
    company.change("CompanyInfo", {**company.info, "NameValue": subscription(value)}, now)
    return []


_FLAGS = ("suspended", "access_lost", "warns_of_duplicates", "one_file_per_upload")
_CHANGES: Mapping[str, _Change] = {
    "close_books": _close_books,
    "preferences": _preferences,
    "multicurrency": _multicurrency,
    "deactivate": _active(False),
    "reactivate": _active(True),
    "rename": _rename,
    "merge": _merge,
    "change": _change_record,
    "delete": _delete,
    "void": _void,
    "deposit": _deposit,
    "plan": _plan,
    **{name: _flag(name) for name in _FLAGS},
}
