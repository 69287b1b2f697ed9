"""Consent, tokens and revocation as Intuit's OAuth 2.0 pages have them."""

import jwt
import pytest

from local.person import Person
from rehearsal.sandbox_process import SandboxClient
from tests.contract.sandbox.quickbooks.desk import (
    CA,
    CLIENT_ID,
    CLIENT_SECRET,
    GB,
    PRIYA,
    REDIRECT_URI,
    SCOPE,
    US,
    base,
    connect,
    consent,
    fault,
    redeem,
    refresh,
    token,
)

DAY = 86_400


def test_the_redirect_carries_code_state_and_company(sandbox: SandboxClient) -> None:
    back = consent(sandbox, CA)
    assert dict(back.params).keys() == {"code", "state", "realmId"}
    assert (back.params["realmId"], back.params["state"], back.path) == (CA, "s1", "/oauth/quickbooks/callback")


def test_a_refused_consent_carries_no_company(sandbox: SandboxClient) -> None:
    assert dict(consent(sandbox, GB, decision="deny").params) == {"error": "access_denied", "state": "s1"}


def test_the_pages_can_be_gone_through_by_a_person(sandbox: SandboxClient) -> None:
    query = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT_URI, "scope": SCOPE}
    url = sandbox.http.build_request("GET", f"{base(sandbox)}/connect/oauth2", params={**query, "state": "s2"}).url
    person = Person("maria.rossi@example.com")
    assert person.consent(str(url), home="http://localhost:5173", organisations=["Harbour"])["realmId"] == GB


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_id": "nobody"}, "invalid_client"),
        ({"redirect_uri": "http://localhost:5173/elsewhere"}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1:5173/oauth/quickbooks/callback"}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"state": ""}, "invalid_request"),
    ],
)
def test_a_wrong_request_is_never_sent_back(sandbox: SandboxClient, changed: dict[str, str], error: str) -> None:
    query = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "scope": SCOPE,
        "state": "s",
    }
    page = sandbox.http.get(f"{base(sandbox)}/connect/oauth2", params=query | changed)
    assert page.status_code == 400
    assert f'data-error="{error}"' in page.text


def test_a_code_works_once_and_only_with_its_redirect_uri(sandbox: SandboxClient) -> None:
    back = consent(sandbox)
    wrong = token(
        sandbox, grant_type="authorization_code", code=back.params["code"], redirect_uri="http://localhost:1/x"
    )
    assert wrong.json() == {"error": "invalid_grant", "error_description": "Invalid authorization code"}
    first = redeem(sandbox, back)
    assert {key: first.json()[key] for key in ("token_type", "expires_in", "x_refresh_token_expires_in")} == {
        "token_type": "bearer",
        "expires_in": 3600,
        "x_refresh_token_expires_in": 8_726_400,
    }
    assert redeem(sandbox, back).status_code == 400


def test_a_wrong_secret_is_401(sandbox: SandboxClient) -> None:
    url = f"{base(sandbox)}/oauth2/v1/tokens/bearer"
    answer = sandbox.http.post(url, data={"grant_type": "refresh_token"}, auth=(CLIENT_ID, "wrong"))
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_the_refresh_token_changes_its_value_once_a_day_and_the_old_one_fails(sandbox: SandboxClient) -> None:
    first = connect(sandbox).tokens
    same = refresh(sandbox, first["refresh_token"]).json()
    assert same["refresh_token"] == first["refresh_token"]
    assert same["access_token"] != first["access_token"]
    sandbox.control("/clock", {"advance_seconds": DAY + 1})
    changed = refresh(sandbox, first["refresh_token"]).json()
    assert changed["refresh_token"] != first["refresh_token"]
    old = refresh(sandbox, first["refresh_token"])
    assert (old.status_code, old.json()["error_description"]) == (400, "Incorrect or invalid refresh token")
    assert refresh(sandbox, changed["refresh_token"]).status_code == 200


def test_a_lost_answer_of_a_changing_refresh_costs_the_connection(sandbox: SandboxClient) -> None:
    first = connect(sandbox).tokens
    sandbox.control("/quickbooks/tokens", {"rotate": True})
    fault(sandbox, "POST", "/oauth2/v1/tokens/bearer", "commit_then_status", status=504)
    assert refresh(sandbox, first["refresh_token"]).status_code == 504
    assert refresh(sandbox, first["refresh_token"]).status_code == 400


def test_a_refresh_token_dies_unused_after_101_days(sandbox: SandboxClient) -> None:
    first = connect(sandbox).tokens
    sandbox.control("/clock", {"advance_seconds": 101 * DAY})
    assert refresh(sandbox, first["refresh_token"]).json()["error"] == "invalid_grant"


def test_revoking_ends_every_grant_of_the_app_on_that_company_alone(sandbox: SandboxClient) -> None:
    mine, colleague, other = connect(sandbox), connect(sandbox, user="maria.rossi@example.com"), connect(sandbox, US)
    url = f"{base(sandbox)}/v2/oauth2/tokens/revoke"
    body = {"token": mine.tokens["refresh_token"]}
    assert sandbox.http.post(url, json=body, auth=(CLIENT_ID, CLIENT_SECRET)).status_code == 200
    assert sandbox.http.post(url, json=body, auth=(CLIENT_ID, CLIENT_SECRET)).status_code == 400
    for desk in (mine, colleague):
        assert desk.call("GET", "/preferences").status_code == 403
        assert refresh(sandbox, desk.tokens["refresh_token"]).status_code == 400
    assert other.call("GET", "/preferences").status_code == 200


def test_a_token_opens_its_own_company_only(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, GB)
    answer = desk.call("GET", f"/companyinfo/{US}", realm=US)
    assert (answer.status_code, answer.json()["fault"]["error"][0]["code"]) == (403, "3100")
    sandbox.control("/quickbooks/tokens", {"expire": "access", "company": GB})
    expired = desk.call("GET", f"/companyinfo/{GB}")
    assert (expired.status_code, expired.json()["fault"]["type"]) == (401, "AUTHENTICATION")
    assert 'error="invalid_token"' in expired.headers["www-authenticate"]


def test_the_id_token_names_the_company_and_verifies_against_the_key_set(sandbox: SandboxClient) -> None:
    tokens = connect(sandbox, scope=f"{SCOPE} openid").tokens
    keys = jwt.PyJWKSet.from_dict(sandbox.http.get(f"{base(sandbox)}/op/v1/jwks").json())
    claims = jwt.decode(
        tokens["id_token"], keys.keys[0].key, ["RS256"], audience=CLIENT_ID, options={"verify_iat": False}
    )
    assert (claims["realmid"], claims["iss"]) == (GB, f"{base(sandbox)}/op/v1")


def test_people_choose_among_the_companies_they_administer(sandbox: SandboxClient) -> None:
    people = {row["email"]: row["companies"] for row in sandbox.read("/quickbooks/people")}
    assert (len(people["alex.morgan@example.com"]), len(people[PRIYA])) == (3, 4)
