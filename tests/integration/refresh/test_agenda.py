"""What the minute's look at the agenda sets going, keeps alive and gives up."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from shared.domain.accounts import Caller, Event
from shared.domain.connections import Connection, ConnectionStatus, Slot
from shared.domain.grants import Grant, GrantStatus
from shared.domain.ids import new_id
from shared.domain.publishing import PendingMarker, WakeUp
from shared.domain.refresh_requests import GUARD
from shared.usecases.change_automation import change_automation
from shared.usecases.choose_organisation import REFRESH_GUARD
from shared.usecases.refresh_lists import refresh_lists
from shared.usecases.run_agenda import Levels, run_agenda
from shared.usecases.wake import SCHEMA, remind
from tests.integration.refresh.conftest import World
from tests.integration.refresh.test_refresh_lists import request


def run(world: World) -> Levels:
    return run_agenda(world.service, world.time.at + timedelta(seconds=60))


def due(world: World, kind: str, **ahead: float) -> list[tuple[datetime, dict[str, Any]]]:
    rows = world.service.agenda.due(kind, world.time.at + timedelta(**ahead), 50)
    return [(row.at, row.payload) for row in rows]


def queue_item(world: World) -> WakeUp:
    wake = WakeUp(SCHEMA, world.tenant, world.account_id, "xero", "org-1")
    now = world.time.at
    remind(world.service, wake, now + timedelta(minutes=2))
    marker = PendingMarker(
        world.tenant, world.account_id, world.connection_id, "xero", "org-1", new_id(now), 1, 1, queued_at=now
    )
    world.service.items.put_marker(marker)
    return wake


@pytest.fixture
def active(world: World) -> World:
    world.time.pass_by(seconds=1)
    refresh_lists(world.service, request(world), world.deadline)
    world.messages()
    return world


def test_a_lost_wake_up_is_made_good_and_guarded_until_the_queue_is_empty(active: World) -> None:
    queue_item(active)
    assert run(active).rows == 0
    active.time.pass_by(minutes=3)
    levels = run(active)
    ((body, _),) = active.messages("publish")
    assert body == {
        "schema": 1, "tenant": active.tenant, "account": active.account_id, "provider": "xero",
        "organisation": "org-1", "hops": 0,
    }  # fmt: skip
    assert levels.oldest_pending_seconds == 180
    assert len(due(active, "publish", minutes=3)) == 1
    (marker,) = active.service.items.unclaimed(active.tenant, "xero", "org-1", 9)
    active.service.items.delete_marker(marker)
    active.time.pass_by(minutes=3)
    run(active)
    assert active.messages("publish") == []
    assert due(active, "publish", days=9) == []


def test_many_reminders_of_one_queue_become_one(active: World) -> None:
    wake = queue_item(active)
    for seconds in range(5, 60, 5):
        remind(active.service, wake, active.time.at + timedelta(seconds=seconds))
    active.time.pass_by(minutes=3)
    run(active)
    assert len(active.messages("publish")) == 1
    assert len(due(active, "publish", days=1)) == 1


def test_a_queue_that_may_not_move_is_not_woken(active: World) -> None:
    queue_item(active)
    active.service.connections.update(replace(active.connection, parked_until=active.time.at + timedelta(hours=1)))
    active.time.pass_by(minutes=3)
    levels = run(active)
    assert active.messages("publish") == []
    assert levels.parked == {active.connection_id}
    assert len(due(active, "publish", minutes=31)) == 1
    moved = active.connection.moved(ConnectionStatus.EXPIRED)
    active.service.connections.update(moved)
    active.time.pass_by(minutes=31)
    assert run(active).expired == {active.connection_id}


def test_regular_refreshes_go_on_for_ever_in_one_chain(active: World) -> None:
    active.time.pass_by(hours=10)
    refresh_lists(active.service, request(active), active.deadline)  # asked for by hand
    active.messages()
    assert len(due(active, "refresh", days=9)) <= 2, "in the same slot, or in the next"
    sent = []
    for _ in range(2 * 8):
        active.time.pass_by(hours=12)
        run(active)
        for body, _ in active.messages():
            if body["kind"] == "refresh":
                sent.append(active.time.at)
                refresh_lists(active.service, request(active), active.deadline)
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert {round(gap / timedelta(hours=12)) for gap in gaps} == {2}
    assert 7 <= len(sent) <= 8
    assert len(due(active, "refresh", days=9)) == 1


def test_an_account_says_how_often_its_connections_are_refreshed(active: World) -> None:
    account = active.service.accounts.get(active.tenant, active.account_id)
    assert account is not None
    caller = Caller(active.tenant, "anna", is_machine=False)
    change_automation(active.service, caller, account, {"refresh_hours": 6})
    began, sent = active.time.at, []
    for _ in range(72):
        active.time.pass_by(hours=1)
        run(active)
        if any(body["kind"] == "refresh" for body, _ in active.messages()):
            sent.append(active.time.at)
            refresh_lists(active.service, request(active), active.deadline)
    assert timedelta(hours=3) <= sent[0] - began <= timedelta(hours=10)
    # What was planned before comes as well, within a day and a half; then all is in its slot.
    settled = [at for at in sent if at - began > timedelta(hours=37)]
    assert {round((later - earlier) / timedelta(hours=1)) for earlier, later in pairwise(settled)} <= {5, 6, 7}
    assert len(settled) >= 5


def test_an_expired_connection_is_not_refreshed_until_it_is_back(active: World) -> None:
    active.service.connections.update(active.connection.moved(ConnectionStatus.EXPIRED))
    for _ in range(6):
        active.time.pass_by(hours=12)
        assert run(active).expired <= {active.connection_id}
    assert [body for body, _ in active.messages() if body["kind"] == "refresh"] == []


@pytest.mark.parametrize("arrived", [True, False])
def test_the_guard_of_a_refresh_counts_only_where_its_message_was_lost(world: World, arrived: bool) -> None:
    world.time.pass_by(seconds=1)
    asked = request(world)
    world.service.agenda.put(
        "refresh", world.time.at + REFRESH_GUARD, world.connection_id, {**asked.body(), GUARD: True}
    )
    if arrived:
        world.time.pass_by(seconds=1)
        refresh_lists(world.service, asked, world.deadline)
    world.messages()
    world.time.pass_by(minutes=4)
    run(world)
    assert [body["refresh"] for body, _ in world.messages()] == ([] if arrived else [asked.id])
    assert len(due(world, "refresh", days=9)) == int(arrived), "the next regular refresh, planned once"


def test_a_refresh_served_twice_plans_the_next_once(active: World) -> None:
    active.time.pass_by(seconds=5)
    asked = request(active)
    for _ in range(2):
        active.time.pass_by(seconds=5)
        refresh_lists(active.service, asked, active.deadline)
    assert len(due(active, "refresh", days=9)) == 1, "in the slot of the first import's"


def test_a_row_that_fails_stays_and_stops_nobody(active: World) -> None:
    active.service.agenda.put("refresh", active.time.at, "poison", {"nothing": "useful"})
    queue_item(active)
    active.time.pass_by(minutes=3)
    levels = run(active)
    assert levels.failed == 1
    assert len(active.messages("publish")) == 1
    assert len(due(active, "refresh", minutes=1)) == 1


def test_rows_left_at_the_end_of_the_invocation_are_due_again(active: World) -> None:
    queue_item(active)
    active.time.pass_by(minutes=3)
    run_agenda(active.service, active.time.at + timedelta(seconds=5))
    assert active.messages("publish") == []
    assert len(due(active, "publish")) == 1


def test_a_grant_in_use_is_left_alone_and_an_idle_one_renewed(active: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("shared.usecases.keep_alive.access_token", lambda service, tenant, grant: asked.append(grant))
    grant_id = active.connection.grant
    assert grant_id is not None
    payload = {"tenant": active.tenant, "account": active.account_id, "grant": grant_id}
    active.service.agenda.put("keep_alive", active.time.at, grant_id, payload)
    run(active)
    ((again, _),) = due(active, "keep_alive", days=999)
    assert asked == []
    # The pair of this test was received 400 days before its access token ends, less its half hour of life.
    assert again > active.time.at + timedelta(days=400)
    active.time.at = again
    run(active)
    assert asked == [grant_id]
    ((later, _),) = due(active, "keep_alive", days=999)
    assert later == again + timedelta(days=30)


def test_consent_is_announced_three_times_and_ends_once(active: World) -> None:
    ends = active.time.at + timedelta(days=60)
    active.service.connections.update(replace(active.connection, consent_expires_at=ends))
    payload = {"tenant": active.tenant, "account": active.account_id, "connection": active.connection_id}
    active.service.agenda.put("consent_expiry", active.time.at, active.connection_id, payload)
    for days in (30, 23, 6, 1, 1):
        run(active)
        active.time.pass_by(days=days)
    warned = sorted(active.events("connection.consent_ending"), key=lambda event: event.at)
    assert [(ends - event.at).days for event in warned] == [30, 7, 1]
    assert [event.after["days"] for event in warned] == [30, 7, 1]  # type: ignore[index]
    assert active.connection.status is ConnectionStatus.EXPIRED
    assert len(active.events("connection.expired")) == 1
    assert due(active, "consent_expiry", days=999) == []


def test_a_consent_that_nobody_finished_is_let_go(active: World) -> None:
    service, now = active.service, active.time.at
    pending = Grant(new_id(now), active.tenant, active.account_id, "xero", "person-1", GrantStatus.PENDING, 1, now, now)
    service.grants.create(pending, b"sealed", b"key")
    begun = Connection(
        id=new_id(now), tenant=active.tenant, account=active.account_id, provider="xero", slot=Slot.BILL,
        status=ConnectionStatus.CHOOSING_ORGANISATION, created_at=now, created_by="x", pending_grant=pending.id,
    )  # fmt: skip
    service.connections.create(begun, Event(new_id(now), active.account_id, now, "x", "connection.started"))
    payload = {"tenant": active.tenant, "account": active.account_id, "connection": begun.id}
    service.agenda.put("consent_expiry", now + timedelta(hours=24), begun.id, payload)
    active.time.pass_by(hours=24)
    run(active)
    after = service.connections.get(active.tenant, active.account_id, begun.id)
    assert after is not None
    assert (after.status, after.pending_grant) == (ConnectionStatus.DISCONNECTED, None)
    assert service.connections.in_slot(active.tenant, active.account_id, Slot.BILL) is None
    assert len(active.events("connection.abandoned")) == 1
    ((_, said),) = due(active, "disconnect", days=1)
    assert (said["connection"], said["grant"]) == (begun.id, pending.id), "it is ended there, with retries"
