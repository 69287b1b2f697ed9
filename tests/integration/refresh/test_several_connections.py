"""Lists of an account with two connections: read, hidden and reloaded, each where it is from."""

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.accounts import Event
from shared.domain.connections import Connection, ConnectionStatus, Organisation, Slot
from shared.domain.ids import new_id
from shared.domain.lists import Entry, Kind
from shared.usecases.refresh_lists import refresh_lists
from tests.integration.refresh.conftest import World
from tests.integration.refresh.test_own_lists import Api
from tests.integration.refresh.test_refresh_lists import request


@pytest.fixture
def api(world: World) -> Api:
    world.time.pass_by(seconds=1)
    refresh_lists(world.service, request(world), world.deadline)
    world.messages()
    return Api(world)


@pytest.fixture
def second(world: World, api: Api) -> Connection:
    now = world.time()
    connection = replace(
        world.connection,
        id=new_id(now),
        slot=Slot.BILL,
        status=ConnectionStatus.ACTIVE,
        organisation=Organisation("org-2", "Bills", base_currency="GBP"),
        lists={},
        version=0,
    )
    event = Event(new_id(now), world.account_id, now, "test", "connection.started")
    return world.service.connections.create(connection, event, beside=world.connection_id)


def entry(world: World, connection: Connection, kind: Kind, name: str) -> Entry:
    made = Entry(connection.book.entry_id(kind, name), kind, name, provider_id=name)
    world.service.lists.write(connection.book, kind, [made])
    return made


def reload(api: Api, kind: str, body: dict[str, Any], key: str) -> tuple[int, Any]:
    return api("POST", f"/lists/{kind}/reload", body, headers={"idempotency-key": key})


def test_the_first_main_connection_is_both_defaults(world: World, api: Api) -> None:
    account = world.account
    assert (account.publishing_integration, account.expense_claims_integration) == ("main", "main")


def test_a_reload_asks_every_connection_that_supplies_the_list(world: World, api: Api, second: Connection) -> None:
    status, answer = reload(api, "suppliers", {}, "k-1")
    assert status == 202
    asked = {one["connection"]: one["refresh"] for one in answer["refreshes"]}
    assert asked.keys() == {world.connection_id, second.id}
    sent = [body for body, _ in world.messages()]
    assert {body["connection"]: body["refresh"] for body in sent} == asked
    assert all((body["kinds"], body["full"]) == (["suppliers"], True) for body in sent)
    assert reload(api, "suppliers", {}, "k-1")[1] == answer
    assert world.messages() == []


def test_a_reload_may_name_one_and_leaves_out_who_cannot_be_asked(world: World, api: Api, second: Connection) -> None:
    _, answer = reload(api, "suppliers", {"connection": second.id}, "k-1")
    assert [one["connection"] for one in answer["refreshes"]] == [second.id]
    status, problem = reload(api, "suppliers", {"connection": new_id(world.time())}, "k-2")
    assert (status, problem["field"]) == (404, "connection")
    world.service.connections.update(second.moved(ConnectionStatus.EXPIRED))
    _, answer = reload(api, "suppliers", {}, "k-3")
    assert [one["connection"] for one in answer["refreshes"]] == [world.connection_id]
    status, problem = reload(api, "suppliers", {"connection": second.id}, "k-4")
    assert (status, problem["code"]) == (409, "connection_expired")


def test_a_secondarys_entries_are_read_and_hidden(world: World, api: Api, second: Connection) -> None:
    made = entry(world, second, Kind.SUPPLIERS, "Landlord")
    _, page = api("GET", "/lists/suppliers", connection=second.id)
    assert [one["id"] for one in page["entries"]] == [made.id]
    assert made.id not in {one["id"] for one in api("GET", "/lists/suppliers")[1]["entries"]}
    assert api("GET", f"/lists/suppliers/{made.id}")[1]["name"] == "Landlord"
    status, hidden = api("PATCH", f"/lists/suppliers/{made.id}", {"visible": False})
    assert (status, hidden["visible"]) == (200, False)
    stored = world.service.lists.entry(second.book, Kind.SUPPLIERS, made.id)
    assert stored is not None
    assert not stored.visible


def test_a_payment_method_is_linked_in_each_book(world: World, api: Api, second: Connection) -> None:
    here = entry(world, world.connection, Kind.BANK_ACCOUNTS, "Current")
    there = entry(world, second, Kind.BANK_ACCOUNTS, "Clearing")
    _, method = api("POST", "/lists/payment_methods", {"name": "Card", "bank_account": here.id})
    _, linked = api("PATCH", f"/lists/payment_methods/{method['id']}", {"bank_account": there.id})
    assert linked["bank_accounts"] == {"xero:org-1": here.id, "xero:org-2": there.id}
