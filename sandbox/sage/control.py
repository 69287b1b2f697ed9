"""The control interface of the sandbox's Sage: apps, people, tokens, access, businesses, limits, switches."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.control import get, json_body, json_object, post
from sandbox.decimals import strings
from sandbox.sage.books import Books
from sandbox.sage.edits import edit
from sandbox.sage.identity import App
from sandbox.sage.limiter import Figures
from sandbox.sage.postings import balances
from sandbox.sage.state import SageState
from sandbox.sage.wire import SageUser


def routes(state: SageState) -> list[Route]:
    """Everything below /__control/sage."""
    return [*_identity_routes(state), *_book_routes(state), *_traffic_routes(state)]


def _identity_routes(state: SageState) -> list[Route]:
    async def apps(request: Request) -> Response:
        wanted = await json_object(request, {"client_id", "client_secret", "name", "redirect_uris"})
        app = _app(state.identity.apps.get(str(wanted.get("client_id"))), wanted)
        state.identity.apps[app.client_id] = app
        return JSONResponse(_public(app))

    async def list_apps(_request: Request) -> Response:
        return JSONResponse([_public(app) for app in state.identity.apps.values()])

    async def people(_request: Request) -> Response:
        return JSONResponse([_person(state, person) for person in state.people.values()])

    async def tokens(request: Request) -> Response:
        wanted = await json_object(request, {"expire", "user", "app"})
        user_id = _user(state, wanted["user"]).user_id if wanted.get("user") else None
        met = state.identity.tokens.expire(str(wanted.get("expire")), user_id, wanted.get("app"), state.clock.now())
        return JSONResponse({"expired": met})

    async def revoke(request: Request) -> Response:
        wanted = await json_object(request, {"user", "app"})
        user_id = _user(state, str(wanted.get("user", ""))).user_id
        grants = [one for one in state.identity.tokens.grants_of(user_id, wanted.get("app")) if not one.revoked]
        for grant in grants:
            grant.revoked = True
        return JSONResponse({"revoked": len(grants)})

    async def access(request: Request) -> Response:
        wanted = await json_object(request, {"user", "businesses"})
        user = _user(state, str(wanted.get("user", "")))
        state.access[user.user_id] = [_named(state, str(one)).business_id for one in wanted.get("businesses", [])]
        return JSONResponse(_person(state, user))

    async def grants(_request: Request) -> Response:
        """The consents that an app has tokens of, and that have not ended: each covers all businesses of a person."""
        known = {token.grant_id for token in state.identity.tokens.refresh_tokens.values()}
        rows = [
            {"user": state.people[one.user_id].email, "app": one.app_id, "organisation": None}
            for one in state.identity.tokens.grants_of(None, None)
            if not one.revoked and one.grant_id in known
        ]
        return JSONResponse(rows)

    return [
        get("/apps", list_apps),
        post("/apps", apps),
        get("/people", people),
        get("/grants", grants),
        post("/tokens", tokens),
        post("/revoke", revoke),
        post("/access", access),
    ]


def _book_routes(state: SageState) -> list[Route]:
    async def businesses(_request: Request) -> Response:
        return JSONResponse([_business(one) for one in state.books.values()])

    async def read_books(request: Request) -> Response:
        try:
            books = _named(state, request.path_params["business"])
        except LookupError as missing:
            return JSONResponse({"error": str(missing.args[0])}, 404)
        state.late.run_due(state.clock.now())
        return JSONResponse({**books.view(), "balances": strings(balances(books))})

    async def edit_books(request: Request) -> Response:
        books = _named(state, request.path_params["business"])
        changes = await json_body(request)
        if not isinstance(changes, dict):
            raise TypeError("a JSON object is expected")
        edit(books, changes, state.clock.now())
        return JSONResponse({"ok": True})

    return [
        get("/businesses", businesses),
        get("/businesses/{business}/books", read_books),
        post("/businesses/{business}/edit", edit_books),
    ]


def _traffic_routes(state: SageState) -> list[Route]:
    async def limits(request: Request) -> Response:
        wanted = await json_object(request, {"app_day", "concurrent", "minute", "day"})
        before = vars(state.limiter.figures)
        state.limiter.figures = Figures(**before | {name: _figure(name, value) for name, value in wanted.items()})
        return JSONResponse(vars(state.limiter.figures))

    async def options(request: Request) -> Response:
        switches = {"retry_after_told", "refuse_parallel", "refuse_future_dates", "refuse_duplicates", "tax_tolerance"}
        wanted = await json_object(request, switches)
        state.retry_after_told = bool(wanted.get("retry_after_told", state.retry_after_told))
        state.refuse_parallel = bool(wanted.get("refuse_parallel", state.refuse_parallel))
        rules = state.rules
        rules.refuse_future_dates = bool(wanted.get("refuse_future_dates", rules.refuse_future_dates))
        rules.refuse_duplicates = bool(wanted.get("refuse_duplicates", rules.refuse_duplicates))
        rules.tax_tolerance = Decimal(str(wanted.get("tax_tolerance", rules.tax_tolerance)))
        shown = {"retry_after_told": state.retry_after_told, "refuse_parallel": state.refuse_parallel}
        return JSONResponse(strings({**shown, **vars(rules)}))

    async def overlaps(_request: Request) -> Response:
        return JSONResponse({"overlaps": state.turns.overlaps, "total": sum(state.turns.overlaps.values())})

    async def late(_request: Request) -> Response:
        state.late.run_due(state.clock.now())
        return JSONResponse({"waiting": len(state.late)})

    return [post("/limits", limits), post("/options", options), get("/overlaps", overlaps), get("/late", late)]


def _app(known: App | None, wanted: Mapping[str, Any]) -> App:
    """The app as asked for; what is not said stays."""
    if not wanted.get("client_id"):
        raise ValueError("client_id is needed")
    client_id = str(wanted["client_id"])
    return App(
        client_id,
        str(wanted.get("client_secret", known.client_secret if known else f"{client_id}-secret")),
        str(wanted.get("name", known.name if known else client_id)),
        tuple(wanted.get("redirect_uris", known.redirect_uris if known else ())),
    )


def _public(app: App) -> dict[str, Any]:
    return {"client_id": app.client_id, "name": app.name, "redirect_uris": list(app.redirect_uris)}


def _person(state: SageState, person: SageUser) -> dict[str, Any]:
    return {
        "user_id": person.user_id,
        "name": person.name,
        "email": person.email,
        "areas": sorted(person.areas),
        "writes": sorted(person.writes),
        "businesses": list(state.businesses_of(person.user_id)),
    }


def _business(books: Books) -> dict[str, Any]:
    return {
        "business_id": books.business_id,
        "name": books.business["name"],
        "country": books.country,
        "currency": books.base_currency,
        "plan": books.plan,
        "active": books.active(),
    }


def _figure(name: str, value: Any) -> int | None:
    if value is not None and (not isinstance(value, int) or value < 0):
        raise ValueError(f"{name} must be a whole number from 0, or null for no limit")
    return value


def _user(state: SageState, login: str) -> SageUser:
    person = state.person_named(login)
    if person is None:
        raise LookupError(f"no person {login}")
    return person


def _named(state: SageState, name: str) -> Books:
    books = state.business_named(name)
    if books is None:
        raise LookupError(f"no business {name}")
    return books
