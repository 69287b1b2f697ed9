"""Consent, codes and tokens of the sandbox's ApprovalMax."""

import httpx
import pytest

from local.person import PageError
from tests.contract.sandbox.approvalmax.kit import OFFLINE, READ, ApprovalMax

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def test_a_persons_consent_comes_back_with_a_code_that_works_once(approvals: ApprovalMax) -> None:
    back = approvals.consent()
    assert (back["state"], "session_state" in back) == ("s1", True)
    assert approvals.redeem(back["code"]).json()["expires_in"] == 3_600
    again = approvals.redeem(back["code"])
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})


def test_a_denial_comes_back_as_one(approvals: ApprovalMax) -> None:
    assert approvals.consent(decision="deny")["error"] == "access_denied"


def test_only_owners_managers_and_administrators_may_consent(approvals: ApprovalMax) -> None:
    with pytest.raises(PageError, match=r"^403 "):
        approvals.consent("sam.reed@example.com")
    assert "code" in approvals.consent("maria.rossi@example.com")


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "https://evil.example.com/"},
        {"response_type": "token"},
        {"scope": "everything"},
        {"scope": "offline_access"},
    ],
)
def test_wrong_requests_are_shown_to_the_person(approvals: ApprovalMax, wrong: dict[str, str]) -> None:
    page = approvals.sandbox.http.get(approvals.authorize_url(**wrong))
    assert (page.status_code, "data-error" in page.text) == (400, True)


def test_codes_last_five_minutes_and_access_tokens_an_hour(approvals: ApprovalMax) -> None:
    code = approvals.consent()["code"]
    approvals.sandbox.control("/clock", {"advance_seconds": 5 * MINUTE})
    assert approvals.redeem(code).status_code == 400
    assert approvals.call("GET", "/api/v1/companies").status_code == 200
    approvals.sandbox.control("/clock", {"advance_seconds": 55 * MINUTE})
    assert approvals.call("GET", "/api/v1/companies").status_code == 401


def test_refresh_tokens_are_used_once_and_slide_for_thirty_days(approvals: ApprovalMax) -> None:
    first = approvals.tokens["refresh_token"]
    approvals.sandbox.control("/clock", {"advance_seconds": 29 * DAY})
    second = approvals.token(grant_type="refresh_token", refresh_token=first)
    assert second.status_code == 200
    assert approvals.token(grant_type="refresh_token", refresh_token=first).status_code == 400
    approvals.sandbox.control("/clock", {"advance_seconds": 29 * DAY})
    third = approvals.token(grant_type="refresh_token", refresh_token=second.json()["refresh_token"])
    assert third.status_code == 200
    approvals.sandbox.control("/clock", {"advance_seconds": 30 * DAY})
    ended = approvals.token(grant_type="refresh_token", refresh_token=third.json()["refresh_token"])
    assert ended.json() == {"error": "invalid_grant"}


def test_a_wrong_secret_is_refused_and_without_offline_access_there_is_nothing_to_refresh(
    approvals: ApprovalMax,
) -> None:
    code = approvals.consent(scope=READ)["code"]
    assert approvals.redeem(code, client_secret="wrong").json() == {"error": "invalid_client"}
    assert "refresh_token" not in approvals.redeem(code).json()
    assert "refresh_token" in approvals.redeem(approvals.consent(scope=f"{READ} {OFFLINE}")["code"]).json()


def test_a_deleted_connection_ends_its_tokens(approvals: ApprovalMax) -> None:
    assert approvals.sandbox.control("/approvalmax/revoke", {"organisation": "Harbour & Finch Ltd"}) == {"revoked": 1}
    assert approvals.call("GET", "/api/v1/companies").status_code == 401
    refused = approvals.token(grant_type="refresh_token", refresh_token=approvals.tokens["refresh_token"])
    assert refused.json() == {"error": "invalid_grant"}


def test_a_token_answer_can_be_lost(approvals: ApprovalMax) -> None:
    approvals.fault("POST", "/connect/token", "commit_then_drop")
    refresh = approvals.tokens["refresh_token"]
    with pytest.raises(httpx.HTTPError):
        approvals.token(grant_type="refresh_token", refresh_token=refresh)
    assert approvals.token(grant_type="refresh_token", refresh_token=refresh).status_code == 400
