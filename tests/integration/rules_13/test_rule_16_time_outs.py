"""A provider that worked and whose answer came too late: the retry makes no second document."""

from datetime import timedelta

import pytest

from rehearsal.world import World
from shared.providers import transport
from tests.integration.rules_13.api import Api


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "HTTP_DEADLINE", timedelta(seconds=1.2))


def test_rule_16_a_time_out_after_the_write_makes_no_second_document(world: World, api: Api) -> None:
    item = api.make(world.papers.bill())["id"]
    world.fault("bill", "commit_then_hang", seconds=3)
    api.ok("POST", f"items/{item}/publish")
    world.deliver()
    assert len(world.ledger().documents) == 1, "the provider has done its work"
    assert api.call("POST", f"items/{item}/publish")[0] in {202, 409}, "somebody presses the button once more"
    world.settle()
    done = api.item(item)
    assert (done["stage"], list(world.ledger().documents)) == ("published", [done["published"]["document_id"]])
    status, problem = api.call("POST", f"items/{item}/publish")
    assert (status, problem["code"]) == (409, "already_published")
    world.settle()
    assert len(world.ledger().documents) == 1


@pytest.mark.soak
def test_rule_16_nor_where_nobody_can_look_until_a_person_has(world: World, api: Api) -> None:
    item = api.make(world.papers.bill())["id"]
    world.fault("bill", "commit_then_drop", times=3)
    world.blind(status=500, times=None)
    held = api.publish(item)
    assert (held["stage"], held["last_error"]["code"]) == ("unknown", "outcome_unknown")
    sent = world.called("bill")
    status, problem = api.call("POST", f"items/{item}/publish")
    assert (status, problem["code"]) == (409, "outcome_unknown")
    world.settle()
    assert (world.called("bill"), len(world.ledger().documents)) == (sent, 1)
