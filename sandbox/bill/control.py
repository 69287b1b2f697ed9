"""The control interface of the sandbox's BILL: books, sessions, sync tokens, limits, options, webhooks."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from sandbox.bill import approvals, seed
from sandbox.bill.books import Books
from sandbox.bill.formats import Record, RefusedError
from sandbox.bill.limiter import Figures
from sandbox.bill.state import BillState
from sandbox.bill.wire import Options
from sandbox.control import get, json_object, post

_CHOICES = {
    "upload_id_field": ("uploadId", "id"),
    "notification_body": ("string", "object"),
    "notification_signature": ("raw", "minified"),
}


def routes(state: BillState) -> Sequence[BaseRoute]:
    """Everything below /__control/bill."""
    return [*_book_routes(state), *_session_routes(state), *_traffic_routes(state)]


def _book_routes(state: BillState) -> list[BaseRoute]:
    async def organisations(_request: Request) -> Response:
        rows = [{"organisation_id": key, "name": one.organization["name"]} for key, one in state.books.items()]
        return JSONResponse(rows)

    async def read_books(request: Request) -> Response:
        try:
            books = state.organization(request.path_params["organisation"])
        except LookupError as missing:
            return JSONResponse({"error": str(missing.args[0])}, 404)
        state.late.run_due(state.clock.now())
        return JSONResponse(books.view())

    async def edit_books(request: Request) -> Response:
        books = state.organization(request.path_params["organisation"])
        _edit(books, await json_object(request, set(_CHANGES)), state.clock.now())
        return JSONResponse({"ok": True})

    return [
        get("/organisations", organisations),
        get("/organisations/{organisation}/books", read_books),
        post("/organisations/{organisation}/edit", edit_books),
    ]


def _session_routes(state: BillState) -> list[BaseRoute]:
    async def sessions(_request: Request) -> Response:
        now = state.clock.now()
        rows = [
            {
                "username": one.username,
                "kind": one.kind,
                "organisation_id": one.organization_id,
                "alive": one.alive(now),
                "last_call": one.last_call.isoformat(),
            }
            for one in state.sessions.sessions.values()
        ]
        return JSONResponse(rows)

    async def end_sessions(request: Request) -> Response:
        wanted = await json_object(request, {"organisation", "after_calls"})
        given = wanted.get("organisation")
        organization_id = state.organization(str(given)).organization_id if given else None
        return JSONResponse({"ended": state.sessions.end(organization_id, int(wanted.get("after_calls", 0)))})

    async def revoke(request: Request) -> Response:
        wanted = await json_object(request, {"user"})
        return JSONResponse({"revoked": state.sessions.revoke(str(wanted.get("user", "")))})

    async def allow(request: Request) -> Response:
        wanted = await json_object(request, {"user"})
        return JSONResponse({"allowed": state.sessions.allow(str(wanted.get("user", "")))})

    async def people(_request: Request) -> Response:
        """Who can log in to what; passwords and token values are in the sandbox's README."""
        rows = [
            {"username": one.username, "kind": one.kind, "organisation_id": one.organization_id}
            for one in state.sessions.credentials
        ]
        return JSONResponse({"dev_key": seed.DEV_KEY, "credentials": rows})

    return [
        get("/people", people),
        get("/sessions", sessions),
        post("/sessions", end_sessions),
        post("/revoke", revoke),
        post("/allow", allow),
    ]


def _traffic_routes(state: BillState) -> list[BaseRoute]:
    async def limits(request: Request) -> Response:
        wanted = await json_object(request, {field.name for field in fields(Figures)})
        if not all(isinstance(value, int) and value >= 0 for value in wanted.values()):
            raise ValueError("limits are whole numbers from 0")
        state.limiter.figures = replace(state.limiter.figures, **wanted)
        return JSONResponse(vars(state.limiter.figures))

    async def options(request: Request) -> Response:
        wanted = await json_object(request, {field.name for field in fields(Options)})
        for name, choices in _CHOICES.items():
            if wanted.get(name, choices[0]) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}")
        state.options = replace(state.options, **wanted)
        return JSONResponse(vars(state.options))

    async def webhooks(_request: Request) -> Response:
        return JSONResponse(state.notifier.as_json())

    async def late(_request: Request) -> Response:
        state.late.run_due(state.clock.now())
        return JSONResponse({"waiting": len(state.late)})

    return [
        post("/limits", limits),
        post("/options", options),
        get("/webhooks", webhooks),
        get("/late", late),
    ]


def _edit(books: Books, changes: Mapping[str, Any], now: datetime) -> None:
    """What a person changes in BILL's own screens. Raises ValueError; the books are then as they were.

    Known: archive, restore {table, id} (id, or name); rename {table, id, name}; pay {bill} (by id);
    decide {bill, action: "APPROVE" | "DENY", user?} (user: e-mail address; without it everyone who still waits).
    """
    mark = books.mark()
    try:
        for name, value in changes.items():
            _CHANGES[name](books, value, now)
    except (RefusedError, KeyError, TypeError) as refused:
        books.undo_to(mark)
        raise ValueError(f"cannot edit the books: {refused}") from refused
    books.commit()


def _found(books: Books, value: Mapping[str, Any]) -> tuple[str, Record]:
    table, wanted = str(value["table"]), str(value["id"])
    found = books.get(table, wanted)
    if found is None and table not in ("bills", "vendor-credits", "users", "roles", "employees"):
        found = books.named(table, wanted)
    if found is None:
        raise KeyError(f"{table} {wanted}")
    return table, found


def _archive(books: Books, value: Any, now: datetime) -> None:
    table, record = _found(books, value)
    books.update(table, {**record, "archived": True}, now)


def _restore(books: Books, value: Any, now: datetime) -> None:
    table, record = _found(books, value)
    books.update(table, {**record, "archived": False}, now)


def _rename(books: Books, value: Any, now: datetime) -> None:
    table, record = _found(books, value)
    books.update(table, {**record, "name": str(value["name"])}, now)


def _pay(books: Books, value: Any, now: datetime) -> None:
    bill = books.tables["bills"][value["bill"]]
    books.update("bills", {**bill, "paymentStatus": "PAID"}, now)


def _decide(books: Books, value: Any, now: datetime) -> None:
    bill = books.tables["bills"][value["bill"]]
    user_ids = [one["userId"] for one in bill.get("approvers", ()) if one["status"] == "WAITING"]
    if value.get("user"):
        named = {one["email"]: one["id"] for one in books.tables["users"].values()}
        user_ids = [named[value["user"]]]
    for user_id in user_ids:
        bill = approvals.decided(books, bill, user_id, approvals.ACTIONS[value["action"]], now)


_CHANGES = {"archive": _archive, "restore": _restore, "rename": _rename, "pay": _pay, "decide": _decide}
