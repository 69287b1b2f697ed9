"""The person's choice: pin the organisation to the connection, and set everything going that follows."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from shared.aws.log import count
from shared.domain.accounts import Caller, Event
from shared.domain.connections import Connection, ConnectionStatus, Organisation, Settings, Slot
from shared.domain.errors import LedgerbridgeError, fail
from shared.domain.grants import Grant
from shared.domain.ids import new_id
from shared.domain.outgoing import EventType
from shared.domain.publishing import WakeUp
from shared.domain.refresh_requests import GUARD, RECONNECTED, RefreshRequest
from shared.providers.facts import OAuthFacts
from shared.usecases.ask_consent import Asking, consent_of
from shared.usecases.beside_main import first_settings, main_of, on_books_of_main
from shared.usecases.carry_settings import carried_settings
from shared.usecases.connection_news import tell_of_connection
from shared.usecases.follow_change import follow_change_to
from shared.usecases.happenings import happened
from shared.usecases.leave_grant import leave_grant, remember_grant
from shared.usecases.service import Service
from shared.usecases.update_connection import update_connection
from shared.usecases.wake import SCHEMA, remind

# The message sets the refresh going; the agenda repeats it should the message be lost.
REFRESH_GUARD: Final = timedelta(minutes=3)
FIRST_WARNING: Final = timedelta(days=30)
IDLE_SHARE: Final = 0.5  # of the provider's idle limit, after which a grant that nothing used is renewed
_ALSO_LINKED: Final = "organisation_also_linked"
_CHOOSABLE: Final = frozenset(
    {
        ConnectionStatus.CHOOSING_ORGANISATION,
        ConnectionStatus.IMPORTING,
        ConnectionStatus.ACTIVE,
        ConnectionStatus.EXPIRED,
        ConnectionStatus.REVOKED,
        ConnectionStatus.BROKEN,
    }
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The connection after the choice; `warnings` are words for the person, such as organisation_also_linked.

    `publish_again` is the error code of what failed while access was lost, where this ended that.
    """

    connection: Connection
    warnings: tuple[str, ...] = ()
    publish_again: str | None = None


def choose_organisation(service: Service, caller: Caller, connection: Connection, organisation_id: str) -> Chosen:
    """Pin one of the consent's organisations to the connection and start its first, or next, refresh.

    At a reconnect only the organisation pinned before may be chosen, at a change any but the one connected now. Raises
    connection_not_active, organisation_gone (not among those of the consent), organisation_mismatch,
    organisation_connected, organisation_taken, and for a secondary on the main connection's books
    organisation_not_of_main; nothing is altered then.
    """
    if connection.status not in _CHOOSABLE:
        raise fail("connection_not_active", status=connection.status.value)
    if connection.organisation is not None and connection.organisation.id != organisation_id:
        raise _another(connection, connection.organisation)
    replaces = _replaced(service, connection, organisation_id)
    if connection.organisation is not None and connection.pending_grant is None:
        return Chosen(connection)  # chosen already, by this very request or another
    main = main_of(service, connection) if connection.slot is not Slot.MAIN else None
    grant, organisation = _verified(service, connection, organisation_id)
    organisation = on_books_of_main(connection, main, organisation)
    # Refuses while another tenant holds the organisation; once more for the same connection changes nothing.
    service.organisations.link(
        connection.provider, organisation.id, connection.tenant, connection.account, connection.id
    )
    expires_at = _consent_end(service, connection)
    _remember_to(service, connection, grant, expires_at)
    if connection.grant:
        remember_grant(service, connection)
    try:
        fresh = connection.organisation is None
        settings = _first_settings(connection, main, replaces) if fresh else connection.settings
        stored = _pinned(
            service, caller, connection, grant, organisation=organisation, settings=settings, expires_at=expires_at
        )
    except LedgerbridgeError:
        _unlinked(service, connection, organisation.id)
        raise
    leave_grant(service, connection, grant)
    _set_going(service, stored)
    if replaces is not None:
        follow_change_to(service, stored)
    count("connections_chosen")
    return Chosen(stored, _warnings(service, stored), failed_meanwhile(connection))


def failed_meanwhile(before: Connection) -> str | None:
    """The error code of what failed while a connection, as it was before a reconnect, had lost access."""
    problem = before.why_not_publishing() if before.has_lost_access else None
    return problem.code if problem is not None else None


def _another(connection: Connection, connected: Organisation) -> LedgerbridgeError:
    """A reconnect is no way to another organisation; a change of the connection is, and a main one is offered it."""
    offer = {"offer": "change", "change": connection.id} if connection.slot is Slot.MAIN else {}
    return fail("organisation_mismatch", field="organisation_id", connected=connected.name, **offer)


def _replaced(service: Service, connection: Connection, organisation_id: str) -> Connection | None:
    """The connection that this one is to replace, if any; raises organisation_connected where it is there already."""
    if connection.successor_of is None:
        return None
    old = service.connections.get(connection.tenant, connection.account, connection.successor_of)
    if old is None:
        raise fail("not_found", field="connection")
    if (old.provider, old.pinned.id) == (connection.provider, organisation_id):
        raise fail("organisation_connected", field="organisation_id", connection=old.id)
    return old


def _first_settings(connection: Connection, main: Connection | None, replaces: Connection | None) -> Settings:
    from shared.providers import registry

    if replaces is not None:
        return carried_settings(replaces.settings, registry.profile(connection.provider))
    return first_settings(connection, main)


def _unlinked(service: Service, connection: Connection, organisation: str) -> None:
    """Take the link back where the connection ended in this moment and nobody else will."""
    current = service.connections.get(connection.tenant, connection.account, connection.id)
    if current is None or (current.status is ConnectionStatus.DISCONNECTED and current.organisation is None):
        service.organisations.unlink(
            connection.provider, organisation, connection.tenant, connection.account, connection.id
        )


def _verified(service: Service, connection: Connection, organisation_id: str) -> tuple[Grant, Organisation]:
    """The organisation as the provider itself describes it under this consent, never as the caller does."""
    asking = Asking(service, connection.tenant, consent_of(connection))
    provider = service.provider(connection.provider)
    grant = asking.access.grant
    offered = asking.call(lambda session: provider.organisations(session, grant.consent_event))
    match = next((one for one in offered if one.id == organisation_id), None)
    if match is None:
        raise fail("organisation_gone", field="organisation_id")
    facts = asking.call(lambda session: provider.organisation(session, grant.subject), organisation_id)
    if facts.id != organisation_id:
        raise fail("organisation_mismatch", field="organisation_id")
    return asking.access.grant, replace(facts, removal_id=facts.removal_id or match.removal_id)


def _consent_end(service: Service, connection: Connection) -> datetime | None:
    tenant = service.tenants.get(connection.tenant)
    if tenant is None or tenant.consent_limit_days is None:
        return None
    return service.clock.now() + timedelta(days=tenant.consent_limit_days)


def _pinned(
    service: Service,
    caller: Caller,
    connection: Connection,
    grant: Grant,
    *,
    organisation: Organisation,
    settings: Settings,
    expires_at: datetime | None,
) -> Connection:
    def pin(current: Connection) -> tuple[Connection, Event]:
        if current.organisation is not None and current.organisation.id != organisation.id:
            raise _another(current, current.organisation)
        if current.is_ending or current.pending_grant not in {grant.id, None}:
            raise fail("connection_not_active", status=current.status.value)
        again = current.activated_at is not None
        status = ConnectionStatus.ACTIVE if again else ConnectionStatus.IMPORTING
        event = happened(
            service,
            current.account,
            "connection.reconnected" if current.organisation else "connection.organisation_chosen",
            by=caller,
            subject=current.id,
            before={"status": current.status.value},
            after={
                "status": status.value,
                "organisation": organisation.id,
                "name": organisation.name,
                "publish_again": failed_meanwhile(current),
            },
        )
        after = replace(
            current.moved(status),
            grant=grant.id,
            pending_grant=None,
            organisation=organisation,
            settings=settings if current.organisation is None else current.settings,
            consent_expires_at=expires_at,
            failed_drains=0,
            parked_until=None,
        )
        if again:
            tell_of_connection(service, after, EventType.CONNECTION_RECOVERED, grant.id)
        return after, event

    return update_connection(service, connection, pin)


def _remember_to(service: Service, connection: Connection, grant: Grant, expires_at: datetime | None) -> None:
    """Agenda rows come before the work they guard."""
    from shared.providers import registry

    now = service.clock.now()
    where = {"tenant": connection.tenant, "account": connection.account}
    facts = registry.profile(connection.provider).access
    if isinstance(facts, OAuthFacts):
        idle = service.clock.scale(facts.refresh_idle_limit) * IDLE_SHARE
        service.agenda.put("keep_alive", now + idle, grant.id, {**where, "grant": grant.id})
    if expires_at is not None:
        at = max(now, expires_at - FIRST_WARNING)
        service.agenda.put("consent_expiry", at, connection.id, {**where, "connection": connection.id})


def _set_going(service: Service, connection: Connection) -> None:
    now = service.clock.now()
    request = RefreshRequest(
        id=new_id(now),
        tenant=connection.tenant,
        account=connection.account,
        connection=connection.id,
        reason=RECONNECTED if connection.activated_at else "connected",
        requested_at=now,
    )
    service.agenda.put("refresh", now + REFRESH_GUARD, connection.id, {**request.body(), GUARD: True})
    service.refresh_queue.send(request.body(), group=connection.tenant)
    if connection.activated_at is not None:
        # What waited for the consent goes on at the agenda's next look.
        wake = WakeUp(SCHEMA, connection.tenant, connection.account, connection.provider, connection.pinned.id)
        remind(service, wake, now)


def _warnings(service: Service, connection: Connection) -> tuple[str, ...]:
    others = [
        holder
        for holder in service.organisations.holders(connection.provider, connection.pinned.id)
        if holder.connection != connection.id
    ]
    return (_ALSO_LINKED,) if others else ()
