"""What tests must know of one provider's simulation: whom to connect as, how its calls and its books are named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from rehearsal.ledger import Books, Ledger
from rehearsal.papers import Papers
from shared.domain.connections import Settings

OWNER = "alex.morgan@example.com"
# Each effect of a publication that may be lost alone. A provider without one says why in its profile's `cannot_show`.
Effect = Literal["bill", "credit_note", "money", "supplier", "payment", "file"]


@dataclass(frozen=True)
class CallTo:
    """A call as the sandbox's faults and counts name it; `containing` tells it from others of the same path."""

    method: str
    path: str
    counted: str
    containing: str | None = None


@dataclass(frozen=True)
class Software:
    """One provider as tests meet it.

    `listed` is where the sandbox's control interface lists organisations, and the field of their ids; `books` is
    where it shows one's books. `calls` are the calls that carry effects out, `look_ups` (method and path) those that
    find out what became of them. `bank` is the bank account behind the linked payment method, by name.
    """

    name: str
    organisation: str
    listed: tuple[str, str]
    books: str
    bank: str
    papers: Papers
    read: Callable[[Books], Ledger]
    calls: Mapping[Effect, CallTo]
    look_ups: tuple[tuple[str, str], ...]
    client_id: str
    client_secret: str
    user: str = OWNER
    # What is typed in where there is no consent page; the organisation's id is added.
    credentials: Mapping[str, str] = field(default_factory=dict)
    # What a new supplier must have besides its name.
    supplier_values: Mapping[str, Any] = field(default_factory=dict)
    # Told to the sandbox before each test: (path of the control interface, body).
    options: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    # Access that is lost although its time is not up: (path of the control interface, body).
    expire: tuple[str, Mapping[str, Any]] = ("/tokens", {"expire": "access"})
    # Access that is withdrawn by whom it is of: (path of the control interface, body).
    withdraw: tuple[str, Mapping[str, Any]] = ("/revoke", {"user": OWNER})
    # Whether an access token that was given out works on to its end after that.
    access_outlives_consent: bool = False
    # What makes consent possible again where it takes more than consenting: (path of the control interface, body).
    allow: tuple[str, Mapping[str, Any]] | None = None
    # How a call is refused whose access token is no good: status and body.
    token_refused: Mapping[str, Any] = field(default_factory=lambda: {"status": 401})
    # The call that brings new access.
    token_call: str = ""
    settings: Settings = field(default_factory=Settings)
    # The main connection that a secondary stands beside.
    beside: str | None = None

    def first_effects(self) -> tuple[Effect, ...]:
        """Documents of every kind there is."""
        documents: tuple[Effect, ...] = ("bill", "credit_note", "money")
        return tuple(effect for effect in documents if effect in self.calls)


def software(name: str) -> Software:
    """A provider's software: the module of its name under rehearsal/softwares.

    A secondary that knows several main connections is asked for as "approvalmax beside quickbooks".
    """
    provider, _, main = name.partition(" beside ")
    module = import_module(f"rehearsal.softwares.{provider}")
    found: Software = module.BESIDE[main] if main else module.SOFTWARE
    return found
