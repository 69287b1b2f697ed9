"""Disconnect through the API: who may, what is answered, and what the provider is told of consents that are shared."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.errors import LedgerbridgeError
from shared.domain.grants import GrantStatus
from shared.storage.agenda import AgendaKind
from shared.usecases.access_token import access_token
from shared.usecases.conclude_disconnect import conclude_disconnect
from shared.usecases.disconnect_connection import message
from shared.usecases.follow_disconnect import TRIES
from shared.usecases.run_agenda import run_agenda
from tests.integration.connect.conftest import World

ADVISER = "priya.shah@example.com"  # of fifty organisations
REMOVED, REVOKED = "DELETE /connections/{id}", "POST /connect/revocation"


def connected(world: World, account: str, place: int = 0) -> Connection:
    """A connection to the organisation at a place of the consent page."""
    path = redeemed(world, account)
    offers = world.call("GET", f"{path}/organisations").json["organisations"]
    return chosen(world, path, offers[place]["organisation"]["id"])


def redeemed(world: World, account: str, user: str | None = None) -> str:
    """A consent of the owner, or of the person named, brought home; the path of its connection."""
    begun = world.started(account)
    answer = world.consented(begun["authorize_url"], user=user)
    path = f"/v1/accounts/{account}/connections/{begun['id']}"
    assert world.call("POST", f"{path}/redeem", {"result_code": answer["result_code"]}).status == 200
    return path


def chosen(world: World, path: str, organisation: str) -> Connection:
    assert world.call("PUT", f"{path}/organisation", {"organisation_id": organisation}).status == 200
    *_, account, _, connection = path.split("/")
    return world.connection(account, connection)


def disconnect(world: World, connection: Connection) -> None:
    """The request, and the worker's message."""
    path = f"/v1/accounts/{connection.account}/connections/{connection.id}/disconnect"
    assert world.call("POST", path).status == 202
    deadline = world.service.clock.now() + timedelta(seconds=300)
    conclude_disconnect(world.service, message(connection), deadline)


def agenda(world: World, times: int = 1) -> None:
    """Let the agenda do what falls due in three hours, again and again."""
    for _ in range(times):
        world.time.ahead += timedelta(hours=3)
        run_agenda(world.service, world.service.clock.now() + timedelta(seconds=100))


def told(world: World) -> tuple[int, int]:
    """How often Xero was told to remove an organisation, and to revoke."""
    return world.sandbox.calls(REMOVED), world.sandbox.calls(REVOKED)


def works(world: World, connection: Connection) -> bool:
    """Whether Xero still gives a new token for the connection, and shows its organisation."""
    assert connection.grant is not None
    found = world.service.grants.get(world.tenant, connection.grant)
    assert found is not None
    try:
        access = access_token(world.service, world.tenant, found.id, refused_version=found.token_version)
    except LedgerbridgeError:
        return False
    headers = {"authorization": f"Bearer {access.token.reveal()}", "accept": "application/json"}
    rows = world.sandbox.http.get(f"{world.sandbox.xero}/connections", headers=headers).json()
    return connection.pinned.id in {row["tenantId"] for row in rows}


def grant_status(world: World, connection: Connection) -> GrantStatus:
    assert connection.grant is not None
    found = world.service.grants.get(world.tenant, connection.grant)
    assert found is not None
    return found.status


def test_the_request_and_its_repeat(world: World) -> None:
    account = world.account()
    connection = connected(world, account)
    path = f"/v1/accounts/{account}/connections/{connection.id}"
    first = world.call("POST", f"{path}/disconnect", idempotency_key="once")
    assert first.status == 202
    assert first.json["status"] == "closing"
    assert first.json["disconnection"]["looking_up"] is None
    assert world.call("POST", f"{path}/disconnect", idempotency_key="once").json["status"] == "closing"
    conclude_disconnect(world.service, message(connection), world.service.clock.now() + timedelta(seconds=300))
    after = world.call("GET", path).json
    assert after["status"] == "disconnected"
    assert (after["disconnection"]["looking_up"], after["disconnection"]["set_back"]) == (0, 0)
    assert world.call("POST", f"{path}/disconnect").json["status"] == "disconnected"
    assert world.call("POST", f"{path}/reconnect", {"return_url": "https://app.example/"}).code == (
        "connection_not_active"
    )


def test_only_who_manages_the_account_may(world: World) -> None:
    account = world.account(first_member={"user": "u-1", "name": "Boss", "role": "admin"})
    member: dict[str, Any] = {"user": "u-2", "name": "Clerk", "role": "publisher"}
    assert world.call("POST", f"/v1/accounts/{account}/members", member).status == 201
    connection = connected(world, account)
    path = f"/v1/accounts/{account}/connections/{connection.id}/disconnect"
    assert world.call("POST", path, by=world.person("u-2")).status == 403
    assert world.call("POST", path, by=world.machine(world.other_tenant)).status == 404
    assert world.call("POST", path, by=world.person("u-1")).status == 202


def test_one_that_nobody_finished_just_ends(world: World) -> None:
    account = world.account()
    begun = world.started(account)
    world.consented(begun["authorize_url"])
    path = f"/v1/accounts/{account}/connections/{begun['id']}/disconnect"
    assert world.call("POST", path).json["status"] == "disconnected"
    assert world.started(account)["id"] != begun["id"]
    agenda(world)
    pending = world.connection(account, begun["id"]).pending_grant
    assert pending is not None
    found = world.service.grants.get(world.tenant, pending)
    assert found is not None
    assert found.status is GrantStatus.LET_GO
    assert told(world) == (0, 1)


def test_one_of_two_organisations_of_a_person(world: World) -> None:
    first, second = connected(world, world.account()), connected(world, world.account(), place=1)
    assert first.pinned.id != second.pinned.id
    disconnect(world, first)
    agenda(world)
    assert told(world) == (1, 0)
    assert grant_status(world, first) is GrantStatus.LET_GO
    assert works(world, second)
    disconnect(world, second)
    agenda(world)
    assert told(world) == (1, 1)
    assert grant_status(world, second) is GrantStatus.LET_GO
    assert world.service.grants.of_subject("xero", "any") == []


def test_another_account_on_the_same_organisation_goes_on(world: World) -> None:
    first, second = connected(world, world.account()), connected(world, world.account())
    assert first.pinned.id == second.pinned.id
    disconnect(world, first)
    agenda(world)
    assert told(world) == (0, 0)
    assert grant_status(world, first) is GrantStatus.LET_GO
    assert works(world, second)
    holders = world.service.organisations.holders("xero", first.pinned.id)
    assert [holder.connection for holder in holders] == [second.id]
    disconnect(world, second)
    agenda(world)
    assert told(world) == (0, 1)
    assert world.service.organisations.holders("xero", first.pinned.id) == []


@pytest.mark.parametrize("accounts", [4, pytest.param(50, marks=[pytest.mark.soak, pytest.mark.timeout(900)])])
def test_many_accounts_of_one_person_go_on_without_the_one_that_ends(world: World, accounts: int) -> None:
    path = redeemed(world, world.account(), ADVISER)
    first, *ids = [
        one["organisation"]["id"] for one in world.call("GET", f"{path}/organisations").json["organisations"]
    ]
    assert len(ids) == 49
    every = [chosen(world, path, first)]
    every += [chosen(world, redeemed(world, world.account(), ADVISER), one) for one in ids[: accounts - 1]]
    gone, *others = every
    disconnect(world, gone)
    agenda(world)
    assert told(world) == (1, 0)
    assert grant_status(world, gone) is GrantStatus.LET_GO
    assert [one.id for one in others if not works(world, one)] == []
    assert {world.connection(one.account, one.id).status for one in others} == {ConnectionStatus.IMPORTING}


def test_both_end_at_the_same_time(world: World) -> None:
    first, second = connected(world, world.account()), connected(world, world.account(), place=1)
    disconnect(world, first)
    disconnect(world, second)
    agenda(world)
    assert told(world)[1] == 1
    assert grant_status(world, first) is grant_status(world, second) is GrantStatus.LET_GO


def test_another_tenant_may_have_the_organisation_then(world: World) -> None:
    connection = connected(world, world.account())
    disconnect(world, connection)
    agenda(world)
    world.caller = world.machine(world.other_tenant)
    other = world.account()
    begun = world.started(other)
    answer = world.consented(begun["authorize_url"])
    path = f"/v1/accounts/{other}/connections/{begun['id']}"
    world.call("POST", f"{path}/redeem", {"result_code": answer["result_code"]})
    chosen = world.call("PUT", f"{path}/organisation", {"organisation_id": connection.pinned.id})
    assert chosen.status == 200, chosen.text


@pytest.mark.parametrize("failures", [2, 1000])
def test_a_provider_that_does_not_answer_is_told_later_with_a_bound(world: World, failures: int) -> None:
    connection = connected(world, world.account())
    world.sandbox.fault("POST", "/connect/revocation", "status", status=503, times=failures)
    disconnect(world, connection)
    agenda(world)
    assert grant_status(world, connection) is GrantStatus.ACTIVE  # the tokens are kept for the next try
    agenda(world, TRIES + 1)
    assert grant_status(world, connection) is GrantStatus.LET_GO
    assert connection.grant is not None
    assert world.service.grants.sealed(world.tenant, connection.grant) is None
    tried = [event for event in world.events(connection.account) if event.kind == "consent.not_revoked"]
    assert len(tried) == (0 if failures == 2 else 1)
    assert world.service.agenda.due(AgendaKind.DISCONNECT, world.time() + timedelta(days=9), 10) == []


def test_a_connection_whose_access_was_lost_still_ends(world: World) -> None:
    connection = connected(world, world.account())
    world.sandbox.control("/xero/revoke", {"user": "alex.morgan@example.com"})
    service = world.service
    stored = world.connection(connection.account, connection.id)
    service.connections.update(stored.moved(ConnectionStatus.REVOKED))
    disconnect(world, connection)
    agenda(world)
    assert world.connection(connection.account, connection.id).status is ConnectionStatus.DISCONNECTED
    assert grant_status(world, connection) is GrantStatus.LET_GO
