"""Sage's API over one business's books: which resource, may this person, is it in the plan, and who answers."""

from collections.abc import Mapping
from typing import Any

from sandbox.sage import artefacts, attachments, catalogues, contacts, messages, payments, queries, quick_entries
from sandbox.sage.books import TABLES, Books
from sandbox.sage.checks import Desk, Rules
from sandbox.sage.formats import Record, RefusedError, not_found, ref, refused
from sandbox.sage.wire import ApiAnswer, ApiCall, answered, read_json, refusal, wrapped

_WRAPPERS: Mapping[str, str] = {
    **{table: kind.wrapper for table, kind in artefacts.KINDS.items()},
    **{table: kind.wrapper for table, kind in quick_entries.KINDS.items()},
    "contacts": "contact",
    "contact_payments": "contact_payment",
    "other_payments": "other_payment",
    "attachments": "attachment",
}
_NO_CONTENT = ApiAnswer(204, b"")


def answer(books: Books, rules: Rules, call: ApiCall) -> ApiAnswer:
    """Answer one authorised call of a business. Every write is checked whole before anything is stored."""
    try:
        return _routed(Desk(books, rules, call.now), call)
    except RefusedError as no:
        return refusal(no)


def _routed(desk: Desk, call: ApiCall) -> ApiAnswer:
    parts = call.path.strip("/").split("/")
    resource = parts[0]
    if resource in ("financial_settings", "business_settings"):
        return _settings(desk, call, parts)
    if resource not in TABLES or len(parts) > 3:
        raise not_found()
    _permitted(desk.books, call, resource)
    if call.method == "GET":
        return _read(desk, call, parts)
    if call.method == "POST" and len(parts) == 1 and resource in _WRAPPERS:
        return answered(201, _shown(desk.books, resource, _create(desk, resource, _object(call, resource))))
    if call.method == "POST" and parts[2:] == ["release"] and resource in artefacts.KINDS:
        return answered(201, _shown(desk.books, resource, artefacts.release(desk, artefacts.KINDS[resource], parts[1])))
    if call.method == "PUT" and len(parts) == 2 and resource == "contacts":
        return answered(200, _shown(desk.books, resource, contacts.update(desk, parts[1], _object(call, resource))))
    if call.method == "DELETE" and len(parts) == 2 and resource in _WRAPPERS:
        return _delete(desk, call, resource, parts[1])
    raise refused(405, messages.METHOD_CODE, messages.METHOD)


def _permitted(books: Books, call: ApiCall, resource: str) -> None:
    """Raises RefusedError: 403 for the scope, the person or the plan (the plan's answer is assumed)."""
    writing = call.method != "GET"
    areas = catalogues.AREAS.get(resource, ())
    if writing:
        areas = catalogues.WRITE_AREAS.get(resource, areas)
    held = call.user.writes if writing else call.user.areas
    if (writing and call.scope != "full_access") or (areas and not held & set(areas)):
        raise refused(403, messages.ACCESS_DENIED_CODE, messages.ACCESS_DENIED)
    if books.plan in catalogues.LACKING.get((call.method, resource), set()):
        raise refused(403, messages.PLAN_CODE, messages.PLAN)


def _read(desk: Desk, call: ApiCall, parts: list[str]) -> ApiAnswer:
    resource = parts[0]
    if len(parts) == 1:
        return answered(200, queries.listed(desk.books, resource, call.query))
    if len(parts) == 3:
        if resource != "attachments" or parts[2] != "file":
            raise not_found()
        record, content = attachments.content(desk, parts[1])
        return ApiAnswer(200, content, str(record["mime_type"]))
    found = desk.books.live(resource, parts[1])
    if found is None:
        raise not_found()
    # One record comes whole unless attributes are named (assumed: the guide's example of one record is whole).
    attributes = queries.asked_for(call.query) if "attributes" in call.query else None
    return answered(200, queries.render(desk.books, resource, found, attributes))


def _object(call: ApiCall, resource: str) -> Record:
    """The object inside the resource's wrapper. Raises RefusedError: 415, 400 for a body that cannot be read."""
    if not call.content_type.lower().startswith("application/json"):
        raise refused(415, messages.MEDIA_CODE, messages.MEDIA)
    try:
        found = wrapped(read_json(call.body))
    except (ValueError, RecursionError):
        found = None
    if found is None:
        raise refused(400, messages.BAD_BODY_CODE, messages.BAD_BODY)
    name, inner = found
    if name != _WRAPPERS[resource]:
        raise refused(400, messages.BAD_BODY_CODE, messages.BAD_BODY, _WRAPPERS[resource])
    return inner


def _create(desk: Desk, resource: str, raw: Any) -> Record:
    if resource in artefacts.KINDS:
        return artefacts.create(desk, artefacts.KINDS[resource], raw)
    if resource in quick_entries.KINDS:
        return quick_entries.create(desk, quick_entries.KINDS[resource], raw)
    if resource == "contacts":
        return contacts.create(desk, raw)
    if resource == "attachments":
        return attachments.create(desk, raw)
    make = payments.create_other_payment if resource == "other_payments" else payments.create_contact_payment
    return make(desk, raw)


def _delete(desk: Desk, call: ApiCall, resource: str, record_id: str) -> ApiAnswer:
    """204; a sales document that is voided is answered whole, as the published description has it."""
    if resource == "contacts":
        contacts.delete(desk, record_id)
    elif resource == "attachments":
        attachments.delete(desk, record_id)
    elif resource in ("contact_payments", "other_payments"):
        payments.delete(desk, resource, record_id)
    else:
        gone = artefacts.void(desk.books, resource, record_id, call.query.get("void_reason"), desk.now)
        if resource in ("sales_invoices", "sales_credit_notes"):
            return answered(200, _shown(desk.books, resource, gone))
    return _NO_CONTENT


def _shown(books: Books, resource: str, record: Record) -> Record:
    return queries.render(books, resource, record, None)


def _settings(desk: Desk, call: ApiCall, parts: list[str]) -> ApiAnswer:
    if call.method != "GET" or len(parts) > 1:
        raise refused(405, messages.METHOD_CODE, messages.METHOD) if len(parts) == 1 else not_found()
    _permitted(desk.books, call, parts[0])
    books = desk.books
    if parts[0] == "financial_settings":
        return answered(200, books.written({**books.settings, "$path": "/financial_settings"}))
    defaults = {"purchase_ledger_account": 5000, "sales_ledger_account": 4000, "other_payment_ledger_account": 8250}
    found = {
        name: ref("ledger_accounts", one["id"])
        for name, code in defaults.items()
        if (one := _account(books, code)) is not None
    }
    settings = {
        "$path": "/business_settings",
        "default_ledger_accounts": found,
        "country_of_registration": ref("countries", books.country),
        "updated_at": books.business["updated_at"],
    }
    return answered(200, books.written(settings))


def _account(books: Books, code: int) -> Record | None:
    return books.find("ledger_accounts", lambda one: one["nominal_code"] == code)
