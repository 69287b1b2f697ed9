"""Disconnect: nothing new goes through a connection from here on; a worker and the agenda bring it to its end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from shared.domain.accounts import Caller
from shared.domain.connections import Closing, Connection, ConnectionStatus, DisconnectMode, Slot
from shared.domain.errors import ConflictError, fail
from shared.storage.agenda import AgendaKind
from shared.usecases.happenings import happened
from shared.usecases.service import Service
from shared.usecases.suspend_codings import count_codings

SCHEMA: Final = 1
KIND: Final = "disconnect"
LOOKED_AT_AGAIN: Final = timedelta(minutes=2)  # a disconnection that nobody has worked at for so long lost its message
_TRIES: Final = 6


def disconnect_connection(
    service: Service,
    caller: Caller,
    connection: Connection,
    mode: DisconnectMode = DisconnectMode.KEEP,
    *,
    confirmed: bool = False,
) -> Connection:
    """Begin to disconnect; once more changes nothing. One that nobody has finished connecting just ends.

    `mode` is done at the end. Raises secondary_connected for a main connection while others work through it,
    workflow_in_progress while it is being changed (for the new connection of the change too), invalid_request for
    another mode than `keep` of a secondary, confirmation_needed (with counts) where rules and codings are to rest and
    that was not `confirmed`, and ConflictError.
    """
    if connection.is_ending:
        return _sent_on(service, connection)
    if connection.successor_of is not None:
        raise fail("workflow_in_progress", connection=connection.id)  # its change is cancelled instead
    _check_mode(service, connection, mode, confirmed=confirmed)
    remind(service, connection, LOOKED_AT_AGAIN)
    return _sent_on(service, _closing(service, caller, connection, mode))


def _check_mode(service: Service, connection: Connection, mode: DisconnectMode, *, confirmed: bool) -> None:
    if mode is DisconnectMode.KEEP or connection.is_unfinished:
        return
    if connection.slot is not Slot.MAIN:
        raise fail("invalid_request", field="mode", reason="lists and codings stay where a secondary goes: only keep")
    if mode is DisconnectMode.MERGE_LATER and not confirmed:
        service.connections.refuse_beside(connection.tenant, connection.account)
        found = count_codings(service, connection.tenant, connection.account)
        raise fail("confirmation_needed", field="confirm", rules=found.rules, items=found.items, all=found.all)


def _sent_on(service: Service, after: Connection) -> Connection:
    if after.status is ConnectionStatus.CLOSING:
        service.publish_queue.send(message(after), group=after.tenant)
    return after


def remind(service: Service, connection: Connection, wait: timedelta, **more: Any) -> None:
    """Have the agenda look at the disconnection: what a queue may lose, and what follows its end."""
    body = {"tenant": connection.tenant, "account": connection.account, "connection": connection.id, **more}
    service.agenda.put(AgendaKind.DISCONNECT, service.clock.now() + wait, connection.id, body)


def message(connection: Connection) -> dict[str, Any]:
    """The publish queue's message that says: bring this disconnection on. Any number of them does no harm."""
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "tenant": connection.tenant,
        "account": connection.account,
        "connection": connection.id,
    }


def _closing(service: Service, caller: Caller, connection: Connection, mode: DisconnectMode) -> Connection:
    current: Connection | None = connection
    for _ in range(_TRIES):
        if current is None:
            raise fail("not_found", field="connection")
        if current.is_ending:
            return current
        try:
            return _begun(service, caller, current, mode)
        except ConflictError:
            current = service.connections.get(connection.tenant, connection.account, connection.id)
    raise ConflictError("the connection changes too often")


def _begun(service: Service, caller: Caller, current: Connection, mode: DisconnectMode) -> Connection:
    closing = Closing(service.clock.now(), caller.actor, current.status, mode=mode)
    unfinished = current.is_unfinished
    to = ConnectionStatus.DISCONNECTED if unfinished else ConnectionStatus.CLOSING
    ending = replace(current.moved(to), closing=closing, parked_until=None)
    event = happened(
        service,
        current.account,
        f"connection.{to.value}",
        by=caller,
        subject=current.id,
        before={"status": current.status.value},
        after={"status": to.value, "mode": mode.value},
    )
    if unfinished:
        return service.connections.update(ending, event, release_slot=True)
    if current.slot is Slot.MAIN:
        return service.connections.close_main(ending, event)
    return service.connections.update(ending, event)
