"""Idempotency keys: the first request's body hash, its pre-made resource id, and what came of it."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from shared.domain.errors import fail
from shared.storage.access import access
from shared.storage.codec import SCHEMA, json_text, refuse_newer, time_text
from shared.storage.operations import Check, ConditionFailed, Put, Update
from shared.storage.table import Table
from shared.storage.wire import Row

KEPT: Final = timedelta(hours=24)
# Longer than any API function runs: after it, the first request is dead and a repeat takes its place.
IN_PROGRESS: Final = timedelta(seconds=60)
_KEY: Final = "pk IDEMPOTENCY#<scope key>, sk IDEMPOTENCY"


@dataclass(frozen=True, slots=True)
class Begun:
    """Go on. `resource_id` is what to make; `again` when an earlier try may have made it already."""

    resource_id: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Repeated:
    """The first request has ended: rebuild its answer from the outcome and the resource."""

    outcome: dict[str, Any]
    resource_id: str


class IdempotencyStore:
    """Claims by scope key (tenant, caller, route, the caller's key; made by the HTTP layer). Kept for 24 hours."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("claims", "PutItem, UpdateItem", _KEY, "not there, or past its time; taken over: in progress for too long")
    def begin(self, scope_key: str, body_hash: str, resource_id: str, now: datetime) -> Begun | Repeated:
        """Claim a key for a request.

        Raises idempotency_key_reused when its body was another one, idempotency_in_progress (with `until`) while the
        first request runs.
        """
        pk, sk = _key(scope_key)
        row = {
            "pk": pk,
            "sk": sk,
            "schema": SCHEMA,
            "body_hash": body_hash,
            "resource_id": resource_id,
            "busy_until": time_text(now + IN_PROGRESS),
            "expires_at": int((now + KEPT).timestamp()),
        }
        free = Check("attribute_not_exists(#pk) OR #expires_at <= :now", {"now": int(now.timestamp())})
        try:
            self._table.write(Put(row, free))
        except ConditionFailed as refused:
            if refused.found is None:
                raise
            return self._repeat(scope_key, refused.found, body_hash, now)
        return Begun(resource_id)

    def _repeat(self, scope_key: str, found: Row, body_hash: str, now: datetime) -> Begun | Repeated:
        refuse_newer(found)
        if found["body_hash"] != body_hash:
            raise fail("idempotency_key_reused")
        if "outcome" in found:
            return Repeated(json.loads(found["outcome"]), found["resource_id"])
        until = datetime.fromisoformat(found["busy_until"])
        if until > now:
            raise fail("idempotency_in_progress", until=until)
        longer = Update(
            _key(scope_key),
            {"busy_until": time_text(now + IN_PROGRESS)},
            Check("#busy_until = :seen AND attribute_not_exists(#outcome)", {"seen": found["busy_until"]}),
        )
        try:
            self._table.write(longer)
        except ConditionFailed:
            raise fail("idempotency_in_progress", until=now + IN_PROGRESS) from None
        return Begun(found["resource_id"], again=True)

    @access("claims", "UpdateItem", _KEY, "there, without an outcome")
    def finish(self, scope_key: str, outcome: dict[str, Any]) -> None:
        """Keep what came of the request. Raises ConflictError when an outcome is kept already or the key is gone."""
        begun = Check("attribute_exists(#pk) AND attribute_not_exists(#outcome)")
        self._table.write(Update(_key(scope_key), {"outcome": json_text(outcome)}, begun))

    @access("claims", "UpdateItem", _KEY, "there, without an outcome")
    def give_up(self, scope_key: str, now: datetime) -> None:
        """The request failed and left nothing: the same key and body may be tried again at once."""
        begun = Check("attribute_exists(#pk) AND attribute_not_exists(#outcome)")
        self._table.write(Update(_key(scope_key), {"busy_until": time_text(now)}, begun))


def _key(scope_key: str) -> tuple[str, str]:
    return f"IDEMPOTENCY#{scope_key}", "IDEMPOTENCY"
