"""Creating, updating, voiding and deleting by POST /{entity}, alone or as an element of a batch.

Source: developer.intuit.com, "REST API features" (full and sparse update, delete, void) and the entities' pages.
"""

from dataclasses import replace
from typing import Literal

from sandbox.quickbooks import attachables, documents, listing, properties, settlements
from sandbox.quickbooks.books import Company
from sandbox.quickbooks.documents import Wish
from sandbox.quickbooks.entities import Entity
from sandbox.quickbooks.errors import (
    RefusedError,
    business,
    closed_books,
    deleted_meanwhile,
    deposited,
    not_found,
    required,
    stale,
    subscription_ended,
)
from sandbox.quickbooks.wire import EntityEvent, Record

Verb = Literal["create", "update", "delete", "void"]
VOIDABLE = frozenset({"Invoice", "SalesReceipt", "CreditMemo", "BillPayment", "Payment", "Purchase"})
_SETTLEMENTS = frozenset({"BillPayment", "Payment"})


def write(company: Company, entity: Entity, verb: Verb, wish: Wish) -> tuple[Record, EntityEvent]:
    """The entity as answered and the event of it. Raises RefusedError; the caller takes back what was changed."""
    if company.suspended:
        raise subscription_ended()
    if not entity.writable:
        raise RefusedError("500", "Unsupported Operation", f"Operation {verb} is not supported on {entity.name}")
    properties.check(entity.name, wish.body)
    if entity.kind == "transaction":
        documents.check_plan(company, entity.name)
    if verb == "create":
        return _created(company, entity, wish)
    before = _current(company, entity, wish)
    if verb == "delete":
        return _deleted(company, entity, before, wish)
    return _voided(company, entity, before, wish) if verb == "void" else _updated(company, entity, before, wish)


def _created(company: Company, entity: Entity, wish: Wish) -> tuple[Record, EntityEvent]:
    record = _checked(company, entity, wish, None)
    _check_open(company, entity, record)
    made = company.add(entity.name, record, wish.now)
    if entity.name in _SETTLEMENTS:
        settlements.apply(company, entity.name, made, wish.now)
    return made, EntityEvent(entity.name, "Create", made["Id"], wish.now)


def _updated(company: Company, entity: Entity, before: Record, wish: Wish) -> tuple[Record, EntityEvent]:
    _check_open(company, entity, before)
    sparse = wish.body.get("sparse") in (True, "true")
    body = {**_writable(before), **wish.body} if sparse else wish.body
    if not company.multicurrency and body.get("CurrencyRef", {}).get("value") == company.home_currency:
        # Assumed: only a new document may not name the home currency; an update may send back what was answered.
        body = {name: value for name, value in body.items() if name != "CurrencyRef"}
    merged = replace(wish, body=body)
    if entity.name in _SETTLEMENTS:
        settlements.apply(company, entity.name, before, wish.now, factor=-1)
    record = _checked(company, entity, merged, before)
    _check_open(company, entity, record)
    identity = {name: before[name] for name in ("Id", "SyncToken", "MetaData", "domain")}
    kept: Record = {name: before[name] for name in ("Size", "FileAccessUri", "TempDownloadUri") if name in before}
    made = company.change(entity.name, {**kept, **record, **identity, "sparse": False}, wish.now)
    if entity.name in _SETTLEMENTS:
        settlements.apply(company, entity.name, made, wish.now)
    if "FullyQualifiedName" in made:
        listing.rename_children(company, entity.name, made, wish.now)
    return made, EntityEvent(entity.name, "Update", made["Id"], wish.now)


def _deleted(company: Company, entity: Entity, before: Record, wish: Wish) -> tuple[Record, EntityEvent]:
    if entity.kind == "list":
        # Lists are never deleted, only made inactive.
        raise RefusedError("500", "Unsupported Operation", f"Operation delete is not supported on {entity.name}")
    _check_open(company, entity, before)
    if before.get("LinkedTxn"):
        # Assumed wording: a settled document goes only after its payment.
        raise business("You cannot delete this transaction because it is linked to other transactions.")
    if entity.name in _SETTLEMENTS:
        settlements.apply(company, entity.name, before, wish.now, factor=-1)
    company.delete(entity.name, before, wish.now)
    gone = {"status": "Deleted", "domain": "QBO", "Id": before["Id"]}
    return gone, EntityEvent(entity.name, "Delete", before["Id"], wish.now)


def _voided(company: Company, entity: Entity, before: Record, wish: Wish) -> tuple[Record, EntityEvent]:
    if entity.name not in VOIDABLE:
        raise RefusedError("500", "Unsupported Operation", f"Operation void is not supported on {entity.name}")
    _check_open(company, entity, before)
    if entity.name in _SETTLEMENTS:
        settlements.apply(company, entity.name, before, wish.now, factor=-1)
        before = {**before, "Line": []}
    made = company.change(entity.name, documents.voided(before), wish.now)
    return made, EntityEvent(entity.name, "Void", made["Id"], wish.now)


def _checked(company: Company, entity: Entity, wish: Wish, before: Record | None) -> Record:
    if entity.kind == "list":
        return listing.checked(company, entity.name, wish, before)
    if entity.kind == "attachable":
        return attachables.checked(company, wish.body)
    if entity.name in _SETTLEMENTS:
        return settlements.checked(company, entity.name, wish)
    return documents.checked(company, entity.name, wish, before)


def _writable(before: Record) -> Record:
    """What a sparse update leaves as it was; tax and totals are worked out again."""
    lines = [one for one in before.get("Line", []) if one.get("DetailType") != "SubTotalLineDetail"]
    kept = {name: value for name, value in before.items() if name not in {"TxnTaxDetail", "Line"}}
    return {**kept, **({"Line": lines} if lines else {})}


def _current(company: Company, entity: Entity, wish: Wish) -> Record:
    """The record to be changed, at the version that the caller has. Raises RefusedError (610, 2020, 5010)."""
    record_id = wish.body.get("Id")
    if record_id in (None, ""):
        raise required("Id")
    found = company.get(entity.name, str(record_id))
    if found is None:
        gone = any(one["Id"] == str(record_id) for one in company.deleted.get(entity.name, []))
        raise deleted_meanwhile() if gone else not_found()
    token = wish.body.get("SyncToken")
    if token in (None, ""):
        raise required("SyncToken")
    if str(token) != found["SyncToken"]:
        raise stale()
    if found.get("_deposited"):
        raise deposited()
    return found


def _check_open(company: Company, entity: Entity, record: Record) -> None:
    if entity.kind == "transaction" and not documents.is_open(company, record):
        raise closed_books()
