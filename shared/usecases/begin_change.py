"""Begin to change an account's main connection: another software, or another organisation of the same."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.domain.accounts import Account, Caller
from shared.domain.connections import Connection, ConnectionStatus, Slot
from shared.domain.errors import ConflictError, fail
from shared.domain.ids import numbered_id
from shared.domain.workflows import Workflow, WorkflowKind
from shared.domain.workflows import begun as begun_workflow
from shared.storage.connections import announcing
from shared.usecases.happenings import happened
from shared.usecases.provider_app import provider_app
from shared.usecases.run_workflow import begin_workflow
from shared.usecases.service import Service
from shared.usecases.start_connection import CONNECT, authorize_url, check_consent

_CHANGEABLE: Final = frozenset(
    {ConnectionStatus.ACTIVE, ConnectionStatus.EXPIRED, ConnectionStatus.REVOKED, ConnectionStatus.BROKEN}
)


@dataclass(frozen=True, slots=True)
class Begun:
    """A change, its new connection, and where the user's browser goes for consent. The URL is shown once."""

    workflow: Workflow
    successor: Connection
    authorize_url: str


def begin_change(
    service: Service,
    caller: Caller,
    account: Account,
    connection: Connection,
    *,
    workflow_id: str,
    provider: str,
    return_url: str,
) -> Begun:
    """Make the connection that is to take the place of the main one, and the URL of its consent page.

    Until the switch nothing is different for the main connection. Raises invalid_request (a connection that is no
    main one, software that is connected as none), connection_not_active, provider_unknown, provider_not_set_up,
    return_url_refused, secondary_connected naming the connections that are in the way, and workflow_in_progress
    naming what is at work on the account already and who began it.
    """
    _check(connection, provider)
    check_consent(service, caller, provider, return_url)
    provider_app(service, provider)  # raises before anything is written
    service.connections.refuse_beside(account.tenant, account.id)
    now, by = service.clock.now(), caller.actor
    # Its id follows from the request's, so that a repeat of it meets what it made.
    successor = _pending(connection, numbered_id(workflow_id, 1), provider, at=now, by=by)
    about = {"connection": connection.id, "successor": successor.id}
    workflow = begun_workflow(WorkflowKind.CHANGE, workflow_id, account, at=now, by=by, **about)
    event = happened(
        service,
        account.id,
        "change.begun",
        by=caller,
        subject=workflow.id,
        after={**about, "provider": provider},
    )
    try:
        stored = begin_workflow(service, workflow, event, *announcing(successor))
    except ConflictError:
        service.connections.refuse_beside(account.tenant, account.id)
        raise
    found = service.connections.get(account.tenant, account.id, successor.id) or successor
    return Begun(stored, found, authorize_url(service, caller, found, CONNECT, return_url))


def _check(connection: Connection, provider: str) -> None:
    from shared.providers import registry

    if connection.slot is not Slot.MAIN or connection.successor_of is not None:
        raise fail("invalid_request", field="connection", reason="only the main connection is changed")
    if connection.status not in _CHANGEABLE:
        raise fail("connection_not_active", status=connection.status.value)
    slots = registry.profile(provider).slots
    if Slot.MAIN not in slots:
        raise fail("invalid_request", field="provider", reason=f"{provider} connects as {', '.join(slots)}")


def _pending(old: Connection, successor_id: str, provider: str, *, at: datetime, by: str) -> Connection:
    return Connection(
        id=successor_id,
        tenant=old.tenant,
        account=old.account,
        provider=provider,
        slot=Slot.MAIN,
        status=ConnectionStatus.PENDING_CONSENT,
        created_at=at,
        created_by=by,
        successor_of=old.id,
    )
