"""The HTTP edge: what a route is, what its handler gets and answers. `shared.aws.entry` turns routes into a handler.

An area writes a table of routes and one line:

    ROUTES = [
        Route("GET", "/v1/accounts/{account}/things", list_things, query=PageQuery, answer=ThingPage,
              capability=Capability.READ, summary="The account's things"),
        Route("POST", "/v1/accounts/{account}/things", create_thing, body=NewThing, answer=ThingView, status=201,
              capability=Capability.MANAGE, rebuild=get_created, errors=("conflict",), summary="Make a thing"),
    ]
    handler = entry(ROUTES, GATE)          # GATE comes from shared.usecases.gate

A handler is a function `(service: Service, request: Request) -> Answer`. Before it runs the toolkit has: found the
caller from the authoriser's context, checked that path ids are ULIDs (else 404), resolved the account and what the
caller may do in it (unknown and foreign accounts: the same 404; too little: 403 naming the admins), parsed query and
body by the route's models (422 with the field's path), read If-Match where the route wants it (428/412), and claimed
the Idempotency-Key of a POST. A handler raises `fail(code)` for anything that goes wrong; ConflictError becomes 409.

Idempotency: a POST whose key was seen before does not reach `handler`. `rebuild` is called instead, with
`request.resource_id` being the id that the first request was given: it reads the thing again and answers as the first
did, without anything secret. A POST creates its resource under `request.resource_id` (several: numbered_id of it and
an index), so that a repeat after a crash meets its own half-done work: treat "already there under my id" as success.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from shared.aws.signing import Signer
from shared.domain.accounts import Account, Caller, Capability, Member
from shared.domain.errors import fail

LARGEST_BODY: Final = 1 << 20  # bytes
CURSOR_LIFETIME: Final = timedelta(hours=24)
FREE_PARAMETERS: Final = frozenset({"provider", "kind"})  # path parameters that are words, not ids


class Model(BaseModel):
    """A request body: strict types, unknown fields refused, built on first use."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class View(BaseModel):
    """An answer body."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Query(BaseModel):
    """A query string: texts converted to the fields' types, unknown parameters refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class PageQuery(Query):
    """The query of a paged list."""

    cursor: str | None = Field(None, max_length=4096, description="`next_cursor` of the page before; valid 24 hours")
    limit: int = Field(50, ge=1, le=200, description="Entries per page")


ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Request:
    """One request after everything that can be checked without knowing what it is for.

    `account`, `member` and `may` are set on routes with {account}; `member` is None for machine clients. `version`
    is the number in If-Match, None for `*` or where the route does not ask for it.
    """

    caller: Caller
    request_id: str
    method: str
    route: str
    path: Mapping[str, str]
    headers: Mapping[str, str]
    now: datetime
    base_url: str
    signer: Callable[[], Signer]
    account: Account | None = None
    member: Member | None = None
    may: frozenset[Capability] = frozenset()
    resource_id: str = ""
    version: int | None = None
    query_model: BaseModel | None = None
    body_model: BaseModel | None = None

    def body(self, model: type[ModelT]) -> ModelT:
        """The parsed body; `model` is the route's own and is named for the type checker's sake."""
        if not isinstance(self.body_model, model):
            raise TypeError(f"the route of this request has no body {model.__name__}")
        return self.body_model

    def query(self, model: type[ModelT]) -> ModelT:
        """The parsed query; `model` is the route's own."""
        if not isinstance(self.query_model, model):
            raise TypeError(f"the route of this request has no query {model.__name__}")
        return self.query_model

    @property
    def in_account(self) -> Account:
        """The account of a route that has {account} in its path."""
        if self.account is None:
            raise TypeError("the route of this request names no account")
        return self.account

    def check_version(self, current: int) -> None:
        """Compare If-Match with the version just read; raises precondition_failed."""
        if self.version is not None and self.version != current:
            raise fail("precondition_failed", current=current)

    def _cursor_purpose(self) -> str:
        said = self.query_model.model_dump(mode="json", exclude={"cursor", "limit"}) if self.query_model else {}
        filters = "&".join(f"{name}={value}" for name, value in sorted(said.items()) if value is not None)
        account = self.path.get("account", "")
        bound = f"{self.caller.tenant}|{account}|{self.caller.user}|{self.route}|{sorted(self.path.items())}|{filters}"
        return "cursor:" + hashlib.sha256(bound.encode()).hexdigest()

    def position(self) -> Any | None:
        """Where the page starts: what `next_cursor` was given for the page before, None on the first page.

        Raises invalid_cursor for a cursor that is damaged, too old, or of another tenant, account, route or filter.
        """
        return self.opened(self.query(PageQuery).cursor)

    def opened(self, cursor: str | None) -> Any | None:
        """What a `next_cursor` of this route was given for, wherever it came (a body, say); None without one.

        Raises invalid_cursor as `position` does.
        """
        if cursor is None:
            return None
        position = self.signer().open(self._cursor_purpose(), cursor, self.now)
        if position is None:
            raise fail("invalid_cursor", field="cursor")
        return position

    def next_cursor(self, position: Any | None) -> str | None:
        """The cursor for the next page: a signed text around a store's own JSON-able position; None after the last."""
        if position is None:
            return None
        return self.signer().sign(self._cursor_purpose(), position, self.now + CURSOR_LIFETIME)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler answers. `version` becomes the ETag; `status` None means the route's own.

    `outcome` is kept with the Idempotency-Key and handed to `rebuild`: a few small JSON values, never a secret.
    `text` with `content_type` replaces the JSON body (pages, redirects with `headers`).
    """

    body: BaseModel | None = None
    version: int | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    outcome: Mapping[str, Any] = field(default_factory=dict)
    text: str | None = None
    content_type: str = "application/json"


# Handlers name their service's type themselves; this room does not know it.
Handler = Callable[[Any, Request], Answer]
Rebuild = Callable[[Any, Request, Mapping[str, Any]], Answer]
# Lets a request in that brings no token: service, path, headers (lower case) and the raw body that was signed.
Signed = Callable[[Any, Mapping[str, str], Mapping[str, str], bytes], "Admission"]


@dataclass(frozen=True, slots=True)
class Route:
    """One route, and what OpenAPI says of it.

    `capability` None asks only for a valid token, `public` not even that; a public route that is `signed` (as Standard
    Webhooks has it) is let in by its signature, before its body is read, and its webhook-id is its Idempotency-Key.
    `errors` are catalogue codes beyond those that follow from the other fields. `other_status` is a second one of the
    same answer: of a dry run, of a repeat. `rebuild` is required on a POST that honours Idempotency-Key (see above);
    `if_match` asks for the version read before. A body of type text/csv is taken whole as `csv_field` of the body;
    `csv_answer` says that the answer may be text/csv instead of JSON.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    answer: type[BaseModel] | None = None
    status: int = 200
    other_status: int | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    capability: Capability | None = None
    rebuild: Rebuild | None = None
    if_match: bool = False
    public: bool = False
    signed: Signed | None = None
    errors: tuple[str, ...] = ()
    description: str = ""
    tag: str = ""
    content_type: str = "application/json"
    csv_field: str | None = None
    csv_answer: bool = False

    def __post_init__(self) -> None:
        if self.method == "POST" and not self.public and self.rebuild is None:
            raise ValueError(f"POST {self.path} needs `rebuild`: every POST honours Idempotency-Key")

    @property
    def key_header(self) -> str:
        """The header (lower case) whose repeated value makes a POST a repeat."""
        return "idempotency-key" if self.signed is None else "webhook-id"

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names in braces, in order."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @property
    def error_codes(self) -> tuple[str, ...]:
        """Every catalogue code the route may answer with, without repeats."""
        codes: list[str] = []
        if not self.public:
            # On-Behalf-Of may be malformed on any route, and a route without a query takes none.
            codes += ["unauthenticated", "too_many_requests", "invalid_request"]
        if self.signed is not None:
            codes.append("signature_refused")
        if self.parameters:
            codes.append("not_found")
        if self.capability is not None:
            codes.append("scope_missing")
            if "account" in self.parameters and self.capability is not Capability.READ:
                codes.append("admin_needed" if self.capability is Capability.MANAGE else "publisher_needed")
        if self.body is not None:
            codes += ["invalid_json", "invalid_request", "body_too_large"]
        if self.query is not None:
            codes.append("invalid_request")
            if issubclass(self.query, PageQuery):
                codes.append("invalid_cursor")
        if self.rebuild is not None:
            codes += ["idempotency_key_reused", "idempotency_in_progress"]
        if self.if_match:
            codes += ["precondition_required", "precondition_failed", "conflict"]
        return tuple(dict.fromkeys([*codes, *self.errors, "busy", "internal"]))


@dataclass(frozen=True, slots=True)
class Admission:
    """What the gate found out about a caller in an account."""

    account: Account
    member: Member | None
    may: frozenset[Capability]


@dataclass(frozen=True, slots=True)
class Begun:
    """The first request with an Idempotency-Key, or one that takes over from a first that died.

    `resource_id` is the one to create under: that of the very first try.
    """

    resource_id: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """A request whose first has ended: `outcome` is what that one left behind."""

    resource_id: str
    outcome: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gate:
    """What the edge asks of the use cases; made once in shared.usecases.gate.

    `service` builds the composition root (once per cold start); `now`, `signer` and `base_url` come from it. `admit`
    raises not_found, or 403 naming the admins. `allow` is for routes without an account: scopes alone. `begin` claims
    an Idempotency-Key (scope key, body hash, fresh id), `finish` stores its outcome, `abandon` frees it after a
    failure so that a repeat may try again.
    """

    service: Callable[[], Any]
    now: Callable[[Any], datetime]
    signer: Callable[[Any], Signer]
    base_url: Callable[[Any], str]
    admit: Callable[[Any, Caller, str, Capability], Admission]
    allow: Callable[[Caller, Capability], None]
    begin: Callable[[Any, str, str, str], Begun | Repeated]
    finish: Callable[[Any, str, Mapping[str, Any]], None]
    abandon: Callable[[Any, str], None]
