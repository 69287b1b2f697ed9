"""OAuth 2.0 for every provider that has it: authorisation URL, code exchange, refresh, revocation.

Answers are read by hand: a token answer that says nonsense about its lifetime still carries a rotated refresh token
that must not be lost. Tokens leave this module as Secret only.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from shared.domain.errors import Problem
from shared.domain.grants import TokenPair
from shared.domain.secrets import Secret
from shared.providers.contract import CallFailed
from shared.providers.facts import OAuthFacts
from shared.providers.transport import HTTP_DEADLINE, Answer, Call, address, broken, fetch

LONGEST_LIFETIME: Final = timedelta(hours=24)  # an access token said to live longer is taken as rubbish
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


class InvalidGrant(Exception):
    """The provider no longer knows the code or refresh token (RFC 6749, section 5.2: invalid_grant)."""


class LostAnswer(CallFailed):
    """The token call may have been carried out, but its answer did not arrive or cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem, sent=True)


@dataclass(frozen=True, slots=True)
class App:
    """Our app at a provider, and how its endpoints are reached.

    `base_url` replaces scheme and host (a local stage) or is empty; `pace` is the provider's seconds in one of ours.
    """

    client_id: str
    client_secret: Secret | None
    base_url: str
    now: Callable[[], datetime]
    pace: float = 1.0
    deadline: timedelta = HTTP_DEADLINE


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What a code was exchanged for. `subject` is the provider's id of the person who consented."""

    pair: TokenPair
    subject: str
    consent_event: str | None
    scopes: tuple[str, ...]


def authorize_url(
    facts: OAuthFacts, app: App, *, redirect_uri: str, state: str, code_verifier: Secret | None = None
) -> str:
    """Where the browser is sent for consent; with the verifier's S256 challenge where the provider takes PKCE."""
    from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    extra = {}
    if facts.pkce and code_verifier is not None:
        challenge = create_s256_code_challenge(code_verifier.reveal())  # type: ignore[no-untyped-call]
        extra = {"code_challenge": challenge, "code_challenge_method": "S256"}
    url: str = prepare_grant_uri(  # type: ignore[no-untyped-call]
        address(facts.authorize_url, app.base_url),
        app.client_id,
        "code",
        redirect_uri=redirect_uri,
        scope=" ".join(facts.scopes),
        state=state,
        **facts.authorize_params,
        **extra,
    )
    return url


def exchange(
    facts: OAuthFacts, app: App, *, code: Secret, redirect_uri: str, code_verifier: Secret | None = None
) -> TokenAnswer:
    """The tokens for an authorisation code. Raises InvalidGrant, LostAnswer, CallFailed (as for refresh)."""
    verifier = code_verifier.reveal() if facts.pkce and code_verifier is not None else None
    told = _token_call(
        facts, app, "authorization_code", code=code.reveal(), redirect_uri=redirect_uri, code_verifier=verifier
    )
    if not _text(told, "refresh_token"):
        raise LostAnswer(broken("no refresh token in the answer to a code").problem)
    claims = {**told, **_claims(_text(told, "id_token")), **_claims(_text(told, "access_token"))}
    subject = claims.get(facts.subject_claim) or claims.get("sub") or ""
    event = claims.get(facts.consent_claim) if facts.consent_claim else None
    scopes = tuple(str(told["scope"]).split()) if isinstance(told.get("scope"), str) else facts.scopes
    return TokenAnswer(_pair(facts, app, told, None), str(subject), str(event) if event else None, scopes)


def refresh(facts: OAuthFacts, app: App, *, refresh_token: Secret) -> TokenPair:
    """A new pair; the old refresh token is kept where the answer brings none.

    Raises InvalidGrant, LostAnswer (the old token may be used up), CallFailed (nothing was done, or the
    endpoint said that it failed).
    """
    told = _token_call(facts, app, "refresh_token", refresh_token=refresh_token.reveal())
    return _pair(facts, app, told, refresh_token)


def revoke(facts: OAuthFacts, app: App, *, token: Secret) -> None:
    """End the consent behind a refresh token (RFC 7009); an unknown token is success. Raises CallFailed.

    ValueError for a provider that has no revocation: its tokens are only shredded here.
    """
    from authlib.oauth2.rfc7009 import prepare_revoke_token_request

    if facts.revoke_url is None:
        raise ValueError("this provider documents no revocation")
    if facts.revoke_body == "json":
        body, headers = json.dumps({"token": token.reveal()}), {"Content-Type": "application/json"}
    else:
        body, headers = prepare_revoke_token_request(token.reveal())  # type: ignore[no-untyped-call]
    answer = _send(facts, facts.revoke_url, app, body, headers)
    if answer.status != 200 and _error(answer) not in {"invalid_grant", "invalid_token"}:
        raise CallFailed(_refusal(answer), sent=True)


def _token_call(facts: OAuthFacts, app: App, grant_type: str, **fields: str | None) -> dict[str, Any]:
    from authlib.oauth2.rfc6749.parameters import prepare_token_request

    given = {name: value for name, value in fields.items() if value}
    body = prepare_token_request(grant_type, **given)  # type: ignore[no-untyped-call]
    try:
        return _told(_send(facts, facts.token_url, app, body, dict(_FORM)))
    except CallFailed as failed:
        if failed.sent:
            raise LostAnswer(failed.problem) from failed
        raise


def _told(answer: Answer) -> dict[str, Any]:
    """The token answer's fields; CallFailed with `sent` for an answer after which the old token may be used up."""
    if answer.status == 429:
        raise CallFailed(Problem("rate_limited", details={"why": "token endpoint"}), sent=False)
    if 400 <= answer.status < 500:
        if _error(answer) == "invalid_grant":
            raise InvalidGrant
        raise CallFailed(_refusal(answer), sent=False)
    if answer.status >= 500:
        # Not lost: the endpoint says that it failed. An outage must not end every consent, so the old token is tried
        # again; where it was used up after all, the provider says invalid_grant to that.
        raise CallFailed(Problem("provider_unavailable", details={"status": answer.status}), sent=False)
    if answer.status != 200:
        raise broken(f"status {answer.status}")
    told = answer.json()
    if not isinstance(told, dict) or not _text(told, "access_token"):
        raise broken("no access token")
    return told


def _send(facts: OAuthFacts, url: str, app: App, body: str, headers: dict[str, str]) -> Answer:
    from authlib.oauth2.auth import ClientAuth

    method = "none" if app.client_secret is None else facts.client_auth
    headers = {"Accept": "application/json", **headers}
    secret = app.client_secret.reveal() if app.client_secret else ""
    auth = ClientAuth(app.client_id, secret, method)  # type: ignore[no-untyped-call]
    _, headers, body = auth.prepare("POST", url, headers, body)  # type: ignore[no-untyped-call]
    return fetch(Call("POST", url, headers=headers, content=body.encode()), app.base_url, app.deadline)


def _error(answer: Answer) -> str | None:
    """The `error` of a refusal, or None when its body is not what RFC 6749 section 5.2 says."""
    try:
        told = json.loads(answer.body)
    except ValueError:
        return None
    return told.get("error") if isinstance(told, dict) else None


def _refusal(answer: Answer) -> Problem:
    error = _error(answer)
    code = "provider_not_set_up" if error in {"invalid_client", "unauthorized_client"} else "provider_refused"
    return Problem(code, provider_text=error, details={"status": answer.status})


def _pair(facts: OAuthFacts, app: App, told: Mapping[str, Any], old: Secret | None) -> TokenPair:
    received = app.now()
    refresh_text = _text(told, "refresh_token")
    kept = Secret(refresh_text) if refresh_text else old
    if kept is None:
        raise ValueError("neither a new nor an old refresh token")
    return TokenPair(
        access=Secret(_text(told, "access_token")),
        refresh=kept,
        expires_at=received + _lifetime(told.get("expires_in"), facts.access_lifetime) / app.pace,
        received_at=received,
        refresh_expires_at=received + _idle_limit(told, facts) / app.pace,
    )


def _idle_limit(told: Mapping[str, Any], facts: OAuthFacts) -> timedelta:
    """How long the refresh token lives unused: in the answer at Intuit and Sage, else as published."""
    said = told.get("x_refresh_token_expires_in") or told.get("refresh_token_expires_in")
    try:
        limit = timedelta(seconds=int(str(said)))
    except (ValueError, OverflowError):
        return facts.refresh_idle_limit
    return limit if timedelta(0) < limit < facts.refresh_idle_limit else facts.refresh_idle_limit


def _lifetime(said: Any, usual: timedelta) -> timedelta:
    """`expires_in` in seconds; the published lifetime where it is missing, not a number, or out of all reason."""
    try:
        lifetime = timedelta(seconds=int(said))
    except (TypeError, ValueError, OverflowError):
        return usual
    return lifetime if timedelta(0) < lifetime <= LONGEST_LIFETIME else usual


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _claims(token: str) -> dict[str, Any]:
    """The payload of a JWT that came from the token endpoint itself over TLS; empty for an opaque token."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
