"""Every step of a change dies before and after each of its effects, and is done twice: wholly old, or wholly new."""

from collections.abc import Callable

import pytest

from rehearsal.process import Killed, Process
from shared.domain.ids import new_id
from shared.domain.workflows import Outcome, Step
from tests.integration.changing.conftest import MakeChanging
from tests.integration.changing.driver import OURS, Changing
from tests.integration.changing.test_changing import assert_changed
from tests.integration.changing.test_staying import assert_unchanged
from tests.integration.disconnecting.test_what_was_sent import in_doubt

MOST_EFFECTS = 60
STEPS = (Step.SWITCH, Step.LET_GO, Step.OFFER)


def killed(work: Callable[[Process], object], after: int) -> Process:
    """Do something in a process that dies after so many effects."""
    process = Process(kill_after=after)
    try:
        work(process)
    except Killed:
        assert process.dead
    return process


def test_killed_at_each_effect_of_the_switch_and_what_follows(changing: Changing) -> None:
    """One change, whose every step dies after its first effect, then after its second, and so on until it is done."""
    old = changing.main().id
    begun = changing.to(Step.SETTLE)
    workflow = begun["workflow"]
    for number in range(1, 100):
        if changing.workflow(workflow).is_ended:
            break
        killed(lambda process: changing.step(workflow, process), number % 9)
    changing.rest()
    assert changing.workflow(workflow).outcome is Outcome.DONE
    assert_changed(changing, old, begun["connection"])


@pytest.mark.soak
@pytest.mark.timeout(880)
@pytest.mark.parametrize("step", STEPS)
def test_each_step_killed_after_each_of_its_effects(changings: MakeChanging, step: Step) -> None:
    for number in range(MOST_EFFECTS):
        changing = changings("xero")
        old = changing.main().id
        begun = changing.to(step)
        process = killed(lambda process, at=begun["workflow"], on=changing: on.step(at, process), number)
        changing.run(begun["workflow"])
        assert changing.workflow(begun["workflow"]).outcome is Outcome.DONE, (number, process.effects)
        assert_changed(changing, old, begun["connection"])
        if not process.dead:
            return
    raise AssertionError(f"{step} has more than {MOST_EFFECTS} effects")


@pytest.mark.soak
@pytest.mark.timeout(880)
def test_settling_killed_after_each_of_its_effects(changings: MakeChanging) -> None:
    """With a batch in doubt: it is found out, and nothing is lost or doubled."""
    for number in range(MOST_EFFECTS):
        changing = changings("xero")
        world, old = changing.world, changing.main()
        items = in_doubt(world)
        begun = changing.to(Step.SETTLE)
        changing.ask_settle(begun["workflow"])
        process = Process(kill_after=number)
        message = next(one for one in world.queue if one.body.get("kind") == "switch")
        world.deliver(message, process)
        world.time.pass_by(seconds=330)  # the lease of who died has ended
        changing.run(begun["workflow"])
        assert_changed(changing, old.id, begun["connection"])
        assert [changing.places(item) for item in items] == [[f"xero:{old.pinned.id}"]] * len(items)
        if not process.dead:
            return
    raise AssertionError(f"settling has more than {MOST_EFFECTS} effects")


@pytest.mark.soak
@pytest.mark.timeout(880)
@pytest.mark.parametrize("step", [Step.ORGANISATION, Step.SWITCH])
def test_the_undoing_killed_after_each_of_its_effects(changings: MakeChanging, step: Step) -> None:
    for number in range(MOST_EFFECTS):
        changing = changings("xero")
        old = changing.main().id
        before = changing.old_rows(old)
        begun = changing.to(step)
        changing.cancel(begun["workflow"])
        process = killed(lambda process, at=begun["workflow"], on=changing: on.step(at, process), number)
        changing.run(begun["workflow"])
        assert_unchanged(changing, old, before, Outcome.CANCELLED, begun["workflow"])
        if not process.dead:
            return
    raise AssertionError(f"the undoing has more than {MOST_EFFECTS} effects")


@pytest.mark.soak
@pytest.mark.timeout(880)
def test_the_request_killed_after_each_of_its_effects(changings: MakeChanging) -> None:
    """Its repeat meets what the first made: one workflow, one new connection."""
    for number in range(MOST_EFFECTS):
        changing = changings("xero")
        old = changing.main().id
        workflow = new_id(changing.world.time())
        process = killed(lambda process, on=changing, by=workflow: on.begin_as(by, process), number)
        again = changing.begin_as(workflow, Process())
        successors = [one for one in changing.connections() if one.successor_of == old]
        assert [one.id for one in successors] == [again["connection"]], (number, process.effects)
        changing.consent(again, "quickbooks", OURS)
        changing.run(again["workflow"])
        assert_changed(changing, old, again["connection"])
        if not process.dead:
            return
    raise AssertionError(f"the request has more than {MOST_EFFECTS} effects")


def test_every_step_done_twice(changing: Changing) -> None:
    """A task that is delivered twice, and one of a run that another has overtaken, change nothing."""
    old = changing.main().id
    begun = changing.to(Step.SETTLE)
    workflow = begun["workflow"]
    seen = []
    for _ in range(20):
        before = changing.workflow(workflow)
        if before.is_ended:
            break
        seen.append(before)
        changing.step(workflow)
        for earlier in seen:
            changing.do(earlier)
    changing.rest()
    assert_changed(changing, old, begun["connection"])
    assert len(changing.events("connection.changed")) == 1
    assert len(changing.events("merge.offered")) == 1
