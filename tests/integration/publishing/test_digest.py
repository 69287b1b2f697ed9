"""The daily digest counts what happened and what waits in a tenant's accounts, once a day, and is planned anew."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from rehearsal.process import Process
from rehearsal.world import World
from shared.domain.digests import next_digest
from shared.domain.ids import new_id
from shared.domain.outgoing import Endpoint, EventType
from shared.usecases.digest import plan_digest, send_digest
from shared.usecases.note_attention import look_at_attention, note_attention


class Queue:
    """The delivery queue, kept here."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def send(self, body: dict[str, Any], *, group: str, delay_seconds: int = 0) -> None:
        assert (group, delay_seconds) == (body["tenant"], 0)
        self.told += body["news"]


def subscribe(world: World, *events: EventType) -> Queue:
    """An endpoint that wants to hear of these; returns what every process of the world tells it."""
    queue = Queue()
    world.parts["deliver_queue"] = queue
    endpoint = Endpoint(new_id(world.time()), world.tenant, "https://hooks.example.com/a", events, world.time())
    world.service.endpoints.create(endpoint)
    plan_digest(world.service, endpoint)
    return queue


def next_day(world: World, queue: Queue) -> dict[str, Any]:
    """Let the tenant's digest come; returns what it says."""
    due = next_digest(world.tenant, world.time())
    world.time.pass_until(due)
    queue.told.clear()
    for _ in range(2):
        send_digest(world.service, {"tenant": world.tenant}, due)
    assert len({one["id"] for one in queue.told}) == 1, "told twice, it stays one message"
    said: dict[str, Any] = queue.told[0]["payload"]["data"]
    assert said["date"] == due.date().isoformat()
    return said


def test_a_digest_counts_what_waits_and_what_failed(world: World) -> None:
    papers, service, queue = world.papers, world.service, subscribe(world, EventType.DIGEST_DAILY)
    world.publish(world.create([papers.sales_invoice(number="TAKEN")]))
    world.settle()
    world.create([papers.bill(lines=[]), papers.bill(contact=None)])
    world.publish(world.create([papers.sales_invoice(number="TAKEN")]))
    world.settle()
    note_attention(service, world.tenant, world.account_id)
    look_at_attention(service, world.tenant, world.account_id)
    said = next_day(world, queue)
    assert said["totals"] == {"items_failed": 1, "items_waiting": 2}
    assert (said["accounts_waiting"], said["more_accounts"]) == (1, False)
    assert [(one["account"], one["causes"]) for one in said["accounts"]] == [(world.account_id, said["totals"])]
    assert next_digest(world.tenant, world.time()) <= world.time() + timedelta(days=1)


def test_a_digest_counts_what_was_published_and_refused_since_the_last_one(world: World) -> None:
    papers, queue = world.papers, subscribe(world, EventType.DIGEST_DAILY)
    world.publish(world.create([papers.bill(), papers.bill(), papers.sales_invoice(number="TAKEN")]))
    world.settle()
    world.create([papers.bill(contact=None)])
    world.publish(world.create([papers.sales_invoice(number="TAKEN")]))
    world.settle()
    said = next_day(world, queue)
    counts = {"published": 3, "refused": 1, "needs_review": 1, "unknown": 0}
    assert said["happened"] == counts
    assert said["happened_by_account"] == [{"account": world.account_id, **counts}]
    assert (said["happened_in"], said["more_happened"]) == (1, False)
    world.publish(world.create([papers.bill()]))
    world.settle()
    assert next_day(world, queue)["happened"] == {"published": 1, "refused": 0, "needs_review": 0, "unknown": 0}


def test_counting_is_one_write_for_a_batch_and_none_where_nobody_wants_a_digest(worlds: Callable[[], World]) -> None:
    def counting(*events: EventType) -> int:
        world = worlds()
        subscribe(world, *events)
        world.publish(world.create([world.papers.bill() for _ in range(20)]))
        world.deliver()
        effects = world.deliver(process=Process()).effects
        return sum(effect.startswith(f"put_item {world.account_id}#") for effect in effects)

    assert (counting(EventType.DIGEST_DAILY), counting(EventType.ITEM_PUBLISHED)) == (1, 0)


def test_what_is_told_again_by_the_next_worker_counts_once(worlds: Callable[[], World]) -> None:
    def published(kill_after: int | None) -> tuple[int, int]:
        """What the digest says of two bills, and the place among the worker's effects at which they are counted."""
        world = worlds()
        queue = subscribe(world, EventType.DIGEST_DAILY)
        world.publish(world.create([world.papers.bill(), world.papers.bill()]))
        world.deliver()
        process = world.deliver(process=Process(kill_after=kill_after))
        world.settle()
        counts = [effect.startswith(f"put_item {world.account_id}#") for effect in process.effects]
        return next_day(world, queue)["happened"]["published"], counts.index(True) + 1 if True in counts else 0

    said, place = published(None)
    assert said == 2
    for kill_after in (place - 1, place, place + 1):
        assert published(kill_after)[0] == 2
