"""BILL's v3 API over one organization's books: which path does what.

Paths and methods: developer.bill.com's reference. Payments, invoices, funding accounts, the network and Spend & Expense
are not simulated: what would need an MFA-trusted session is refused as such, the rest is BDC_1121.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote

from sandbox.bill import approvals, bills, documents, lists, queries, vendor_credits, vendors
from sandbox.bill.books import Books
from sandbox.bill.formats import (
    NO_SUCH_API,
    UNTRUSTED,
    Record,
    RefusedError,
    bad_field,
    not_found,
    read_json,
    refused,
    visible,
)  # fmt: skip
from sandbox.bill.wire import Answer, ApiCall, Event

CREATED = 201
_CLASSIFICATION = f"classifications/(?P<table>{'|'.join(lists.CLASSIFICATIONS)})"
_MEMBERS = {"vendors": "vendor", "bills": "bill"}
# Operations that need a session trusted by MFA (developer.bill.com, "MFA setup"): no session here ever is.
_MFA_PROTECTED = re.compile(r"^/(payments|network/|vendors/[^/]+/bank-account|funding-accounts/banks)")
# As reported for sessions of a sync token; that deciding on a bill is refused alike is assumed.
_NOT_BY_TOKEN = re.compile(r"^/bill-approvals/(pending-user-approvals|actions)$")
_Handler = Callable[[Books, ApiCall, dict[str, str]], Answer]


def answer(books: Books, call: ApiCall) -> Answer:
    """Answer one call. The books change only if the answer says so. Raises RefusedError."""
    mark = books.mark()
    try:
        given = _route(books, call)
    except RefusedError:
        books.undo_to(mark)
        raise
    books.commit()
    return given


def _route(books: Books, call: ApiCall) -> Answer:
    if call.method != "GET" and _MFA_PROTECTED.match(call.path):
        raise refused(403, UNTRUSTED)
    if call.session_kind == "token" and _NOT_BY_TOKEN.match(call.path):
        raise refused(403, UNTRUSTED)
    for method, pattern, handler in _ROUTES:
        found = pattern.fullmatch(call.path)
        if found and method == call.method:
            at = {name: unquote(value) for name, value in found.groupdict().items() if value is not None}
            return handler(books, call, at)
    raise refused(404, NO_SUCH_API)


def _record(books: Books, table: str, record_id: str) -> Record:
    found = books.get(table, record_id)
    if found is None:
        raise not_found(f"{_MEMBERS.get(table, table)} {record_id}")
    return found


def _shown(books: Books, table: str, record: Record, *, named: bool) -> Record:
    return visible(bills.rendered(books, record, named=named) if table == "bills" else record)


def _saved(books: Books, table: str, record: Record, change: str, status: int = 200) -> Answer:
    events = (Event(f"{_MEMBERS[table]}.{change}", _MEMBERS[table], record),) if table in _MEMBERS else ()
    return Answer(status, _shown(books, table, record, named=False), events)


def _list(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:
    table = at["table"]
    records = [_named(books, table, one) for one in books.tables[table].values()]
    return Answer(200, queries.listed(table, records, call.query))


def _named(books: Books, table: str, record: Record) -> Record:
    return bills.rendered(books, record, named=True) if table == "bills" else record


def _read(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:  # noqa: ARG001 - every handler takes the call
    table = at["table"]
    return Answer(200, _shown(books, table, _record(books, table, at["id"]), named=True))


def _create(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:
    table, body = at["table"], read_json(call.body)
    if table == "vendors":
        return _saved(books, table, vendors.create(books, call, body), "created", CREATED)
    if table == "bills":
        return _saved(books, table, bills.create(books, call, body), "created", CREATED)
    if table == vendor_credits.TABLE:
        return _saved(books, table, vendor_credits.create(books, call, body), "created", CREATED)
    return _saved(books, table, lists.create(books, call, table, body), "created", CREATED)


def _create_all(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:
    table, body = at["table"], read_json(call.body)
    if table == "bills":
        made = bills.create_all(books, call, body)
    elif table == "vendors":
        if not isinstance(body, list) or not 1 <= len(body) <= vendors.MOST_IN_BULK:
            raise bad_field(f"size must be between 1 and {vendors.MOST_IN_BULK}")
        made = [vendors.create(books, call, element) for element in body]
    elif table == vendor_credits.TABLE:
        made = vendor_credits.create_all(books, call, body)
    else:
        made = lists.create_all(books, call, table, body)
    member = _MEMBERS.get(table)
    events = tuple(Event(f"{member}.created", member, one) for one in made) if member else ()
    return Answer(CREATED, [_shown(books, table, one, named=False) for one in made], events)


def _update(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:
    table, body = at["table"], read_json(call.body)
    record = _record(books, table, at["id"])
    if table == "vendors":
        return _saved(books, table, vendors.update(books, call, record, body), "updated")
    if table == "bills":
        return _saved(books, table, bills.update(books, call, record, body), "updated")
    if table == vendor_credits.TABLE:
        return _saved(books, table, vendor_credits.update(books, call, record, body), "updated")
    return _saved(books, table, lists.update(books, call, table, record, body), "updated")


def _replace_bill(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:
    bill = _record(books, "bills", at["id"])
    return _saved(books, "bills", bills.replace(books, call, bill, read_json(call.body)), "updated")


def _archive(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:
    table, archived = at["table"], at["word"] == "archive"
    record = lists.set_archived(books, call, table, _record(books, table, at["id"]), archived)
    return _saved(books, table, record, "archived" if archived else "restored")


def _upload(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:
    return Answer(CREATED, documents.upload(books, call, _record(books, "bills", at["id"])))


def _bill_documents(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:
    rows = documents.of_bill(books, call, _record(books, "bills", at["id"]))
    return Answer(200, queries.listed("documents", rows, call.query))


def _upload_status(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:  # noqa: ARG001
    return Answer(200, documents.statuses(books, call))


def _document(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:
    return Answer(200, documents.details(books, call, at["id"]))


def _policies(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:  # noqa: ARG001
    return Answer(200, queries.listed("policies", list(books.policies.values()), call.query))


def _save_policy(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:
    policy_id = at.get("id")
    if policy_id is not None and policy_id not in books.policies:
        raise not_found(f"Policy {policy_id}")
    status = CREATED if policy_id is None else 200
    return Answer(status, approvals.save_policy(books, policy_id, read_json(call.body)))


def _delete_policy(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:  # noqa: ARG001
    if books.policies.pop(at["id"], None) is None:
        raise not_found(f"Policy {at['id']}")
    return Answer(204, None)


def _decide(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:  # noqa: ARG001
    return _saved(books, "bills", approvals.decide(books, call.user_id, read_json(call.body), call.now), "updated")


def _pending(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:  # noqa: ARG001
    rows = [_named(books, "bills", one) for one in approvals.pending(books, call.user_id)]
    return Answer(200, queries.listed("bills", rows, call.query))


def _organization(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:  # noqa: ARG001
    if at["id"] != books.organization_id:
        raise not_found(f"Organization {at['id']}")
    return Answer(200, books.organization)


def _routes() -> list[tuple[str, re.Pattern[str], _Handler]]:
    written = f"(?:(?:{_CLASSIFICATION})|(?P<table2>vendors|vendor-credits|bills|customers))"
    read = written.replace("customers", "customers|users|roles")
    rows: list[tuple[str, str, _Handler]] = [
        ("POST", f"/{written}/bulk", _create_all),
        ("GET", "/documents/upload-status", _upload_status),
        ("GET", "/documents/bills/(?P<id>[^/]+)", _bill_documents),
        ("POST", "/documents/bills/(?P<id>[^/]+)", _upload),
        ("GET", "/documents/(?P<id>[^/]+)", _document),
        ("GET", "/organizations/(?P<id>[^/]+)", _organization),
        ("POST", "/bill-approvals", _save_policy),
        ("GET", "/bill-approvals/policies", _policies),
        ("PUT", "/bill-approvals/policies/(?P<id>[^/]+)", _save_policy),
        ("DELETE", "/bill-approvals/policies/(?P<id>[^/]+)", _delete_policy),
        ("POST", "/bill-approvals/actions", _decide),
        ("GET", "/bill-approvals/pending-user-approvals", _pending),
        ("GET", f"/{read}", _list),
        ("POST", f"/{written}", _create),
        ("GET", f"/{read}/(?P<id>[^/]+)", _read),
        ("PATCH", f"/{written}/(?P<id>[^/]+)", _update),
        ("PUT", "/bills/(?P<id>[^/]+)", _replace_bill),
        ("POST", f"/{written}/(?P<id>[^/]+)/(?P<word>archive|restore)", _archive),
    ]
    return [(method, re.compile(pattern), _with_table(handler)) for method, pattern, handler in rows]


def _with_table(handler: _Handler) -> _Handler:
    """One name for the list, wherever in the path it stands."""

    def handled(books: Books, call: ApiCall, at: dict[str, str]) -> Answer:
        table = at.get("table") or at.get("table2")
        return handler(books, call, {**at, "table": table} if table else at)

    return handled


_ROUTES = _routes()
