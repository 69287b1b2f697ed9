"""Bulk requests: a small control row that changes, beside the items (written once) and what was refused (appended)."""

import json
import zlib
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from shared.domain.errors import Problem
from shared.domain.publishing import Publication
from shared.storage.access import access
from shared.storage.codec import SCHEMA, decode, encode, refuse_newer
from shared.storage.keys import account_key, part
from shared.storage.operations import ABSENT, Operation, Put, version_is
from shared.storage.rows import row_of
from shared.storage.table import Table
from shared.storage.wire import Row

_CONTROL = "pk T#<tenant>#A#<account>#P, sk <publication>"
_PARTS = "pk T#<tenant>#A#<account>#P#<publication>"


@dataclass(frozen=True, slots=True)
class _Refused:
    refused: tuple[tuple[str, Problem], ...]


class PublicationStore:
    """Publications by account, newest first."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("items", "TransactWriteItems", f"{_CONTROL}; {_PARTS}, sk ITEMS", "none of them there yet")
    def create(self, publication: Publication) -> Publication:
        """Store a new bulk request; raises ConflictError when its id is taken."""
        parts = _parts(publication.tenant, publication.account, publication.id)
        items = zlib.compress(json.dumps(publication.items).encode())
        operations: list[Operation] = [
            Put(_control_row(publication, publication.version), ABSENT),
            Put({"pk": parts, "sk": "ITEMS", "schema": SCHEMA, "items": items}, ABSENT),
            *_newly_refused(publication, 0),
        ]
        self._table.transact(operations)
        return publication

    @access("items", "GetItem, Query", f"{_CONTROL}; {_PARTS}")
    def get(self, tenant: str, account: str, publication: str) -> Publication | None:
        row = self._table.get(*_control(tenant, account, publication))
        return self._whole(row) if row else None

    @access("items", "GetItem, TransactWriteItems", f"{_CONTROL}; {_PARTS}, sk R#<number>", "version as read")
    def update(self, publication: Publication) -> Publication:
        """Store progress and return it with its next version. `refused` may only have grown since it was read.

        Raises ConflictError.
        """
        key = _control(publication.tenant, publication.account, publication.id)
        before = self._table.get(*key)
        stored = int(before["refused_count"]) if before else 0
        control = Put(_control_row(publication, publication.version + 1), version_is(publication.version))
        refused = _newly_refused(publication, stored)
        if refused:
            self._table.transact([control, *refused])
        else:
            self._table.write(control)
        return replace(publication, version=publication.version + 1)

    @access("items", "Query; per publication another", f"{_CONTROL}, newest first; {_PARTS}")
    def page(self, tenant: str, account: str, cursor: str | None, limit: int) -> tuple[list[Publication], str | None]:
        """Up to `limit` bulk requests, newest first, and where to go on (None at the end)."""
        rows = self._table.query(account_key(tenant, account, "P"), after=cursor, newest_first=True, page=limit + 1)
        found = list(islice(rows, limit + 1))
        publications = [self._whole(row) for row in found[:limit]]
        return publications, publications[-1].id if len(found) > limit else None

    def _whole(self, control: Row) -> Publication:
        refuse_newer(control)
        publication = decode(Publication, control)
        items: tuple[str, ...] = ()
        refused: list[tuple[str, Problem]] = []
        for row in self._table.query(_parts(publication.tenant, publication.account, publication.id)):
            refuse_newer(row)
            if row["sk"] == "ITEMS":
                items = tuple(json.loads(zlib.decompress(row["items"])))
            else:
                refused += decode(_Refused, {"refused": json.loads(zlib.decompress(row["packed"]))}).refused
        return replace(publication, items=items, refused=tuple(refused[: control["refused_count"]]))


def _newly_refused(publication: Publication, stored: int) -> list[Operation]:
    """A row named by how many were refused before it: two writers of the same progress meet in one row."""
    fresh = publication.refused[stored:]
    if not fresh:
        return []
    plain: Any = encode(_Refused(fresh))["refused"]
    row = {
        "pk": _parts(publication.tenant, publication.account, publication.id),
        "sk": f"R#{stored:06}",
        "schema": SCHEMA,
        "packed": zlib.compress(json.dumps(plain).encode()),
    }
    return [Put(row, ABSENT)]


def _control_row(publication: Publication, version: int) -> Row:
    key = _control(publication.tenant, publication.account, publication.id)
    control = replace(publication, items=(), refused=(), version=version)
    return row_of(key, control, refused_count=len(publication.refused))


def _control(tenant: str, account: str, publication: str) -> tuple[str, str]:
    return account_key(tenant, account, "P"), part(publication)


def _parts(tenant: str, account: str, publication: str) -> str:
    return account_key(tenant, account, "P", part(publication))
