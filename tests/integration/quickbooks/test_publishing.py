"""The connector through the real use cases: connect, lists, publish, with answers lost and workers killed."""

from collections import Counter
from decimal import Decimal

import pytest

from rehearsal.process import Process
from rehearsal.world import PDF
from shared.domain.items import FactOutcome
from tests.contract.sandbox.quickbooks import desk
from tests.integration.quickbooks.world import QuickBooksWorld, assert_sound, files, mixed, paper


def stages(world: QuickBooksWorld) -> Counter[str]:
    return Counter(state.stage.value for state in world.states().values())


def test_sixty_mixed_papers_with_their_files(world: QuickBooksWorld) -> None:
    ids = world.create([mixed(number) for number in range(60)], file=PDF)
    batches = world.calls("POST /batch")
    world.publish(ids)
    world.settle()
    assert world.failures == []
    assert_sound(world)
    assert stages(world) == {"published": 60}
    states = world.states()
    for item, body in world.items.items():
        published = states[item].published
        assert published is not None and published.total == Decimal(body["total"])
        assert published.attachment is not None and published.attachment.outcome is FactOutcome.DONE
    assert set(files(world).values()) == {1} and len(files(world)) == 60
    # The new suppliers of all, then one for each entity.
    assert world.calls("POST /batch") - batches == 1 + 6
    assert world.sandbox.read("/counts")["throttled"] == 0


@pytest.mark.parametrize("honoured", [True, False])
@pytest.mark.parametrize("kind", ["commit_then_drop", "truncate"])
def test_a_lost_answer_makes_no_second_document(world: QuickBooksWorld, kind: str, *, honoured: bool) -> None:
    world.sandbox.control("/quickbooks/options", {"honours_request_ids": honoured})
    ids = world.create([paper(number) for number in range(5)])
    desk.fault(world.sandbox, "POST", "/batch", kind)
    batches = world.calls("POST /batch")
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 5}
    assert world.calls("POST /batch") == batches + 1  # looked up, not sent again
    assert world.calls("GET /cdc") >= 1


def test_what_never_arrived_goes_out_again_after_the_settle_time(world: QuickBooksWorld) -> None:
    ids = world.create([paper(number) for number in range(5)])
    desk.fault(world.sandbox, "POST", "/batch", "status", status=503)
    began, batches = world.time(), world.calls("POST /batch")
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 5}
    assert world.calls("POST /batch") == batches + 2
    assert (world.time() - began).total_seconds() >= 120


def test_a_worker_killed_after_its_send(world: QuickBooksWorld) -> None:
    ids = world.create([paper(number) for number in range(3)], file=PDF)
    world.publish(ids)
    killed = False
    while world.queue and not killed:
        killed = killed_at_send(world)
    assert killed
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 3}
    assert set(files(world).values()) == {1} and len(files(world)) == 3


def killed_at_send(world: QuickBooksWorld) -> bool:
    """Deliver the next message to a worker that dies as soon as QuickBooks has taken its batch."""
    process = Process()
    real = process.did

    def did(effect: str) -> None:
        if effect.endswith("/batch"):
            process.kill_after = len(process.effects) + 1
        real(effect)

    process.did = did  # type: ignore[method-assign]
    first = min(world.queue, key=lambda message: message.due)
    world.time.pass_until(first.due)
    world.deliver(first, process)
    return process.dead


def test_a_file_whose_answer_was_lost_is_there_once(world: QuickBooksWorld) -> None:
    ids = world.create([paper(1)], file=PDF)
    desk.fault(world.sandbox, "POST", "/upload", "commit_then_drop")
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert list(files(world).values()) == [1]


def test_files_go_up_in_groups_and_one_by_one_where_groups_are_refused(world: QuickBooksWorld) -> None:
    world.publish(world.create([paper(number) for number in range(6)], file=PDF))
    world.settle()
    assert_sound(world)
    assert sorted(files(world).values()) == [1] * 6
    assert world.calls("POST /upload") == 1
    world.sandbox.control(f"/quickbooks/companies/{world.tenant_id}/edit", {"one_file_per_upload": True})
    world.publish(world.create([paper(number) for number in range(6, 10)], file=PDF))
    world.settle()
    assert_sound(world)
    assert sorted(files(world).values()) == [1] * 10


def test_a_new_supplier_made_in_a_lost_call_is_made_once(world: QuickBooksWorld) -> None:
    ids = world.create([paper(number, contact={"name": "Dover Ferries"}) for number in range(4)])
    desk.fault(world.sandbox, "POST", "/batch", "commit_then_drop")
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 4}


def test_one_refused_among_many(world: QuickBooksWorld) -> None:
    ids = world.create([paper(number) for number in range(6)])
    vendors = {one["DisplayName"]: one["Id"] for one in world.books()["Vendor"]}
    bad = world.create([paper(7, contact={"name": "City Taxis"})])
    edit = {"deactivate": {"entity": "Vendor", "id": vendors["City Taxis"]}}
    world.sandbox.control(f"/quickbooks/companies/{world.tenant_id}/edit", edit)
    world.publish([*ids, *bad])
    world.settle()
    assert stages(world) == {"published": 6, "ready": 1}
    refused = world.state(bad[0]).last_error
    assert refused is not None and refused.code == "entry_inactive" and refused.provider_text


def test_throttled_work_waits_and_ends(world: QuickBooksWorld) -> None:
    ids = world.create([paper(number) for number in range(40)])
    desk.fault(world.sandbox, "POST", "/batch", "limiter")
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 40}


def test_sixty_one_bills_are_three_calls(world: QuickBooksWorld) -> None:
    ids = world.create([paper(number) for number in range(61)])
    batches = world.calls("POST /batch")
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert world.calls("POST /batch") - batches == 3
