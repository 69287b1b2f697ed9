"""The control interface for tests and people: clock, counts, faults, reset, snapshot. Never counted, never limited."""

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from sandbox.server import Sandbox

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(sandbox: "Sandbox") -> list[Route]:
    """What concerns every provider; each provider adds its own below its name."""

    async def reset(request: Request) -> Response:
        sandbox.reset((await json_object(request, {"seed"})).get("seed"))
        return JSONResponse({"ok": True})

    async def counts(_request: Request) -> Response:
        return JSONResponse(sandbox.counts.as_json())

    async def clear_counts(_request: Request) -> Response:
        sandbox.counts.clear()
        return JSONResponse({"ok": True})

    async def read_clock(_request: Request) -> Response:
        return JSONResponse({"now": sandbox.clock.now().isoformat(), "factor": sandbox.clock.factor})

    async def set_clock(request: Request) -> Response:
        wanted = await json_object(request, {"factor", "advance_seconds", "anew"})
        if wanted.get("anew") is True:
            sandbox.clock.begin_anew()
        if "factor" in wanted:
            sandbox.clock.set_factor(float(wanted["factor"]))
        if "advance_seconds" in wanted:
            sandbox.clock.advance(float(wanted["advance_seconds"]))
        return await read_clock(request)

    async def add_faults(request: Request) -> Response:
        wanted = await json_body(request)
        return JSONResponse({"ids": sandbox.faults.add(wanted if isinstance(wanted, list) else [wanted])}, 201)

    async def list_faults(_request: Request) -> Response:
        return JSONResponse({"faults": sandbox.faults.as_json()})

    async def clear_faults(_request: Request) -> Response:
        sandbox.faults.clear()
        return JSONResponse({"ok": True})

    async def save(_request: Request) -> Response:
        return JSONResponse({"saved": sandbox.save()})

    return [
        post("/reset", reset),
        get("/counts", counts),
        post("/counts/clear", clear_counts),
        get("/clock", read_clock),
        post("/clock", set_clock),
        get("/faults", list_faults),
        post("/faults", add_faults),
        Route("/faults", clear_faults, methods=["DELETE"]),
        post("/snapshot", save),
    ]


def get(path: str, endpoint: Endpoint) -> Route:
    return Route(path, endpoint, methods=["GET"])


def post(path: str, endpoint: Endpoint) -> Route:
    """A POST whose ValueErrors and missing things are told to the caller."""

    async def told(request: Request) -> Response:
        try:
            return await endpoint(request)
        except LookupError as missing:
            return JSONResponse({"error": str(missing.args[0])}, 404)
        except (ValueError, TypeError) as refused:
            return JSONResponse({"error": str(refused)}, 400)

    return Route(path, told, methods=["POST"])


async def json_body(request: Request) -> Any:
    """Raises ValueError for a body that is not JSON; an empty body is {}."""
    raw = await request.body()
    return json.loads(raw) if raw else {}


async def json_object(request: Request, allowed: set[str]) -> dict[str, Any]:
    """A JSON object with none but the fields named. Raises TypeError, ValueError."""
    body = await json_body(request)
    if not isinstance(body, dict):
        raise TypeError("a JSON object is expected")
    if unknown := set(body) - allowed:
        raise ValueError(f"unknown field {sorted(unknown)[0]}; known are {', '.join(sorted(allowed))}")
    return body
