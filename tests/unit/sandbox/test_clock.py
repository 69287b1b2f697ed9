import asyncio
from datetime import timedelta

import pytest

from sandbox.clock import SandboxClock


class Wall:
    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_real_second_is_factor_sandbox_seconds() -> None:
    wall = Wall()
    clock = SandboxClock(6, wall)
    start = clock.now()
    wall.seconds += 10
    assert clock.now() - start == timedelta(seconds=60)
    assert clock.wall_seconds(timedelta(minutes=1)) == 10


def test_changing_the_factor_does_not_make_time_jump() -> None:
    wall = Wall()
    clock = SandboxClock(100, wall)
    wall.seconds += 5
    before = clock.now()
    clock.set_factor(1)
    assert clock.now() == before
    wall.seconds += 5
    assert clock.now() - before == timedelta(seconds=5)


def test_time_never_runs_backwards() -> None:
    clock = SandboxClock(1, Wall())
    with pytest.raises(ValueError, match="negative"):
        clock.advance(-1)
    for factor in (0, -2, 100_000):
        with pytest.raises(ValueError, match="factor"):
            clock.set_factor(factor)


def test_a_restored_clock_stays_as_far_ahead_as_it_was() -> None:
    wall = Wall()
    clock = SandboxClock(1, wall)
    clock.advance(86_400)
    later = Wall()
    later.seconds = wall.seconds + 60
    restored = SandboxClock(1, later)
    restored.restore(clock.offset(), 1)
    assert restored.now() - clock.now() == timedelta(seconds=60)


async def _advance_wakes_a_sleeper() -> None:
    clock = SandboxClock(1)
    sleeper = asyncio.create_task(clock.sleep(3_600))
    await asyncio.sleep(0)
    clock.advance(1_800)
    await asyncio.sleep(0)
    assert not sleeper.done()
    clock.advance(1_800)
    await asyncio.wait_for(sleeper, 2)


def test_moving_ahead_wakes_a_sleeper() -> None:
    asyncio.run(_advance_wakes_a_sleeper())
