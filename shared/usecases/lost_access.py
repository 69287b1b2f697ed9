"""What happens to connections when access is gone: their status changes once, with an event; items are kept."""

from typing import Final

from shared.aws.log import count
from shared.domain.accounts import Event
from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.errors import ConflictError, Problem
from shared.domain.grants import Grant
from shared.domain.ids import new_id
from shared.usecases.service import Service

SYSTEM: Final = "system"
_WORKING: Final = frozenset({ConnectionStatus.IMPORTING, ConnectionStatus.ACTIVE})
_TRIES: Final = 5


def grant_expired(service: Service, grant: Grant) -> None:
    """Every working connection of a dead grant becomes `expired`, each once, with one event. May be repeated freely."""
    for connection in service.connections.of_account(grant.tenant, grant.account):
        if connection.grant == grant.id:
            _lose(service, connection, ConnectionStatus.EXPIRED, Problem("connection_expired"))


def access_lost(service: Service, connection: Connection, problem: Problem) -> None:
    """The provider no longer lets us into this organisation: the connection breaks, its neighbours go on."""
    revoked = problem.code == "connection_expired"
    _lose(service, connection, ConnectionStatus.REVOKED if revoked else ConnectionStatus.BROKEN, problem)


def _lose(service: Service, connection: Connection, status: ConnectionStatus, problem: Problem) -> None:
    current: Connection | None = connection
    for _ in range(_TRIES):
        if current is None or current.status not in _WORKING or current.grant != connection.grant:
            return
        now = service.clock.now()
        event = Event(
            id=new_id(now),
            account=current.account,
            at=now,
            actor=SYSTEM,
            kind=f"connection.{status.value}",
            subject=current.id,
            before={"status": current.status.value},
            after={"status": status.value, "code": problem.code},
        )
        try:
            service.connections.update(current.moved(status, problem), event)
        except ConflictError:
            current = service.connections.get(connection.tenant, connection.account, connection.id)
        else:
            count(f"connections_{status.value}")
            return
    raise ConflictError("the connection changes too often to be marked")
