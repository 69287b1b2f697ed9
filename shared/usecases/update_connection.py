"""Change a connection that others change too: read again and decide again until the write holds."""

from collections.abc import Callable
from typing import Final

from shared.domain.accounts import Event
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError, fail
from shared.storage.operations import Operation
from shared.usecases.service import Service

_TRIES: Final = 6

Change = Callable[[Connection], tuple[Connection, Event] | tuple[Connection] | None]


def update_connection(
    service: Service,
    connection: Connection,
    change: Change,
    *,
    release_slot: bool = False,
    beside: Operation | None = None,
) -> Connection:
    """Apply `change` to the connection as it is now; it returns None where nothing is to be done any more.

    The connection, its event, if any, and `beside`, another write of their table, are written together on condition of
    the version. Raises what `change` raises, not_found when the connection is gone, and ConflictError when it changed
    under our hands again and again.
    """
    current: Connection | None = connection
    for _ in range(_TRIES):
        if current is None:
            raise fail("not_found", field="connection")
        wanted = change(current)
        if wanted is None:
            return current
        try:
            return service.connections.update(*wanted, release_slot=release_slot, beside=beside)
        except ConflictError:
            current = service.connections.get(connection.tenant, connection.account, connection.id)
    raise ConflictError("the connection changes too often")
