"""The agenda: what is due when, over all tenants. Rows are sharded so that no minute falls on one partition."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from heapq import merge
from itertools import islice
from typing import Any, Final

from shared.storage.access import access
from shared.storage.codec import SCHEMA, json_text, refuse_newer, time_text
from shared.storage.keys import part
from shared.storage.operations import PRESENT, Check, ConditionFailed, Delete, Put
from shared.storage.table import Table
from shared.storage.wire import Row

SHARDS: Final = 8


class AgendaKind(StrEnum):
    PUBLISH = "publish"
    REFRESH = "refresh"
    KEEP_ALIVE = "keep_alive"
    CONSENT_EXPIRY = "consent_expiry"
    PUBLICATION = "publication"
    BULK_EDIT = "bulk_edit"
    MERGE = "merge"
    APPROVAL = "approval"
    DISCONNECT = "disconnect"
    WORKFLOW = "workflow"
    FILE = "file"
    WEBHOOK = "webhook"
    ATTENTION = "attention"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """Something due at a time (UTC, real). A key may be due at several times; each is a row of its own."""

    kind: AgendaKind
    at: datetime
    key: str
    payload: dict[str, Any]


class AgendaStore:
    """Rows by kind, shard (of the key) and due time."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("agenda", "PutItem", "pk <kind>#<shard>, sk <due time>#<key>", "not there, or the same key")
    def put(self, kind: AgendaKind | str, at: datetime, key: str, payload: dict[str, Any]) -> AgendaRow:
        """Write a row, before the work it guards. The same kind, time and key once more replaces its payload."""
        entry = AgendaRow(AgendaKind(kind), at, key, payload)
        pk, sk = _key(entry)
        row = {"pk": pk, "sk": sk, "schema": SCHEMA, "at": time_text(at), "key": key, "payload": json_text(payload)}
        self._table.write(Put(row, Check("attribute_not_exists(#pk) OR #key = :key", {"key": key})))
        return entry

    @access("agenda", "Query per shard", "pk <kind>#<shard>, sk up to now")
    def due(self, kind: AgendaKind | str, now: datetime, limit: int) -> list[AgendaRow]:
        """Up to `limit` rows that are due, over all shards, the longest due first."""
        kind = AgendaKind(kind)
        until = time_text(now) + "$"  # sorts behind every key of this very time
        shards = [
            self._table.query(f"{kind.value}#{shard}", until=until, page=min(limit, 100)) for shard in range(SHARDS)
        ]
        rows = islice(merge(*shards, key=lambda row: str(row["sk"])), limit)
        return [_read(kind, row) for row in rows]

    @access("agenda", "DeleteItem", "pk <kind>#<shard>, sk <due time>#<key>", "it is there, due at the same time")
    def clear(self, row: AgendaRow) -> bool:
        """Take a row away once its work is done; False when somebody else did."""
        try:
            self._table.write(Delete(_key(row), PRESENT))
        except ConditionFailed:
            return False
        return True


def _key(row: AgendaRow) -> tuple[str, str]:
    shard = int(hashlib.sha256(row.key.encode()).hexdigest()[:2], 16) % SHARDS
    return f"{row.kind.value}#{shard}", f"{time_text(row.at)}#{part(row.key)}"


def _read(kind: AgendaKind, row: Row) -> AgendaRow:
    refuse_newer(row)
    return AgendaRow(kind, datetime.fromisoformat(row["at"]), row["key"], json.loads(row["payload"]))
