"""What a tenant hears of a change: that the new connection is connected, once, and only when it is."""

from typing import Any

import pytest

from rehearsal.process import Process
from shared.domain.ids import new_id
from shared.domain.outgoing import Endpoint, EventType
from shared.domain.workflows import Outcome, Step
from tests.integration.changing.driver import Changing
from tests.integration.changing.test_crashes import killed


class Told:
    """A delivery queue: the ids of the messages that it was given."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def send(self, body: dict[str, Any], *, group: str, delay_seconds: int = 0) -> None:
        self.ids += [one["id"] for one in body["news"] if one["type"] == EventType.CONNECTION_CONNECTED]


@pytest.fixture
def told(changing: Changing) -> Told:
    queue, now = Told(), changing.world.time()
    events = (EventType.CONNECTION_CONNECTED,)
    endpoint = Endpoint(new_id(now), changing.world.tenant, "https://hooks.example/in", events, now)
    changing.service.endpoints.create(endpoint)
    changing.world.parts |= {"deliver_queue": queue}
    return queue


def test_nothing_is_told_of_a_switch_that_loses_to_a_cancel(changing: Changing, told: Told) -> None:
    """Cancelled after the step's first effect, before the write that switches."""
    old = changing.main().id
    begun = changing.to(Step.SWITCH)
    holding = Process(hold_after=1, hold=lambda: changing.cancel(begun["workflow"]))
    changing.step(begun["workflow"], holding)
    assert changing.run(begun["workflow"]).outcome is Outcome.CANCELLED
    assert (changing.main().id, told.ids) == (old, [])


def test_it_is_told_whatever_dies(changing: Changing, told: Told) -> None:
    """The run dies after each effect in turn, and begins again: at least one message, and never another."""
    begun = changing.to(Step.SWITCH)
    for number in range(1, 40):
        if changing.workflow(begun["workflow"]).is_ended:
            break
        killed(lambda process: changing.step(begun["workflow"], process), number % 5)
    assert changing.run(begun["workflow"]).outcome is Outcome.DONE
    assert told.ids and len(set(told.ids)) == 1
