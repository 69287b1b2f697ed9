"""The user who started comes back with the one-time result code: only now may the consent be used."""

from dataclasses import replace

from shared.domain.accounts import Caller, Event
from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.errors import fail
from shared.domain.grants import GrantStatus
from shared.usecases.follow_change import follow_change_to
from shared.usecases.happenings import happened
from shared.usecases.service import Service
from shared.usecases.start_connection import hashed
from shared.usecases.update_connection import update_connection


def redeem_consent(service: Service, caller: Caller, connection: Connection, result_code: str) -> Connection:
    """Activate the consent behind a result code for this connection; a first consent moves on to the choice.

    Raises result_code_invalid for a code that is unknown, used, too old, of another user, account or connection, or
    whose consent has been let go meanwhile. A mailed link thus gains nothing: the code is useless to anybody else.
    """
    result = service.states.take_result(hashed(result_code), caller.user, service.clock.now())
    if result is None or (result.tenant, result.account, result.connection) != (
        connection.tenant,
        connection.account,
        connection.id,
    ):
        raise fail("result_code_invalid", field="result_code")
    grant = service.grants.get(connection.tenant, result.grant)
    if grant is None or grant.status is not GrantStatus.PENDING:
        raise fail("result_code_invalid", field="result_code")

    def redeemed(current: Connection) -> tuple[Connection, Event]:
        if current.pending_grant != grant.id:
            raise fail("result_code_invalid", field="result_code")
        status = current.status
        if status is ConnectionStatus.PENDING_CONSENT:
            status = ConnectionStatus.CHOOSING_ORGANISATION
        event = happened(service, current.account, "connection.redeemed", by=caller, subject=current.id)
        after = replace(current, status=status) if status is not current.status else replace(current)
        return after, event

    after = update_connection(service, connection, redeemed)
    service.grants.activate(grant)
    if after.successor_of is not None:
        follow_change_to(service, after)
    return after
