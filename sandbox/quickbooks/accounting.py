"""The Accounting API over one company's books: routing, reading and answering.

Sources: developer.intuit.com, "REST API features" and the reference page of each resource. Minor versions 1 to 74 are
treated as 75 since August 2025, so the sandbox knows no other.
"""

from collections.abc import Callable
from typing import Any, cast

from sandbox.quickbooks import attachables, batch, changes, queries, writes
from sandbox.quickbooks.books import Company
from sandbox.quickbooks.documents import Wish
from sandbox.quickbooks.entities import BY_PATH, Entity
from sandbox.quickbooks.errors import RefusedError, access_lost, not_found, required
from sandbox.quickbooks.formats import answer_time, read_json, stamp
from sandbox.quickbooks.references import rate_of
from sandbox.quickbooks.wire import ApiAnswer, ApiCall, Record

_OPERATIONS = {"delete": "delete", "void": "void", "update": "update", "create": "create"}


def answer(company: Company, call: ApiCall) -> ApiAnswer:
    """Answer one authorised call. The books change only if the answer says so."""
    mark = company.mark()
    try:
        if company.access_lost:
            raise access_lost()
        given = _route(company, call)
        company.commit()
    except RefusedError as refused:
        company.undo_to(mark)
        given = ApiAnswer(refused.status, {"Fault": refused.fault(), "time": answer_time(call.now)})
    return given


def looks_up(call: ApiCall) -> bool:
    """Whether a call asks what there is, by a query, by CDC or by a batch that holds a query."""
    name = call.path.strip("/").split("/")[0].lower()
    if name in {"query", "cdc"}:
        return True
    try:
        return name == "batch" and batch.has_query(read_json(call.body))
    except RefusedError:
        return False


def _route(company: Company, call: ApiCall) -> ApiAnswer:
    parts = call.path.strip("/").split("/")
    special = _SPECIAL.get((call.method, parts[0].lower()))
    if special is not None:
        return special(company, call, parts[1:])
    entity = BY_PATH.get(parts[0].lower())
    if entity is None:
        raise RefusedError("500", "Unsupported Operation", f"Operation {parts[0]} is not supported.")
    if call.method == "GET" and len(parts) == 2:
        return _read(company, call, entity, parts[1])
    if call.method != "POST" or len(parts) != 1:
        raise RefusedError("500", "Unsupported Operation", "The HTTP method is not supported here.", status=405)
    return _write(company, call, entity)


def _read(company: Company, call: ApiCall, entity: Entity, record_id: str) -> ApiAnswer:
    wanted = "1" if entity.kind == "single" and record_id == company.realm_id else record_id
    found = company.get(entity.name, wanted)
    if found is None:
        raise not_found()
    return _ok(call, {entity.name: shown(found)})


def _preferences(company: Company, call: ApiCall, rest: list[str]) -> ApiAnswer:
    if rest:
        raise not_found()
    return _ok(call, {"Preferences": company.preferences})


def _write(company: Company, call: ApiCall, entity: Entity) -> ApiAnswer:
    body = read_json(call.body)
    wanted = call.query.get("operation", "").lower()
    include = frozenset(call.query.get("include", "").lower().split(","))
    verb = _OPERATIONS.get(wanted, "update" if body.get("Id") else "create")
    if "void" in include:
        verb = "void"
    made, event = writes.write(company, entity, cast(writes.Verb, verb), Wish(body, call.now, include))
    return _ok(call, {entity.name: shown(made)}, (event,))


def _query(company: Company, call: ApiCall, rest: list[str]) -> ApiAnswer:  # noqa: ARG001 - as every special call
    statement = call.query.get("query") if call.method == "GET" else call.body.decode("utf-8", "replace")
    found = queries.answer(company, statement or "")
    rows = {key: [shown(one) for one in value] if isinstance(value, list) else value for key, value in found.items()}
    return _ok(call, {"QueryResponse": rows})


def _changes(company: Company, call: ApiCall, rest: list[str]) -> ApiAnswer:  # noqa: ARG001 - as every special call
    for name in ("entities", "changedSince"):
        if not call.query.get(name):
            raise required(name)
    found = changes.answer(company, call.query["entities"], call.query["changedSince"], call.now)
    return _ok(call, {"CDCResponse": [cast(Record, shown(found))]})


def _batch(company: Company, call: ApiCall, rest: list[str]) -> ApiAnswer:  # noqa: ARG001 - as every special call
    body, events = batch.answer(company, read_json(call.body), call.now)
    return ApiAnswer(200, shown(body), events)


def _upload(company: Company, call: ApiCall, rest: list[str]) -> ApiAnswer:  # noqa: ARG001 - as every special call
    content_type = call.headers.get("content-type", "")
    rows, events = attachables.upload(company, call.body, content_type, call.files_at, call.now)
    return ApiAnswer(200, {"AttachableResponse": rows, "time": answer_time(call.now)}, tuple(events))


def _download(company: Company, call: ApiCall, rest: list[str]) -> ApiAnswer:
    """The address from which a file can be had, as plain text."""
    if len(rest) != 1 or rest[0] not in company.files:
        raise not_found()
    return ApiAnswer(200, f"{call.files_at}/{rest[0]}")


def _exchange_rate(company: Company, call: ApiCall, rest: list[str]) -> ApiAnswer:  # noqa: ARG001 - as every special call
    code = call.query.get("sourcecurrencycode")
    if not code:
        raise required("sourcecurrencycode")
    row = {
        "SourceCurrencyCode": code,
        "TargetCurrencyCode": company.home_currency,
        "Rate": rate_of(company, code),
        "AsOfDate": call.query.get("asofdate", stamp(call.now)[:10]),
        "MetaData": {"LastUpdatedTime": stamp(call.now)},
    }
    return _ok(call, {"ExchangeRate": row})


_Special = Callable[[Company, ApiCall, list[str]], ApiAnswer]
_SPECIAL: dict[tuple[str, str], _Special] = {
    ("GET", "preferences"): _preferences,
    ("GET", "query"): _query,
    ("POST", "query"): _query,
    ("GET", "cdc"): _changes,
    ("POST", "batch"): _batch,
    ("POST", "upload"): _upload,
    ("GET", "download"): _download,
    ("GET", "exchangerate"): _exchange_rate,
}


def shown(value: Any) -> Any:
    """A record as answered: without what the sandbox keeps for itself."""
    if isinstance(value, dict):
        return {key: shown(inner) for key, inner in value.items() if not key.startswith("_")}
    return [shown(one) for one in value] if isinstance(value, list) else value


def _ok(call: ApiCall, body: Record, events: tuple[Any, ...] = ()) -> ApiAnswer:
    return ApiAnswer(200, {**body, "time": answer_time(call.now)}, events)
