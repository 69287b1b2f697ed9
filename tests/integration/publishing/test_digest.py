"""The daily digest counts what waits in a tenant's accounts, once a day, and is planned anew each time."""

from datetime import timedelta
from typing import Any

from rehearsal.world import World
from shared.domain.ids import new_id
from shared.domain.outgoing import Endpoint, EventType
from shared.usecases.digest import next_digest, plan_digest, send_digest
from shared.usecases.note_attention import look_at_attention, note_attention


class Queue:
    """The delivery queue, kept here."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def send(self, body: dict[str, Any], *, group: str, delay_seconds: int = 0) -> None:
        assert (group, delay_seconds) == (body["tenant"], 0)
        self.told += body["news"]


def test_a_digest_counts_what_waits_and_what_failed(world: World) -> None:
    papers, queue, service = world.papers, Queue(), world.new_service()
    service.__dict__["deliver_queue"] = queue
    endpoint = Endpoint(
        new_id(world.time()), world.tenant, "https://hooks.example.com/a", (EventType.DIGEST_DAILY,), world.time()
    )
    service.endpoints.create(endpoint)
    plan_digest(service, endpoint)
    world.publish(world.create([papers.sales_invoice(number="TAKEN")]))
    world.settle()
    world.create([papers.bill(lines=[]), papers.bill(contact=None)])
    world.publish(world.create([papers.sales_invoice(number="TAKEN")]))
    world.settle()
    note_attention(service, world.tenant, world.account_id)
    look_at_attention(service, world.tenant, world.account_id)

    due = next_digest(world.tenant, world.time())
    world.time.pass_until(due)
    for _ in range(2):
        send_digest(service, {"tenant": world.tenant}, due)
    assert len({one["id"] for one in queue.told}) == 1, "told twice, it stays one message"
    said = queue.told[0]["payload"]["data"]
    assert said["totals"] == {"items_failed": 1, "items_waiting": 2}
    assert (said["date"], said["accounts_waiting"], said["more_accounts"]) == (due.date().isoformat(), 1, False)
    assert [(one["account"], one["causes"]) for one in said["accounts"]] == [(world.account_id, said["totals"])]
    assert next_digest(world.tenant, due) == due + timedelta(days=1)
