"""From a table of routes to a Lambda handler."""

import base64
import binascii
import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, ValidationError

from shared.aws import log, problems
from shared.aws.http import (
    FREE_PARAMETERS,
    LARGEST_BODY,
    Admission,
    Answer,
    Gate,
    Repeated,
    Request,
    Route,
)
from shared.domain.accounts import Caller
from shared.domain.errors import ConflictError, LedgerbridgeError, Problem, fail
from shared.domain.ids import is_id, new_id

LambdaHandler = Callable[[dict[str, Any], Any], dict[str, Any]]
SIGNED: Final = "inbox"  # who a signed request comes from, in logs and histories
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,128}\Z")
_PERSON: Final = re.compile(r"[^\x00-\x1f\x7f]{1,128}\Z")
_ETAG: Final = re.compile(r'(?:W/)?"(\d{1,12})"\Z')
# botocore's answers that mean "later": our own writes stay conditional, so repeating is safe.
_BUSY: Final = frozenset(
    {
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "InternalServerError",
        "ServiceUnavailable",
        "KMSInternalException",
        "DependencyTimeoutException",
    }
)


def entry(routes: Sequence[Route], gate: Gate) -> LambdaHandler:
    """The Lambda handler for an area's routes (payload format 2.0). The service is built at the first request."""
    service = cache(gate.service)
    resolver = APIGatewayHttpResolver()
    for route in routes:
        rule = re.sub(r"\{(\w+)\}", r"<\1>", route.path)
        resolver.route(rule, method=route.method)(_served(route, gate, service, resolver))

    @resolver.not_found
    def not_found(_: Exception) -> Response[str]:
        return _problem_response([Problem("not_found")], _request_id(resolver.current_event.raw_event), None)

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        log.begin(request_id=_request_id(event))
        try:
            return resolver.resolve(event, context)
        finally:
            log.flush()

    return handler


def _served(
    route: Route, gate: Gate, service: Callable[[], Any], resolver: APIGatewayHttpResolver
) -> Callable[..., Response[str]]:
    def serve(**path: str) -> Response[str]:
        event = resolver.current_event.raw_event
        started = time.perf_counter()
        response = _answer(route, gate, service, event, path)
        log.logger.info(
            "request",
            extra={
                "method": route.method,
                "route": route.path,
                "status": response.status_code,
                "ms": round((time.perf_counter() - started) * 1000),
            },
        )
        return response

    return serve


def _answer(
    route: Route, gate: Gate, service: Callable[[], Any], event: dict[str, Any], path: dict[str, str]
) -> Response[str]:
    """Whatever happens, an answer in our own form: nothing escapes to the platform's bare 500."""
    request_id = _request_id(event)
    try:
        return _handled(route, gate, service(), event, path)
    except LedgerbridgeError as error:
        log.logger.info("refused", extra={"problems": [problem.code for problem in error.problems]})
        return _problem_response(error.problems, request_id, gate.now(service()))
    except ConflictError:
        return _problem_response([Problem("conflict")], request_id, None)
    except Exception as error:
        busy = _is_busy(error)
        log.logger.exception("busy" if busy else "unexpected failure", extra={"route": route.path})
        return _problem_response([Problem("busy" if busy else "internal")], request_id, None)


def _handled(route: Route, gate: Gate, service: Any, event: dict[str, Any], path: dict[str, str]) -> Response[str]:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    caller = _anonymous() if route.public else _caller(event, headers)
    for name, value in path.items():
        if not (_WORD.match(value) if name in FREE_PARAMETERS else is_id(value)):
            raise fail("not_found", field=name)
    admitted = _admitted(route, gate, service, caller, path)
    raw = _raw_body(event)
    if route.signed is not None:
        admitted = route.signed(service, path, headers, raw)
        caller = Caller(tenant=admitted.account.tenant, subject=SIGNED, is_machine=True)
        log.bind(tenant=caller.tenant, account=admitted.account.id)
    now = gate.now(service)
    request = Request(
        caller=caller,
        request_id=_request_id(event),
        method=route.method,
        route=route.path,
        path=path,
        headers=headers,
        now=now,
        base_url=gate.base_url(service),
        signer=lambda: gate.signer(service),
        account=admitted.account if admitted else None,
        member=admitted.member if admitted else None,
        may=admitted.may if admitted else frozenset(),
        resource_id=new_id(now),
        version=_if_match(route, headers),
        query_model=_query(route, event),
        body_model=_body(route, headers, raw) if route.body else None,
    )
    key = headers.get(route.key_header)
    if route.rebuild is None or key is None:
        return _response(route, route.handler(service, request))
    return _once(route, gate, service, request, _claim(route, request, key, raw))


def _claim(route: Route, request: Request, key: str, raw: bytes) -> tuple[str, str]:
    """Under what an Idempotency-Key is claimed (tenant, caller, method, path, key), and the hash of the body.

    The signature of a webhook covers its id and body, and not the address: its id is claimed in the whole tenant, and
    the address counts as content, so that what was sent to one account cannot be sent on to another.
    """
    if not _KEY.match(key):
        raise _invalid("Idempotency-Key", "1 to 128 printable ASCII characters without spaces")
    concrete = request.route.format(**request.path)
    place, content = (concrete, raw) if route.signed is None else (request.route, concrete.encode() + b"|" + raw)
    named = "|".join([request.caller.tenant, request.caller.user, request.method, place, key])
    return hashlib.sha256(named.encode()).hexdigest(), hashlib.sha256(content).hexdigest()


def _once(route: Route, gate: Gate, service: Any, request: Request, claim: tuple[str, str]) -> Response[str]:
    """Run a POST at most once per Idempotency-Key; a repeat is answered by the route's `rebuild`."""
    scope, body_hash = claim
    begun = gate.begin(service, scope, body_hash, request.resource_id)
    again = replace(request, resource_id=begun.resource_id)
    if isinstance(begun, Repeated) and route.rebuild is not None:
        return _response(route, route.rebuild(service, again, begun.outcome))
    try:
        answer = route.handler(service, again)
    except Exception:
        # Nothing was done, or what was done carries the resource id and is met again by the repeat.
        gate.abandon(service, scope)
        raise
    gate.finish(service, scope, {**answer.outcome, "status": answer.status or route.status})
    return _response(route, answer)


def _admitted(route: Route, gate: Gate, service: Any, caller: Caller, path: Mapping[str, str]) -> Admission | None:
    if route.public or route.capability is None:
        return None
    if "account" not in path:
        gate.allow(caller, route.capability)
        return None
    log.bind(account=path["account"], connection=path.get("connection"), item=path.get("item"))
    return gate.admit(service, caller, path["account"], route.capability)


def _anonymous() -> Caller:
    return Caller(tenant="", subject="anonymous", is_machine=False)


def _caller(event: Mapping[str, Any], headers: Mapping[str, str]) -> Caller:
    """The caller as the authoriser found it; headers and bodies never say which tenant it is."""
    said = (event.get("requestContext") or {}).get("authorizer", {}).get("lambda") or {}
    if not said.get("tenant") or not said.get("subject"):
        raise fail("unauthenticated")
    is_machine = said.get("is_machine") in {True, "true"}
    behalf = headers.get("on-behalf-of") if is_machine else None
    if behalf is not None and not _PERSON.match(behalf):
        raise _invalid("On-Behalf-Of", "1 to 128 characters without control characters")
    log.bind(tenant=said["tenant"], caller=said["subject"])
    return Caller(
        tenant=said["tenant"],
        subject=said["subject"],
        is_machine=is_machine,
        scopes=frozenset(str(said.get("scopes") or "").split()),
        on_behalf_of=behalf,
    )


def _raw_body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            raw = base64.b64decode(text, validate=True)
        except binascii.Error:
            raise fail("invalid_json") from None
    else:
        raw = text.encode("utf-8", "surrogatepass")
    if len(raw) > LARGEST_BODY:
        raise fail("body_too_large", largest=LARGEST_BODY)
    return raw


def _body(route: Route, headers: Mapping[str, str], raw: bytes) -> BaseModel:
    """The body by the route's model: JSON, or a CSV text as one of its fields. Raises invalid_json, invalid_request."""
    model: type[BaseModel] = route.body  # type: ignore[assignment]
    if route.csv_field is None or headers.get("content-type", "").partition(";")[0].strip().lower() != "text/csv":
        return _parsed(model, raw)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _invalid(route.csv_field, "the text is not UTF-8") from None
    return _parsed(model, json.dumps({route.csv_field: text}).encode())


def _parsed(model: type[BaseModel], raw: bytes) -> BaseModel:
    try:
        return model.model_validate_json(raw or b"{}")
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        if any(one["type"] == "json_invalid" for one in found):
            raise fail("invalid_json", reason=found[0]["msg"]) from None
        raise LedgerbridgeError(*(_as_problem(one["loc"], one["msg"]) for one in found)) from None


def _query(route: Route, event: Mapping[str, Any]) -> BaseModel | None:
    given = event.get("queryStringParameters") or {}
    if route.query is None:
        if given and not route.public:
            raise _invalid(sorted(given)[0], "this route takes no query")
        return None
    try:
        return route.query.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise LedgerbridgeError(*(_as_problem(one["loc"], one["msg"]) for one in found)) from None


def _as_problem(place: tuple[int | str, ...], message: str) -> Problem:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return Problem("invalid_request", field=path or None, details={"reason": message})


def _invalid(field: str, reason: str) -> LedgerbridgeError:
    return fail("invalid_request", field=field, reason=reason)


def _if_match(route: Route, headers: Mapping[str, str]) -> int | None:
    if not route.if_match:
        return None
    given = headers.get("if-match")
    if given is None:
        raise fail("precondition_required")
    if given.strip() == "*":
        return None
    found = _ETAG.match(given.strip())
    if not found:
        raise fail("precondition_failed", reason="If-Match is not an ETag of ours")
    return int(found.group(1))


def _response(route: Route, answer: Answer) -> Response[str]:
    headers: dict[str, str | list[str]] = {"cache-control": "no-store", **answer.headers}
    if answer.version is not None:
        headers["etag"] = f'"{answer.version}"'
    body = answer.text if answer.text is not None else answer.body.model_dump_json(by_alias=True) if answer.body else ""
    return Response(
        status_code=answer.status or route.status,
        content_type=answer.content_type if body else None,
        body=body,
        headers=headers,
    )


def _problem_response(found: Sequence[Problem], request_id: str, now: datetime | None) -> Response[str]:
    status, body = problems.document(found, request_id)
    headers: dict[str, str | list[str]] = {"cache-control": "no-store"}
    wait = problems.retry_after(found[0], now)
    if wait is not None:
        headers["retry-after"] = str(wait)
    return Response(status_code=status, content_type=problems.MEDIA_TYPE, body=problems.rendered(body), headers=headers)


def _request_id(event: Mapping[str, Any]) -> str:
    return str((event.get("requestContext") or {}).get("requestId") or "unknown")


def _is_busy(error: Exception) -> bool:
    from botocore.exceptions import ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as NotConnected

    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in _BUSY
    return isinstance(error, NotConnected | HTTPClientError)
