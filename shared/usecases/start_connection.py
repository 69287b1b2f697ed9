"""Begin a connection, or ask for consent anew: a state for one browser trip to the provider's consent page."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.domain.accounts import Account, Caller, Event
from shared.domain.connections import Connection, ConnectionStatus, Slot
from shared.domain.errors import ConflictError, LedgerbridgeError, fail
from shared.domain.return_urls import is_allowed
from shared.domain.secrets import Secret
from shared.storage.connections import slot_taken
from shared.storage.states import OAuthState
from shared.usecases.happenings import happened
from shared.usecases.provider_app import provider_app, redirect_uri
from shared.usecases.service import Service
from shared.usecases.update_connection import update_connection

STATE_LIFETIME: Final = timedelta(minutes=15)
LOOK_AFTER: Final = timedelta(hours=24, minutes=5)
CONNECT: Final = "connect"
RECONNECT: Final = "reconnect"
_UNFINISHED: Final = frozenset({ConnectionStatus.PENDING_CONSENT, ConnectionStatus.CHOOSING_ORGANISATION})
_RECONNECTABLE: Final = frozenset(
    {
        ConnectionStatus.IMPORTING,
        ConnectionStatus.ACTIVE,
        ConnectionStatus.EXPIRED,
        ConnectionStatus.REVOKED,
        ConnectionStatus.BROKEN,
    }
)


@dataclass(frozen=True, slots=True)
class Started:
    """A connection and where its user's browser goes for consent. The URL holds a state: it is shown once."""

    connection: Connection
    authorize_url: str


def hashed(code: str) -> str:
    """How states and result codes are stored: what is in the table opens nothing."""
    return hashlib.sha256(code.encode()).hexdigest()


def code_verifier(service: Service, state: str) -> Secret:
    """The PKCE verifier of a state: derived from it with our key, so that it is stored nowhere."""
    return Secret(service.signer.derived("pkce", state))


def start_connection(
    service: Service,
    caller: Caller,
    account: Account,
    *,
    connection_id: str,
    provider: str,
    slot: Slot,
    return_url: str,
) -> Started:
    """Make a pending connection and the URL of the provider's consent page. Raises what `begin` raises, and
    return_url_refused.
    """
    check_consent(service, caller, provider, return_url)
    connection = begin(service, caller, account, connection_id=connection_id, provider=provider, slot=slot)
    let_go_if_unfinished(service, connection)
    return Started(connection, authorize_url(service, caller, connection, CONNECT, return_url))


def begin(
    service: Service, caller: Caller, account: Account, *, connection_id: str, provider: str, slot: Slot
) -> Connection:
    """Make a pending connection in a slot.

    An unfinished connection in the same slot is abandoned: people close consent pages. Raises provider_unknown,
    invalid_request (slot), provider_not_set_up, main_connection_exists; for a secondary
    secondary_connection_exists, main_connection_missing and secondary_not_allowed.
    """
    from shared.providers import registry

    profile = registry.profile(provider)
    if slot not in profile.slots:
        raise fail("invalid_request", field="slot", reason=f"{provider} connects as {', '.join(profile.slots)}")
    beside = _main_beside(service, account, slot)
    provider_app(service, provider)  # raises before anything is written
    connection = Connection(
        id=connection_id,
        tenant=caller.tenant,
        account=account.id,
        provider=provider,
        slot=slot,
        status=ConnectionStatus.PENDING_CONSENT,
        created_at=service.clock.now(),
        created_by=caller.actor,
    )
    return _created(service, caller, connection, beside)


def reconnect(service: Service, caller: Caller, connection: Connection, return_url: str) -> Started:
    """Ask for consent anew for the same connection; nothing about it changes until the organisation is confirmed.

    Raises connection_not_active for a connection that has ended, return_url_refused, provider_not_set_up.
    """
    check_reconnectable(connection)
    check_consent(service, caller, connection.provider, return_url)
    let_go_if_unfinished(service, connection)
    purpose = CONNECT if connection.status in _UNFINISHED else RECONNECT
    return Started(connection, authorize_url(service, caller, connection, purpose, return_url))


def check_reconnectable(connection: Connection) -> None:
    """Raises connection_not_active for a connection that has ended or is ending."""
    if connection.status not in _RECONNECTABLE | _UNFINISHED:
        raise fail("connection_not_active", status=connection.status.value)


def let_go_if_unfinished(service: Service, connection: Connection) -> None:
    """Have the agenda look, a day from now, whether what was begun here was ever finished."""
    body = {"tenant": connection.tenant, "account": connection.account, "connection": connection.id}
    service.agenda.put("consent_expiry", service.clock.now() + LOOK_AFTER, connection.id, body)


def _main_beside(service: Service, account: Account, slot: Slot) -> str | None:
    """The main connection that a secondary is to go beside; None for a main one."""
    from shared.providers import registry

    if slot is Slot.MAIN:
        return None
    every = service.connections.of_account(account.tenant, account.id)
    mains = (one for one in every if one.slot is Slot.MAIN and one.successor_of is None)
    main = next((one for one in mains if one.status in _RECONNECTABLE), None)
    if main is None:
        raise fail("main_connection_missing", field="slot")
    if slot not in registry.profile(main.provider).secondaries:
        raise fail("secondary_not_allowed", field="slot", connection=main.id)
    return main.id


def _created(service: Service, caller: Caller, connection: Connection, beside: str | None) -> Connection:
    event = happened(
        service,
        connection.account,
        "connection.started",
        by=caller,
        subject=connection.id,
        after={"provider": connection.provider, "slot": connection.slot.value},
    )
    try:
        service.connections.create(connection, event, beside=beside)
    except ConflictError:
        pass  # a repeat after a crash meets its own connection
    except LedgerbridgeError as error:
        holder = error.problem.details.get("connection")
        if error.problem.code != slot_taken(connection.slot) or not isinstance(holder, str):
            raise
        if holder != connection.id:
            if not _abandoned(service, caller, connection, holder):
                raise
            service.connections.create(connection, event, beside=beside)
    found = service.connections.get(connection.tenant, connection.account, connection.id)
    if found is None:
        raise ConflictError("the slot was taken by another connection")
    return found


def _abandoned(service: Service, caller: Caller, connection: Connection, holder: str) -> bool:
    """Whether the slot's holder was unfinished and could be put aside."""
    other = service.connections.get(connection.tenant, connection.account, holder)
    if other is None or other.status not in _UNFINISHED:
        return False

    def abandon(current: Connection) -> tuple[Connection, Event] | None:
        if current.status not in _UNFINISHED:
            return None
        event = happened(service, current.account, "connection.abandoned", by=caller, subject=current.id)
        return current.moved(ConnectionStatus.DISCONNECTED), event

    after = update_connection(service, other, abandon, release_slot=True)
    return after.status is ConnectionStatus.DISCONNECTED


def check_consent(service: Service, caller: Caller, provider: str, return_url: str) -> None:
    """Raises invalid_request where the software has no consent page, return_url_refused, provider_unknown."""
    from shared.providers import registry
    from shared.providers.facts import OAuthFacts

    profile = registry.profile(provider)
    if not isinstance(profile.access, OAuthFacts):
        reason = f"{profile.title} has no consent page: send its credentials"
        raise fail("invalid_request", field="credentials", reason=reason)
    tenant = service.tenants.get(caller.tenant)
    if tenant is None or not is_allowed(return_url, tenant.return_urls):
        raise fail("return_url_refused", field="return_url")


def authorize_url(service: Service, caller: Caller, connection: Connection, purpose: str, return_url: str) -> str:
    """The provider's consent page for one browser trip; its state is stored, and good once."""
    from shared.providers import oauth, registry

    facts = registry.profile(connection.provider).oauth
    state = secrets.token_urlsafe(32)
    service.states.put(
        OAuthState(
            state_hash=hashed(state),
            tenant=caller.tenant,
            account=connection.account,
            user=caller.user,
            connection=connection.id,
            provider=connection.provider,
            purpose=purpose,
            return_url=return_url,
            expires_at=service.clock.now() + STATE_LIFETIME,
        )
    )
    return oauth.authorize_url(
        facts,
        provider_app(service, connection.provider),
        redirect_uri=redirect_uri(service, connection.provider),
        state=state,
        code_verifier=code_verifier(service, state),
    )
