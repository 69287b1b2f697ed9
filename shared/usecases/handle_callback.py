"""The browser comes back from the provider: consume the state, exchange the code, keep the grant as pending."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from shared.aws.log import bind, count, logger
from shared.domain.accounts import Event
from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.errors import LedgerbridgeError, Problem, fail
from shared.domain.grants import Grant, GrantStatus
from shared.domain.ids import new_id
from shared.domain.return_urls import with_answer
from shared.domain.secrets import Secret
from shared.storage.states import ConsentResult, OAuthState
from shared.usecases.disconnect_connection import remind as remind_of_end
from shared.usecases.follow_change import refuse_change
from shared.usecases.happenings import happened
from shared.usecases.leave_grant import remember_grant
from shared.usecases.let_go import end_consent
from shared.usecases.provider_app import provider_app, redirect_uri
from shared.usecases.service import Service
from shared.usecases.sessions import first_session
from shared.usecases.start_connection import code_verifier, hashed
from shared.usecases.update_connection import update_connection

if TYPE_CHECKING:
    from shared.providers.oauth import TokenAnswer

RESULT_LIFETIME: Final = timedelta(minutes=10)
LONGEST_CODE: Final = 4096
LONGEST_ORGANISATION: Final = 64
PROOF: Final = timedelta(seconds=10)  # for the call that proves the organisation, while the browser waits
_REFUSED: Final = "consent_refused"
_ENDED: Final = frozenset({ConnectionStatus.CLOSING, ConnectionStatus.DISCONNECTED})


def handle_callback(service: Service, provider: str, answer: Mapping[str, str]) -> str:
    """The URL to send the browser to: the tenant's return_url with a one-time result code, or with an error code.

    The grant is stored as pending: it can do nothing until the user who started redeems the result code. Raises
    oauth_state_invalid where no state of ours is behind the request; then there is nowhere to redirect to.
    """
    state = answer.get("state", "")
    known = service.states.take(hashed(state), service.clock.now()) if 0 < len(state) <= LONGEST_CODE else None
    if known is None or known.provider != provider:
        raise fail("oauth_state_invalid")
    bind(tenant=known.tenant, account=known.account, connection=known.connection)
    try:
        result = _consented(service, known, answer)
    except LedgerbridgeError as error:
        code = error.problem.code
        if code == _REFUSED:
            refuse_change(service, known.tenant, known.account, known.connection, by=known.user)
        count("consents_failed")
        logger.info("consent did not succeed", extra={"reason": code})
        return with_answer(known.return_url, {"connection": known.connection, "status": "failed", "error": code})
    count("consents_given")
    return with_answer(
        known.return_url, {"connection": known.connection, "status": "consented", "result_code": result.reveal()}
    )


def _consented(service: Service, known: OAuthState, answer: Mapping[str, str]) -> Secret:
    code = answer.get("code", "")
    if answer.get("error"):
        raise fail(_REFUSED if answer["error"] == "access_denied" else "code_exchange_failed")
    if not 0 < len(code) <= LONGEST_CODE:
        raise fail("code_exchange_failed")
    connection = service.connections.get(known.tenant, known.account, known.connection)
    if connection is None or connection.status in _ENDED:
        raise fail("connection_not_active")
    grant_id = new_id(service.clock.now())
    # Should this die with the grant stored and not noted yet. What dies before it is stored takes the tokens with it.
    remember_grant(service, replace(connection, grant=grant_id, organisation=None))
    grant = _stored_grant(service, known, grant_id, answer, Secret(code))
    _pend(service, connection, grant)
    result = Secret(secrets.token_urlsafe(32))
    service.states.put_result(
        ConsentResult(
            code_hash=hashed(result.reveal()),
            tenant=known.tenant,
            account=known.account,
            user=known.user,
            connection=known.connection,
            grant=grant.id,
            expires_at=service.clock.now() + RESULT_LIFETIME,
        )
    )
    return result


def _pend(service: Service, connection: Connection, grant: Grant) -> None:
    """Note the grant on the connection, so that it is let go if nobody redeems it; an earlier one is let go now.

    The provider is told once: where it does not answer, the person's list of apps keeps what we cannot use any more.
    """
    stale: set[str] = set()

    def pend(current: Connection) -> tuple[Connection, Event]:
        if current.pending_grant:
            stale.add(current.pending_grant)
        event = happened(service, current.account, "connection.consented", subject=current.id)
        return replace(current, pending_grant=grant.id), event

    after = update_connection(service, connection, pend)
    for old in stale:
        end_consent(service, after, old, last_try=True)
    if after.status in _ENDED:  # in this moment: what follows an end lets this consent go as well
        remind_of_end(service, after, timedelta())
        raise fail("connection_not_active")


def _stored_grant(service: Service, known: OAuthState, grant_id: str, answer: Mapping[str, str], code: Secret) -> Grant:
    """Exchange the code and put the tokens into the vault. The data key is made first: a code works only once."""
    from shared.providers import oauth, registry
    from shared.providers.contract import CallFailed

    now = service.clock.now()
    key = service.vault.new_key(known.tenant, grant_id)
    facts = registry.profile(known.provider).oauth
    try:
        told = oauth.exchange(
            facts,
            provider_app(service, known.provider),
            code=code,
            redirect_uri=redirect_uri(service, known.provider),
            code_verifier=code_verifier(service, answer["state"]),
        )
    except oauth.InvalidGrant:
        raise fail("code_exchange_failed") from None
    except CallFailed as failed:
        raise LedgerbridgeError(failed.problem) from failed
    event = told.consent_event
    if facts.organisation_parameter is not None:
        event = _proved(service, known.provider, told, answer.get(facts.organisation_parameter, ""))
    grant = Grant(
        id=grant_id,
        tenant=known.tenant,
        account=known.account,
        provider=known.provider,
        subject=told.subject,
        status=GrantStatus.PENDING,
        token_version=1,
        access_expires_at=told.pair.expires_at,
        consented_at=now,
        scopes=told.scopes,
        consent_event=event,
    )
    service.grants.create(grant, key.seal(told.pair, grant.token_version), key.wrapped)
    return grant


def _proved(service: Service, provider: str, told: "TokenAnswer", organisation: str) -> str:
    """The organisation that the browser says the consent is for, after the provider has said so itself.

    The parameter came through the browser, where anybody may change it: only a call with the new token proves it.
    Raises organisation_mismatch, or the provider's own problem when it could not be asked.
    """
    from shared.providers.contract import AccessLost, CallFailed, LimitReached, TokenRefused

    if not 0 < len(organisation) <= LONGEST_ORGANISATION or not organisation.isalnum():
        raise fail("organisation_mismatch")
    session = first_session(service, provider, told.pair.access, deadline=service.clock.now() + PROOF)
    try:
        found = service.provider(provider).organisations(session, organisation)
    except (AccessLost, TokenRefused):
        raise fail("organisation_mismatch") from None
    except LimitReached as limit:
        raise LedgerbridgeError(Problem("rate_limited", until=limit.blocked.until)) from limit
    except CallFailed as failed:
        raise LedgerbridgeError(failed.problem) from failed
    if [one.id for one in found] != [organisation]:
        raise fail("organisation_mismatch")
    return organisation
