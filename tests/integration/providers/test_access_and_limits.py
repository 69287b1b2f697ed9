"""Tokens refused, consent withdrawn, and limits of every kind: queues wait, nothing is lost, doubled or hammered."""

from datetime import timedelta
from typing import Any

import pytest

from rehearsal.software import Effect
from rehearsal.world import PDF, World
from shared.domain.accounts import Caller
from shared.domain.connections import ConnectionStatus
from shared.providers import registry
from shared.usecases.pause_connection import pause_connection, resume_connection
from tests.integration.providers.suite import against, every, only, others
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
@pytest.mark.parametrize("effect", ["bill", "file"])
@only("xero")
def test_a_limit_is_waited_out_and_not_hammered(
    world: World, effect: Effect, problem: str, more: dict[str, Any], wait: int
) -> None:
    """As long as Xero says."""
    tomorrow = (world.time() + timedelta(days=1)).replace(hour=3)
    world.time.pass_until(tomorrow)  # the day that Xero speaks of then ends before ours does
    ids = world.create([world.papers.paid_bill() for _ in range(2)], file=PDF)
    world.publish(ids)
    world.fault(effect, "limiter", problem=problem, **more)
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


@pytest.mark.parametrize("problem", ["minute", "concurrent"])
@pytest.mark.parametrize("effect", ["bill", pytest.param("file", marks=pytest.mark.soak)])
@every(soak=others())
def test_a_limit_of_any_provider_is_met_once(world: World, effect: Effect, problem: str) -> None:
    """However a provider tells its limits, the call that met one is made again when it may be, and no other before."""
    world.publish(world.create([world.papers.bill() for _ in range(2)], file=PDF))
    world.fault(effect, "limiter", problem=problem)
    began = world.time()
    done(world, 2)
    assert world.sandbox.fired() == 1
    assert world.sandbox.read("/counts")["throttled"] == 1
    assert world.time() - began <= timedelta(hours=1, minutes=10)  # BILL's hour is the longest


@every()
def test_a_token_refused_in_the_middle_costs_one_token_call_and_nothing_twice(world: World) -> None:
    world.publish(world.create([world.papers.bill() for _ in range(2)], file=PDF))
    world.deliver()
    world.expire_access()
    before = world.calls(world.software.token_call)
    done(world, 2)
    assert world.calls(world.software.token_call) == before + 1


EFFECTS: tuple[Effect, ...] = ("bill", "supplier", "payment", "file")


@pytest.mark.parametrize(
    ("world", "effect"),
    [
        against(
            name,
            effect,
            more=(effect,),
            marks=[] if name == "xero" or effect == "bill" else [pytest.mark.soak],
            called=effect,
        )
        for name in registry.names()
        for effect in EFFECTS
    ],
    indirect=["world"],
)
def test_one_refusal_of_the_token_is_no_loss(world: World, effect: Effect) -> None:
    new = {"contact": world.newcomer("Greenway Skips")} if "supplier" in world.software.calls else {}
    make = world.papers.paid_bill if "payment" in world.software.calls else world.papers.bill
    world.publish(world.create([make(**new)], file=PDF))
    world.fault(effect, "status", **world.software.token_refused)
    done(world, 1)
    assert world.sandbox.fired() == 1


@pytest.mark.parametrize("token", ["still valid", "expired"])
@every(soak=others())
def test_withdrawn_consent_holds_the_queue_once_and_a_new_one_lets_it_go_on(world: World, token: str) -> None:
    ids = world.create([world.papers.bill() for _ in range(2)], file=PDF)
    world.publish(ids)
    world.deliver()  # expanded
    world.withdraw()
    if token == "expired":
        world.expire_access()
    elif world.software.access_outlives_consent:
        done(world, 2)
        return
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


@only("xero")
def test_consent_withdrawn_while_an_outcome_is_unknown(world: World) -> None:
    """What was sent is looked up after the new consent, and not sent again."""
    ids = world.create([world.papers.bill() for _ in range(3)])
    world.publish(ids)
    world.deliver()
    world.fault("bill", "commit_then_drop", times=3)
    world.blind(status=503, times=3)
    world.deliver()
    assert world.calls("PUT /Invoices") == 3
    world.withdraw()
    world.time.pass_by(minutes=5)
    while world.connection.status is ConnectionStatus.ACTIVE and world.queue:
        world.time.pass_until(min(message.due for message in world.queue))
        world.deliver()
    assert world.connection.status is not ConnectionStatus.ACTIVE
    world.reconnect()
    done(world, 3)
    assert world.calls("PUT /Invoices") == 3


@every(soak=others())
def test_a_provider_that_is_down_parks_the_connection_and_goes_on_afterwards(world: World) -> None:
    world.publish(world.create([world.papers.bill()]))
    world.deliver()
    world.fault("bill", "status", status=503, times=None)
    world.blind(status=503, times=None)
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
    world.sandbox.mend()
    done(world, 1)
    assert world.connection.parked_until is None or world.connection.parked_until <= world.time()
    assert len(ledger(world).documents) == 1


@only("xero")
def test_a_paused_connection_keeps_its_queue(world: World) -> None:
    caller = Caller(world.tenant, "anna", is_machine=False)
    ids = world.create([world.papers.bill()])
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
