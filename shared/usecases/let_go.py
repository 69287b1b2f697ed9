"""Let a grant go that no connection uses: the provider is told as far as others do not rest on it, tokens are shredded.

What telling it takes is kept until it was told, or could not be for hours; shredding comes last, and always comes.
"""

from datetime import timedelta
from functools import partial
from typing import Final

from shared.aws.log import count
from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.errors import LedgerbridgeError, Problem
from shared.domain.grants import Grant, GrantStatus
from shared.domain.limits import Work
from shared.providers.contract import AccessLost, CallFailed, LimitReached, TokenRefused
from shared.providers.facts import OAuthFacts
from shared.storage.grants import Consent
from shared.usecases.access_token import Access, access_token
from shared.usecases.ask_consent import Asking
from shared.usecases.provider_app import provider_app
from shared.usecases.service import Service
from shared.usecases.sessions import with_token

# For all calls of one grant. The agenda keeps this much free for a row.
PATIENCE: Final = timedelta(seconds=20)
_GONE: Final = "connection_expired"


def let_go(service: Service, tenant: str, grant_id: str) -> bool:
    """Shred a grant unless a connection of its account still uses it; whether it is gone.

    Nothing is revoked at the provider: for consents that the same person has renewed.
    """
    grant = service.grants.get(tenant, grant_id)
    if grant is None or grant.status is GrantStatus.LET_GO:
        return True
    used = is_used(service, grant)
    if not used:
        service.grants.shred(grant)
    return not used


def end_consent(service: Service, connection: Connection, grant_id: str, *, last_try: bool) -> Problem | None:
    """Let a disconnected connection's grant go, at the provider first; returns what to try again for, None when gone.

    No longer counted, then told, then shredded: of two connections of one person that end at the same time at least
    one finds that nobody is left, and revokes. With `last_try` the grant is shredded though the provider was not told.
    May be repeated.
    """
    grant = service.grants.get(connection.tenant, grant_id)
    if grant is None or grant.status is GrantStatus.LET_GO:
        return None
    used = is_used(service, grant)
    if not used:
        service.grants.uncount(grant)
    problem = _tell_provider(service, connection, grant, used=used)
    if problem is not None and not last_try:
        return problem
    if problem is not None:
        count("consents_not_revoked")
    if not used:
        service.grants.shred(grant)
    return problem


def is_used(service: Service, grant: Grant) -> bool:
    """Whether a connection that has not ended uses this very grant."""
    return any(
        grant.id in {connection.grant, connection.pending_grant}
        for connection in service.connections.of_account(grant.tenant, grant.account)
        if connection.status is not ConnectionStatus.DISCONNECTED
    )


def _tell_provider(service: Service, connection: Connection, grant: Grant, *, used: bool) -> Problem | None:
    """Revoke the consent, or take the one organisation off it; returns why that could not be done now.

    A consent that the provider has ended itself needs no word.
    """
    from shared.providers import registry

    facts = registry.profile(grant.provider).access
    if not isinstance(facts, OAuthFacts) or grant.status is GrantStatus.EXPIRED:
        return None
    others = _others(service, facts, grant)
    try:
        if used or others or _is_held(service, facts, connection, grant):
            _remove(service, connection, grant, others)
        elif grant.subject:
            _revoke(service, facts, grant)
    except (AccessLost, TokenRefused):
        return None
    except CallFailed as failed:
        return failed.problem
    except LimitReached as limit:
        return Problem("rate_limited", until=limit.blocked.until)
    except LedgerbridgeError as error:
        return None if error.problem.code == _GONE else error.problem
    return None


def _others(service: Service, facts: OAuthFacts, grant: Grant) -> list[Consent]:
    """Other consents of the same person that revoking this one would end too.

    Xero: "Revoking a token" ends all of a user's connections to the app. Sage: "An Access Token belongs to a single
    user account"; assumed: so revoking ends the person's other tokens too. If it does not, one that was replaced dies
    there unused within 31 days, destroyed here before. A consent for one organisation (Intuit: one per realm) is
    shared by those for the same one alone.
    """
    if not grant.subject:
        return []
    known = service.grants.of_subject(grant.provider, grant.subject)
    alone = facts.organisation_parameter is not None
    return [one for one in known if one.grant != grant.id and not (alone and one.event != grant.consent_event)]


def _is_held(service: Service, facts: OAuthFacts, connection: Connection, grant: Grant) -> bool:
    """Whether others hold the organisation of a consent for it alone, or this connection does by another consent.

    Assumed: revoking such a consent (Intuit) takes our app out of the company, whoever had connected it. It may be
    another company than the connection's: a consent for the wrong one, that was never chosen.
    """
    if facts.organisation_parameter is None or grant.consent_event is None:
        return False
    holders = service.organisations.holders(connection.provider, grant.consent_event)
    return any(holder.connection != connection.id or not connection.is_ending for holder in holders)


def _remove(service: Service, connection: Connection, grant: Grant, others: list[Consent]) -> None:
    """Take the organisation off the person's consent, where the provider can and nobody needs it there.

    Xero: DELETE /connections/{id}; the person's other organisations stay.
    """
    organisation = connection.organisation
    if organisation is None:
        _remove_unchosen(service, grant, others)
        return
    if organisation.removal_id is None or grant.id != connection.grant:
        return
    if any(_needs(service, other, connection) for other in others):
        return
    removal_id = organisation.removal_id
    deadline = service.clock.now() + PATIENCE

    def token(refused: int | None) -> Access:
        return access_token(service, grant.tenant, grant.id, refused_version=refused, deadline=deadline)

    provider = service.provider(connection.provider)
    remove = partial(provider.remove_organisation, removal_id=removal_id)
    with_token(service, connection, remove, deadline=deadline, work=Work.INTERACTIVE, token=token)
    count("organisations_removed")


def _remove_unchosen(service: Service, grant: Grant, others: list[Consent]) -> None:
    """Take off the person's consent what this one brought along and nobody holds, as its choice will not be made.

    Not while another choice of the same person is open, which may be for any of them. What was never redeemed becomes
    active for that: nobody but us can use it any more, as its connection has ended.
    """
    if any(_is_open(service, other) for other in others):
        return
    if grant.status is GrantStatus.PENDING:
        service.grants.activate(grant)
    asking = Asking(service, grant.tenant, grant.id)
    provider = service.provider(grant.provider)
    for one in asking.call(lambda session: provider.organisations(session, grant.consent_event)):
        if one.removal_id is not None and not service.organisations.holders(grant.provider, one.id):
            asking.call(partial(provider.remove_organisation, removal_id=one.removal_id), one.id)
            count("organisations_removed")


def _is_open(service: Service, consent: Consent) -> bool:
    """Whether a consent waits for the choice of its organisation."""
    return any(
        consent.grant == connection.pending_grant and connection.status is not ConnectionStatus.DISCONNECTED
        for connection in service.connections.of_account(consent.tenant, consent.account)
    )


def _needs(service: Service, consent: Consent, connection: Connection) -> bool:
    """Whether a connection on another consent of the same person is on this organisation, or may yet choose it."""
    for other in service.connections.of_account(consent.tenant, consent.account):
        if other.status is ConnectionStatus.DISCONNECTED:
            continue
        if consent.grant == other.pending_grant:
            return True
        same = other.organisation is not None and other.organisation.id == connection.pinned.id
        if same and consent.grant == other.grant:
            return True
    return False


def _revoke(service: Service, facts: OAuthFacts, grant: Grant) -> None:
    """End the whole consent; nobody else rests on it."""
    from shared.providers import oauth

    found = service.grants.sealed(grant.tenant, grant.id)
    if found is None or facts.revoke_url is None:
        return
    current, wrapped, sealed = found
    pair = service.vault.unwrap(grant.tenant, grant.id, wrapped).open(sealed, current.token_version)
    oauth.revoke(facts, provider_app(service, grant.provider), token=pair.refresh)
    service.vault.forget(wrapped)
    count("consents_revoked")
