"""A provider no longer lets us into an organisation: find out whether the consent or the organisation alone is gone."""

from datetime import timedelta
from typing import Final

from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.errors import LedgerbridgeError, Problem
from shared.usecases.access_token import access_token
from shared.usecases.lose_connection import WORKING, lose_connection
from shared.usecases.service import Service

PATIENCE: Final = timedelta(seconds=5)  # a worker asks within the time that it keeps free after a call
_CONSENT: Final = "connection_expired"


def access_lost(service: Service, connection: Connection, problem: Problem) -> None:
    """Take the connection out of service: `expired` with all others of a consent that is dead, else it alone.

    Xero answers a withdrawn consent and an organisation taken off a living one with the same 403
    (AuthenticationUnsuccessful), for as long as the access token lives. Which of the two it is, the token endpoint
    says: so status and remedy are the same whenever the loss is noticed. Where that cannot be had now nothing is
    marked; the next call asks again.
    """
    if problem.code == _CONSENT:
        lose_connection(service, connection, ConnectionStatus.REVOKED, problem)
        return
    current = service.connections.get(connection.tenant, connection.account, connection.id)
    if current is None or current.status not in WORKING or current.grant != connection.grant:
        return
    try:
        _ask_for_a_token(service, current)
    except LedgerbridgeError:
        return  # the consent is dead, and the fenced refresh has marked all its connections; or nobody can say now
    lose_connection(service, connection, ConnectionStatus.BROKEN, problem)


def _ask_for_a_token(service: Service, connection: Connection) -> None:
    """A new pair, whatever is left of the old one's life; raises connection_expired where the grant is dead."""
    grant = service.grants.get(connection.tenant, connection.grant) if connection.grant else None
    if grant is not None:
        until = service.clock.now() + PATIENCE
        access_token(service, connection.tenant, grant.id, refused_version=grant.token_version, deadline=until)
