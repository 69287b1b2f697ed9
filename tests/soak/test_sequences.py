"""Faults, deaths, wake-ups and passing time in any order that Hypothesis thinks of; the same orders every run."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rehearsal.process import Process
from rehearsal.software import Effect
from rehearsal.world import World
from shared.domain.connections import ConnectionStatus
from tests.integration.publishing.checks import assert_sound
from tests.soak.scenario import asked_for

pytestmark = [pytest.mark.soak, pytest.mark.timeout(880)]

EFFECTS: tuple[Effect, ...] = ("bill", "credit_note", "money", "supplier", "payment", "file")
KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "commit_then_drop"},
    {"kind": "commit_then_status", "status": 500},
    {"kind": "commit_late", "visible_after_seconds": 30},
    {"kind": "commit_late", "visible_after_lookups": 1},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 401},
    {"kind": "truncate"},
    {"kind": "html"},
    {"kind": "reorder"},
    {"kind": "missing"},
    {"kind": "limiter", "problem": "minute"},
    {"kind": "limiter", "problem": "concurrent"},
)
faults = st.tuples(
    st.just("fault"),
    st.sampled_from([*EFFECTS, *EFFECTS, *EFFECTS, "look-up"]),
    st.sampled_from(KINDS),
    st.integers(1, 3),
)
events = st.one_of(
    faults,
    faults,
    st.tuples(st.just("die"), st.integers(1, 60)),
    st.tuples(st.just("pass"), st.sampled_from([1, 20, 61, 241, 400])),
    st.tuples(st.just("wake")),
    st.tuples(st.just("lose")),
    st.tuples(st.just("expire")),
)


def act(world: World, event: tuple[Any, ...]) -> None:
    if event[0] == "fault":
        _, broken, kind, times = event
        if broken == "look-up":
            world.blind(**kind, times=times)
        elif broken in world.software.calls:
            world.fault(broken, **kind, times=times)
    elif event[0] == "die" and world.queue:
        world.time.pass_until(min(message.due for message in world.queue))
        world.deliver(process=Process(kill_after=event[1]))
    elif event[0] == "pass":
        world.time.pass_by(seconds=event[1])
        world.deliver_due()
    elif event[0] == "wake":
        world.deliver(world.wake())
    elif event[0] == "lose" and world.queue:
        world.queue.pop()
    elif event[0] == "expire":
        world.expire_access()


def settle(world: World) -> None:
    """To the end. Two refusals of the token in a row end a connection: then a person consents again."""
    for _ in range(30):
        if world.is_quiet(rounds=12) and not world.markers():
            return
        if world.connection.status is not ConnectionStatus.ACTIVE:
            world.reconnect()
    raise AssertionError(f"not quiet: {world.queue}")


@pytest.mark.parametrize("share", range(4))
def test_any_order_of_events(worlds: Callable[[], World], share: int) -> None:
    tried = []

    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(events, min_size=share + 1, max_size=3 * (share + 1)))
    def sequence(sequence: list[tuple[Any, ...]]) -> None:
        world = worlds()
        asked_for(world)
        for event in sequence:
            act(world, event)
        settle(world)
        assert_sound(world)
        assert world.failures == []
        tried.append(sequence)

    sequence()
    assert len(tried) >= 10
