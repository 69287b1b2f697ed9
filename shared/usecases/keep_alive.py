"""Keep grants alive: renew them before the provider's idle limit, warn before consents end, let go what nobody used."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from shared.aws.log import count
from shared.domain.accounts import Event
from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.consent import next_look, warning_due
from shared.domain.errors import LedgerbridgeError, Problem
from shared.domain.grants import GrantStatus
from shared.domain.ids import derived_id
from shared.domain.outgoing import EventType
from shared.providers.facts import OAuthFacts
from shared.usecases.access_token import access_token
from shared.usecases.connection_news import tell_of_connection
from shared.usecases.happenings import happened
from shared.usecases.leave_grant import remember_grant
from shared.usecases.service import Service
from shared.usecases.update_connection import update_connection

REASON: Final = "consent_limit"
_EXPIRED: Final = "connection_expired"
IDLE_SHARE: Final = 0.5  # of the provider's idle limit: a second chance remains when one renewal fails
TRY_AGAIN_AFTER: Final = timedelta(hours=1)
UNFINISHED_AFTER: Final = timedelta(hours=24)
UNFINISHED: Final = frozenset({ConnectionStatus.PENDING_CONSENT, ConnectionStatus.CHOOSING_ORGANISATION})
CONSENT_ENDS: Final = frozenset({ConnectionStatus.ACTIVE, ConnectionStatus.IMPORTING})


def keep_grant_alive(service: Service, tenant: str, grant_id: str) -> datetime | None:
    """Renew a grant that nothing else has renewed lately; returns when to look again, None when it is over.

    A refused renewal ends there: the fenced refresh has marked the grant and its connections expired, with an event.
    """
    grant = service.grants.get(tenant, grant_id)
    if grant is None or grant.status is not GrantStatus.ACTIVE:
        return None
    facts = service.provider(grant.provider).profile.access
    if not isinstance(facts, OAuthFacts):
        return None  # credentials do not grow old: a session is opened when one is needed
    wait = service.clock.scale(facts.refresh_idle_limit) * IDLE_SHARE
    renewed_at = grant.access_expires_at - service.clock.scale(facts.access_lifetime)
    now = service.clock.now()
    if now < renewed_at + wait:
        return renewed_at + wait
    try:
        access_token(service, tenant, grant_id)
    except LedgerbridgeError:
        left = service.grants.get(tenant, grant_id)
        return now + TRY_AGAIN_AFTER if left is not None and left.status is GrantStatus.ACTIVE else None
    count("grants_kept_alive")
    return now + wait


def watch_consent(service: Service, tenant: str, account: str, connection_id: str) -> datetime | None:
    """Look after one connection's consent; returns when to look again, None when there is nothing left to watch.

    Warns 30, 7 and 1 days before a consent ends by the tenant's policy and ends it then. A consent that was begun and
    not finished within a day is let go, by us and at the provider, and with it a connection that never had another.
    """
    connection = service.connections.get(tenant, account, connection_id)
    if connection is None:
        return None
    now = service.clock.now()
    look_at = _unfinished_until(service, connection)
    if look_at is not None and now >= look_at:
        connection, look_at = _let_go_unfinished(service, connection), None
    if connection.consent_expires_at is None or connection.status not in CONSENT_ENDS:
        return look_at
    if now >= connection.consent_expires_at:
        _end_consent(service, connection)
        return look_at
    days = warning_due(connection.consent_expires_at, now)
    if days is not None:
        _warn(service, connection, connection.consent_expires_at, days)
    following = next_look(connection.consent_expires_at, now)
    return min(following, look_at) if look_at is not None else following


def _warn(service: Service, connection: Connection, expires_at: datetime, days: int) -> None:
    once = derived_id("consent", connection.tenant, connection.id, expires_at.isoformat(), str(days))
    said = {"days": days, "consent_expires_at": expires_at.isoformat()}
    tell_of_connection(service, connection, EventType.CONNECTION_EXPIRING, once, **said)
    if not service.seen.first_time(once, timedelta(days=days + 1), service.clock.now()):
        return
    after: dict[str, object] = {"days": days, "consent_expires_at": expires_at.isoformat()}
    event = happened(service, connection.account, "connection.consent_ending", subject=connection.id, after=after)
    service.events.append(connection.tenant, event)


def _end_consent(service: Service, connection: Connection) -> None:
    def end(current: Connection) -> tuple[Connection, Event] | None:
        if current.status not in CONSENT_ENDS or current.consent_expires_at != connection.consent_expires_at:
            return None
        occasion = f"consent|{current.consent_expires_at}"
        tell_of_connection(service, current, EventType.CONNECTION_EXPIRED, occasion, status="expired", code=_EXPIRED)
        ended = current.moved(ConnectionStatus.EXPIRED, Problem(_EXPIRED, details={"reason": REASON}))
        return ended, _moved(service, current, ended, "connection.expired")

    update_connection(service, connection, end)
    count("connections_expired")


def _unfinished_until(service: Service, connection: Connection) -> datetime | None:
    """When a consent that waits for its person is let go; None where none does, or where it ends with something else:
    its workflow, or its connection.
    """
    if connection.successor_of is not None or connection.is_ending:
        return None
    grant = service.grants.get(connection.tenant, connection.pending_grant) if connection.pending_grant else None
    if grant is not None:
        return grant.consented_at + UNFINISHED_AFTER
    return connection.created_at + UNFINISHED_AFTER if connection.status in UNFINISHED else None


def _let_go_unfinished(service: Service, connection: Connection) -> Connection:
    """End what nobody finished, so that its slot is free; the agenda ends its consent at the provider, with retries."""
    if connection.pending_grant is not None:  # redeemed or not, nobody chose an organisation with it
        remember_grant(service, replace(connection, grant=connection.pending_grant, organisation=None))
    without = replace(connection, pending_grant=None)
    if connection.status not in UNFINISHED:
        return service.connections.update(without)
    ended = without.moved(ConnectionStatus.DISCONNECTED)
    event = _moved(service, connection, ended, "connection.abandoned")
    return service.connections.update(ended, event, release_slot=True)


def _moved(service: Service, before: Connection, after: Connection, kind: str) -> Event:
    return happened(
        service,
        before.account,
        kind,
        subject=before.id,
        before={"status": before.status.value},
        after={"status": after.status.value},
    )
