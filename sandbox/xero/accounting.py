"""Xero's Accounting API over one organisation's books: routing, bodies, batches, answers.

Source: Xero Accounting API, "Requests and responses" and "HTTP response codes"; paths of its OpenAPI description. Only
JSON is spoken (Xero's XML is not): Accept must allow application/json, bodies must be application/json.
"""

import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import unquote

from sandbox.xero import attachments, contacts, documents, payments, render, rules
from sandbox.xero.books import ID_FIELDS, Books
from sandbox.xero.formats import (
    InvalidElementError,
    Record,
    RefusedError,
    envelope,
    exception,
    not_found,
    post_data_invalid,
    validation_exception,
)  # fmt: skip
from sandbox.xero.queries import select
from sandbox.xero.wire import ApiAnswer, ApiCall, WebhookEvent

LARGEST_BODY = 3_500_000  # Xero API limits page; the answer to a larger body is assumed
_PAGED = ("Contacts", "Invoices", "CreditNotes", "BankTransactions", "Payments")
_SAVED_BY = {"Contacts", "Invoices", "CreditNotes", "BankTransactions", "Payments"}
_BY_PATH = {name.lower(): name for name in (*ID_FIELDS, "Organisation")}
_SECOND_KEY = {"Contacts": "number", "Items": "code", "Invoices": "number", "CreditNotes": "number"}


def answer(books: Books, call: ApiCall) -> ApiAnswer:
    """Answer one authorised call. The books change only if the answer says so; nothing else is touched."""
    mark = books.mark()
    try:
        _negotiate(call)
        given = _route(books, call)
        books.commit()
    except RefusedError as refused:
        books.undo_to(mark)
        given = _refusal(refused)
    except RecursionError:
        books.undo_to(mark)
        given = _refusal(post_data_invalid("The reader's MaxDepth of 64 has been exceeded."))
    return given


def _negotiate(call: ApiCall) -> None:
    accept = call.headers.get("accept", "")
    downloading = call.method == "GET" and "/attachments/" in call.path.lower()
    if "application/json" not in accept and not downloading:
        raise RefusedError(406, "This sandbox answers in JSON only: send Accept: application/json")
    uploading = call.method in ("PUT", "POST") and "/attachments/" in call.path.lower()
    if call.method in ("PUT", "POST") and not uploading:
        if not call.headers.get("content-type", "").lower().startswith("application/json"):
            raise RefusedError(415, "This sandbox reads JSON only: send Content-Type: application/json")
        if len(call.body) > LARGEST_BODY:
            raise RefusedError(413, {"Title": "RequestEntityTooLarge", "Status": 413, "Detail": "PayloadTooLarge"})


def _route(books: Books, call: ApiCall) -> ApiAnswer:
    parts = [unquote(part) for part in call.path.strip("/").split("/")]
    table = _BY_PATH.get(parts[0].lower())
    if table is None:
        raise not_found()
    if table == "Organisation":
        return _organisation(books, call, parts[1:])
    if len(parts) >= 3 and parts[2].lower() == "attachments" and table in attachments.OWNERS:
        return _attachments(books, call, table, parts)
    if len(parts) > 2:
        raise not_found()
    if call.method == "GET":
        return _list(books, call, table) if len(parts) == 1 else _one(books, call, table, parts[1])
    if call.method not in ("PUT", "POST") or table not in _SAVED_BY or (len(parts) == 2 and call.method == "PUT"):
        raise exception(501, 20, "ApiMethodNotImplementedException", "The Api Method called is not implemented")
    if len(parts) == 2:
        return _write_one(books, call, table, parts[1])
    return _write(books, call, table, _elements(call, table))


def _organisation(books: Books, call: ApiCall, rest: list[str]) -> ApiAnswer:
    if call.method != "GET" or len(rest) > 1:
        raise not_found()
    if not rest:
        return _ok(call, {"Organisations": [render.organisation(books)]})
    if rest[0].lower() != "actions":
        raise not_found()
    return _ok(call, {"Actions": rules.actions(books, call.user)})


def _list(books: Books, call: ApiCall, table: str) -> ApiAnswer:
    chosen = select(books, table, call, paged=table in _PAGED)
    # Lists come without line items unless paged; summaryOnly leaves them out always.
    lines = chosen.pagination is not None and call.query.get("summaryOnly", "").lower() != "true"
    rows = [render.record(books, table, one, unitdp=_unitdp(call), lines=lines) for one in chosen.records]
    body: Record = {"pagination": chosen.pagination} if chosen.pagination else {}
    return _ok(call, {**body, table: rows})


def _find(books: Books, table: str, key: str) -> Record:
    """A record by id, or by number or code where Xero takes those in the path. Raises RefusedError (404)."""
    found = books.get(table, key)
    if found is None and table in _SECOND_KEY:
        found = books.find(table, _SECOND_KEY[table], key)
    if found is None:
        raise not_found()
    return found


def _one(books: Books, call: ApiCall, table: str, key: str) -> ApiAnswer:
    found = _find(books, table, key)
    return _ok(call, {table: [render.record(books, table, found, unitdp=_unitdp(call))]})


def _unitdp(call: ApiCall) -> int:
    return 4 if call.query.get("unitdp") == "4" else render.DEFAULT_UNIT_DECIMALS


def _elements(call: ApiCall, table: str) -> list[Record]:
    """The elements of a body: {"Invoices": [...]} or one object. Raises RefusedError (400)."""
    body = _body(call)
    elements = body.get(table, [body] if body else [])
    if not isinstance(elements, list) or not all(isinstance(one, dict) for one in elements):
        raise post_data_invalid(f"Error converting value to a list. Path '{table}'.")
    if not elements:
        message = "No data has been processed for this endpoint. This endpoint is expecting data to be specified"
        raise exception(400, 17, "NoDataProcessedException", f"{message} in the request body.")
    return elements


def _body(call: ApiCall) -> Record:
    try:
        body = json.loads(call.body, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse_constant)
    except (ValueError, ArithmeticError):
        raise post_data_invalid("The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise post_data_invalid("Error converting value to an object. Path ''.")
    return body


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _write_one(books: Books, call: ApiCall, table: str, key: str) -> ApiAnswer:
    found = _find(books, table, key)
    element = _elements(call, table)[0]
    if table == "Payments":
        return _batch(books, call, table, [element], lambda one, _: payments.delete(books, call, found, one))
    id_field = ID_FIELDS[table]
    return _write(books, call, table, [{**element, id_field: found[id_field]}])


def _write(books: Books, call: ApiCall, table: str, elements: list[Record]) -> ApiAnswer:
    def save(element: Record, path: str) -> documents.Saved:
        if table == "Payments":
            return payments.save(books, call, element, path)
        if table == "Contacts":
            stored, event = contacts.save(books, call, element, path)
            return documents.Saved(stored, (event,), [])
        return documents.save(books, call, table, element, path)

    return _batch(books, call, table, elements, save)


def _batch(
    books: Books, call: ApiCall, table: str, elements: list[Record], save: Callable[[Record, str], documents.Saved]
) -> ApiAnswer:
    """Store elements one by one; a refused one leaves no trace. With errors and summarizeErrors, none is stored."""
    one_by_one = call.query.get("summarizeErrors", "").lower() == "false"
    rows: list[Record] = []
    bad: list[Record] = []
    events: list[WebhookEvent] = []
    for at, element in enumerate(elements):
        mark = books.mark()
        try:
            saved = save(element, f"{table}[{at}]")
        except InvalidElementError as invalid:
            books.undo_to(mark)
            rows.append(render.refused(table, element, invalid.messages))
            bad.append(rows[-1])
            continue
        events.extend(saved.events)
        row = render.record(books, table, saved.record, unitdp=_unitdp(call))
        rows.append(render.accepted(row, saved.warnings, marked=one_by_one))
    if bad and not one_by_one:
        raise validation_exception(bad)
    return _ok(call, {table: rows}, tuple(events))


def _attachments(books: Books, call: ApiCall, table: str, parts: list[str]) -> ApiAnswer:
    owner, file_name = parts[1], "/".join(parts[3:])
    if call.method == "GET" and not file_name:
        return _ok(call, {"Attachments": attachments.listed(books, table, owner)})
    if call.method == "GET":
        found = attachments.content(books, table, owner, file_name)
        return ApiAnswer(200, {"content-type": found.mime_type}, found.content)
    if call.method not in ("PUT", "POST") or not file_name:
        raise exception(501, 20, "ApiMethodNotImplementedException", "The Api Method called is not implemented")
    stored, events = attachments.upload(books, call, table, owner, file_name)
    owner_id = _find(books, table, owner)[ID_FIELDS[table]]
    return _ok(call, {"Attachments": [attachments.describe(table, owner_id, stored)]}, events)


def _ok(call: ApiCall, body: Record, events: tuple[WebhookEvent, ...] = ()) -> ApiAnswer:
    answer_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{call.method} {call.path} {call.now.isoformat()}"))
    content = render.to_json({**envelope(call.app_name, call.now, answer_id), **body})
    return ApiAnswer(200, {"content-type": "application/json; charset=utf-8"}, content, events)


def _refusal(refused: RefusedError) -> ApiAnswer:
    if isinstance(refused.body, str):
        return ApiAnswer(refused.status, {"content-type": "text/html; charset=utf-8"}, refused.body.encode())
    content_type = {"content-type": "application/json; charset=utf-8"}
    return ApiAnswer(refused.status, content_type, render.to_json(refused.body))
