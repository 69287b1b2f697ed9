"""Accounts that wait for somebody: listed at once, counted and taken off in the background, never by reading all."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from functions.refresh.worker import serve
from shared.domain.connections import ConnectionStatus
from shared.domain.errors import Problem
from shared.usecases.lose_connection import lose_connection
from shared.usecases.note_attention import note_attention
from shared.usecases.run_agenda import run_agenda
from tests.integration.connect.conftest import World

PATH = "/v1/accounts?attention=true"


@dataclass
class Queue:
    """The refresh queue in a test's hands."""

    sent: list[dict[str, Any]] = field(default_factory=list)

    def send(self, body: dict[str, Any], *, group: str, delay_seconds: int = 0) -> None:
        assert (group, delay_seconds) == (body["tenant"], 0)
        self.sent.append(json.loads(json.dumps(body)))


@pytest.fixture
def queue(world: World) -> Queue:
    made = Queue()
    world.service.__dict__["refresh_queue"] = made
    return made


def look(world: World, queue: Queue, **later: float) -> int:
    """Let time pass, the agenda run, and the worker look at the accounts it is asked to; returns how many."""
    world.time.ahead += timedelta(**later)
    run_agenda(world.service, world.time() + timedelta(seconds=60))
    looks = [body for body in queue.sent if body["kind"] == "attention"]
    queue.sent.clear()
    for body in looks:
        serve(world.service, body, message_id="m", sent_at=world.time(), deadline=world.time() + timedelta(seconds=60))
    return len(looks)


def waiting(world: World, **more: Any) -> list[dict[str, Any]]:
    return list(world.call("GET", PATH, **more).json["accounts"])


def lost(world: World, account: str) -> Any:
    connection = world.connected(account)
    lose_connection(world.service, connection, ConnectionStatus.EXPIRED, Problem("connection_expired"))
    return world.service.connections.get(connection.tenant, account, connection.id)


def test_a_lost_connection_is_listed_at_once_counted_soon_and_taken_off_when_it_is_back(
    world: World, queue: Queue
) -> None:
    account = world.account()
    quiet = world.account()
    connection = lost(world, account)
    (shown,) = waiting(world)
    assert (shown["id"], shown["attention"]["causes"]) == (account, [])
    assert look(world, queue, minutes=6) == 1
    (shown,) = waiting(world)
    assert [(one["cause"], one["count"]) for one in shown["attention"]["causes"]] == [("connection_expired", 1)]
    assert shown["attention"]["since"] == shown["attention"]["causes"][0]["since"]
    world.service.connections.update(replace(connection, status=ConnectionStatus.ACTIVE, problem=None))
    assert look(world, queue, minutes=11) == 1
    assert waiting(world) == []
    assert look(world, queue, hours=2) == 0
    assert quiet not in {one["id"] for one in waiting(world)}


def test_the_longest_waiting_account_comes_first_page_by_page(world: World, queue: Queue) -> None:
    accounts = [world.account() for _ in range(3)]
    for account in reversed(accounts):
        note_attention(world.service, world.tenant, account)
        world.time.ahead += timedelta(minutes=1)
    first = world.call("GET", f"{PATH}&limit=2").json
    assert [one["id"] for one in first["accounts"]] == [accounts[2], accounts[1]]
    rest = world.call("GET", f"{PATH}&limit=2&cursor={first['next_cursor']}").json
    assert ([one["id"] for one in rest["accounts"]], rest["next_cursor"]) == ([accounts[0]], None)


def test_only_accounts_that_wait_are_read(world: World, queue: Queue, calls: list[str]) -> None:
    for _ in range(5):
        world.account()
    note_attention(world.service, world.tenant, world.account())
    calls.clear()
    assert len(waiting(world)) == 1
    assert sorted(calls) == ["BatchGetItem", "Query"]


@pytest.fixture
def calls(world: World) -> list[str]:
    """The operations of DynamoDB that were asked for."""
    seen: list[str] = []

    client: Any = world.service.clients.dynamodb
    client.listeners.append(lambda operation, _: seen.append(operation))
    return seen


def test_a_person_sees_the_accounts_they_are_a_member_of(world: World, queue: Queue) -> None:
    mine = world.account(first_member={"user": "anna", "name": "Anna", "role": "viewer"})
    for account in (mine, world.account()):
        note_attention(world.service, world.tenant, account)
    assert [one["id"] for one in waiting(world, by=world.person("anna"))] == [mine]


def test_being_noted_twice_makes_one_chain_of_looks(world: World, queue: Queue) -> None:
    account = world.account()
    lost(world, account)
    world.service.noted.clear()
    note_attention(world.service, world.tenant, account)
    looks = [look(world, queue, minutes=6), *(look(world, queue, minutes=10) for _ in range(6))]
    assert looks[0] == 2  # the chain's, and the one for what happened since
    assert sum(looks[1:]) <= 4  # later each time
