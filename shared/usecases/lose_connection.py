"""What happens to connections when access is gone: their status changes once, with an event; items are kept."""

from typing import Final

from shared.aws.log import count
from shared.domain.accounts import Event
from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.errors import Problem
from shared.domain.grants import Grant
from shared.domain.outgoing import EventType
from shared.usecases.connection_news import tell_of_connection
from shared.usecases.happenings import happened
from shared.usecases.service import Service
from shared.usecases.update_connection import update_connection

WORKING: Final = frozenset({ConnectionStatus.IMPORTING, ConnectionStatus.ACTIVE})


def grant_expired(service: Service, grant: Grant) -> None:
    """Every working connection of a dead grant becomes `expired`, each once, with one event. May be repeated freely."""
    for connection in service.connections.of_account(grant.tenant, grant.account):
        if connection.grant == grant.id:
            lose_connection(service, connection, ConnectionStatus.EXPIRED, Problem("connection_expired"))


def lose_connection(service: Service, connection: Connection, status: ConnectionStatus, problem: Problem) -> None:
    """Take a working connection out of service, once, with one event; not one that has another consent meanwhile."""

    def lose(current: Connection) -> tuple[Connection, Event] | None:
        if current.status not in WORKING or current.grant != connection.grant:
            return None
        occasion = f"{status.value}|{current.grant}"
        said = {"status": status.value, "code": problem.code}
        tell_of_connection(service, current, EventType.CONNECTION_EXPIRED, occasion, **said)
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
