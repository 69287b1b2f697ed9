"""Consents that a connection leaves for another one: providers know of those that we know of, and of no other."""

from collections.abc import Callable
from typing import Any

import pytest

from local.person import OWNER
from rehearsal.sandbox_process import ADVISER
from rehearsal.software import software
from shared.domain.connections import ConnectionStatus
from shared.domain.errors import LedgerbridgeError, Problem
from shared.domain.grants import GrantStatus
from shared.usecases.access_token import access_token
from tests.integration.changing.conftest import MakeChanging
from tests.integration.changing.driver import HOME, OURS, Changing

OTHER = "Maple Street Bakery Inc"


def people(changing: Changing, provider: str) -> set[str]:
    """Who has let our app into something, as the provider's sandbox says."""
    rows = changing.world.sandbox.read(f"/{provider}/grants")
    return {row["user"] for row in rows if row["app"] == software(provider).client_id}


def reconnect(changing: Changing, user: str = OWNER) -> str:
    """The main connection gets another consent; the grant that it had before."""
    main = changing.main()
    begun = changing.api.ok("POST", f"connections/{main.id}/reconnect", {"return_url": f"{HOME}/done"})
    asked = {"connection": main.id, "authorize_url": begun["authorize_url"]}
    changing.consent(asked, main.provider, main.pinned.name, user=user)
    assert changing.main().grant != main.grant
    return main.grant or ""


def status(changing: Changing, grant: str) -> GrantStatus:
    found = changing.service.grants.get(changing.world.tenant, grant)
    assert found is not None
    return found.status


def assert_works(changing: Changing) -> None:
    """The provider still gives new tokens, and takes what is published."""
    main, world = changing.main(), changing.world
    assert main.status is ConnectionStatus.ACTIVE
    grant = changing.service.grants.get(world.tenant, main.grant or "")
    assert grant is not None
    access_token(changing.service, world.tenant, grant.id, refused_version=grant.token_version)
    changing.refresh_all()
    assert changing.main().status is ConnectionStatus.ACTIVE


def disconnect(changing: Changing) -> None:
    changing.api.ok("POST", f"connections/{changing.main().id}/disconnect")
    changing.rest()


@pytest.mark.parametrize("provider", ["xero", "quickbooks", "sage"])
def test_the_same_person_consents_again(changings: MakeChanging, provider: str) -> None:
    changing = changings(provider)
    old = reconnect(changing)
    assert status(changing, old) is GrantStatus.LET_GO
    changing.rest()
    assert_works(changing)
    assert changing.granted() == changing.held()
    disconnect(changing)
    assert not changing.granted() and not changing.held()


@pytest.mark.parametrize("provider", ["xero", "quickbooks", "sage"])
def test_another_person_consents(changings: MakeChanging, provider: str) -> None:
    """What the first person gave is ended; the organisation is not taken from the connection by that."""
    changing = changings(provider)
    first = people(changing, provider)
    old = reconnect(changing, ADVISER)
    changing.rest()
    assert status(changing, old) is GrantStatus.LET_GO
    assert_works(changing)
    # Ending Intuit's consent would take the app out of the company: it ends with the connection.
    assert people(changing, provider) == {ADVISER} | (first if provider == "quickbooks" else set())
    assert changing.granted() == changing.held()
    disconnect(changing)
    assert people(changing, provider) == set()


def test_a_provider_that_does_not_answer_is_told_again(changing: Changing) -> None:
    sandbox = changing.world.sandbox
    sandbox.fault("POST", "/connect/revocation", "status", provider="xero", status=503, times=2)
    old = reconnect(changing, ADVISER)
    assert len(people(changing, "xero")) == 2
    changing.rest()
    assert sandbox.calls("POST /connect/revocation") == 3
    assert people(changing, "xero") == {ADVISER}
    assert status(changing, old) is GrantStatus.LET_GO
    assert_works(changing)


@pytest.mark.parametrize("user", [OWNER, ADVISER])
def test_a_request_that_dies_after_its_write_leaves_no_grant(
    changing: Changing, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    """The row that was written before has the agenda end what nobody uses any more, and no more than that."""
    dies: Callable[..., Any] = lambda *_: None  # noqa: E731
    monkeypatch.setattr("shared.usecases.choose_organisation.leave_grant", dies)
    old = reconnect(changing, user)
    assert status(changing, old) is GrantStatus.ACTIVE
    changing.world.time.pass_by(minutes=3)
    changing.rest()
    assert status(changing, old) is GrantStatus.LET_GO
    assert people(changing, "xero") == {user}
    assert changing.granted() == changing.held()
    assert_works(changing)


def test_a_callback_that_dies_before_it_notes_the_grant_leaves_none(
    changing: Changing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise LedgerbridgeError(Problem("provider_unavailable"))

    begun = changing.begin(changing.main().id, "quickbooks")
    with monkeypatch.context() as patched:
        patched.setattr("shared.usecases.handle_callback._pend", dies)
        changing.walk("quickbooks", begun["authorize_url"], organisation=OURS)
    assert people(changing, "quickbooks") == {OWNER}
    changing.world.time.pass_by(minutes=3)
    changing.rest()
    assert people(changing, "quickbooks") == set()
    assert changing.granted() == changing.held()


def unfinished(changing: Changing, provider: str, user: str = OWNER) -> str:
    """A new connection whose person consents, comes back and never chooses an organisation; its id."""
    begun = changing.api.ok("POST", "connections", {"provider": provider, "return_url": f"{HOME}/done"})
    answer = changing.walk(provider, begun["authorize_url"], organisation=OURS, user=user)
    changing.redeem({"connection": begun["id"]}, answer)
    connection: str = begun["id"]
    return connection


def a_day_passes(changing: Changing, **more: float) -> None:
    changing.world.time.pass_by(hours=24, minutes=10, **more)
    changing.world.run_agenda()
    changing.rest()


def ended(changing: Changing, connection: str) -> bool:
    found = changing.connection(connection)
    return (found.status, found.pending_grant) == (ConnectionStatus.DISCONNECTED, None)


@pytest.mark.parametrize("provider", ["xero", "quickbooks", "sage"])
def test_a_consent_that_nobody_finishes_is_ended(changing: Changing, provider: str) -> None:
    """After its day it is in nobody's list of apps, and the connection that it was for has ended."""
    disconnect(changing)
    assert people(changing, provider) == set()
    connection = unfinished(changing, provider)
    assert people(changing, provider) == {OWNER}
    a_day_passes(changing)
    assert ended(changing, connection)
    assert people(changing, provider) == set()
    assert changing.granted() == changing.held()


def test_a_consent_that_nobody_finishes_ends_while_the_provider_is_away(changing: Changing) -> None:
    disconnect(changing)
    connection = unfinished(changing, "xero")
    sandbox = changing.world.sandbox
    before = sandbox.calls("POST /connect/revocation")
    sandbox.fault("POST", "/connect/revocation", "status", provider="xero", status=503, times=2)
    a_day_passes(changing)
    assert ended(changing, connection)
    assert sandbox.calls("POST /connect/revocation") == before + 3
    assert people(changing, "xero") == set()
    assert changing.granted() == changing.held()


@pytest.mark.parametrize("provider", ["xero", "quickbooks", "sage"])
def test_a_new_consent_that_nobody_finishes_leaves_the_connection_as_it_was(
    changings: MakeChanging, provider: str
) -> None:
    """Another person consents and chooses nothing. At Intuit it is the company's own consent, which others rest on."""
    changing = changings(provider)
    main = changing.main()
    first = people(changing, provider)
    begun = changing.api.ok("POST", f"connections/{main.id}/reconnect", {"return_url": f"{HOME}/done"})
    changing.walk(provider, begun["authorize_url"], organisation=main.pinned.name, user=ADVISER)
    assert changing.main().pending_grant is not None
    a_day_passes(changing)
    assert (changing.main().grant, changing.main().pending_grant) == (main.grant, None)
    assert people(changing, provider) == first | ({ADVISER} if provider == "quickbooks" else set())
    assert changing.granted() == changing.held()
    assert_works(changing)


def test_organisations_that_came_with_a_consent_that_nobody_finished_are_taken_off(changing: Changing) -> None:
    """The same person ticks others at Xero as well; the consent itself stays, for the connection rests on it."""
    begun = changing.api.ok("POST", f"connections/{changing.main().id}/reconnect", {"return_url": f"{HOME}/done"})
    every = ""
    changing.walk("xero", begun["authorize_url"], organisation=every)
    assert changing.granted().total() > 1
    a_day_passes(changing)
    assert changing.granted() == changing.held()
    assert_works(changing)


def test_a_consent_for_a_company_that_was_never_chosen_is_ended(changings: MakeChanging) -> None:
    """At Intuit a consent is for one company, and this was not the connection's."""
    changing = changings("quickbooks")
    main = changing.main()
    begun = changing.api.ok("POST", f"connections/{main.id}/reconnect", {"return_url": f"{HOME}/done"})
    changing.walk("quickbooks", begun["authorize_url"], organisation=OTHER)
    assert changing.granted().total() == 2
    a_day_passes(changing)
    assert changing.granted() == changing.held()
    assert_works(changing)


def test_a_consent_is_given_its_whole_day(changing: Changing) -> None:
    """The look that was planned when it was asked for comes too early, and is made again."""
    disconnect(changing)
    begun = changing.api.ok("POST", "connections", {"provider": "xero", "return_url": f"{HOME}/done"})
    changing.world.time.pass_by(minutes=8)
    answer = changing.walk("xero", begun["authorize_url"], organisation=OURS)
    changing.redeem({"connection": begun["id"]}, answer)
    changing.world.time.pass_by(hours=23, minutes=58)
    changing.world.run_agenda()
    assert not ended(changing, begun["id"])
    changing.world.time.pass_by(minutes=3)
    changing.world.run_agenda()
    changing.rest()
    assert ended(changing, begun["id"])
    assert people(changing, "xero") == set()


def test_from_one_business_to_another_of_one_person_at_sage(changings: MakeChanging) -> None:
    """Each has its consent; revoking the first would end the second, and the last one ends both."""
    changing = changings("sage")
    changing.change("sage", OTHER)
    assert changing.main().pinned.name == OTHER
    assert changing.world.sandbox.calls("POST /revoke", "sage") == 0
    assert_works(changing)
    assert changing.granted() == changing.held()
    changing.change("xero", OURS)
    assert people(changing, "sage") == set()
    assert changing.world.sandbox.calls("POST /revoke", "sage") == 1
    assert changing.granted() == changing.held()
