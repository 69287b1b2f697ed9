"""Consent, organisations, tokens and the end of access, against the sandbox over HTTP."""

import pytest

from rehearsal.sandbox_process import ADVISER, SandboxClient
from shared.domain.connections import Organisation
from shared.providers import oauth
from shared.providers.contract import AccessLost, TokenRefused
from shared.providers.oauth import InvalidGrant, LostAnswer
from shared.providers.xero.calls import PROVIDER
from tests.contract.xero.kit import World, app, connected, consented

FACTS = PROVIDER.profile.oauth


def test_a_consent_says_who_gave_it_and_what_it_covers(sandbox: SandboxClient) -> None:
    told = consented(sandbox, organisations=3)
    assert told.subject
    assert told.consent_event
    assert set(told.scopes) == set(FACTS.scopes)
    world = World(sandbox, told, Organisation(id="", name=""))
    offers = PROVIDER.organisations(world.session, told.consent_event)
    assert len(offers) == 3
    assert all(offer.country and offer.base_currency and offer.plan and offer.removal_id for offer in offers)
    assert world.permits == 4


def test_an_organisation_can_be_let_go_alone_and_twice(sandbox: SandboxClient) -> None:
    told = consented(sandbox, organisations=2)
    world = World(sandbox, told, Organisation(id="", name=""))
    first, second = PROVIDER.organisations(world.session, told.consent_event)
    for _ in range(2):
        PROVIDER.remove_organisation(world.session, first.removal_id or "")
    assert [one.id for one in PROVIDER.organisations(world.session, None)] == [second.id]
    world.organisation = first
    with pytest.raises(AccessLost) as lost:
        PROVIDER.organisation(world.session, told.subject)
    assert lost.value.problem.code == "organisation_gone"


def test_the_organisations_facts(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    books = world.books()["Organisation"]
    found = world.organisation
    assert (found.name, found.base_currency) == (books["Name"], books["BaseCurrency"])
    sandbox.control(
        f"/xero/organisations/{found.id}/edit", {"lock_date": "2026-01-31", "year_end_lock_date": "2025-03-31"}
    )
    found = PROVIDER.organisation(world.session, world.told.subject)
    assert found.period_lock_date is not None
    assert found.year_end_lock_date is not None
    assert found.period_lock_date.isoformat() == "2026-01-31"
    assert found.year_end_lock_date.isoformat() == "2025-03-31"
    assert not found.lock_exempt


def test_an_adviser_is_spared_by_the_period_lock(sandbox: SandboxClient) -> None:
    assert connected(sandbox, ADVISER).organisation.lock_exempt


def test_tokens_rotate_and_the_old_one_works_within_the_grace(sandbox: SandboxClient) -> None:
    told = consented(sandbox)
    new = oauth.refresh(FACTS, app(sandbox), refresh_token=told.pair.refresh)
    assert new.refresh != told.pair.refresh
    assert oauth.refresh(FACTS, app(sandbox), refresh_token=told.pair.refresh).access != new.access
    sandbox.control("/clock", {"advance_seconds": 31 * 60})
    with pytest.raises(InvalidGrant):
        oauth.refresh(FACTS, app(sandbox), refresh_token=told.pair.refresh)


def test_a_lost_token_answer_is_recovered_with_the_old_token(sandbox: SandboxClient) -> None:
    told = consented(sandbox)
    sandbox.fault("POST", "/connect/token", "commit_then_drop")
    with pytest.raises(LostAnswer):
        oauth.refresh(FACTS, app(sandbox), refresh_token=told.pair.refresh)
    assert oauth.refresh(FACTS, app(sandbox), refresh_token=told.pair.refresh).access != told.pair.access


def test_an_expired_token_is_refused_and_a_new_one_works(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    sandbox.control("/xero/tokens", {"expire": "access"})
    with pytest.raises(TokenRefused):
        PROVIDER.organisation(world.session, world.told.subject)
    world.renew()
    assert PROVIDER.organisation(world.session, world.told.subject).name == world.organisation.name


def test_revoking_ends_everything(sandbox: SandboxClient) -> None:
    told = consented(sandbox)
    oauth.revoke(FACTS, app(sandbox), token=told.pair.refresh)
    with pytest.raises(InvalidGrant):
        oauth.refresh(FACTS, app(sandbox), refresh_token=told.pair.refresh)
