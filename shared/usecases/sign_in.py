"""Connect software without a consent page: credentials that a person types in open a session, and are the grant."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from shared.aws.log import count
from shared.domain.accounts import Account, Caller, Event
from shared.domain.connections import Connection, ConnectionStatus, Slot
from shared.domain.errors import LedgerbridgeError, fail
from shared.domain.grants import Grant, GrantStatus, TokenPair
from shared.domain.ids import new_id
from shared.domain.secrets import Secret
from shared.providers.contract import CallFailed, SignsIn
from shared.providers.facts import CredentialFacts
from shared.usecases.happenings import happened
from shared.usecases.let_go import let_go
from shared.usecases.provider_app import provider_app
from shared.usecases.service import Service
from shared.usecases.start_connection import begin, check_reconnectable, let_go_if_unfinished
from shared.usecases.update_connection import update_connection

LONGEST_CREDENTIAL: Final = 500


def connect_with_credentials(
    service: Service,
    caller: Caller,
    account: Account,
    *,
    connection_id: str,
    provider: str,
    slot: Slot,
    credentials: Mapping[str, Secret],
) -> Connection:
    """Sign in and make a connection that waits for the choice of its organisation.

    A sign-in that is refused leaves an unfinished connection, which the next try takes over. Raises what `begin`
    raises, invalid_request (a field of `credentials`), credentials_refused, provider_unavailable.
    """
    facts, typed = _checked(provider, credentials)
    connection = begin(service, caller, account, connection_id=connection_id, provider=provider, slot=slot)
    return _signed_in(service, caller, connection, typed, organisation=typed[facts.organisation_field])


def reconnect_with_credentials(
    service: Service, caller: Caller, connection: Connection, credentials: Mapping[str, Secret]
) -> Connection:
    """Sign in anew for the same connection; what it was stays until its organisation is confirmed."""
    check_reconnectable(connection)
    facts, typed = _checked(connection.provider, credentials)
    return _signed_in(service, caller, connection, typed, organisation=typed[facts.organisation_field])


def _signed_in(
    service: Service, caller: Caller, connection: Connection, typed: Mapping[str, str], *, organisation: str
) -> Connection:
    pair = _session(service, connection.provider, typed)
    let_go_if_unfinished(service, connection)
    grant = _stored(service, connection, organisation, pair)
    stale: set[str] = set()

    def pend(current: Connection) -> tuple[Connection, Event]:
        if current.pending_grant:
            stale.add(current.pending_grant)
        status = current.status
        if status is ConnectionStatus.PENDING_CONSENT:
            status = ConnectionStatus.CHOOSING_ORGANISATION
        event = happened(service, current.account, "connection.signed_in", by=caller, subject=current.id)
        return replace(current, pending_grant=grant.id, status=status), event

    after = update_connection(service, connection, pend)
    for old in stale:
        let_go(service, grant.tenant, old)
    count("consents_given")
    return after


def _checked(provider: str, credentials: Mapping[str, Secret]) -> tuple[CredentialFacts, dict[str, str]]:
    from shared.providers import registry

    profile = registry.profile(provider)
    facts = profile.access
    if not isinstance(facts, CredentialFacts):
        raise fail("invalid_request", field="credentials", reason=f"{profile.title} is connected in the browser")
    named = {field.name for field in facts.fields}
    for name in credentials:
        if name not in named:
            raise fail("invalid_request", field=f"credentials.{name}", reason=f"known are {', '.join(sorted(named))}")
    typed = {name: value.reveal().strip() for name, value in credentials.items()}
    for name in sorted(named):
        if not 0 < len(typed.get(name, "")) <= LONGEST_CREDENTIAL:
            raise fail("invalid_request", field=f"credentials.{name}", reason="is missing or too long")
    return facts, typed


def _session(service: Service, provider: str, typed: Mapping[str, str]) -> TokenPair:
    from shared.providers.oauth import InvalidGrant

    connector = service.provider(provider)
    if not isinstance(connector, SignsIn):
        raise TypeError(f"{provider} states credentials and has no sign_in")
    try:
        return connector.sign_in(provider_app(service, provider), Secret(json.dumps(typed, sort_keys=True)))
    except InvalidGrant:
        raise fail("credentials_refused", field="credentials") from None
    except CallFailed as failed:
        raise LedgerbridgeError(failed.problem) from failed


def _stored(service: Service, connection: Connection, organisation: str, pair: TokenPair) -> Grant:
    """The grant, usable at once: who typed the credentials in is who chooses, so there is nothing to redeem."""
    now = service.clock.now()
    grant_id = new_id(now)
    key = service.vault.new_key(connection.tenant, grant_id)
    grant = Grant(
        id=grant_id,
        tenant=connection.tenant,
        account=connection.account,
        provider=connection.provider,
        subject=organisation,
        status=GrantStatus.ACTIVE,
        token_version=1,
        access_expires_at=pair.expires_at,
        consented_at=now,
        consent_event=organisation,
    )
    service.grants.create(grant, key.seal(pair, grant.token_version), key.wrapped)
    return grant
