"""The worker is killed, or held up past its lease, right after each of its effects, one run for each."""

from collections.abc import Callable

import pytest

from rehearsal.process import Process
from rehearsal.world import World
from shared.domain.errors import ConflictError
from tests.integration.disconnecting.steps import assert_gone, disconnect
from tests.integration.publishing.checks import assert_sound, problems
from tests.soak.scenario import asked_for, run

pytestmark = [pytest.mark.soak, pytest.mark.timeout(880)]
SHARES = 8  # of the effects, so that several processes of pytest take part
MOST_EFFECTS = 400


def effects(world: World, share: int) -> range:
    """Each effect of a publication to Xero; each third of the others', which run through the same machinery."""
    step = 1 if world.software.name == "xero" else 3
    return range(1 + share * step, MOST_EFFECTS, SHARES * step)


@pytest.mark.parametrize("share", range(SHARES))
def test_killed_after_each_effect(world: World, share: int) -> None:
    for number in effects(world, share):
        asked_for(world)
        process = Process(kill_after=number)
        run(world, process)
        world.settle()
        assert problems(world) == [], (number, process.effects[-3:])
        if not process.dead:
            return
    raise AssertionError(f"a run has more than {MOST_EFFECTS} effects")


@pytest.mark.parametrize("share", range(SHARES))
def test_held_up_past_its_lease_after_each_effect(world: World, share: int) -> None:
    """Meanwhile another worker does all the work; the first then goes on as if nothing had happened."""
    for number in effects(world, share):
        asked_for(world)
        held: list[int] = []

        def others_work(number: int = number, held: list[int] = held) -> None:
            held.append(number)
            world.time.pass_by(seconds=330)
            world.wake()
            world.settle()

        process = Process(hold_after=number, hold=others_work)
        run(world, process)
        world.settle()
        assert problems(world) == [], (number, process.effects)
        assert all(isinstance(failure, ConflictError) for failure in world.failures), world.failures
        if not held:
            return
    raise AssertionError(f"a run has more than {MOST_EFFECTS} effects")


@pytest.mark.parametrize("share", range(SHARES))
def test_a_second_wake_up_arrives_after_each_effect(world: World, share: int) -> None:
    for number in effects(world, share):
        asked_for(world)
        held: list[int] = []

        def another(number: int = number, held: list[int] = held) -> None:
            held.append(number)
            world.deliver(world.wake())

        run(world, Process(hold_after=number, hold=another))
        world.settle()
        assert_sound(world)
        assert world.failures == []
        if not held:
            return
    raise AssertionError(f"a run has more than {MOST_EFFECTS} effects")


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("worlds", ["xero"], indirect=True)
def test_killed_after_each_effect_of_a_disconnection(worlds: Callable[[], World], share: int) -> None:
    """With a batch in doubt, and a queue behind it."""
    for number in range(1 + share, MOST_EFFECTS, SHARES):
        world = worlds()
        asked_for(world)
        run(world, Process(kill_after=40))
        world.time.pass_by(seconds=330)
        disconnect(world)
        process = Process(kill_after=number)
        closings = [message for message in world.queue if message.body.get("kind") == "disconnect"]
        world.deliver(closings[0], process)
        world.settle()
        assert_gone(world)
        wrong = [one for one in problems(world) if "asked for and forgotten" not in one]
        assert wrong == [], (number, process.effects[-3:])
        if not process.dead:
            return
    raise AssertionError(f"a run has more than {MOST_EFFECTS} effects")
