"""What passes between the sandbox's Sage shell (HTTP, tokens, limits, faults) and its books (accounting)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.sage.formats import Record, RefusedError


@dataclass(frozen=True)
class SageUser:
    """A person who can log in. `areas` is what the person may open, `writes` what the person may change."""

    user_id: str
    name: str
    email: str
    areas: frozenset[str]
    writes: frozenset[str]


@dataclass(frozen=True)
class ApiCall:
    """One call of the API, already authorised. `path` is what follows /v3.1, as "/purchase_invoices/{id}/release"."""

    method: str
    path: str
    query: Mapping[str, str]
    content_type: str
    body: bytes
    now: datetime
    user: SageUser
    scope: str


@dataclass(frozen=True)
class ApiAnswer:
    """An answer to an ApiCall."""

    status: int
    body: bytes
    media_type: str = "application/json"


def answered(status: int, value: Any) -> ApiAnswer:
    """A JSON answer; amounts become JSON numbers."""
    return ApiAnswer(status, json.dumps(value, default=_number, ensure_ascii=False).encode())


def refusal(refused: RefusedError) -> ApiAnswer:
    return answered(refused.status, refused.errors)


def read_json(body: bytes) -> Any:
    """Raises ValueError, RecursionError. Numbers with a point are Decimal."""
    return json.loads(body, parse_float=Decimal)


def wrapped(value: Any) -> tuple[str, Record] | None:
    """The name and object of {"purchase_invoice": {...}}; None when the body is not of that form."""
    if isinstance(value, dict) and len(value) == 1:
        name, inner = next(iter(value.items()))
        if isinstance(inner, dict):
            return name, inner
    return None


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
