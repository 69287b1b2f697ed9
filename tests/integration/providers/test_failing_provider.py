"""A provider that fails at one thing and not at others, against one that is down: only the one is ever given up."""

from datetime import timedelta
from typing import Any

import pytest

from rehearsal.papers import bill, line, paid_bill, supplier_credit
from rehearsal.world import PDF, World
from shared.domain.catalogue import kind_of
from shared.domain.items import FactOutcome, Stage
from shared.usecases.publish_item import publish_item
from tests.integration.publishing.checks import assert_sound, ledger, stages

POISON = "indigestible"


def poison(make: Any = bill, **changes: Any) -> dict[str, Any]:
    """A document that the sandbox is told to fail at, by a word in its description."""
    paper: dict[str, Any] = make(lines=[{**line(), "description": POISON}], **changes)
    return paper


def fails_at_poison(world: World, path: str = "/Invoices", status: int = 500, **more: Any) -> None:
    world.sandbox.fault("PUT", path, "status", status=status, times=None, containing=POISON, **more)


def mend(world: World) -> None:
    world.sandbox.http.delete(f"{world.sandbox.base}/__control/faults")


def assert_given_up(world: World, item: str) -> None:
    state = world.state(item)
    assert state.stage is Stage.READY
    assert state.last_error is not None
    assert state.last_error.code == "provider_failing"
    assert kind_of(state.last_error).remedy


@pytest.mark.parametrize("count", [1, 2, 7])
def test_one_document_that_always_fails_is_given_up_and_the_others_go(world: World, count: int) -> None:
    ids = world.create([*[bill() for _ in range(count - 1)], poison()])
    fails_at_poison(world)
    world.publish(ids)
    world.settle()
    assert world.failures == []
    assert_sound(world)
    assert_given_up(world, ids[-1])
    assert [world.state(item).stage for item in ids[:-1]] == [Stage.PUBLISHED] * (count - 1)
    assert world.calls("PUT /Invoices") <= 3 * 9  # three sends a round; one round whole, one for each cut, two alone

    mend(world)
    publish_item(world.service, world.account, ids[-1])
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": count}
    assert world.connection.failed_drains == 0


def test_what_comes_later_does_not_wait_for_it(world: World) -> None:
    (bad,) = world.create([poison()])
    fails_at_poison(world)
    world.publish([bad])
    for _ in range(2):  # expanded; sent, nothing known yet
        world.deliver()
    world.time.pass_by(seconds=61)
    world.deliver()  # proven absent once, sent again, failing
    later = world.create([bill(), paid_bill()], file=PDF)
    world.publish(later)
    began = world.time()
    while any(world.state(item).stage is not Stage.PUBLISHED for item in later):
        world.time.pass_until(min(message.due for message in world.queue))
        world.deliver()
    assert world.time() - began < timedelta(seconds=15)
    assert world.state(bad).stage is not Stage.PUBLISHED
    assert world.markers() == [bad]
    world.settle()
    assert_sound(world)
    assert_given_up(world, bad)


def test_credit_notes_without_a_marker_wait_for_one_that_fails_and_are_told_apart(world: World) -> None:
    """They are matched by their values: one more like it must not go out while the first may still appear."""
    ids = world.create([poison(supplier_credit, number="CN-5"), bill()])
    fails_at_poison(world, "/CreditNotes")
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert_given_up(world, ids[0])
    assert world.state(ids[1]).stage is Stage.PUBLISHED
    assert world.calls("PUT /CreditNotes") == 9


def test_a_supplier_that_always_fails_goes_back_to_a_person_and_others_go(world: World) -> None:
    ids = world.create([bill(contact={"name": POISON}), bill(contact={"name": "Greenway Skips"}), bill()])
    fails_at_poison(world, "/Contacts")
    world.publish(ids)
    world.settle()
    assert world.failures == []
    assert_sound(world)
    error = world.state(ids[0]).last_error
    assert error is not None
    assert (error.code, error.field) == ("provider_failing", "contact")
    assert [world.state(item).stage for item in ids[1:]] == [Stage.PUBLISHED] * 2
    assert ledger(world).contacts["greenway skips"] == 1


def test_a_payment_that_always_fails_leaves_its_document_published(world: World) -> None:
    ids = world.create([paid_bill(), bill()], file=PDF)
    world.sandbox.fault("PUT", "/Payments", "status", status=500, times=None)
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


def test_a_provider_that_is_down_is_no_poison(world: World) -> None:
    """Every call fails for three hours: nothing is given up, and all goes once it is back."""
    ids = world.create([bill() for _ in range(3)], file=PDF)
    world.publish(ids)
    world.deliver()
    world.sandbox.fault("*", "*", "status", status=503, times=None)
    ends = world.time() + timedelta(hours=3)
    while world.time() < ends:
        world.is_quiet(rounds=1)
    assert world.connection.failed_drains >= 5
    assert {world.state(item).last_error for item in ids} == {None}
    assert sorted(world.markers()) == sorted(ids)
    assert world.sandbox.read("/counts")["total"] < 250
    mend(world)
    world.settle()
    assert world.failures == []
    assert_sound(world)
    assert stages(world) == {"published": 3}


def test_what_can_never_be_looked_up_is_held_for_a_person(world: World) -> None:
    """The call was carried out, its answer lost, and the list it would be found in fails while all else works."""
    ids = world.create([bill()])
    world.sandbox.fault("PUT", "/Invoices", "commit_then_drop", times=3)
    world.sandbox.fault("GET", "/Invoices", "status", status=500, times=None)
    world.publish(ids)
    world.settle()
    assert world.failures == []
    assert_sound(world)
    state = world.state(ids[0])
    assert state.stage is Stage.UNKNOWN
    assert state.last_error is not None
    assert state.last_error.code == "outcome_unknown"
    assert len(world.books()["Invoices"]) == 1
    assert world.markers() == []


def test_a_failure_that_is_kept_with_its_key_does_not_keep_a_file_out(world: World) -> None:
    ids = world.create([bill()], file=PDF)
    world.sandbox.fault("PUT", "/Invoices/*/Attachments/*", "status", status=500, kept=True)
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
