"""Changing the main connection: what a person sees from the request to the end, and what must not happen meanwhile."""

import pytest

from rehearsal.software import software
from rehearsal.world import PDF
from shared.domain.connections import ConnectionStatus
from shared.domain.items import Stage
from shared.domain.workflows import Outcome, Step
from shared.usecases.settle_closing import LOOKED_FOR
from tests.integration.changing.conftest import MakeChanging
from tests.integration.changing.driver import OURS, Changing
from tests.integration.disconnecting.test_what_was_sent import in_doubt

OTHER = "Maple Street Bakery Inc"


def assert_changed(changing: Changing, old: str, new: str | None) -> None:
    """Wholly new: one main connection, what the providers let us into is what we say, the old one is gone."""
    main = changing.main()
    assert (main.id, main.status, main.successor_of) == (new, ConnectionStatus.ACTIVE, None)
    ended = changing.connection(old)
    assert (ended.status, ended.switching_at) == (ConnectionStatus.DISCONNECTED, None)
    account = changing.world.account
    assert (account.current_book, account.active_workflow) == (f"{main.provider}:{main.pinned.id}", None)
    in_slot = changing.service.connections.in_slot(account.tenant, account.id, main.slot)
    assert in_slot == main.id
    assert changing.granted() == changing.held()
    assert changing.world.failures == []


def test_from_xero_to_quickbooks_and_on_publishing(changing: Changing) -> None:
    """The old connection publishes until the switch; what is queued at the switch comes back with the reason."""
    old, world = changing.main(), changing.world
    begun = changing.to(Step.SETTLE)
    before = world.create([world.papers.bill()])
    world.publish(before)
    world.settle()
    assert world.state(before[0]).stage is Stage.PUBLISHED
    queued, coded = world.create([world.papers.bill(), world.papers.bill()])
    world.publish([queued])
    expansion = next(one for one in world.queue if one.body.get("kind") == "publication")
    world.deliver(expansion)  # the item is queued; nobody has woken up for it yet
    world.queue.clear()
    ended = changing.run(begun["workflow"])
    assert ended.outcome is Outcome.DONE
    assert_changed(changing, old.id, begun["connection"])
    state = world.state(queued)
    assert (state.stage, state.reasons[0].code) == (Stage.NEEDS_REVIEW, "connection_changed")
    assert changing.places(before[0]) == [f"xero:{old.pinned.id}"]
    assert changing.places(queued) == changing.places(coded) == []
    assert world.state(coded).stage is Stage.NEEDS_REVIEW  # its category and tax rate are of the other book
    assert [event.after for event in changing.events("merge.offered")] == [
        {"from": f"xero:{old.pinned.id}", "to": f"quickbooks:{changing.main().pinned.id}"}
    ]
    assert len(changing.events("connection.changed")) == len(changing.events("connection.disconnected")) == 1
    fresh = world.create([software("quickbooks").papers.bill()])
    world.publish(fresh)
    world.settle()
    assert changing.places(fresh[0]) == [f"quickbooks:{changing.main().pinned.id}"]


def test_what_is_on_its_way_is_in_one_ledger_exactly_once(changing: Changing) -> None:
    """Sent and unknown is found out before the switch, whatever came of it."""
    world, old = changing.world, changing.main()
    arrived = in_doubt(world)
    lost = in_doubt(world, kind="status", status=503)
    begun = changing.to(Step.SETTLE)
    changing.run(begun["workflow"])
    assert_changed(changing, old.id, begun["connection"])
    for item in arrived + lost:
        # What never arrived was sent once more while the old connection was the main one, or waits for a person.
        there = changing.places(item)
        assert there == ([f"xero:{old.pinned.id}"] if world.state(item).stage is Stage.PUBLISHED else [])
    assert {world.state(item).stage for item in arrived} == {Stage.PUBLISHED}


def test_nothing_is_queued_while_one_gives_way_to_the_other(changing: Changing) -> None:
    world = changing.world
    (item,) = world.create([world.papers.bill()], file=PDF)
    changing.to(Step.SWITCH)
    status, answer = changing.api.call("POST", f"items/{item}/publish")
    assert (status, answer["code"]) == (409, "connection_switching")
    assert changing.main().switching_at is not None


@pytest.mark.soak
def test_from_quickbooks_to_sage(changings: MakeChanging) -> None:
    changing = changings("quickbooks")
    old = changing.main()
    ended = changing.change("sage", OURS)
    assert_changed(changing, old.id, ended.successor)


@pytest.mark.soak
def test_to_another_organisation_of_the_same_software(changing: Changing) -> None:
    """Both consents are of one person: the old organisation is taken off, the new one stays."""
    old = changing.main()
    ended = changing.change("xero", OTHER)
    assert_changed(changing, old.id, ended.successor)
    assert changing.main().pinned.name == OTHER


def test_there_and_back_again_needs_no_merge(changing: Changing) -> None:
    """Codings and settings of the first software resolve again by themselves."""
    world, first = changing.world, changing.main()
    (item,) = world.create([world.papers.bill()])
    before = changing.rows("rules", "items"), changing.connection(first.id).settings
    assert changing.api.item(item)["stage"] == "ready"
    changing.change("quickbooks", OURS)
    assert changing.api.item(item)["stage"] == "needs_review"
    ended = changing.change("xero", OURS)
    assert_changed(changing, changing.connection(ended.connection or "").id, ended.successor)
    assert changing.api.item(item)["stage"] == "ready"
    assert {key for key, _ in changing.rows("rules", "items").items()} >= set(before[0])
    assert changing.main().settings.costs_destination == before[1].costs_destination
    world.publish([item])
    world.settle()
    assert changing.places(item) == [f"xero:{first.pinned.id}"]


@pytest.mark.soak
def test_what_nobody_can_find_out_is_held_for_a_person(changing: Changing) -> None:
    """Half an hour is spent on it before the switch; then the change goes on, and it is never ready again."""
    world, old = changing.world, changing.main()
    doubtful = in_doubt(world)
    world.blind(status=503, times=10_000)
    begun = changing.to(Step.SETTLE)
    began = world.time()
    changing.run(begun["workflow"])
    assert_changed(changing, old.id, begun["connection"])
    assert world.time() - began >= LOOKED_FOR
    for item in doubtful:
        assert world.state(item).stage is Stage.UNKNOWN
        assert changing.api.call("POST", f"items/{item}/publish")[1]["code"] == "outcome_unknown"


@pytest.mark.soak
def test_a_connection_that_has_expired_is_changed(changing: Changing) -> None:
    """Nothing can be asked through it any more: what is unknown is held at once."""
    world, old = changing.world, changing.main()
    doubtful = in_doubt(world)
    world.withdraw()
    changing.service.connections.update(old.moved(ConnectionStatus.EXPIRED))
    begun = changing.to(Step.SWITCH)
    assert [world.state(item).stage for item in doubtful] != [Stage.PUBLISHED] * len(doubtful)
    changing.run(begun["workflow"])
    assert_changed(changing, old.id, begun["connection"])
    assert {world.state(item).stage for item in doubtful} == {Stage.UNKNOWN}
