"""Two workers that find the same Sage token expired make one call for a new one: a second would end the access."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from rehearsal.world import World
from shared.domain.connections import ConnectionStatus
from tests.integration.approvalmax.kit import refresh_messages, work
from tests.integration.rules_13.api import Api


def test_rule_25_two_workers_refresh_a_sage_token_once(world_of: Callable[[str], World]) -> None:
    world = world_of("sage")
    api = Api(world)
    item = api.make(world.papers.bill())["id"]
    refresh_messages(world)
    api.ok("POST", f"items/{item}/publish")
    api.ok("POST", f"connections/{world.connection_id}/refresh", {})
    (message,) = (one for one in refresh_messages(world) if one["kind"] == "refresh")
    world.time.pass_by(minutes=6)
    world.expire_access()
    before = world.calls(world.software.token_call)
    world.sandbox.fault("POST", "/token", "latency", seconds=1.5, provider="sage")
    together = Barrier(2)

    def publishes() -> None:
        together.wait(30)
        world.deliver_due()

    def refreshes() -> None:
        together.wait(30)
        work(world, message)

    with ThreadPoolExecutor(2) as workers:
        for done in [workers.submit(publishes), workers.submit(refreshes)]:
            done.result(120)
    assert world.failures == []
    assert world.calls(world.software.token_call) == before + 1
    assert {one["problem"] for one in api.ok("GET", "lists")["lists"]} == {None}
    world.settle()
    assert (world.connection.status, api.item(item)["stage"]) == (ConnectionStatus.ACTIVE, "published")
