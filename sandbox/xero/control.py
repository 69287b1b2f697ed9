"""The control interface of the sandbox's Xero: apps, tokens, consents, books, limits, webhooks, options."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.control import Endpoint, get, json_object, post
from sandbox.xero.books import Books
from sandbox.xero.edits import edit
from sandbox.xero.identity import App
from sandbox.xero.limiter import CALLS_PER_DAY, Figures
from sandbox.xero.state import XeroState
from sandbox.xero.webhooks import Subscription


def routes(state: XeroState) -> list[Route]:
    """Everything below /__control/xero."""
    return [*_identity_routes(state), *_book_routes(state), *_traffic_routes(state)]


def _identity_routes(state: XeroState) -> list[Route]:
    async def apps(request: Request) -> Response:
        wanted = await json_object(request, {"client_id", "client_secret", "name", "redirect_uris", "tier"})
        app = _app(state.identity.apps.get(str(wanted.get("client_id"))), wanted)
        state.identity.register(app)
        return JSONResponse(_public(app))

    async def list_apps(_request: Request) -> Response:
        return JSONResponse([_public(app) for app in state.identity.apps.values()])

    async def people(_request: Request) -> Response:
        rows = [
            {
                "user_id": person.user_id,
                "name": person.name,
                "email": person.email,
                "role": person.role,
                "organisations": [books.organisation_id for books in state.organisations_of(person.user_id).values()],
            }
            for person in state.people.values()
        ]
        return JSONResponse(rows)

    async def tokens(request: Request) -> Response:
        wanted = await json_object(request, {"expire", "user", "app"})
        user_id = _user_id(state, wanted["user"]) if wanted.get("user") else None
        met = state.identity.tokens.expire(str(wanted.get("expire")), user_id, wanted.get("app"), state.clock.now())
        return JSONResponse({"expired": met})

    async def revoke(request: Request) -> Response:
        wanted = await json_object(request, {"user", "app", "organisation"})
        user_id = _user_id(state, str(wanted.get("user", "")))
        if wanted.get("organisation"):
            return JSONResponse({"revoked": _disconnect(state, user_id, wanted)})
        return JSONResponse({"revoked": state.identity.revoke(user_id, wanted.get("app"))})

    async def grants(_request: Request) -> Response:
        """What people have connected to apps: one row for each organisation."""
        rows = [
            {"user": person.email, "app": app_id, "organisation": one.tenant_id}
            for person in state.people.values()
            for app_id in state.identity.apps
            for one in state.identity.connections(person.user_id, app_id)
        ]
        return JSONResponse(rows)

    return [
        get("/apps", list_apps),
        post("/apps", apps),
        get("/people", people),
        get("/grants", grants),
        post("/tokens", tokens),
        post("/revoke", revoke),
    ]


def _book_routes(state: XeroState) -> list[Route]:
    async def organisations(_request: Request) -> Response:
        rows = [
            {
                "organisation_id": books.organisation_id,
                "tenant_id": tenant_id,
                "name": books.organisation["Name"],
                "country": books.organisation["CountryCode"],
                "currency": books.base_currency,
            }
            for tenant_id, books in state.books.items()
        ]
        return JSONResponse(rows)

    async def read_books(request: Request) -> Response:
        try:
            books = _books(state, request)
        except LookupError as missing:
            return JSONResponse({"error": str(missing.args[0])}, 404)
        state.late.run_due(state.clock.now())
        return JSONResponse(books.view())

    async def edit_books(request: Request) -> Response:
        books = _books(state, request)
        edit(books, await _any_object(request), state.clock.now())
        return JSONResponse({"ok": True})

    return [
        get("/organisations", organisations),
        get("/organisations/{organisation}/books", read_books),
        post("/organisations/{organisation}/edit", edit_books),
    ]


def _traffic_routes(state: XeroState) -> list[Route]:
    async def limits(request: Request) -> Response:
        wanted = await json_object(request, {"minute", "day", "concurrent", "app_minute"})
        before = vars(state.limiter.figures)
        state.limiter.figures = Figures(**before | {name: _figure(name, value) for name, value in wanted.items()})
        return JSONResponse(vars(state.limiter.figures))

    async def options(request: Request) -> Response:
        wanted = await json_object(request, {"idempotency_bound_to_token"})
        bound = wanted.get("idempotency_bound_to_token", state.idempotency.bound_to_token)
        state.idempotency.bound_to_token = bool(bound)
        return JSONResponse({"idempotency_bound_to_token": state.idempotency.bound_to_token})

    async def webhooks(request: Request) -> Response:
        wanted = await json_object(request, {"url", "key", "intent_to_receive"})
        if wanted.get("url") is None:
            state.webhooks.stop()
        else:
            subscription = Subscription(str(wanted["url"]), str(wanted["key"]))
            state.webhooks.subscribe(subscription, bool(wanted.get("intent_to_receive", True)))
        return JSONResponse(state.webhooks.as_json())

    async def deliveries(_request: Request) -> Response:
        return JSONResponse(state.webhooks.as_json())

    async def late(_request: Request) -> Response:
        state.late.run_due(state.clock.now())
        return JSONResponse({"waiting": len(state.late)})

    handlers: list[tuple[str, Endpoint]] = [("/limits", limits), ("/options", options), ("/webhooks", webhooks)]
    return [*(post(path, handler) for path, handler in handlers), get("/webhooks", deliveries), get("/late", late)]


def _app(known: App | None, wanted: Mapping[str, Any]) -> App:
    """The app as asked for; what is not said stays, or is the seed's for a new one."""
    if not wanted.get("client_id"):
        raise ValueError("client_id is needed")
    tier = str(wanted.get("tier", known.tier if known else "core"))
    if tier not in CALLS_PER_DAY:
        raise ValueError(f"tier must be one of {', '.join(CALLS_PER_DAY)}")
    client_id = str(wanted["client_id"])
    return App(
        client_id,
        str(wanted.get("client_secret", known.client_secret if known else f"{client_id}-secret")),
        str(wanted.get("name", known.name if known else client_id)),
        tuple(wanted.get("redirect_uris", known.redirect_uris if known else ())),
        tier,
    )


def _public(app: App) -> dict[str, Any]:
    return {"client_id": app.client_id, "name": app.name, "redirect_uris": list(app.redirect_uris), "tier": app.tier}


def _figure(name: str, value: Any) -> int | None:
    if value is None and name == "day":
        return None
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be a whole number from 0")
    return value


def _user_id(state: XeroState, login: str) -> str:
    person = state.person_named(login)
    if person is None:
        raise LookupError(f"no person {login}")
    return person.user_id


def _disconnect(state: XeroState, user_id: str, wanted: Mapping[str, Any]) -> int:
    """One organisation disconnected by the person in Xero, for one app or for all."""
    tenant_id = state.tenant_of(str(wanted["organisation"]))
    apps = [wanted["app"]] if wanted.get("app") else list(state.identity.apps)
    ended = 0
    for app_id in apps:
        for one in state.identity.connections(user_id, app_id):
            if one.tenant_id == tenant_id:
                ended += state.identity.disconnect(user_id, app_id, one.id)
    return ended


def _books(state: XeroState, request: Request) -> Books:
    tenant_id = state.tenant_of(request.path_params["organisation"])
    if tenant_id is None:
        raise LookupError(f"no organisation {request.path_params['organisation']}")
    return state.books[tenant_id]


async def _any_object(request: Request) -> dict[str, Any]:
    body = await request.json()
    if not isinstance(body, dict):
        raise TypeError("a JSON object is expected")
    return body
