"""The control interface of the sandbox's QuickBooks: apps, tokens, consents, books, limits, webhooks, options."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.control import get, json_body, json_object, post
from sandbox.quickbooks import journals
from sandbox.quickbooks.books import Company
from sandbox.quickbooks.edits import edit
from sandbox.quickbooks.identity import App
from sandbox.quickbooks.limiter import Figures
from sandbox.quickbooks.state import QuickBooksState
from sandbox.quickbooks.tokens import Grant
from sandbox.quickbooks.webhooks import Subscription


def routes(state: QuickBooksState) -> list[Route]:
    """Everything below /__control/quickbooks."""
    return [*_identity_routes(state), *_book_routes(state), *_traffic_routes(state)]


def _identity_routes(state: QuickBooksState) -> list[Route]:
    async def apps(request: Request) -> Response:
        wanted = await json_object(request, {"client_id", "client_secret", "name", "redirect_uris"})
        known = state.identity.apps.get(str(wanted.get("client_id")))
        state.identity.register(_app(known, wanted))
        return await list_apps(request)

    async def list_apps(_request: Request) -> Response:
        return JSONResponse(
            [
                {"client_id": app.client_id, "name": app.name, "redirect_uris": list(app.redirect_uris)}
                for app in state.identity.apps.values()
            ]
        )

    async def people(_request: Request) -> Response:
        return JSONResponse(
            [
                {"user_id": one.user_id, "name": one.name, "email": one.email, "companies": list(one.realms)}
                for one in state.people.values()
            ]
        )

    async def tokens(request: Request) -> Response:
        wanted = await json_object(request, {"expire", "rotate", "user", "app", "company"})
        grants, store = _grants(state, wanted), state.identity.tokens
        if wanted.get("rotate"):
            return JSONResponse({"rotated": store.rotate_next(grants)})
        return JSONResponse({"expired": store.expire(str(wanted.get("expire")), grants, state.clock.now())})

    async def revoke(request: Request) -> Response:
        grants = _grants(state, await json_object(request, {"user", "app", "company"}))
        for grant in grants:
            grant.revoked = True
        return JSONResponse({"revoked": len(grants)})

    async def grants(_request: Request) -> Response:
        """The consents that an app has tokens of, and that have not ended."""
        known = {token.grant_id for token in state.identity.tokens.refresh_tokens.values()}
        rows = [
            {"user": state.people[one.user_id].email, "app": one.app_id, "organisation": one.realm_id}
            for one in state.identity.grants()
            if one.grant_id in known
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


def _book_routes(state: QuickBooksState) -> list[Route]:
    async def companies(_request: Request) -> Response:
        return JSONResponse(
            [
                {
                    "realm_id": one.realm_id,
                    "name": one.info["CompanyName"],
                    "country": one.country,
                    "currency": one.home_currency,
                    "plan": one.plan,
                    "multicurrency": one.multicurrency,
                }
                for one in state.companies.values()
            ]
        )

    async def read_books(request: Request) -> Response:
        try:
            company = _company(state, request.path_params["company"])
        except LookupError as missing:
            return JSONResponse({"error": str(missing.args[0])}, 404)
        state.late.run_due(state.clock.now())
        return JSONResponse(company.view(journals.of_company(company)))

    async def edit_books(request: Request) -> Response:
        company = _company(state, request.path_params["company"])
        body = await json_body(request)
        if not isinstance(body, dict):
            raise TypeError("a JSON object is expected")
        state.webhooks.send(company.realm_id, edit(company, body, state.clock.now()))
        return JSONResponse({"ok": True})

    return [
        get("/companies", companies),
        get("/companies/{company}/books", read_books),
        post("/companies/{company}/edit", edit_books),
    ]


def _traffic_routes(state: QuickBooksState) -> list[Route]:
    async def limits(request: Request) -> Response:
        wanted = await json_object(request, set(vars(Figures())))
        if any(not isinstance(value, int) or value < 0 for value in wanted.values()):
            raise ValueError("a limit must be a whole number from 0")
        state.limiter.figures = Figures(**{**vars(state.limiter.figures), **wanted})
        return JSONResponse(vars(state.limiter.figures))

    async def options(request: Request) -> Response:
        wanted = await json_object(request, {"honours_request_ids"})
        state.request_ids.honoured = bool(wanted.get("honours_request_ids", state.request_ids.honoured))
        return JSONResponse({"honours_request_ids": state.request_ids.honoured})

    async def webhooks(request: Request) -> Response:
        wanted = await json_object(request, {"url", "verifier_token", "format"})
        if wanted.get("url") is None:
            state.webhooks.stop()
            return await deliveries(request)
        format_ = wanted.get("format", "cloudevents")
        if format_ not in {"cloudevents", "old"}:
            raise ValueError('format must be "cloudevents" or "old"')
        state.webhooks.subscribe(Subscription(str(wanted["url"]), str(wanted["verifier_token"]), format_))
        return await deliveries(request)

    async def deliveries(_request: Request) -> Response:
        return JSONResponse(state.webhooks.as_json())

    async def late(_request: Request) -> Response:
        state.late.run_due(state.clock.now())
        return JSONResponse({"waiting": len(state.late)})

    async def minor_versions(_request: Request) -> Response:
        return JSONResponse(dict(state.minor_versions))

    return [
        post("/limits", limits),
        post("/options", options),
        post("/webhooks", webhooks),
        get("/webhooks", deliveries),
        get("/late", late),
        get("/minor-versions", minor_versions),
    ]


def _app(known: App | None, wanted: dict[str, Any]) -> App:
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


def _grants(state: QuickBooksState, wanted: dict[str, Any]) -> list[Grant]:
    user = state.person_named(str(wanted["user"])) if wanted.get("user") else None
    if wanted.get("user") and user is None:
        raise LookupError(f"no person {wanted['user']}")
    company = _company(state, str(wanted["company"])) if wanted.get("company") else None
    return state.identity.grants(
        user=user.user_id if user else None,
        app=wanted.get("app"),
        realm=company.realm_id if company else None,
    )


def _company(state: QuickBooksState, name: str) -> Company:
    found = state.company_named(name)
    if found is None:
        raise LookupError(f"no company {name}")
    return found
