"""What passes between the sandbox's QuickBooks shell (HTTP, tokens, limits, faults) and a company's books."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Record = dict[str, Any]
Operation = Literal["Create", "Update", "Delete", "Merge", "Void"]


@dataclass(frozen=True)
class IntuitUser:
    """A person who can log in. `realms` are the companies they administer."""

    user_id: str
    name: str
    email: str
    realms: tuple[str, ...]


@dataclass(frozen=True)
class ApiCall:
    """One call below /v3/company/{realmId}, already authorised.

    `path` is what follows the realm ("/bill", "/query"); `headers` have lower-case names; `now` is UTC.
    `files_at` is the address under which uploaded files can be had.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    now: datetime
    files_at: str = ""


@dataclass(frozen=True)
class EntityEvent:
    """A change that QuickBooks reports by webhook: thin, without the entity."""

    entity: str
    operation: Operation
    entity_id: str
    at: datetime


@dataclass(frozen=True)
class ApiAnswer:
    """An answer to an ApiCall. `body` is a JSON-able document, sent as JSON or as XML as the caller asked."""

    status: int
    body: Any
    events: tuple[EntityEvent, ...] = ()
