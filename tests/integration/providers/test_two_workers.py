"""Two workers at one organisation of any provider: one works, the other leaves or can write nothing."""

from datetime import timedelta

from rehearsal.process import Process
from rehearsal.world import Message, World
from shared.domain.errors import ConflictError
from shared.domain.items import Stage
from shared.usecases.drain_organisation import drain_organisation
from shared.usecases.wake import read_wake_up
from tests.integration.providers.suite import every, others
from tests.integration.publishing.checks import assert_sound
from tests.integration.publishing.test_turns import done, queued


def own_wake_up(world: World) -> Message:
    """That of the provider under test: beside a secondary, the main connection is woken too."""
    (message,) = (one for one in world.queue if one.body["provider"] == world.software.name)
    return message


@every(soak=others())
def test_the_same_wake_up_twice_at_once(world: World) -> None:
    queued(world)
    message = own_wake_up(world)
    second: list[Process] = []
    first = Process(hold_after=4, hold=lambda: second.append(world.deliver(Message(message.body, world.time()))))
    world.deliver(message, first)
    assert len(second) == 1
    assert second[0].effects == []  # it met the lease and left
    done(world, 3)
    assert len(world.ledger().documents) == 3


@every(soak=others())
def test_a_worker_held_up_past_its_lease_cannot_write(world: World) -> None:
    """Between claiming and writing its batch down; meanwhile another worker has done the work."""
    queued(world)
    message = own_wake_up(world)
    wake = read_wake_up(message.body)

    def others_work() -> None:
        world.time.pass_by(seconds=330)
        drain_organisation(world.new_service(), wake, world.time() + timedelta(seconds=300))

    # 1 lease, 2 fence, 3 announcement, 4 to 6 claims
    for effect in (2, 3, 4, 6, 8):
        ids = queued(world, 3) if effect > 2 else []
        message = own_wake_up(world)
        world.deliver(message, Process(hold_after=effect, hold=others_work))
        world.settle()
        assert_sound(world)
        assert all(isinstance(failure, ConflictError) for failure in world.failures), world.failures
        assert ids == [] or world.state(ids[0]).stage is Stage.PUBLISHED
