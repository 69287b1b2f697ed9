"""The OpenAPI 3.1 description, made from every area's table of routes.

`python -m functions.openapi` writes docs/openapi.json and the copy that the API serves; `--check` only compares.
"""

import json
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import functions
from shared.aws import problems
from shared.aws.http import FREE_PARAMETERS, Route
from shared.domain.catalogue import CATALOGUE
from shared.domain.errors import Problem

ROOT: Final = Path(__file__).resolve().parents[1]
DOCUMENT: Final = ROOT / "docs" / "openapi.json"
SERVED: Final = ROOT / "functions" / "connect" / "openapi.json"
_ULID: Final = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
_WORD: Final = "^[a-z][a-z0-9_]{0,31}$"
_EXAMPLE_REQUEST: Final = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
Json = dict[str, Any]

_ABOUT: Final = """Connects your customers' accounts to their accounting software, keeps copies of its lists, and
publishes items as documents, each exactly once.

Every failure is a problem document (RFC 9457) with a stable `code`, its cause and its remedy. Amounts are decimal
strings, dates ISO 8601. A POST may carry an Idempotency-Key: the repeat is answered as the first, for 24 hours. A
PATCH carries If-Match with the ETag of the last read. Cursors are good for 24 hours, in the list that gave them.

What the gateway refuses before our code sees it has the gateway's own body, {"message": "..."}, as application/json:
401 without an Authorization header, 403 for a token that is not valid (any more), 404 for a path that does not exist,
429 for too many requests at once. Amazon's HTTP APIs cannot be given other bodies for these."""

_PROBLEM: Final[Json] = {
    "type": "object",
    "required": ["code", "class", "handling", "cause", "remedy"],
    "properties": {
        "code": {"type": "string", "enum": sorted(CATALOGUE)},
        "class": {"type": "string"},
        "handling": {"type": "string", "enum": ["retry_now", "retry_at", "ask_user", "bug"]},
        "cause": {"type": "string"},
        "remedy": {"type": "string"},
        "field": {"type": "string", "description": "A JSON path in the request's own words, or a header's name"},
        "provider_text": {"type": "string", "description": "The provider's own message, as it came"},
        "until": {"type": "string", "format": "date-time"},
        "details": {"type": "object"},
    },
}
_GATEWAY: Final[Json] = {
    "type": "object",
    "description": "The gateway's own answer, made before our code sees the request",
    "required": ["message"],
    "properties": {"message": {"type": "string", "examples": ["Unauthorized", "Forbidden", "Too Many Requests"]}},
}
# Statuses that the gateway may answer by itself on a route that asks for a token.
_GATEWAYS_OWN: Final = ("401", "403", "429")
_DOCUMENT: Final[Json] = {
    "type": "object",
    "required": ["type", "title", "status", *_PROBLEM["required"], "problems", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        **_PROBLEM["properties"],
        "problems": {"type": "array", "items": {"$ref": "#/components/schemas/Problem"}},
        "request_id": {"type": "string"},
    },
}
_WEBHOOK: Final[Json] = {
    "operationId": "receive_webhook",
    "summary": "Notifications of a provider, signed by it",
    "tags": ["Webhooks"],
    "security": [],
    "parameters": [
        {"name": "provider", "in": "path", "required": True, "schema": {"type": "string", "pattern": _WORD}}
    ],
    "requestBody": {"content": {"application/json": {"schema": {}}}},
    "responses": {
        "200": {"description": "Taken in"},
        "400": {"description": "Not a body"},
        "401": {"description": "Not signed with our key"},
        "404": {"description": "No such provider"},
        "413": {"description": "Larger than 1 MB"},
        "503": {"description": "Could not be passed on; send it again"},
    },
}


_OWN_SCHEMAS: Final = {"Problem": _PROBLEM, "ProblemDocument": _DOCUMENT, "GatewayMessage": _GATEWAY}


def all_routes() -> list[Route]:
    """Every area's routes: of each module below functions/ with `routes` in its name, ordered by path."""
    found: dict[tuple[str, str], Route] = {}
    for module in walk_packages(functions.__path__, "functions."):
        if "routes" in module.name.rsplit(".", 1)[-1]:
            for route in import_module(module.name).ROUTES:
                known = found.setdefault((route.path, route.method), route)
                if known is not route:
                    raise ValueError(f"{route.method} {route.path} is there twice")
    return [found[key] for key in sorted(found)]


def description() -> Json:
    """The whole document."""
    routes = all_routes()
    references, schemas = _schemas(routes)
    paths: Json = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, references)
    paths["/v1/webhooks/{provider}"] = {"post": _WEBHOOK}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ledgerbridge", "version": "1", "description": _ABOUT, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "examples": {
                code: {"value": problems.document([Problem(code)], _EXAMPLE_REQUEST)[1]}
                for code in sorted({code for route in routes for code in route.error_codes})
            },
            "schemas": dict(sorted({**schemas, **_OWN_SCHEMAS}.items())),
        },
    }


def _schemas(routes: list[Route]) -> tuple[dict[tuple[type[BaseModel], str], Json], Json]:
    wanted: list[tuple[type[BaseModel], Any]] = []
    for route in routes:
        wanted += [(route.body, "validation")] if route.body else []
        wanted += [(route.query, "validation")] if route.query else []
        wanted += [(route.answer, "serialization")] if route.answer else []
    references, schemas = models_json_schema(
        list(dict.fromkeys(wanted)), ref_template="#/components/schemas/{model}", by_alias=True
    )
    queries = {route.query.__name__ for route in routes if route.query}
    kept = {name: schema for name, schema in schemas.get("$defs", {}).items() if name not in queries}
    return {(model, mode): schema for (model, mode), schema in references.items()}, kept  # type: ignore[misc]


def _operation(route: Route, references: dict[tuple[type[BaseModel], str], Json]) -> Json:
    operation: Json = {
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{route.path.removeprefix('/v1')}").strip("_"),
        "summary": route.summary,
        "tags": [route.tag or _tag(route.path)],
    }
    if route.description:
        operation["description"] = route.description
    if route.public:
        operation["security"] = []
    operation["parameters"] = list(_parameters(route))
    if route.body:
        schema = references[route.body, "validation"]
        content: Json = {"application/json": {"schema": schema}}
        if route.csv_field:
            content["text/csv"] = {"schema": {"type": "string"}}
        operation["requestBody"] = {"required": True, "content": content}
    told = {str(status): _success(route, references) for status in (route.status, route.other_status) if status}
    operation["responses"] = {**told, **_failures(route)}
    return operation


def _tag(path: str) -> str:
    """What a route of an account is about: the first word behind the account."""
    return path.removeprefix("/v1/accounts/{account}/").partition("/")[0].capitalize()


def _parameters(route: Route) -> Iterator[Json]:
    for name in route.parameters:
        pattern = _WORD if name in FREE_PARAMETERS else _ULID
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": pattern}}
    if route.query:
        schema = route.query.model_json_schema(by_alias=True)
        for name, said in schema["properties"].items():
            inlined = _inlined(said, schema.get("$defs", {}))
            yield {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": inlined}
    if route.signed:
        yield _header("webhook-id", "^[!-~]{1,128}$", required=True)
        yield _header("webhook-timestamp", "^[0-9]{1,12}$", required=True)
        yield _header("webhook-signature", None, required=True, longest=1024)
    elif route.rebuild:
        yield _header("Idempotency-Key", "^[!-~]{1,128}$", required=False)
    if route.if_match:
        yield _header("If-Match", None, required=True)
    if not route.public:
        yield _header("On-Behalf-Of", None, required=False)


def _header(name: str, pattern: str | None, *, required: bool, longest: int = 128) -> Json:
    schema = {"type": "string", "maxLength": longest} | ({"pattern": pattern} if pattern else {})
    return {"name": name, "in": "header", "required": required, "schema": schema}


def _inlined(schema: Any, definitions: Json) -> Any:
    """A query parameter's schema without references, and without null: a query has no null, only absence."""
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    told = {name: _inlined(value, definitions) for name, value in schema.items() if name != "title"}
    choices = [one for one in told.get("anyOf", []) if one != {"type": "null"}]
    if len(choices) == 1:
        del told["anyOf"]
        told = {**choices[0], **told}
    if told.get("default", 0) is None:
        del told["default"]
    return told


def _success(route: Route, references: dict[tuple[type[BaseModel], str], Json]) -> Json:
    answer: Json = {"description": route.summary}
    if route.if_match or (route.method == "GET" and route.answer):
        answer["headers"] = {"ETag": {"schema": {"type": "string"}, "required": False}}
    if route.status == 302:
        answer["headers"] = {"Location": {"schema": {"type": "string"}}}
    elif route.answer:
        answer["content"] = {"application/json": {"schema": references[route.answer, "serialization"]}}
    elif route.status == 200:
        kind = {"type": "string"} if route.content_type.startswith("text/") else {"type": "object"}
        answer["content"] = {route.content_type: {"schema": kind}}
        if route.csv_answer:
            answer["content"]["text/csv"] = {"schema": {"type": "string"}}
    return answer


def _failures(route: Route) -> Json:
    by_status: dict[int, list[str]] = {}
    for code in route.error_codes:
        by_status.setdefault(CATALOGUE[code].http_status, []).append(code)
    told = {str(status): _failure(route, codes) for status, codes in by_status.items()}
    for status in () if route.public else _GATEWAYS_OWN:
        answer = told.setdefault(status, {"description": "Refused by the gateway", "content": {}})
        answer["content"]["application/json"] = {"schema": {"$ref": "#/components/schemas/GatewayMessage"}}
    return dict(sorted(told.items()))


def _failure(route: Route, codes: list[str]) -> Json:
    if route.content_type.startswith("text/html") and route.status == 302:
        return {"description": ", ".join(codes), "content": {"text/html": {"schema": {"type": "string"}}}}
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    media = {"schema": {"$ref": "#/components/schemas/ProblemDocument"}, "examples": examples}
    return {"description": ", ".join(codes), "content": {problems.MEDIA_TYPE: media}}


def rendered() -> dict[Path, str]:
    """The files and what belongs into them."""
    told = description()
    return {
        DOCUMENT: json.dumps(told, indent=1, sort_keys=False) + "\n",
        SERVED: json.dumps(told, separators=(",", ":")) + "\n",
    }


def main(arguments: list[str]) -> int:
    stale = []
    for path, text in rendered().items():
        if arguments == ["--check"]:
            if not path.is_file() or path.read_text("utf-8") != text:
                stale.append(str(path.relative_to(ROOT)))
        else:
            path.write_text(text, "utf-8")
    if stale:
        sys.stderr.write(f"out of date: {', '.join(stale)}; run `python -m functions.openapi`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
