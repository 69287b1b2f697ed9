"""What the agenda does for a disconnection: see that it goes on, and what follows its end outside the account."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from shared.aws.log import logger
from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.errors import Problem
from shared.usecases.disconnect_connection import LOOKED_AT_AGAIN, message, remind
from shared.usecases.happenings import happened
from shared.usecases.leave_grant import end_left, left, remember_grant
from shared.usecases.let_go import end_consent
from shared.usecases.record_refresh import ask_recheck
from shared.usecases.service import Service

# Telling the provider is tried so often, each time twice as long after the last: some ten hours in all.
TRIES: Final = 10
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=2)


def follow_disconnect(service: Service, said: Mapping[str, Any]) -> None:
    """Send a disconnection that is not at its end its message; unlink and let go after one that is. Of a connection
    that goes on with another consent, end the one it has left.

    Another tenant may link the organisation from here on. `said` is the agenda row's payload; rows for what is to be
    looked at again are written here. May be repeated.
    """
    connection = service.connections.get(said["tenant"], said["account"], said["connection"])
    if connection is not None and "grant" in said:
        if said["grant"] not in {connection.grant, connection.pending_grant}:  # its own end with it, by its own row
            _end_left(service, left(connection, said), int(said["tries"]) + 1)
        return
    if connection is None or not connection.is_ending:
        return  # the request did not come so far, or was refused
    if connection.status is ConnectionStatus.CLOSING:
        remind(service, connection, LOOKED_AT_AGAIN)
        service.publish_queue.send(message(connection), group=connection.tenant)
        return
    tries = int(said.get("tries", 0))
    if connection.organisation is not None:
        where = (connection.tenant, connection.account, connection.id)
        service.organisations.unlink(connection.provider, connection.organisation.id, *where)
        if not tries:
            ask_recheck(service, connection.tenant, connection.account)
    _let_grants_go(service, connection, tries + 1)


def _end_left(service: Service, before: Connection, tries: int) -> None:
    problem = end_left(service, before, last_try=tries >= TRIES)
    if problem is None:
        return
    logger.warning("a consent that was left could not be ended", extra={"connection": before.id, "code": problem.code})
    if tries >= TRIES:
        _tell_people(service, before, problem)
        return
    remember_grant(service, before, _wait(tries), tries)


def _wait(tries: int) -> timedelta:
    wait: timedelta = min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT)
    return wait * random.uniform(1, 1.5)  # noqa: S311 (jitter)


def _let_grants_go(service: Service, connection: Connection, tries: int) -> None:
    last_try = tries >= TRIES
    found = [
        end_consent(service, connection, grant, last_try=last_try)
        for grant in (connection.grant, connection.pending_grant)
        if grant is not None
    ]
    problem = next((one for one in found if one is not None), None)
    if problem is None:
        return
    logger.warning("a consent could not be ended", extra={"connection": connection.id, "code": problem.code})
    if last_try:
        _tell_people(service, connection, problem)
        return
    remind(service, connection, _wait(tries), tries=tries)


def _tell_people(service: Service, connection: Connection, problem: Problem) -> None:
    """Our copy of the tokens is gone; the app stays in the person's list at the provider until they take it out."""
    after: dict[str, object] = {"code": problem.code, "provider": connection.provider}
    event = happened(service, connection.account, "consent.not_revoked", subject=connection.id, after=after)
    service.events.append(connection.tenant, event)
