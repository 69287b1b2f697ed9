"""The control interface of the sandbox's ApprovalMax: companies, decisions, pulls, tokens, limits, options, webhook."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from sandbox.approvalmax.companies import PEOPLE, PLANS, Company
from sandbox.approvalmax.identity import App
from sandbox.approvalmax.limiter import Figures
from sandbox.approvalmax.requests import PENDING
from sandbox.approvalmax.state import ApprovalMaxState, Options
from sandbox.control import get, json_object, post

_DECISIONS = ("approve", "reject")


def routes(state: ApprovalMaxState) -> Sequence[BaseRoute]:
    """Everything below /__control/approvalmax."""
    return [*_company_routes(state), *_identity_routes(state), *_traffic_routes(state)]


def _company_routes(state: ApprovalMaxState) -> list[BaseRoute]:
    async def organisations(_request: Request) -> Response:
        rows = [
            {
                "organisation_id": one.company_id,
                "name": one.name,
                "plan": one.plan,
                "ledger": one.ledger.kind,
                "ledger_organisation": one.ledger.external_id,
            }
            for one in state.companies.values()
        ]
        return JSONResponse(rows)

    async def books(request: Request) -> Response:
        state.catch_up()
        try:
            company = state.company(request.path_params["organisation"])
        except LookupError as missing:
            return JSONResponse({"error": str(missing.args[0])}, 404)
        return JSONResponse(company.view())

    async def edit(request: Request) -> Response:
        company = state.company(request.path_params["organisation"])
        wanted = await json_object(request, {"plan", "bill_workflow"})
        if wanted.get("plan", company.plan) not in PLANS:
            raise ValueError(f"plan must be one of {', '.join(PLANS)}")
        company.plan = wanted.get("plan", company.plan)
        company.bill_workflow = bool(wanted.get("bill_workflow", company.bill_workflow))
        return JSONResponse({"ok": True})

    async def pull(request: Request) -> Response:
        state.catch_up()
        chosen = _chosen(state, await json_object(request, {"organisation"}))
        pulled = sum(state.pull(one) for one in chosen)
        state.wake()
        return JSONResponse({"pulled": pulled})

    async def decide(request: Request) -> Response:
        state.catch_up()
        wanted = await json_object(request, {"organisation", "request", "decision", "comment"})
        return JSONResponse({"decided": _decide(state, wanted)})

    return [
        get("/organisations", organisations),
        get("/organisations/{organisation}/books", books),
        post("/organisations/{organisation}/edit", edit),
        post("/pull", pull),
        post("/decide", decide),
    ]


def _identity_routes(state: ApprovalMaxState) -> list[BaseRoute]:
    async def people(_request: Request) -> Response:
        rows = [
            {
                "name": name,
                "email": email,
                "role": role,
                "organisations": [one.company_id for one in state.companies_of(email)],
            }
            for name, email, role in PEOPLE
        ]
        return JSONResponse(rows)

    async def list_apps(_request: Request) -> Response:
        return JSONResponse([_public(one) for one in state.identity.apps.values()])

    async def apps(request: Request) -> Response:
        wanted = await json_object(request, {"client_id", "client_secret", "name", "redirect_uris"})
        client_id = str(wanted["client_id"])
        app = App(
            client_id,
            str(wanted.get("client_secret", f"{client_id}-secret")),
            str(wanted.get("name", client_id)),
            tuple(wanted.get("redirect_uris", ())),
        )
        state.identity.register(app)
        return JSONResponse(_public(app))

    async def tokens(request: Request) -> Response:
        wanted = await json_object(request, {"expire"})
        return JSONResponse({"expired": state.identity.expire(str(wanted.get("expire")), state.clock.now())})

    async def revoke(request: Request) -> Response:
        wanted = await json_object(request, {"user", "organisation"})
        given = wanted.get("organisation")
        company_id = state.company(str(given)).company_id if given else None
        return JSONResponse({"revoked": state.identity.revoke(wanted.get("user"), company_id)})

    return [
        get("/people", people),
        get("/apps", list_apps),
        post("/apps", apps),
        post("/tokens", tokens),
        post("/revoke", revoke),
    ]


def _traffic_routes(state: ApprovalMaxState) -> list[BaseRoute]:
    async def limits(request: Request) -> Response:
        wanted = await json_object(request, {field.name for field in fields(Figures)})
        if not all(isinstance(value, int) and value >= 0 for value in wanted.values()):
            raise ValueError("limits are whole numbers from 0")
        state.limiter.figures = replace(state.limiter.figures, **wanted)
        return JSONResponse(vars(state.limiter.figures))

    async def options(request: Request) -> Response:
        wanted = await json_object(request, {field.name for field in fields(Options)})
        if wanted.get("decide") not in (None, *_DECISIONS):
            raise ValueError('decide must be null, "approve" or "reject"')
        if wanted.get("request_status_form", "string") not in ("string", "object"):
            raise ValueError('request_status_form must be "string" or "object"')
        state.options = replace(state.options, **wanted)
        state.wake()
        return JSONResponse(vars(state.options))

    async def webhooks(request: Request) -> Response:
        wanted = await json_object(request, {"url", "key", "validate"})
        if wanted.get("url") is None:
            state.notifier.stop()
        else:
            validate = bool(wanted.get("validate", True))
            state.notifier.subscribe(str(wanted["url"]), str(wanted["key"]), validate=validate)
        return JSONResponse(state.notifier.as_json())

    async def deliveries(_request: Request) -> Response:
        return JSONResponse(state.notifier.as_json())

    async def late(_request: Request) -> Response:
        state.late.run_due(state.clock.now())
        return JSONResponse({"waiting": len(state.late)})

    return [
        post("/limits", limits),
        post("/options", options),
        post("/webhooks", webhooks),
        get("/webhooks", deliveries),
        get("/late", late),
    ]


def _chosen(state: ApprovalMaxState, wanted: dict[str, Any]) -> list[Company]:
    given = wanted.get("organisation")
    return [state.company(str(given))] if given else list(state.companies.values())


def _decide(state: ApprovalMaxState, wanted: dict[str, Any]) -> int:
    """One request, or every one on approval. Raises ValueError, LookupError."""
    decision = wanted.get("decision")
    if decision not in _DECISIONS:
        raise ValueError('decision must be "approve" or "reject"')
    companies = _chosen(state, wanted)
    rows = [(company, one) for company in companies for one in company.requests.values()]
    if wanted.get("request"):
        rows = [(company, one) for company, one in rows if one["requestId"] == wanted["request"]]
        if not rows:
            raise LookupError(f"no request {wanted['request']}")
    else:
        rows = [(company, one) for company, one in rows if one["requestStatus"] == PENDING]
    for company, one in rows:
        state.decide(company, one, "approve" if decision == "approve" else "reject", wanted.get("comment"))
    return len(rows)


def _public(app: App) -> dict[str, Any]:
    return {"client_id": app.client_id, "name": app.name, "redirect_uris": list(app.redirect_uris)}
