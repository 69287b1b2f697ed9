"""Xero's identity endpoints, as developer.xero.com/faq/oauth2 and the published identity description have them."""

import base64
import contextlib
import hashlib
import http.client
import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from rehearsal.sandbox_process import ADVISER, CLIENT_ID, EVERY_SCOPE, REDIRECT_URI, SandboxClient

AUTHORIZE: dict[str, str] = {
    "response_type": "code",
    "client_id": CLIENT_ID,
    "redirect_uri": REDIRECT_URI,
    "scope": EVERY_SCOPE,
    "state": "s1",
}


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims(token: str) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(unpadded(token.split(".")[1]))
    return decoded


def verified_claims(token: str, key: dict[str, str]) -> dict[str, Any]:
    """The claims, after the RS256 signature has been checked against one key of the published set."""
    signed, _, signature = token.rpartition(".")
    modulus, exponent = (int.from_bytes(unpadded(key[name]), "big") for name in ("n", "e"))
    public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    public.verify(unpadded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return claims(token)


def authorize(sandbox: SandboxClient, **changes: str) -> httpx.Response:
    return sandbox.http.get(f"{sandbox.xero}/identity/connect/authorize", params=AUTHORIZE | changes)


def test_consent_gives_a_code_with_state_and_the_code_gives_tokens(sandbox: SandboxClient) -> None:
    back = sandbox.consent(organisations=2)
    assert str(back).startswith(REDIRECT_URI)
    assert (back.params["state"], back.params["scope"]) == ("s1", EVERY_SCOPE)
    answer = sandbox.redeem(back)
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 1800, EVERY_SCOPE)
    access = claims(tokens["access_token"])
    assert access["exp"] - access["nbf"] == 1800
    assert {"authentication_event_id", "xero_userid", "jti"} <= set(access)
    assert access["scope"] == EVERY_SCOPE.split()
    assert answer.headers["cache-control"] == "no-store"


def test_the_id_token_verifies_against_the_published_keys(sandbox: SandboxClient) -> None:
    tokens = sandbox.redeem(sandbox.consent(nonce="n1")).json()
    discovery = sandbox.http.get(f"{sandbox.xero}/.well-known/openid-configuration").json()
    keys = sandbox.http.get(discovery["jwks_uri"]).json()["keys"]
    verified = verified_claims(tokens["id_token"], keys[0])
    assert (verified["iss"], verified["aud"], verified["nonce"]) == (discovery["issuer"], CLIENT_ID, "n1")
    assert verified["email"] == "alex.morgan@example.com"
    assert verified["exp"] - verified["iat"] == 300
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert verified["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()


def test_tokens_come_only_with_their_scopes(sandbox: SandboxClient) -> None:
    tokens = sandbox.redeem(sandbox.consent(scope="accounting.contacts.read")).json()
    assert "refresh_token" not in tokens
    assert "id_token" not in tokens


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "nobody"}, "unauthorized_client"),
        ({"redirect_uri": "http://localhost:5173/elsewhere"}, "unauthorized_client"),
        ({"redirect_uri": "http://127.0.0.1:5173/oauth/xero/callback"}, "unauthorized_client"),
        ({"redirect_uri": "http://localhost.evil.test/oauth/xero/callback"}, "unauthorized_client"),
        ({"redirect_uri": "http://localhost:1@evil.test/oauth/xero/callback"}, "unauthorized_client"),
        ({"redirect_uri": "http://[broken"}, "unauthorized_client"),
        ({"scope": "accounting.transactions"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_a_wrong_request_ends_on_a_page_and_never_redirects(
    sandbox: SandboxClient, changes: dict[str, str], error: str
) -> None:
    answer = authorize(sandbox, **changes)
    assert answer.status_code == 400
    assert f'data-error="{error}"' in answer.text
    assert "location" not in answer.headers


def test_pages_escape_what_they_are_given(sandbox: SandboxClient) -> None:
    # A browser may send these characters as they are; httpx would encode them.
    query = f'{urlencode(AUTHORIZE)}&nonce="><script>alert(1)</script>'
    connection = http.client.HTTPConnection("localhost", httpx.URL(sandbox.base).port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", f"/xero/identity/connect/authorize?{query}")
        answer = connection.getresponse()
        text = answer.read().decode()
    assert (answer.status, "<form" in text) == (200, True)
    assert "<script>" not in text


def test_apps_are_registered_with_redirects_that_xero_takes(sandbox: SandboxClient) -> None:
    address = f"{sandbox.base}/__control/xero/apps"
    refused = sandbox.http.post(address, json={"client_id": "a2", "redirect_uris": ["http://127.0.0.1/cb"]})
    assert refused.status_code == 400
    assert "127.0.0.1 is refused" in refused.json()["error"]
    sandbox.control("/xero/apps", {"client_id": "a2", "redirect_uris": ["https://app.example.com/cb"]})
    assert authorize(sandbox, client_id="a2", redirect_uri="https://app.example.com/cb").status_code == 200
    assert authorize(sandbox, client_id="a2", redirect_uri="https://app.example.com/cb2").status_code == 400


def test_a_person_may_decline_and_is_asked_again_when_nothing_is_ticked(sandbox: SandboxClient) -> None:
    page = sandbox.http.post(str(authorize(sandbox).url), data={"user": "alex.morgan@example.com"})
    session = page.text.split('name="session" value="')[1].split('"')[0]
    consent = f"{sandbox.xero}/identity/connect/consent"
    again = sandbox.http.post(consent, data={"session": session, "decision": "allow"})
    assert again.status_code == 200
    assert "Choose at least one organisation" in again.text
    foreign = {"session": session, "decision": "allow", "organisation": "00000000-0000-0000-0000-000000000000"}
    assert "not one of yours" in sandbox.http.post(consent, data=foreign).text
    back = sandbox.http.post(consent, data={"session": session, "decision": "deny"})
    assert httpx.URL(back.headers["location"]).params["error"] == "access_denied"
    assert sandbox.http.post(consent, data={"session": session, "decision": "allow"}).status_code == 400


def test_nobody_logs_in_who_does_not_exist(sandbox: SandboxClient) -> None:
    page = sandbox.http.post(str(authorize(sandbox).url), data={"user": "mallory@example.com"})
    assert "No such person" in page.text
    assert 'name="session"' not in page.text


def test_a_code_works_once_and_its_second_use_ends_the_grant(sandbox: SandboxClient) -> None:
    back = sandbox.consent()
    tokens = sandbox.redeem(back).json()
    again = sandbox.redeem(back)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    assert sandbox.refresh(tokens["refresh_token"]).json() == {"error": "invalid_grant"}


def test_a_code_is_too_old_after_five_minutes(sandbox: SandboxClient) -> None:
    back = sandbox.consent()
    sandbox.control("/clock", {"advance_seconds": 300})
    assert sandbox.redeem(back).json() == {"error": "invalid_grant"}


def test_a_challenge_that_was_sent_is_checked(sandbox: SandboxClient) -> None:
    verifier = "a-verifier-of-at-least-forty-three-characters-x"
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    back = sandbox.consent(code_challenge=challenge, code_challenge_method="S256")
    assert sandbox.redeem(back).json() == {"error": "invalid_grant"}
    assert sandbox.redeem(back, code_verifier="b" * 43).json() == {"error": "invalid_grant"}
    assert sandbox.redeem(back, code_verifier=verifier).status_code == 200


def test_the_secret_may_come_in_the_body_and_must_be_right(sandbox: SandboxClient) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": sandbox.connect().tokens["refresh_token"]}
    address = f"{sandbox.xero}/connect/token"
    right = {"client_id": CLIENT_ID, "client_secret": "sandbox-xero-secret"}
    assert sandbox.http.post(address, data=form | right).status_code == 200
    for wrong in (right | {"client_secret": "x"}, {"client_id": CLIENT_ID}, {}):
        answer = sandbox.http.post(address, data=form | wrong)
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_client"})


def test_a_refresh_rotates_and_the_old_token_works_through_its_grace(sandbox: SandboxClient) -> None:
    first = sandbox.connect().tokens["refresh_token"]
    second = sandbox.refresh(first).json()["refresh_token"]
    assert second != first
    sandbox.control("/clock", {"advance_seconds": 29 * 60})
    assert sandbox.refresh(first).status_code == 200
    sandbox.control("/clock", {"advance_seconds": 60})
    assert sandbox.refresh(first).json() == {"error": "invalid_grant"}
    assert sandbox.refresh(second).status_code == 200


def test_a_refresh_whose_answer_was_lost_can_be_repeated(sandbox: SandboxClient) -> None:
    token = sandbox.connect().tokens["refresh_token"]
    sandbox.fault("POST", "/connect/token", "commit_then_drop")
    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.refresh(token)
    assert sandbox.refresh(token).status_code == 200
    grants = sandbox.read("/counts")["token_grants"]["xero"]
    assert grants["refresh_token 200"] == 2, "the lost call had taken effect"


def test_unused_refresh_tokens_die_after_sixty_days(sandbox: SandboxClient) -> None:
    token = sandbox.connect().tokens["refresh_token"]
    sandbox.control("/clock", {"advance_seconds": 60 * 86_400})
    assert sandbox.refresh(token).json() == {"error": "invalid_grant"}


def test_one_person_sees_fifty_organisations_and_both_spellings_work(sandbox: SandboxClient) -> None:
    adviser = sandbox.connect(ADVISER, organisations=50)
    assert len(adviser.connections()) == 50
    other = sandbox.http.get(f"{sandbox.xero}/Connections", headers=adviser.headers()).json()
    assert other == adviser.connections()
    assert set(other[0]) == {
        "id",
        "authEventId",
        "tenantId",
        "tenantType",
        "tenantName",
        "createdDateUtc",
        "updatedDateUtc",
    }


def test_connections_can_be_told_by_the_consent_that_made_them(sandbox: SandboxClient) -> None:
    first = sandbox.connect(organisations=3)
    second = sandbox.connect(organisations=1)
    event = claims(second.tokens["access_token"])["authentication_event_id"]
    url = f"{sandbox.xero}/connections?authEventId={event}"
    assert len(sandbox.http.get(url, headers=first.headers()).json()) == 1
    assert len(second.connections()) == 3, "connections belong to the person and the app, not to one consent"


def test_one_organisation_can_be_disconnected_alone(sandbox: SandboxClient) -> None:
    owner = sandbox.connect(organisations=2)
    rows = owner.connections()
    gone = sandbox.http.delete(f"{sandbox.xero}/connections/{rows[0]['id']}", headers=owner.headers())
    assert (gone.status_code, gone.content) == (204, b"")
    again = sandbox.http.delete(f"{sandbox.xero}/connections/{rows[0]['id']}", headers=owner.headers())
    assert again.status_code == 404
    assert owner.call("GET", "/Organisation", rows[0]["tenantId"]).status_code == 403
    assert owner.call("GET", "/Organisation", rows[1]["tenantId"]).status_code == 200
    assert sandbox.refresh(owner.tokens["refresh_token"]).status_code == 200


def test_revocation_ends_every_connection_of_that_person_only(sandbox: SandboxClient) -> None:
    owner, adviser = sandbox.connect(organisations=3), sandbox.connect(ADVISER)
    second = sandbox.connect(organisations=1)
    tenant, form = owner.tenant, {"token": owner.tokens["refresh_token"]}
    answer = sandbox.http.post(f"{sandbox.xero}/connect/revocation", data=form, auth=(CLIENT_ID, "sandbox-xero-secret"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert owner.call("GET", "/Organisation", tenant).status_code == 403
    for ended in (owner, second):
        assert sandbox.refresh(ended.tokens["refresh_token"]).json() == {"error": "invalid_grant"}
    assert adviser.call("GET", "/Organisation").status_code == 200


def test_a_token_nobody_knows_is_revoked_silently_but_not_by_a_stranger(sandbox: SandboxClient) -> None:
    owner = sandbox.connect()
    address = f"{sandbox.xero}/connect/revocation"
    assert sandbox.http.post(address, data={"token": "x"}, auth=(CLIENT_ID, "sandbox-xero-secret")).status_code == 200
    stranger = sandbox.http.post(address, data={"token": owner.tokens["refresh_token"]}, auth=(CLIENT_ID, "wrong"))
    assert stranger.json() == {"error": "invalid_client"}
    assert owner.call("GET", "/Organisation").status_code == 200
