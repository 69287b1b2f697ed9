"""Sync tokens, sessions and the organization behind them, against the sandbox's BILL."""

import json
from datetime import datetime, timedelta

import pytest

from rehearsal.sandbox_process import SandboxClient
from shared.domain.catalogue import kind_of
from shared.domain.errors import ErrorClass
from shared.domain.limits import LimitScope
from shared.domain.lists import Kind
from shared.providers.bill.faults import problem as problem_of
from shared.providers.contract import AccessLost, CallFailed, LimitReached, SignsIn, TokenRefused
from shared.providers.oauth import InvalidGrant
from tests.contract.bill.kit import PROVIDER, app, clock, connected, credentials, desk


def test_a_sync_token_opens_a_session_for_its_organization(sandbox: SandboxClient) -> None:
    world = connected(sandbox, pull=False)
    assert isinstance(PROVIDER, SignsIn)
    organisation = world.organisation
    assert (organisation.name, organisation.country, organisation.base_currency) == (
        "Maple Street Bakery Inc",
        "US",
        "USD",
    )
    assert 47 < (world.pair.expires_at - clock()).total_seconds() / 3600 <= 48
    assert json.loads(world.pair.refresh.reveal())["token"] == desk.TOKEN
    assert desk.DEV_KEY not in repr(world.pair) and desk.TOKEN not in repr(world.pair)


@pytest.mark.parametrize("wrong", ["token", "name", "organization"])
def test_wrong_credentials_are_no_session(sandbox: SandboxClient, wrong: str) -> None:
    first, second = (row["organisation_id"] for row in sandbox.read("/bill/organisations")[:2])
    typed = {
        "token": credentials(first, token="not-it"),
        "name": credentials(first, name="somebody"),
        "organization": credentials(second),  # the token of another organization
    }[wrong]
    with pytest.raises(InvalidGrant):
        PROVIDER.sign_in(app(sandbox), typed)


def test_a_wrong_developer_key_is_ours_and_ends_no_consent(sandbox: SandboxClient) -> None:
    organization = sandbox.read("/bill/organisations")[0]["organisation_id"]
    with pytest.raises(CallFailed) as failure:
        PROVIDER.sign_in(app(sandbox, "not-our-key"), credentials(organization))
    assert failure.value.problem.code == "provider_not_set_up"
    assert "BDC_1102" in (failure.value.problem.provider_text or "")
    world = connected(sandbox, pull=False)
    refusal = [{"code": "BDC_1102", "severity": "ERROR", "category": "REQUEST", "message": "Developer key is invalid."}]
    world.desk.fault("GET", "/organizations/*", "status", status=401, body=json.dumps(refusal))
    with pytest.raises(CallFailed) as call:
        PROVIDER.organisation(world.session, "")
    assert (call.value.problem.code, call.value.sent) == ("provider_not_set_up", False)


def test_logins_that_are_used_up_are_no_wrong_credentials(sandbox: SandboxClient) -> None:
    organization = sandbox.read("/bill/organisations")[0]["organisation_id"]
    desk.Bill(sandbox, organization).fault("POST", "/login", "limiter", problem="minute")
    with pytest.raises(CallFailed) as failure:
        PROVIDER.sign_in(app(sandbox), credentials(organization))
    assert failure.value.problem.code == "provider_unavailable"
    assert "BDC_1144" in (failure.value.problem.provider_text or "")


def test_a_session_that_has_ended_is_a_refused_token(sandbox: SandboxClient) -> None:
    world = connected(sandbox, pull=False)
    sandbox.control("/bill/sessions", {"organisation": world.organisation.id})
    with pytest.raises(TokenRefused):
        PROVIDER.organisation(world.session, "")
    again = PROVIDER.sign_in(app(sandbox), world.pair.refresh)
    world.pair = again
    assert PROVIDER.organisation(world.session, "").id == world.organisation.id


def test_another_organization_is_out_of_reach(sandbox: SandboxClient) -> None:
    world = connected(sandbox, pull=False)
    other = sandbox.read("/bill/organisations")[1]["organisation_id"]
    with pytest.raises((AccessLost, CallFailed)):
        PROVIDER.organisations(world.session, other)


@pytest.mark.parametrize(
    ("problem", "scope", "shortest", "longest"),
    [("concurrent", LimitScope.CONCURRENT, 1, 5), ("minute", LimitScope.APP_MINUTE, 0, 3600)],
)
def test_limits_are_told_by_code(
    sandbox: SandboxClient, problem: str, scope: LimitScope, shortest: int, longest: int
) -> None:
    world = connected(sandbox, pull=False)
    world.desk.fault("GET", "/vendors", "limiter", problem=problem)
    began = clock()
    ahead = datetime.fromisoformat(sandbox.read("/clock")["now"]) - began
    with pytest.raises(LimitReached) as limit:
        PROVIDER.list_page(world.session, (Kind.SUPPLIERS,), None, None)
    assert limit.value.blocked.scope is scope
    wait = (limit.value.blocked.until - began).total_seconds()
    assert shortest <= wait <= longest + 1
    if scope is LimitScope.APP_MINUTE:
        # By BILL's own clock: every error says when it was made.
        full_hour = limit.value.blocked.until + ahead + timedelta(seconds=5)
        assert (full_hour.minute, full_hour.second // 10) == (0, 0)


def test_a_message_nobody_has_met_comes_out_as_itself() -> None:
    found = problem_of(["BDC_9999 The moon is in the wrong house."])
    assert kind_of(found).about is ErrorClass.UNKNOWN
    assert found.provider_text == "BDC_9999 The moon is in the wrong house."
