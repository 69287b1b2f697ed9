"""In which queues an account's items may be: one small row per account, so that an item's marker is found by key."""

from dataclasses import dataclass, replace
from typing import Final

from shared.domain.errors import ConflictError, fail
from shared.domain.publishing import PendingMarker
from shared.storage.codec import decode
from shared.storage.keys import account_key, part, queue_key
from shared.storage.operations import ABSENT, Assert, Put, version_is
from shared.storage.rows import row_of
from shared.storage.table import Table

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class _Queue:
    provider: str
    organisation: str
    connection: str


@dataclass(frozen=True, slots=True)
class Queues:
    """The queues that items of an account were ever put into: a handful, since each is a connection's."""

    tenant: str
    account: str
    queues: tuple[_Queue, ...] = ()
    version: int = 0

    def markers_of(self, item: str) -> list[tuple[str, str]]:
        """Where a pending marker of the item may be."""
        return [
            (
                queue_key(self.tenant, queue.provider, queue.organisation),
                marker_sk(self.account, queue.connection, item),
            )
            for queue in self.queues
        ]

    def unchanged(self) -> Assert:
        """No queue was added since this was read."""
        return Assert(_key(self.tenant, self.account), version_is(self.version) if self.version else ABSENT)

    def add(self, table: Table, marker: PendingMarker) -> None:
        """Make sure that the marker's queue is named; raises `busy` when others keep changing the row."""
        queue, current = _Queue(marker.provider, marker.organisation, marker.connection), self
        for _ in range(_TRIES):
            if queue in current.queues:
                return
            after = replace(current, queues=(*current.queues, queue), version=current.version + 1)
            check = version_is(current.version) if current.version else ABSENT
            try:
                table.write(Put(row_of(_key(self.tenant, self.account), after), check))
            except ConflictError:
                current = read_queues(table, self.tenant, self.account)
            else:
                return
        raise fail("busy")


def read_queues(table: Table, tenant: str, account: str) -> Queues:
    row = table.get(*_key(tenant, account))
    return decode(Queues, row) if row else Queues(tenant, account)


def marker_sk(account: str, connection: str, item: str) -> str:
    return f"M#{part(account)}#{part(connection)}#{part(item)}"


def _key(tenant: str, account: str) -> tuple[str, str]:
    return account_key(tenant, account, "Q"), "QUEUES"
