"""Tokens refused, consent withdrawn, and limits of every kind: queues wait, nothing is lost, doubled or hammered."""

from datetime import timedelta
from typing import Any

import pytest

from rehearsal.papers import bill, paid_bill
from rehearsal.sandbox_process import OWNER
from rehearsal.world import PDF, World
from shared.domain.accounts import Caller
from shared.domain.connections import ConnectionStatus
from shared.usecases.pause_connection import pause_connection, resume_connection
from tests.integration.publishing.checks import assert_sound, ledger, stages


def done(world: World, count: int) -> None:
    world.settle()
    assert world.failures == []
    assert_sound(world)
    assert stages(world) == {"published": count}


LOST = {ConnectionStatus.EXPIRED, ConnectionStatus.REVOKED, ConnectionStatus.BROKEN}
LIMITS = [
    ("minute", {"retry_after": 37}, 37),
    ("minute", {}, 1),
    ("day", {"retry_after": 40_000}, 40_000),
    ("concurrent", {}, 5),
    ("appminute", {}, 60),
]


@pytest.mark.parametrize(("problem", "more", "wait"), LIMITS)
@pytest.mark.parametrize("path", ["/Invoices", "/Invoices/*/Attachments/*"])
def test_a_limit_is_waited_out_and_not_hammered(
    world: World, path: str, problem: str, more: dict[str, Any], wait: int
) -> None:
    tomorrow = (world.time() + timedelta(days=1)).replace(hour=3)
    world.time.pass_until(tomorrow)  # the day that Xero speaks of then ends before ours does
    ids = world.create([paid_bill() for _ in range(2)], file=PDF)
    world.publish(ids)
    world.sandbox.fault("PUT", path, "limiter", problem=problem, **more)
    while not world.sandbox.read("/counts")["throttled"]:
        world.deliver()
    before = world.sandbox.read("/counts")["total"]
    began = world.time()
    world.run_agenda()
    world.deliver_due()
    if wait > 5:
        assert world.sandbox.read("/counts")["total"] == before, "a call was made while none was allowed"
    done(world, 2)
    assert timedelta(seconds=min(wait, 5)) <= world.time() - began <= timedelta(seconds=wait + 600)
    assert world.sandbox.read("/counts")["throttled"] == 1


def test_a_token_refused_in_the_middle_costs_one_token_call_and_nothing_twice(world: World) -> None:
    world.publish(world.create([bill(), paid_bill()], file=PDF))
    world.deliver()
    world.sandbox.control("/xero/tokens", {"expire": "access"})
    before = world.calls("POST /connect/token")
    done(world, 2)
    assert world.calls("POST /connect/token") == before + 1


@pytest.mark.parametrize("path", ["/Invoices", "/Payments", "/Contacts", "/Invoices/*/Attachments/*"])
def test_one_refusal_of_the_token_is_no_loss(world: World, path: str) -> None:
    world.publish(world.create([paid_bill(contact={"name": "Greenway Skips"})], file=PDF))
    world.sandbox.fault("PUT", path, "status", status=401)
    done(world, 1)


@pytest.mark.parametrize("token", ["still valid", "expired"])
def test_withdrawn_consent_holds_the_queue_once_and_a_new_one_lets_it_go_on(world: World, token: str) -> None:
    ids = world.create([bill(), paid_bill()], file=PDF)
    world.publish(ids)
    world.deliver()  # expanded
    world.sandbox.control("/xero/revoke", {"user": OWNER})
    if token == "expired":
        world.sandbox.control("/xero/tokens", {"expire": "access"})
    for _ in range(30):
        if world.connection.status is not ConnectionStatus.ACTIVE:
            break
        world.time.pass_until(min(message.due for message in world.queue))
        world.deliver()
    assert world.connection.status is ConnectionStatus.EXPIRED, "one status and one remedy, whenever it is noticed"
    calls = world.sandbox.read("/counts")["total"]
    for _ in range(4):  # wake-ups and the agenda go on, the provider is left alone
        world.time.pass_by(minutes=40)
        world.run_agenda()
        world.deliver_due()
    assert world.sandbox.read("/counts")["total"] == calls
    assert world.failures == []
    assert sorted(world.markers()) == sorted(ids)
    events = [event.kind for event in world.service.events.page(world.tenant, world.account_id, None, 100)[0]]
    assert sum(kind in {f"connection.{status}" for status in LOST} for kind in events) == 1

    world.reconnect()
    done(world, 2)


def test_consent_withdrawn_while_an_outcome_is_unknown(world: World) -> None:
    """What was sent is looked up after the new consent, and not sent again."""
    ids = world.create([bill() for _ in range(3)])
    world.publish(ids)
    world.deliver()
    world.sandbox.fault("PUT", "/Invoices", "commit_then_drop", times=3)
    world.sandbox.fault("GET", "/Invoices", "status", status=503, times=3)
    world.deliver()
    assert world.calls("PUT /Invoices") == 3
    world.sandbox.control("/xero/revoke", {"user": OWNER})
    world.time.pass_by(minutes=5)
    while world.connection.status is ConnectionStatus.ACTIVE and world.queue:
        world.time.pass_until(min(message.due for message in world.queue))
        world.deliver()
    assert world.connection.status is not ConnectionStatus.ACTIVE
    world.reconnect()
    done(world, 3)
    assert world.calls("PUT /Invoices") == 3


def test_a_provider_that_is_down_parks_the_connection_and_goes_on_afterwards(world: World) -> None:
    world.publish(world.create([bill()]))
    world.deliver()
    world.sandbox.fault("PUT", "/Invoices", "status", status=503, times=None)
    world.sandbox.fault("GET", "/Invoices", "status", status=503, times=None)
    for _ in range(60):
        if world.connection.parked_until is not None:
            break
        if not world.queue:
            world.time.pass_by(minutes=2)
            world.run_agenda()
            continue
        world.time.pass_until(min(message.due for message in world.queue))
        world.deliver()
    assert world.connection.failed_drains >= 5
    assert world.connection.parked_until is not None
    world.sandbox.http.delete(f"{world.sandbox.base}/__control/faults")
    done(world, 1)
    assert world.connection.parked_until is None or world.connection.parked_until <= world.time()
    assert len(ledger(world).documents) == len(world.books()["Invoices"])


def test_a_paused_connection_keeps_its_queue(world: World) -> None:
    caller = Caller(world.tenant, "anna", is_machine=False)
    ids = world.create([bill()])
    world.publish(ids)
    world.deliver()  # expanded
    pause_connection(world.service, caller, world.connection)
    world.deliver_due()
    world.time.pass_by(minutes=40)
    world.run_agenda()
    world.deliver_due()
    assert world.calls("PUT /Invoices") == 0
    assert world.markers() == ids
    resume_connection(world.service, caller, world.connection)
    done(world, 1)
