"""What publishing tells tenants: each outcome once, told again by a repeat under the same id, and lost by no crash."""

from collections.abc import Callable
from typing import Any

from rehearsal.papers import bill, sales_invoice
from rehearsal.process import Process
from rehearsal.world import World
from shared.domain.ids import new_id
from shared.domain.outgoing import Endpoint, EventType
from shared.usecases.service import Service

TAKEN = "HF-TAKEN"
ITEM_EVENTS = tuple(event for event in EventType if event.startswith("item."))


class Ear:
    """The delivery queue of every process of a world: what was told, in order; telling is an effect like any other."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.told: list[dict[str, Any]] = []
        made = world.new_service

        def listening() -> Service:
            service = made()
            service.__dict__["deliver_queue"] = self
            return service

        world.new_service = listening  # type: ignore[method-assign]
        now = world.time()
        endpoint = Endpoint(new_id(now), world.tenant, "https://hooks.example.com/a", ITEM_EVENTS, now)
        world.service.endpoints.create(endpoint)

    def send(self, body: dict[str, Any], *, group: str, delay_seconds: int = 0) -> None:
        assert (group, delay_seconds) == (self._world.tenant, 0)
        process = self._world.running.now
        if process is not None:
            process.begin()
        self.told += body["news"]
        if process is not None:
            process.did("tell")

    def of(self, event: EventType) -> dict[str, set[str]]:
        """Ids of messages by the item that they are about."""
        found: dict[str, set[str]] = {}
        for one in self.told:
            if one["type"] == event:
                found.setdefault(one["payload"]["data"]["item"], set()).add(one["id"])
        return found


def test_published_and_refused_are_told_each_once(world: World) -> None:
    ear = Ear(world)
    world.publish(world.create([sales_invoice(number=TAKEN)]))
    world.settle()
    ear.told.clear()
    good, poison = world.create([sales_invoice(), sales_invoice(number=TAKEN)])
    world.publish([good, poison])
    world.settle()
    assert set(ear.of(EventType.ITEM_PUBLISHED)) == {good}
    assert set(ear.of(EventType.ITEM_REFUSED)) == {poison}
    assert len(ear.told) == 2
    said = {one["payload"]["data"]["item"]: one["payload"]["data"] for one in ear.told}
    there = world.state(good).published
    assert there is not None
    assert said[good]["published"]["document_id"] == there.document_id
    assert said[poison]["error"]["code"] == "number_taken"
    assert "must be unique" not in str(ear.told)  # the software's own words stay in the API
    assert world.service.attention.get(world.tenant, world.account_id) is not None


def test_a_worker_that_dies_around_telling_loses_nothing_and_repeats_under_the_same_id(
    worlds: Callable[[], World],
) -> None:
    first = worlds()
    ear = Ear(first)
    first.publish(first.create([bill(), bill()]))
    first.deliver()  # the request is expanded
    process = first.deliver(process=Process())
    at = process.effects.index("tell") + 1
    assert len(ear.told) == 2
    for kill_after in (at - 1, at, at + 1):
        world = worlds()
        ear = Ear(world)
        items = world.create([bill(), bill()])
        world.publish(items)
        world.deliver()
        assert world.deliver(process=Process(kill_after=kill_after)).dead
        world.settle()
        told = ear.of(EventType.ITEM_PUBLISHED)
        assert {item: len(ids) for item, ids in told.items()} == dict.fromkeys(items, 1)
        assert world.calls("PUT /Invoices") == 1


def test_what_arrives_lacking_something_is_told(world: World) -> None:
    ear = Ear(world)
    ready, lacking = world.create([bill(), bill(contact=None)])
    assert ear.of(EventType.ITEM_NEEDS_REVIEW).keys() == {lacking}
    assert ready not in str(ear.told)
    (said,) = ear.told
    assert said["payload"]["data"]["reasons"]


def test_a_tenant_without_endpoints_costs_publishing_no_write(worlds: Callable[[], World]) -> None:
    def effects(world: World) -> list[str]:
        world.publish(world.create([bill()]))
        world.deliver()
        return sorted(effect.split()[0] for effect in world.deliver(process=Process()).effects)

    quiet = effects(worlds())
    loud = worlds()
    Ear(loud)
    assert sorted([*quiet, "tell"]) == effects(loud)
