"""Consent, tokens, businesses: what Sage's guide "Authentication" says."""

import base64
import hashlib

import pytest

from local.person import Person
from tests.contract.sandbox.sage.sage_client import CLIENT, GB, IE, REDIRECT_URI, Connected, SageClient

ADVISER, NEWCOMER, CLERK = "priya.shah@example.com", "nora.field@example.com", "sam.reed@example.com"


def test_a_code_has_a_slash_and_works_once(sage: SageClient) -> None:
    back = sage.consent(country="gb")
    assert back["code"].startswith("GB/")
    assert (back["country"], back["state"]) == ("GB", "s1")
    answer = sage.redeem(back["code"]).json()
    assert (answer["expires_in"], answer["refresh_token_expires_in"]) == (300, 2678400)
    assert answer.keys() >= {"access_token", "refresh_token", "scope", "token_type", "requested_by_id"}
    again = sage.redeem(back["code"])
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})


def test_a_code_lives_sixty_seconds(sage: SageClient) -> None:
    back = sage.consent()
    sage.sandbox.control("/clock", {"advance_seconds": 61})
    assert sage.redeem(back["code"]).json() == {"error": "invalid_grant"}


def test_pkce_and_the_redirect_uri_are_checked(sage: SageClient) -> None:
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    proof = {"code_challenge": challenge, "code_challenge_method": "S256"}
    assert sage.redeem(sage.consent(**proof)["code"]).status_code == 400
    assert sage.redeem(sage.consent(**proof)["code"], code_verifier=verifier).status_code == 200
    other = {"redirect_uri": REDIRECT_URI + "/", "grant_type": "authorization_code"}
    assert sage.token(**other, code=sage.consent()["code"]).status_code == 400


def test_the_client_stands_in_the_body(sage: SageClient) -> None:
    form = {"grant_type": "authorization_code", "code": sage.consent()["code"], "redirect_uri": REDIRECT_URI}
    basic = (CLIENT["client_id"], CLIENT["client_secret"])
    answer = sage.sandbox.http.post(f"{sage.base}/token", data=form, auth=basic)
    assert answer.json() == {"error": "invalid_client"}


def test_each_refresh_spends_the_token(sage: SageClient, owner: Connected) -> None:
    first = owner.tokens["refresh_token"]
    second = sage.refresh(first).json()
    assert sage.refresh(first).json() == {"error": "invalid_grant"}
    assert sage.refresh(second["refresh_token"]).status_code == 200
    assert sage.sandbox.read("/counts")["token_grants"]["sage"] == {
        "authorization_code 200": 1,
        "refresh_token 200": 2,
        "refresh_token 400": 1,
    }


def test_access_ends_after_five_minutes_and_refreshing_after_31_days(sage: SageClient, owner: Connected) -> None:
    sage.sandbox.control("/clock", {"advance_seconds": 301})
    answer = owner.call("GET", "/contacts")
    assert (answer.status_code, answer.json()[0]["$dataCode"]) == (401, "AccessTokenVerificationError")
    sage.sandbox.control("/clock", {"advance_seconds": 31 * 86_400})
    assert sage.refresh(owner.tokens["refresh_token"]).status_code == 400


def test_revoking_ends_refreshing_but_not_the_access_token(sage: SageClient, owner: Connected) -> None:
    form = {**CLIENT, "token": owner.tokens["refresh_token"]}
    assert sage.sandbox.http.post(f"{sage.base}/revoke", data=form).json() == {"success": "ok"}
    assert sage.refresh(owner.tokens["refresh_token"]).status_code == 400
    assert owner.call("GET", "/contacts").status_code == 200


def test_without_and_with_a_wrong_credential(sage: SageClient) -> None:
    url = f"{sage.base}/v3.1/nothing"
    missing = sage.sandbox.http.get(url)
    assert (missing.status_code, missing.json().keys()) == (401, {"error"})
    wrong = sage.sandbox.http.get(url, headers={"authorization": "Bearer notreal"})
    assert wrong.json() == [
        {
            "$severity": "error",
            "$dataCode": "AccessTokenVerificationError",
            "$message": "Access token is invalid (JWT malformed or missing).",
            "$source": "Authorization",
        }
    ]


def test_a_country_without_business_denial_and_wrong_requests(sage: SageClient) -> None:
    back = sage.consent(user=CLERK, country="us")
    assert back == {"error": "Invalid request", "reason": "Email already in use", "state": "s1"}
    assert sage.consent(decision="deny")["error"] == "access_denied"
    for wrong in ({"client_id": "x"}, {"redirect_uri": "https://x.example"}, {"filter": ""}, {"scope": "all"}):
        assert sage.authorize(**wrong).status_code == 400


def test_businesses_of_a_person(sage: SageClient) -> None:
    rows = sage.connect(business=None).call("GET", "/businesses").json()
    assert [one["displayed_as"] for one in rows["$items"]][:2] == [IE, GB]
    assert (rows["$total"], rows["$next"]) == (4, None)
    one = sage.connect(business=None).call("GET", f"/businesses/{rows['$items'][1]['id']}").json()
    assert (one["name"], one["country"]["id"], one["subscriptions"][0]["active"]) == (GB, "GB", True)
    assert sage.connect(user=ADVISER, business=None).call("GET", "/businesses").json()["$total"] == 18
    nobody = sage.connect(user=NEWCOMER, business=None)
    assert nobody.call("GET", "/businesses").json()["$items"] == []
    assert nobody.call("GET", "/contacts").status_code == 403


def test_a_missing_x_business_answers_for_the_lead_business(sage: SageClient, owner: Connected) -> None:
    named = owner.call("GET", "/contacts")
    assert named.headers["x-business"] == owner.business
    unnamed = Connected(sage, owner.tokens, None).call("GET", "/contacts")
    assert unnamed.status_code == 200
    assert unnamed.json()["$items"][0]["displayed_as"].startswith("Shannon Stationery")
    assert unnamed.headers["x-business"] != owner.business
    assert Connected(sage, owner.tokens, "0" * 32).call("GET", "/contacts").status_code == 403


def test_an_ended_subscription_is_a_401_that_refreshing_does_not_cure(sage: SageClient, owner: Connected) -> None:
    sage.edit(subscription_active=False)
    answer = owner.call("GET", "/contacts")
    assert (answer.status_code, answer.json()[0]["$message"]) == (401, "No active subscription. (MSE)")


def test_read_only_scope_and_lost_access(sage: SageClient, owner: Connected) -> None:
    reader = sage.connect(scope="readonly")
    assert reader.call("GET", "/contacts").status_code == 200
    assert reader.post("contacts", "contact", {"name": "x"}).json()[0]["$dataCode"] == "MultiUserAccessDenied"
    sage.control("/access", {"user": "alex.morgan@example.com", "businesses": [IE]})
    assert owner.call("GET", "/contacts").status_code == 403


def test_tokens_on_request(sage: SageClient, owner: Connected) -> None:
    assert sage.control("/tokens", {"expire": "access"}) == {"expired": 1}
    assert owner.call("GET", "/contacts").status_code == 401
    assert sage.control("/revoke", {"user": "alex.morgan@example.com"}) == {"revoked": 1}
    assert sage.refresh(owner.tokens["refresh_token"]).status_code == 400


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_the_local_stacks_person_finds_the_way(sage: SageClient, decision: str) -> None:
    url = str(sage.authorize(country="gb").url)
    back = Person().consent(url, home="http://localhost:5173", decision=decision)
    assert ("code" in back) == (decision == "allow")
