"""What a browser's way through a provider's consent rests on: single-use states and result codes, by hash."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from shared.storage.access import access
from shared.storage.codec import SCHEMA, decode, encode, time_text
from shared.storage.operations import ABSENT, Check, ConditionFailed, Delete, Put
from shared.storage.table import Table

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OAuthState:
    """A consent that was started. Only a hash of the state is kept, and no PKCE verifier: it follows from the state."""

    state_hash: str
    tenant: str
    account: str
    user: str
    connection: str
    provider: str
    purpose: str  # connect or reconnect
    return_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentResult:
    """A consent that came back, waiting for the person who started it to redeem the one-time code."""

    code_hash: str
    tenant: str
    account: str
    user: str
    connection: str
    grant: str
    expires_at: datetime


class StateStore:
    """States and results by hash; each can be taken once, and not after its time."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("claims", "PutItem", "pk STATE#<hash>, sk STATE", "not there yet")
    def put(self, state: OAuthState) -> None:
        self._table.write(_written("STATE", state.state_hash, state, state.expires_at))

    @access("claims", "DeleteItem", "pk STATE#<hash>, sk STATE", "there, and not past its time")
    def take(self, state_hash: str, now: datetime) -> OAuthState | None:
        """The state, once; None when it was never put, was taken, or is past its time."""
        return self._taken(OAuthState, _key("STATE", state_hash), _in_time(now))

    @access("claims", "PutItem", "pk RESULT#<hash>, sk RESULT", "not there yet")
    def put_result(self, result: ConsentResult) -> None:
        self._table.write(_written("RESULT", result.code_hash, result, result.expires_at))

    @access("claims", "DeleteItem", "pk RESULT#<hash>, sk RESULT", "there, in time, and of this user")
    def take_result(self, code_hash: str, user: str, now: datetime) -> ConsentResult | None:
        """The result, once and only for the user who started; another user's try does not use it up."""
        ours = Check("#user = :user", {"user": user})
        return self._taken(ConsentResult, _key("RESULT", code_hash), _in_time(now) & ours)

    def _taken(self, kind: type[T], key: tuple[str, str], check: Check) -> T | None:
        try:
            row = self._table.write(Delete(key, check))
        except ConditionFailed:
            return None
        return decode(kind, row["record"]) if row else None


def _key(what: str, secret_hash: str) -> tuple[str, str]:
    return f"{what}#{secret_hash}", what


def _written(what: str, secret_hash: str, record: Any, expires_at: datetime) -> Put:
    pk, sk = _key(what, secret_hash)
    row = {
        "pk": pk,
        "sk": sk,
        "schema": SCHEMA,
        "user": record.user,
        "until": time_text(expires_at),
        "record": encode(record),
        "expires_at": int(expires_at.timestamp()) + 1,
    }
    return Put(row, ABSENT)


def _in_time(now: datetime) -> Check:
    return Check("attribute_exists(#pk) AND #until > :now", {"now": time_text(now)})
