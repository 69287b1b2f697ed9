"""What happens to connections when access is gone: their status changes once, with an event; items are kept."""

from typing import Final

from shared.aws.log import count
from shared.domain.accounts import Event
from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.errors import Problem
from shared.domain.grants import Grant
from shared.usecases.happenings import happened
from shared.usecases.service import Service
from shared.usecases.update_connection import update_connection

_WORKING: Final = frozenset({ConnectionStatus.IMPORTING, ConnectionStatus.ACTIVE})


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
    def lose(current: Connection) -> tuple[Connection, Event] | None:
        if current.status not in _WORKING or current.grant != connection.grant:
            return None
        event = happened(
            service,
            current.account,
            f"connection.{status.value}",
            subject=current.id,
            before={"status": current.status.value},
            after={"status": status.value, "code": problem.code},
        )
        return current.moved(status, problem), event

    after = update_connection(service, connection, lose)
    if after.status is status and after.version != connection.version:
        count(f"connections_{status.value}")
