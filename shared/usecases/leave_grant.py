"""A connection goes on with another consent: the one it leaves is ended as that of a disconnected one is, with retries.

A row of the agenda is written before the connection leaves it, so that no crash keeps a grant that nobody uses.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.domain.connections import Connection
from shared.domain.errors import Problem
from shared.domain.grants import Grant, GrantStatus
from shared.storage.agenda import AgendaKind
from shared.usecases.disconnect_connection import LOOKED_AT_AGAIN
from shared.usecases.let_go import end_consent, is_used, let_go
from shared.usecases.service import Service


def remember_grant(service: Service, connection: Connection, wait: timedelta = LOOKED_AT_AGAIN, tries: int = 0) -> None:
    """Have the agenda end the grant of a connection as it was before another took that grant's place; without an
    organisation it is a consent with which none was chosen.

    `wait` must be longer than the request that replaces it: a grant that is in use when the agenda looks is left alone.
    """
    organisation = connection.organisation
    said = {
        "tenant": connection.tenant,
        "account": connection.account,
        "connection": connection.id,
        "grant": connection.grant,
        "organisation": organisation.id if organisation else None,
        "removal_id": organisation.removal_id if organisation else None,
        "tries": tries,
    }
    key = f"{connection.id}-{connection.grant}"
    service.agenda.put(AgendaKind.DISCONNECT, service.clock.now() + wait, key, said)


def leave_grant(service: Service, before: Connection, after: Grant) -> None:
    """Let go the grant of a connection as it was before `after` took its place.

    Of the same person nothing is to be told: the organisation stays on their consent. Another person's is ended at
    the provider by the agenda, as soon as it looks.
    """
    old = service.grants.get(before.tenant, before.grant) if before.grant else None
    if old is None or old.id == after.id:
        return
    if old.subject == after.subject or old.status is GrantStatus.EXPIRED:
        let_go(service, old.tenant, old.id)
    else:
        remember_grant(service, before, timedelta())


def left(connection: Connection, said: Mapping[str, Any]) -> Connection:
    """The connection as it was with the grant that it has left, `said` being the agenda row's payload."""
    organisation = connection.organisation
    if organisation is not None and said.get("organisation", organisation.id) is not None:
        organisation = replace(organisation, removal_id=said["removal_id"])
    else:
        organisation = None
    return replace(connection, grant=said["grant"], organisation=organisation)


def end_left(service: Service, before: Connection, *, last_try: bool) -> Problem | None:
    """End the grant of a connection as it was; returns what to try again for. Nothing happens to one in use."""
    grant = service.grants.get(before.tenant, before.grant) if before.grant else None
    if grant is None or is_used(service, grant):
        return None
    return end_consent(service, before, grant.id, last_try=last_try)
