"""Errors that carry their handling. The catalogue of codes is shared/domain/catalogue.py; GET /v1/errors lists it."""

from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime
from enum import StrEnum
from typing import Any


class Handling(StrEnum):
    """What is to be done about an error; queues, workflows and HTTP answers read this and nothing else."""

    RETRY_NOW = "retry_now"
    RETRY_AT = "retry_at"
    ASK_USER = "ask_user"
    BUG = "bug"


class ErrorClass(StrEnum):
    """What an error is about, in the words users see."""

    REQUEST = "request"
    CONNECTION = "connection"
    PERMISSION = "permission"
    PLAN = "plan"
    REFERENCE = "reference"
    VALIDATION = "validation"
    LOCK = "lock"
    DUPLICATE = "duplicate"
    RATE = "rate"
    ATTACHMENT = "attachment"
    SETUP = "setup"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """An entry of the catalogue. `http_status` is the answer's when a request meets this error."""

    code: str
    about: ErrorClass
    handling: Handling
    http_status: int
    cause: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one thing: what an item's reasons, a refusal and a 4xx answer are made of.

    `field` is a JSON path in the caller's own words (`lines[2].category`); `provider_text` is the provider's message
    as it came; `until` is when trying again makes sense; `details` are values worth naming (account code, lock date).
    """

    code: str
    field: str | None = None
    provider_text: str | None = None
    until: datetime | None = None
    details: dict[str, Any] = attribute(default_factory=dict)


class LedgerbridgeError(Exception):
    """Any failure we understand; `problems` holds at least one."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(", ".join(f"{p.code}{f' ({p.field})' if p.field else ''}" for p in problems))
        self.problems = problems

    @property
    def problem(self) -> Problem:
        return self.problems[0]


def fail(code: str, **about: Any) -> LedgerbridgeError:
    """The error of one catalogue code: `raise fail("not_found", field="account")`."""
    known = {name: about.pop(name) for name in ("field", "provider_text", "until") if name in about}
    return LedgerbridgeError(Problem(code, details=about, **known))


class ConflictError(Exception):
    """A conditional write found that somebody else was faster; the caller re-reads and decides."""
