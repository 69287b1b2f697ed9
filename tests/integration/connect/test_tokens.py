"""The fenced refresh: one token call whoever asks, nothing lost on the way, and an end that comes once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.errors import LedgerbridgeError
from shared.domain.grants import GrantStatus
from shared.providers.contract import AccessLost, Session, TokenRefused
from shared.usecases import access_token as module
from shared.usecases.access_token import Access, access_token
from shared.usecases.service import Service
from shared.usecases.sessions import with_token
from tests.integration.connect.conftest import World

WORKERS = 8


@pytest.fixture
def connection(world: World) -> Connection:
    """A connection whose access token has expired, at the provider as well."""
    found = world.connected(world.account())
    expire(world)
    return found


def expire(world: World) -> None:
    world.time.ahead += timedelta(minutes=31)
    world.sandbox.control("/xero/tokens", {"expire": "access"})


def token_calls(world: World) -> int:
    return world.sandbox.calls("POST /connect/token")


def ask(world: World, connection: Connection, **more: Any) -> Access:
    return access_token(world.service, world.tenant, connection.grant or "", **more)


def works(world: World, access: Access) -> bool:
    """Whether the provider itself takes the token."""
    answer = world.sandbox.http.get(
        f"{world.sandbox.xero}/connections", headers={"authorization": f"Bearer {access.token.reveal()}"}
    )
    return answer.status_code == 200


def test_eight_workers_find_the_token_expired_and_make_one_call(world: World, connection: Connection) -> None:
    before = token_calls(world)
    together = threading.Barrier(WORKERS)

    def work(_: int) -> Access:
        together.wait(10)
        # Each worker is a process of its own: no vault or client state is shared.
        return ask(World_of(world), connection)

    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(work, range(WORKERS)))
    assert token_calls(world) - before == 1
    assert {access.token_version for access in found} == {2}
    assert len({access.token.reveal() for access in found}) == 1 and works(world, found[0])


def World_of(world: World) -> World:  # noqa: N802 - reads as a constructor
    own = Service(world.service.settings, world.service.clock, world.service.clients)
    return replace(world, service=own)


def test_a_fresh_token_is_used_as_it_is(world: World) -> None:
    connection = world.connected(world.account())
    before = token_calls(world)
    assert ask(world, connection).token_version == 1
    assert token_calls(world) == before


def test_a_refused_version_is_renewed_once_and_a_newer_one_taken(world: World) -> None:
    connection = world.connected(world.account())
    first = ask(world, connection)
    second = ask(world, connection, refused_version=first.token_version)
    before = token_calls(world)
    third = ask(world, connection, refused_version=first.token_version)
    assert (second.token_version, third.token_version) == (2, 2) and token_calls(world) == before


def test_a_lost_answer_is_asked_for_again_within_the_grace(world: World, connection: Connection) -> None:
    world.sandbox.fault("POST", "/connect/token", "commit_then_drop", times=2)
    before = token_calls(world)
    access = ask(world, connection)
    assert works(world, access) and access.token_version == 2
    assert token_calls(world) - before == 3


def test_a_pair_survives_a_failing_kms_and_a_failing_table(
    world: World, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the moment the call goes out KMS answers nothing, and the table only the fourth time."""
    refused: list[str] = []
    store, send = world.service.grants.store_pair, module._Turn._call

    def sent(turn: Any, *given: Any) -> Any:
        answer = send(turn, *given)
        monkeypatch.setattr(type(world.service.vault), "unwrap", failing("KMSInternalException", refused))
        return answer

    def stored(*given: Any) -> Any:
        if len(refused) < 3:
            failing("InternalServerError", refused)()
        return store(*given)

    monkeypatch.setattr(module._Turn, "_call", sent)
    monkeypatch.setattr(world.service.grants, "store_pair", stored)
    access = ask(world, connection)
    monkeypatch.undo()
    assert refused == ["InternalServerError"] * 3
    assert works(world, access)
    again = ask(World_of(world), connection)
    assert again.token == access.token


def failing(code: str, noted: list[str]) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        noted.append(code)
        raise ClientError({"Error": {"Code": code, "Message": ""}}, "Call")

    return fail


def test_a_write_whose_answer_was_lost_counts(
    world: World, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, tries = world.service.grants.store_pair, []

    def stored(*given: Any) -> Any:
        tries.append(1)
        result = store(*given)
        if len(tries) == 1:
            raise ConnectionError("the answer was lost")
        return result

    monkeypatch.setattr(world.service.grants, "store_pair", stored)
    access = ask(world, connection)
    assert len(tries) == 2 and access.token_version == 2 and works(world, access)


def test_a_dead_worker_is_taken_over_after_its_lease(world: World, connection: Connection) -> None:
    """A worker that died right after its call had used up the refresh token: the grace makes it good."""
    grant, wrapped, sealed = world.service.grants.sealed(world.tenant, connection.grant or "") or pytest.fail("gone")
    now = world.time()
    held = world.service.grants.take_lease(grant, "dead", now + timedelta(seconds=2), now)
    world.service.grants.mark_sent(held, "dead", now)
    pair = world.service.vault.unwrap(world.tenant, grant.id, wrapped).open(sealed, 1)
    assert world.sandbox.refresh(pair.refresh.reveal()).status_code == 200
    access = ask(world, connection)
    assert works(world, access) and world.time() >= now + timedelta(seconds=2)


def test_a_revoked_consent_ends_once_with_one_event_and_a_reconnect_resumes(
    world: World, connection: Connection
) -> None:
    world.sandbox.control("/xero/revoke", {"user": "alex.morgan@example.com"})
    for _ in range(3):
        with pytest.raises(LedgerbridgeError) as refused:
            ask(world, connection)
        assert refused.value.problem.code == "connection_expired"
    # A look at the token endpoint by the first, none by the others.
    found = world.connection(connection.account, connection.id)
    assert found.status is ConnectionStatus.EXPIRED and found.organisation == connection.organisation
    kinds = [event.kind for event in world.events(connection.account)]
    assert kinds.count("connection.expired") == 1
    world.messages()

    path = f"/v1/accounts/{connection.account}/connections/{connection.id}"
    begun = world.call("POST", f"{path}/reconnect", {"return_url": "https://app.example/back"}).json
    answer = world.consented(begun["authorize_url"])
    world.call("POST", f"{path}/redeem", {"result_code": answer["result_code"]})
    chosen = world.call("PUT", f"{path}/organisation", {"organisation_id": connection.pinned.id})
    assert chosen.json["status"] == "importing" and chosen.json["problem"] is None
    assert [message["connection"] for message in world.messages()] == [connection.id]


def test_invalid_grant_is_not_believed_before_a_newer_pair_was_looked_for(
    world: World, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An overtaken holder writes its pair late: the provider's invalid_grant for the old one means nothing then."""
    from shared.providers import oauth

    grants = world.service.grants
    grant, wrapped, sealed = grants.sealed(world.tenant, connection.grant or "") or pytest.fail("gone")
    key = world.service.vault.unwrap(world.tenant, grant.id, wrapped)
    new = world.sandbox.refresh(key.open(sealed, 1).refresh.reveal()).json()
    now = world.time()
    overtaken = grants.take_lease(grant, "overtaken", now + timedelta(milliseconds=1), now)
    grants.mark_sent(overtaken, "overtaken", now)

    def refused(*_: Any, **__: Any) -> Any:
        def late() -> None:
            from shared.domain.secrets import Secret

            old = key.open(sealed, 1)
            pair = replace(old, access=Secret(new["access_token"]), refresh=Secret(new["refresh_token"]))
            after = replace(grant, token_version=2, access_expires_at=world.time() + timedelta(minutes=30))
            grants.store_pair(after, key.seal(pair, 2), 1)

        threading.Timer(0.5, late).start()
        raise oauth.InvalidGrant

    monkeypatch.setattr(oauth, "refresh", refused)
    access = ask(world, connection)
    assert access.token_version == 2 and works(world, access)
    found = grants.get(world.tenant, grant.id)
    assert found is not None and found.status is GrantStatus.ACTIVE


def test_no_token_in_time_is_said_so(world: World, connection: Connection) -> None:
    world.sandbox.fault("POST", "/connect/token", "status", status=503, times=50)
    with pytest.raises(LedgerbridgeError) as failed:
        ask(world, connection, deadline=world.time() + timedelta(seconds=2))
    assert failed.value.problem.code == "provider_unavailable"
    assert token_calls(world) <= 10
    found = world.service.grants.get(world.tenant, connection.grant or "")
    assert found is not None and found.status is GrantStatus.ACTIVE and found.lease_owner is None


# --- calls for a connection
def test_a_refused_token_is_renewed_once_then_it_is_final(world: World) -> None:
    connection = world.connected(world.account())
    seen: list[str] = []

    def call(session: Session) -> None:
        seen.append(session.access_token.reveal())
        raise TokenRefused

    with pytest.raises(AccessLost):
        with_token(world.service, connection, call, deadline=world.time() + timedelta(seconds=20))
    assert len(seen) == len(set(seen)) == 2
    assert world.connection(connection.account, connection.id).status is ConnectionStatus.REVOKED


def organisation_read(world: World, connection: Connection) -> str:
    """Ask Xero for the organisation; returns the code of what it lost access with."""
    provider = world.service.provider("xero")

    def call(session: Session) -> None:
        provider.organisation(session, "anybody")

    with pytest.raises((AccessLost, LedgerbridgeError)) as lost:
        with_token(world.service, connection, call, deadline=world.time() + timedelta(seconds=20))
    assert isinstance(lost.value, AccessLost | LedgerbridgeError)
    return lost.value.problem.code


@pytest.mark.parametrize("token", ["still valid", "expired"])
def test_a_withdrawn_consent_shows_one_status_whenever_it_is_noticed(world: World, token: str) -> None:
    """Xero answers 403 while the access token lives and invalid_grant afterwards; it is one loss with one remedy."""
    connection = world.connected(world.account())
    world.sandbox.control("/xero/revoke", {"user": "alex.morgan@example.com"})
    if token == "expired":
        expire(world)
    for _ in range(2):
        organisation_read(world, connection)
    found = world.connection(connection.account, connection.id)
    assert found.status is ConnectionStatus.EXPIRED
    assert found.problem is not None and found.problem.code == "connection_expired"
    kinds = [event.kind for event in world.events(connection.account)]
    assert kinds.count("connection.expired") == 1 and "connection.broken" not in kinds


def test_an_organisation_taken_off_a_living_consent_breaks_its_connection(world: World) -> None:
    connection = world.connected(world.account())
    wanted = {"user": "alex.morgan@example.com", "organisation": connection.pinned.id}
    world.sandbox.control("/xero/revoke", wanted)
    before = token_calls(world)
    for _ in range(3):
        assert organisation_read(world, connection) == "organisation_gone"
    found = world.connection(connection.account, connection.id)
    assert found.status is ConnectionStatus.BROKEN
    assert found.problem is not None and found.problem.code == "organisation_gone"
    assert token_calls(world) == before + 1, "once is enough to know that the consent lives"
    assert [event.kind for event in world.events(connection.account)].count("connection.broken") == 1


def test_what_is_lost_is_not_guessed_while_the_token_endpoint_is_down(world: World) -> None:
    connection = world.connected(world.account())
    world.sandbox.control("/xero/revoke", {"user": "alex.morgan@example.com"})
    world.sandbox.fault("POST", "/connect/token", "status", status=503, times=50)
    assert organisation_read(world, connection) == "organisation_gone"
    assert world.connection(connection.account, connection.id).status is ConnectionStatus.IMPORTING
    world.sandbox.http.delete(f"{world.sandbox.base}/__control/faults")
    organisation_read(world, connection)
    assert world.connection(connection.account, connection.id).status is ConnectionStatus.EXPIRED


def test_lost_access_breaks_this_connection_alone(world: World) -> None:
    from shared.domain.errors import Problem

    one, other = world.connected(world.account()), world.connected(world.account())

    def call(session: Session) -> None:
        raise AccessLost(Problem("organisation_gone"))

    for _ in range(2):
        with pytest.raises(AccessLost):
            with_token(world.service, one, call, deadline=world.time() + timedelta(seconds=20))
    assert world.connection(one.account, one.id).status is ConnectionStatus.BROKEN
    assert world.connection(other.account, other.id).status is ConnectionStatus.IMPORTING
    assert [event.kind for event in world.events(one.account)].count("connection.broken") == 1
