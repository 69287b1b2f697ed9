"""A provider that fails at one thing and not at others, against one that is down: only the one is ever given up."""

from datetime import timedelta
from typing import Any

import pytest

from rehearsal.software import Effect
from rehearsal.world import PDF, World
from shared.domain.catalogue import kind_of
from shared.domain.items import FactOutcome, Stage
from shared.providers import registry
from shared.usecases.publish_item import publish_item
from tests.integration.providers.suite import SOAK, against, every, only, others
from tests.integration.publishing.checks import assert_sound, ledger, stages

POISON = "indigestible"


def poison(world: World, **changes: Any) -> dict[str, Any]:
    """A bill that the sandbox is told to fail at, by a word in its description."""
    return world.papers.bill(lines=[world.papers.line(description=POISON)], **changes)


def fails_at_poison(world: World, effect: Effect = "bill", status: int = 500) -> None:
    world.fault(effect, "status", status=status, times=None, containing=POISON)


def assert_given_up(world: World, item: str) -> None:
    state = world.state(item)
    assert state.stage is Stage.READY
    assert state.last_error is not None
    assert state.last_error.code == "provider_failing"
    assert kind_of(state.last_error).remedy


@pytest.mark.parametrize("count", [1, pytest.param(2, marks=SOAK), 7, pytest.param(20, marks=SOAK)])
@every(soak=others())
def test_one_document_that_always_fails_is_given_up_and_the_others_go(world: World, count: int) -> None:
    ids = world.create([*[world.papers.bill() for _ in range(count - 1)], poison(world)])
    fails_at_poison(world)
    before = world.called("bill")
    world.publish(ids)
    world.settle()
    assert world.failures == []
    assert_sound(world)
    assert_given_up(world, ids[-1])
    assert [world.state(item).stage for item in ids[:-1]] == [Stage.PUBLISHED] * (count - 1)
    # Three sends a round; two rounds whole, one for each cut, two alone; and one for each document that is let go.
    assert world.called("bill") - before <= 3 * (2 + 5 + 2) + count

    world.sandbox.mend()
    publish_item(world.service, world.account, ids[-1])
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": count}
    assert world.connection.failed_drains == 0


OUTAGES = [
    against("xero", more=(3,), called="3"),
    *(
        against(name, more=(count,), marks=[SOAK], called=str(count))
        for name, count in (("xero", 20), ("quickbooks", 20), ("sage", 3))
    ),
]


@pytest.mark.parametrize(("world", "count"), OUTAGES, indirect=["world"])
def test_a_provider_that_takes_nothing_for_minutes_though_it_answers_refuses_nothing(world: World, count: int) -> None:
    """Reads go on: that alone must not make poison of what is sent meanwhile."""
    ids = world.create([world.papers.bill() for _ in range(count)])
    world.fault("bill", "status", status=500, times=None)
    ends = world.time() + timedelta(minutes=25)
    world.publish(ids)
    while world.time() < ends:
        assert not world.is_quiet(rounds=1)
    assert [world.state(item).last_error for item in ids] == [None] * count
    assert sorted(world.markers()) == sorted(ids)
    world.sandbox.mend()
    world.settle()
    assert world.failures == []
    assert_sound(world)
    assert stages(world) == {"published": count}


@every(soak=others())
def test_one_alone_is_given_up_only_when_no_outage_can_be_meant(world: World) -> None:
    """Nothing else shows whether the provider takes documents; one that goes through soon after shows it."""
    (bad,) = world.create([poison(world)])
    fails_at_poison(world)
    began = world.time()
    world.publish([bad])
    while world.time() < began + timedelta(hours=1):
        assert not world.is_quiet(rounds=1)
    assert world.state(bad).last_error is None
    assert world.connection.parked_until is None
    (good,) = world.create([world.papers.bill()])
    world.publish([good])
    world.deliver_due()
    assert world.state(good).stage is Stage.PUBLISHED
    world.settle()
    assert_sound(world)
    assert_given_up(world, bad)


@every(soak=others())
def test_what_comes_later_does_not_wait_for_it(world: World) -> None:
    (bad,) = world.create([poison(world)])
    fails_at_poison(world)
    world.publish([bad])
    for _ in range(2):  # expanded; sent, nothing known yet
        world.deliver()
    world.time.pass_until(min(message.due for message in world.queue))
    world.deliver()  # proven absent once, sent again, failing
    later = world.create([world.papers.bill(), world.papers.bill()], file=PDF)
    world.publish(later)
    began = world.time()
    while any(world.state(item).stage is not Stage.PUBLISHED for item in later):
        world.time.pass_until(min(message.due for message in world.queue))
        world.deliver()
    assert world.time() - began < timedelta(minutes=2)  # the other is tried for many
    assert world.state(bad).stage is not Stage.PUBLISHED
    assert bad in world.markers()  # beside those whose file the provider is still taking in
    world.settle()
    assert_sound(world)
    assert_given_up(world, bad)


@only("xero")
def test_credit_notes_without_a_marker_wait_for_one_that_fails_and_are_told_apart(world: World) -> None:
    """They are matched by their values: one more like it must not go out while the first may still appear."""
    papers = world.papers
    credit = papers.supplier_credit(number="CN-5", lines=[papers.line(description=POISON)])
    ids = world.create([credit, papers.bill()])
    fails_at_poison(world, "credit_note")
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert_given_up(world, ids[0])
    assert world.state(ids[1]).stage is Stage.PUBLISHED
    assert world.calls("PUT /CreditNotes") == 12


@every("supplier", soak=others())
def test_a_supplier_that_always_fails_goes_back_to_a_person_and_others_go(world: World) -> None:
    make = world.papers.bill
    ids = world.create([make(contact=world.newcomer(name)) for name in (POISON, "Greenway Skips")])
    ids += world.create([make()])
    fails_at_poison(world, "supplier")
    world.publish(ids)
    world.settle()
    assert world.failures == []
    assert_sound(world)
    error = world.state(ids[0]).last_error
    assert error is not None
    assert (error.code, error.field) == ("provider_failing", "contact")
    assert [world.state(item).stage for item in ids[1:]] == [Stage.PUBLISHED] * 2
    assert ledger(world).contacts["greenway skips"] == 1


@every("payment", soak=others())
def test_a_payment_that_always_fails_leaves_its_document_published(world: World) -> None:
    ids = world.create([world.papers.paid_bill(), world.papers.bill()], file=PDF)
    world.fault("payment", "status", status=500, times=None)
    world.publish(ids)
    world.settle()
    assert world.failures == []
    assert_sound(world)
    found = world.state(ids[0]).published
    assert found is not None
    assert found.payment is not None
    assert found.payment.outcome is FactOutcome.FAILED
    assert found.attachment is not None
    assert found.attachment.outcome is FactOutcome.DONE
    assert stages(world) == {"published": 2}

    world.sandbox.mend()
    world.publish(ids[:1])  # in bulk as well as alone, as for a file that failed
    world.settle()
    assert_sound(world)
    assert payment_of(world, ids[0]) is FactOutcome.DONE


@every("payment", soak=registry.names())
def test_a_payment_that_nobody_could_find_out_about_is_looked_up_before_it_is_made_again(world: World) -> None:
    ids = world.create([world.papers.paid_bill()])
    world.fault("payment", "commit_then_drop", times=None)
    world.blind(status=500, times=None)  # Sage's are found by what they pay
    where = world.software.calls["payment"].path
    world.sandbox.fault("GET", where, "status", provider=world.software.name, status=500, times=None)
    world.publish(ids)
    world.settle()
    assert payment_of(world, ids[0]) is FactOutcome.UNKNOWN
    world.sandbox.mend()
    before = world.called("payment")
    world.publish(ids)
    world.settle()
    assert world.failures == []
    assert_sound(world)
    assert payment_of(world, ids[0]) is FactOutcome.DONE
    assert world.called("payment") == before


def payment_of(world: World, item: str) -> FactOutcome | None:
    published = world.state(item).published
    return published.payment.outcome if published and published.payment else None


@every(soak=registry.names())
def test_a_provider_that_is_down_is_no_poison(world: World) -> None:
    """Every call fails for three hours: nothing is given up, and all goes once it is back."""
    ids = world.create([world.papers.bill() for _ in range(3)], file=PDF)
    world.publish(ids)
    world.deliver()
    world.sandbox.fault("*", "*", "status", provider=world.software.name, status=503, times=None)
    ends = world.time() + timedelta(hours=3)
    while world.time() < ends:
        world.is_quiet(rounds=1)
    assert world.connection.failed_drains >= 5
    assert {world.state(item).last_error for item in ids} == {None}
    assert sorted(world.markers()) == sorted(ids)
    assert world.sandbox.read("/counts")["total"] < 250
    world.sandbox.mend()
    world.settle()
    assert world.failures == []
    assert_sound(world)
    assert stages(world) == {"published": 3}


@every(soak=registry.names())
def test_what_can_never_be_looked_up_is_held_for_a_person(world: World) -> None:
    """The call was carried out, its answer lost, and the list it would be found in fails while all else works."""
    ids = world.create([world.papers.bill()])
    world.fault("bill", "commit_then_drop", times=3)
    world.blind(status=500, times=None)
    world.publish(ids)
    world.settle()
    assert world.failures == []
    assert_sound(world)
    state = world.state(ids[0])
    assert state.stage is Stage.UNKNOWN
    assert state.last_error is not None
    assert state.last_error.code == "outcome_unknown"
    assert len(ledger(world).documents) == 1
    assert world.markers() == []


@only("xero")
def test_a_failure_that_is_kept_with_its_key_does_not_keep_a_file_out(world: World) -> None:
    ids = world.create([world.papers.bill()], file=PDF)
    world.fault("file", "status", status=500, kept=True)
    world.publish(ids)
    world.settle()
    assert world.failures == []
    assert_sound(world)
    found = world.state(ids[0]).published
    assert found is not None
    assert found.attachment is not None
    assert found.attachment.outcome is FactOutcome.DONE
    assert sum(ledger(world).files.values()) == 1
    assert world.calls("PUT /Invoices/{id}/Attachments/{name}") == 2
