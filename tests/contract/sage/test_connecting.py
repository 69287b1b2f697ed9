"""Consent, tokens and businesses: our own addresses and calls against the sandbox's Sage."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.lists import Kind
from shared.domain.secrets import Secret
from shared.providers import oauth
from shared.providers.contract import AccessLost, CallFailed, TokenRefused
from shared.providers.sage import api
from shared.providers.sage.calls import PROVIDER
from tests.contract.sage.kit import CODE_VERIFIER, app, asked_for, connected, consented
from tests.contract.sandbox.sage.sage_client import GB, IE, REDIRECT_URI, SageClient

FACTS = PROVIDER.profile.oauth
ADVISER = "priya.shah@example.com"


def test_the_address_of_the_consent_page_has_what_sage_wants(sage: SageClient) -> None:
    asked = asked_for(sage)
    assert asked["filter"] == "apiv3.1" and asked["scope"] == "full_access" and asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43


def test_a_code_with_a_slash_is_exchanged_with_the_secret_in_the_body(sage: SageClient) -> None:
    back = sage.consent(**asked_for(sage))
    assert "/" in back["code"]
    code = Secret(back["code"])
    told = oauth.exchange(FACTS, app(sage), code=code, redirect_uri=REDIRECT_URI, code_verifier=CODE_VERIFIER)
    assert told.subject and told.consent_event is None
    assert told.pair.expires_at - told.pair.received_at == timedelta(minutes=5)
    assert told.pair.refresh_expires_at is not None
    assert told.pair.refresh_expires_at - told.pair.received_at == timedelta(days=31)


def test_a_code_needs_the_verifier_it_was_asked_with(sage: SageClient) -> None:
    code = Secret(sage.consent(**asked_for(sage))["code"])
    with pytest.raises(oauth.InvalidGrant):
        oauth.exchange(FACTS, app(sage), code=code, redirect_uri=REDIRECT_URI, code_verifier=Secret("w" * 64))


def test_a_refresh_token_is_spent_by_its_use(sage: SageClient) -> None:
    old = consented(sage).pair.refresh
    new = oauth.refresh(FACTS, app(sage), refresh_token=old)
    assert new.refresh.reveal() != old.reveal()
    with pytest.raises(oauth.InvalidGrant):
        oauth.refresh(FACTS, app(sage), refresh_token=old)


def test_a_revoked_consent_gives_no_more_tokens(sage: SageClient) -> None:
    refresh = consented(sage).pair.refresh
    oauth.revoke(FACTS, app(sage), token=refresh)
    with pytest.raises(oauth.InvalidGrant):
        oauth.refresh(FACTS, app(sage), refresh_token=refresh)


def test_businesses_are_listed_without_naming_one_and_described_by_name(sage: SageClient) -> None:
    world = connected(sage, pull=False)
    nameless = replace(world.session, organisation="")
    offers = PROVIDER.organisations(nameless, None)
    assert [one.name for one in offers][:2] == [IE, GB]
    assert world.organisation.base_currency == "GBP" and world.organisation.country == "GB"
    assert world.organisation.plan and world.organisation.features == ("multi_currency",)
    assert world.organisation.year_end_lock_date is not None
    for call in (
        lambda: PROVIDER.organisation(nameless, ""),
        lambda: PROVIDER.list_page(nameless, (Kind.CATEGORIES,), None, None),
    ):
        with pytest.raises(ValueError, match="names its business"):
            call()


def test_an_adviser_sees_all_businesses(sage: SageClient) -> None:
    world = connected(sage, ADVISER, pull=False)
    assert len(PROVIDER.organisations(world.session, None)) == 18


def test_a_business_of_an_ended_subscription_is_refused_and_no_refresh_is_tried(sage: SageClient) -> None:
    world = connected(sage, ADVISER, pull=False)
    offers = PROVIDER.organisations(world.session, None)
    closed = next(one for one in offers if one.name == "Closed Shop Ltd")
    with pytest.raises(AccessLost) as lost:
        PROVIDER.organisation(replace(world.session, organisation=closed.id), "")
    assert lost.value.problem.code == "provider_subscription"


def test_a_subscription_that_ends_takes_the_access_with_it(sage: SageClient) -> None:
    world = connected(sage, pull=False)
    sage.edit(subscription_active=False)
    with pytest.raises(AccessLost) as lost:
        PROVIDER.list_page(world.session, (Kind.CATEGORIES,), None, None)
    assert lost.value.problem.code == "provider_subscription"
    assert "No active subscription" in (lost.value.problem.provider_text or "")


def test_an_unknown_token_is_refused_as_a_token(sage: SageClient) -> None:
    world = connected(sage, pull=False)
    with pytest.raises(TokenRefused):
        PROVIDER.organisation(replace(world.session, access_token=Secret("unknown")), "")


def test_a_business_that_is_not_the_persons_is_gone(sage: SageClient) -> None:
    world = connected(sage, pull=False)
    stranger = replace(world.session, organisation="0" * 32)
    with pytest.raises(AccessLost):
        PROVIDER.list_page(stranger, (Kind.CATEGORIES,), None, None)


def test_one_list_that_the_person_may_not_see_takes_nothing_else_with_it(sage: SageClient) -> None:
    told = consented(sage, "maria.rossi@example.com")
    world = connected(sage, pull=False)
    session = replace(world.session, access_token=told.pair.access)
    with pytest.raises(CallFailed) as failed:
        PROVIDER.list_page(session, (Kind.DIMENSIONS,), None, None)
    assert failed.value.problem.code == "provider_permission"
    assert PROVIDER.list_page(session, (Kind.SUPPLIERS, Kind.CUSTOMERS), None, None).entries


def test_an_answer_for_another_business_ends_the_matter(sage: SageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    world = connected(sage, pull=False)
    monkeypatch.setattr(api.BusinessCall, "headers", lambda _self: {})  # as if X-Business were lost on the way
    with pytest.raises(AccessLost) as lost:
        PROVIDER.list_page(world.session, (Kind.CATEGORIES,), None, None)
    assert lost.value.problem.code == "organisation_mismatch"
