"""An account of more items than one look reads: what waits among the older ones keeps it on the list, and counts."""

import pytest

from functions.refresh.worker import serve
from rehearsal.world import INVOCATION, World
from shared.usecases import note_attention
from tests.integration.connect.test_attention import Queue
from tests.integration.rules_13.api import Api


@pytest.fixture
def queue(world: World, monkeypatch: pytest.MonkeyPatch) -> Queue:
    monkeypatch.setattr(note_attention, "PAGE", 2)
    monkeypatch.setattr(note_attention, "MOST_PAGES", 1)
    made = Queue()
    world.parts["refresh_queue"] = made
    return made


def look(world: World, queue: Queue, **later: float) -> int:
    """Let time pass, the agenda run and the worker do what it is asked to; returns how many turns that took."""
    world.time.pass_by(**later)
    world.run_agenda()
    turns = 0
    while queue.sent:
        body = queue.sent.pop(0)
        if body["kind"] == note_attention.LOOK:
            now = world.time()
            serve(world.service, body, message_id="m", sent_at=now, deadline=now + INVOCATION)
            turns += 1
    return turns


def waiting(world: World) -> dict[str, int]:
    """What the API's list says of the account, by cause; nothing where it is not on the list."""
    listed = Api(world).ok("GET", "/v1/accounts", attention="true")["accounts"]
    return {one["cause"]: one["count"] for account in listed for one in account["attention"]["causes"]}


def test_an_old_item_that_waits_is_not_forgotten_and_not_read_each_time(world: World, queue: Queue) -> None:
    papers = world.papers
    lacking = world.create([papers.bill(contact=None), papers.bill(contact=None)])
    world.create([papers.bill() for _ in range(5)])
    look(world, queue, minutes=6)
    assert waiting(world) == {"items_waiting": 2}
    world.create([papers.bill(contact=None)])
    assert look(world, queue, minutes=11) <= 2, "the older ones are counted already"
    assert waiting(world) == {"items_waiting": 3}
    for item in lacking:
        body = {"contact": {"name": papers.supplier}}
        version = Api(world).item(item)["version"]
        Api(world).ok("PATCH", f"items/{item}", body, version=version)
    look(world, queue, hours=25)
    assert waiting(world) == {"items_waiting": 1}


def test_the_account_leaves_the_list_when_nothing_old_waits_either(world: World, queue: Queue) -> None:
    papers = world.papers
    (lacking,) = world.create([papers.bill(contact=None)])
    world.create([papers.bill() for _ in range(5)])
    look(world, queue, minutes=6)
    assert waiting(world) == {"items_waiting": 1}
    version = Api(world).item(lacking)["version"]
    Api(world).ok("PATCH", f"items/{lacking}", {"contact": {"name": papers.supplier}}, version=version)
    look(world, queue, hours=25)
    assert waiting(world) == {}
    assert look(world, queue, hours=2) == 0
