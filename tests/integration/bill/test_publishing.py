"""The connector through the real use cases: connect, lists, publish, with answers, sessions and workers lost."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from rehearsal.process import Process
from rehearsal.world import PDF
from shared.domain.connections import ConnectionStatus
from shared.domain.items import FactOutcome
from shared.domain.lists import Kind
from tests.integration.bill.world import ADDRESS, BillWorld, assert_sound, files, mixed, newcomer, paper


def stages(world: BillWorld) -> Counter[str]:
    return Counter(state.stage.value for state in world.states().values())


def test_a_secondary_without_tax_rates_is_active_beside_its_main(world: BillWorld) -> None:
    connection = world.bill
    assert connection.status is ConnectionStatus.ACTIVE and Kind.TAX_RATES not in connection.lists
    assert world.connection.status is ConnectionStatus.ACTIVE
    assert world.calls("POST /login") == 1


def test_sixty_mixed_papers_with_their_files(world: BillWorld) -> None:
    newcomers = [newcomer(world, f"Newcomer {number}", ADDRESS) for number in range(3)]
    ids = world.create([mixed(world, number, newcomers) for number in range(60)], file=PDF)
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
        assert str(published.attachment.provider_id).startswith("00h")
    there = files(world)
    assert set(there.values()) == {1} and len(there) == 60
    # One call for the new vendors, one for all bills, one for each file; few questions about what is under way (50
    # ids each, a minute apart, more where the files took longer to send).
    assert (world.calls("POST /vendors/bulk"), world.calls("POST /bills/bulk")) == (1, 1)
    assert world.calls("POST /documents/bills/{id}") == 60
    assert world.calls("GET /documents/upload-status") <= 6
    assert world.calls("GET /documents/bills/{id}") == 60  # the test's own look


@pytest.mark.parametrize("kind", ["commit_then_drop", "truncate"])
def test_a_lost_answer_makes_no_second_bill(world: BillWorld, kind: str) -> None:
    ids = world.create([paper(number) for number in range(5)])
    world.desk.fault("POST", "/bills/bulk", kind)
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 5}
    assert world.calls("POST /bills/bulk") == 1  # looked up, not sent again


def test_what_never_arrived_goes_out_again_after_the_settle_time(world: BillWorld) -> None:
    ids = world.create([paper(number) for number in range(5)])
    world.desk.fault("POST", "/bills/bulk", "status", status=503)
    began = world.time()
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 5}
    assert world.calls("POST /bills/bulk") == 2
    assert world.time() - began >= timedelta(seconds=60)


@pytest.mark.parametrize("after", ["/bills/bulk", "/documents/bills"])
def test_a_worker_killed_after_its_send(world: BillWorld, after: str) -> None:
    ids = world.create([paper(number) for number in range(3)], file=PDF)
    world.publish(ids)
    assert any(killed_after(world, after) for _ in range(10))
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 3}
    assert list(files(world).values()) == [1, 1, 1]


def killed_after(world: BillWorld, path: str) -> bool:
    """Deliver the next message to a worker that dies as soon as BILL has taken the first call of this path."""
    process = Process()
    real = process.did

    def did(effect: str) -> None:
        if path in effect and process.kill_after is None:
            process.kill_after = len(process.effects) + 1
        real(effect)

    process.did = did  # type: ignore[method-assign]
    first = min(world.queue, key=lambda message: message.due)
    world.time.pass_until(first.due)
    world.deliver(first, process)
    return process.dead


def test_a_file_whose_answer_was_lost_is_there_once(world: BillWorld) -> None:
    ids = world.create([paper(1)], file=PDF)
    world.desk.fault("POST", "/documents/bills/{id}", "commit_then_drop")
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert list(files(world).values()) == [1]
    assert world.calls("POST /documents/bills/{id}") == 1


def test_a_new_vendor_made_in_a_lost_call_is_made_once(world: BillWorld) -> None:
    entry = newcomer(world, "Dover Ferries", ADDRESS)
    ids = world.create([paper(number, contact={"id": entry}) for number in range(4)])
    world.desk.fault("POST", "/vendors/bulk", "commit_then_drop")
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 4}
    assert world.calls("POST /vendors/bulk") == 1


@pytest.mark.parametrize("calls", [0, 1, 2])
def test_a_session_lost_in_the_middle_of_a_drain_is_one_new_login(world: BillWorld, calls: int) -> None:
    ids = world.create([paper(number) for number in range(6)], file=PDF)
    logins = world.calls("POST /login")
    world.publish(ids)
    world.sandbox.control("/bill/sessions", {"organisation": world.organization, "after_calls": calls})
    world.settle()
    assert world.failures == []
    assert world.calls("POST /login") == logins + 1
    assert_sound(world)
    assert stages(world) == {"published": 6}
    assert list(files(world).values()) == [1] * 6


def test_a_sync_token_that_was_deleted_ends_the_connection(world: BillWorld) -> None:
    ids = world.create([paper(1)])
    world.publish(ids)
    world.sandbox.control("/bill/revoke", {"user": "ledgerbridge"})
    world.sandbox.control("/bill/sessions", {"organisation": world.organization})
    world.deliver_due()
    assert world.bill.status in {ConnectionStatus.EXPIRED, ConnectionStatus.REVOKED}
    assert world.connection.status is ConnectionStatus.ACTIVE  # the main one goes on
    assert world.books()["bills"] == []


def test_one_refused_among_many_is_found_by_halving(world: BillWorld) -> None:
    ids = world.create([paper(number) for number in range(7)])
    bad = world.create([paper(8, contact={"name": "City Power & Light"})])
    edit = {"archive": {"table": "vendors", "id": "City Power & Light"}}
    world.sandbox.control(f"/bill/organisations/{world.organization}/edit", edit)
    world.publish([*ids, *bad])
    world.settle()
    assert stages(world) == {"published": 7, "ready": 1}
    refused = world.state(bad[0]).last_error
    assert refused is not None and refused.code == "supplier_archived" and refused.provider_text


@pytest.mark.parametrize("problem", ["concurrent", "minute"])
def test_limits_told_by_code_are_waited_for(world: BillWorld, problem: str) -> None:
    ids = world.create([paper(number) for number in range(40)])
    world.desk.fault("POST", "/bills/bulk", "limiter", problem=problem)
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 40}


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"type": "credit_note", "due_date": None}, "destination_not_offered", "destination"),
        ({"currency": "EUR"}, "currency_not_enabled", "currency"),
        ({"number": None}, "number_missing", "number"),
        ({"contact": {"name": "Nowhere Ltd"}}, "supplier_address_missing", "contact"),
        ({"publish_as": "draft"}, "destination_not_offered", "publish_as"),
    ],
)
def test_what_bill_cannot_do_never_leaves_us(
    world: BillWorld, changes: dict[str, object], code: str, field: str
) -> None:
    (item,) = world.create([paper(1, **changes)])
    calls = sum(world.sandbox.read("/counts")["calls"]["bill"].values())
    state = world.state(item)
    assert state.stage.value == "needs_review"
    assert (code, field) in {(one.code, one.field) for one in state.reasons}
    assert sum(world.sandbox.read("/counts")["calls"]["bill"].values()) == calls
