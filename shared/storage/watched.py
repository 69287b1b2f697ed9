"""Documents whose payment is read back: a row for those that were made together, by the time they were made."""

import json
import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

from shared.domain.watched import Watched
from shared.storage.access import access
from shared.storage.codec import decode, time_text
from shared.storage.keys import account_key, organisation_part, part
from shared.storage.operations import ABSENT, ConditionFailed, Put, version_is
from shared.storage.rows import row_of
from shared.storage.table import Table
from shared.storage.wire import Row

_PK: Final = "pk T#<tenant>#A#<account>#V#<provider>:<organisation>"
_KEY: Final = f"{_PK}, sk <time>#<batch>"
_BEHIND_ALL_TIMES: Final = "~"


class WatchedStore:
    """By account and organisation, for the same organisation connected again has the same documents."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("items", "PutItem", _KEY, "not there yet")
    def watch(self, watched: Watched) -> None:
        """Begin to watch documents; once more changes nothing."""
        with suppress(ConditionFailed):
            self._table.write(Put(_row(watched, watched.version), ABSENT))

    @access("items", "Query", f"{_KEY}, newest first")
    def newest(  # noqa: PLR0917 - the whole key, and how far
        self, tenant: str, account: str, provider: str, organisation: str, since: datetime, limit: int
    ) -> list[Watched]:
        """Up to `limit` rows of documents that were made since a time, newest first."""
        rows = self._table.query(
            _pk(tenant, account, provider, organisation),
            time_text(since),
            until=_BEHIND_ALL_TIMES,
            newest_first=True,
            page=limit,
        )
        return [_watched(row) for row in islice(rows, limit)]

    @access("items", "PutItem", _KEY, "version as read")
    def update(self, watched: Watched) -> None:
        """Store what is open and settled by now; raises ConflictError."""
        self._table.write(Put(_row(watched, watched.version + 1), version_is(watched.version)))


def _pk(tenant: str, account: str, provider: str, organisation: str) -> str:
    return account_key(tenant, account, "V", organisation_part(provider, organisation))


def _row(watched: Watched, version: int) -> Row:
    """Packed, so that a batch's row is small beside what else publishing the batch writes."""
    documents = json.dumps([watched.open, watched.settled], separators=(",", ":")).encode()
    bare = replace(watched, open={}, settled={}, version=version)
    return row_of(_key(watched), bare, documents=zlib.compress(documents))


def _watched(row: Row) -> Watched:
    watched = decode(Watched, row)
    now_open, settled = json.loads(zlib.decompress(row["documents"]))
    return replace(watched, open=now_open, settled=settled)


def _key(watched: Watched) -> tuple[str, str]:
    pk = _pk(watched.tenant, watched.account, watched.provider, watched.organisation)
    return pk, f"{time_text(watched.at)}#{part(watched.id)}"
