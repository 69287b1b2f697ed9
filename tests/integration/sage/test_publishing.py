"""The connector through the real use cases: connect, lists, publish, with answers lost and workers killed."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from rehearsal.process import Process
from rehearsal.world import INVOCATION, PDF
from shared.domain.connections import ConnectionStatus
from shared.domain.ids import new_id
from shared.domain.items import FactOutcome
from shared.domain.publishing import WakeUp
from shared.usecases.drain_organisation import drain_organisation
from shared.usecases.expand_publication import expand_publication
from tests.integration.sage.world import PAID, UNLINKED, SageWorld, assert_sound, connect, files, mixed, paper


def stages(world: SageWorld) -> Counter[str]:
    return Counter(state.stage.value for state in world.states().values())


def test_sixty_mixed_papers_with_their_files(world: SageWorld) -> None:
    ids = world.create([mixed(number) for number in range(60)], file=PDF)
    world.publish(ids)
    world.settle()
    assert world.failures == []
    assert_sound(world)
    assert stages(world) == {"published": 60}
    states = world.states()
    for item, body in world.items.items():
        published = states[item].published
        assert published is not None and published.total == Decimal(body["total"])
        assert published.attachment is not None and published.attachment.outcome is FactOutcome.DONE
        if body.get("publish_as") == "paid":
            assert published.payment is not None and published.payment.outcome is FactOutcome.DONE
    assert set(files(world).values()) == {1} and len(files(world)) == 60
    made = world.made()
    assert sum(made[f"POST /{name}"] for name in ("purchase_invoices", "purchase_credit_notes")) == 30
    assert (made["POST /attachments"], made["POST /contact_payments"], made["POST /contacts"]) == (60, 10, 5)
    assert world.sandbox.read("/counts")["throttled"] == 0


@pytest.mark.parametrize("kind", ["commit_then_drop", "truncate"])
def test_a_lost_answer_makes_no_second_document(world: SageWorld, kind: str) -> None:
    ids = world.create([paper(number) for number in range(5)])
    world.sage.fault("POST", "/purchase_invoices", kind, occurrence=2, times=2)
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 5}
    assert world.made()["POST /purchase_invoices"] == 7  # the same bytes again, answered from Sage's memory


def test_what_never_arrived_goes_out_again_with_the_same_id(world: SageWorld) -> None:
    ids = world.create([paper(number) for number in range(3)])
    world.sage.fault("POST", "/purchase_invoices", "status", status=503)
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 3}


def test_an_outage_ends_in_a_look_up_and_one_document(world: SageWorld) -> None:
    """After three sends with one id nothing is sent any more before a search by reference."""
    ids = world.create([paper(1)])
    world.sage.fault("POST", "/purchase_invoices", "commit_then_status", status=500, times=3)
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 1}
    assert world.calls("GET /purchase_invoices") >= 1


@pytest.mark.parametrize("effect", ["/purchase_invoices", "/attachments", "/contact_payments"])
def test_a_worker_killed_after_its_send(world: SageWorld, effect: str) -> None:
    ids = world.create([paper(number, **PAID) for number in range(3)], file=PDF)
    world.publish(ids)
    killed = False
    while world.queue and not killed:
        killed = killed_after(world, effect)
    assert killed
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 3}
    assert set(files(world).values()) == {1} and len(files(world)) == 3
    assert len(world.books()["contact_payments"]) == 3


def killed_after(world: SageWorld, path: str) -> bool:
    """Deliver the next message to a worker that dies as soon as Sage has taken its call."""
    process = Process()
    real = process.did

    def did(effect: str) -> None:
        if effect.startswith("POST") and effect.endswith(path):
            process.kill_after = len(process.effects) + 1
        real(effect)

    process.did = did  # type: ignore[method-assign]
    first = min(world.queue, key=lambda message: message.due)
    world.time.pass_until(first.due)
    world.deliver(first, process)
    return process.dead


def test_every_message_delivered_twice(world: SageWorld) -> None:
    world.publish(world.create([mixed(number) for number in range(12)], file=PDF))
    for _ in range(30):
        if not world.queue:
            break
        first = min(world.queue, key=lambda message: message.due)
        world.time.pass_until(first.due)
        again = replace(first)
        world.deliver(first)
        world.deliver(again)
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 12}
    assert set(files(world).values()) == {1}


def test_a_new_supplier_made_in_a_lost_call_is_made_once(world: SageWorld) -> None:
    ids = world.create([paper(number, contact={"name": "Fenland Timber"}) for number in range(4)])
    world.sage.fault("POST", "/contacts", "commit_then_drop")
    world.publish(ids)
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 4}


def test_one_refused_among_many(world: SageWorld) -> None:
    ids = world.create([paper(number) for number in range(4)])
    bad = world.create([paper(7, contact={"name": "Harbour Telecom"})])
    world.sage.edit(deactivate_contact="Harbour Telecom")
    world.publish([*ids, *bad])
    world.settle()
    assert stages(world) == {"published": 4, "ready": 1}
    refused = world.state(bad[0]).last_error
    assert refused is not None and refused.provider_text
    assert refused.code == "supplier_archived", refused


def test_a_paid_paper_without_a_linked_account_never_leaves_us(world: SageWorld) -> None:
    ids = world.create([paper(1, **{**PAID, "payment_method": {"name": UNLINKED}})])
    assert {problem.code for problem in world.state(ids[0]).reasons} == {"bank_account_not_linked"}
    world.publish(ids)
    world.settle()
    assert stages(world) == {"needs_review": 1}
    assert world.made() == {}


def test_a_drain_outlives_its_token(world: SageWorld) -> None:
    """Every call takes twenty seconds here: the five minutes of a token end within a drain."""
    ids = world.create([paper(number) for number in range(24)])
    tokens = world.calls("POST /token")
    world.publish(ids)
    while world.queue:
        process = Process()
        real = process.did

        def slow(effect: str, real: Callable[[str], None] = real) -> None:
            if effect.startswith("POST") and effect.endswith("/purchase_invoices"):
                world.time.pass_by(seconds=20)
            real(effect)

        process.did = slow  # type: ignore[method-assign]
        first = min(world.queue, key=lambda message: message.due)
        world.time.pass_until(first.due)
        world.deliver(first, process)
    world.settle()
    assert world.failures == []
    assert_sound(world)
    assert stages(world) == {"published": 24}
    assert world.calls("POST /token") - tokens >= 2


def test_throttled_work_waits_and_ends(world: SageWorld) -> None:
    world.sage.fault("POST", "/purchase_invoices", "limiter", occurrence=3)
    world.publish(world.create([paper(number) for number in range(8)]))
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 8}


def test_two_accounts_on_one_business_never_write_at_once(world: SageWorld) -> None:
    """Two workers are woken for two accounts while Sage takes its time: the lease is the business's."""
    accounts = [(world.account_id, world.connection_id), (new_id(world.time()), new_id(world.time()))]
    connect(world, *accounts[1])
    ids: dict[str, list[str]] = {}
    for account, connection in accounts:
        world.account_id, world.connection_id = account, connection
        if world.connection.status is ConnectionStatus.IMPORTING:
            world.refresh()
        ids[account] = world.create([paper(number) for number in range(4)])
        publication = world.publish(ids[account])
        expand_publication(world.new_service(), world.tenant, account, publication.id, world.time() + INVOCATION)
    world.queue.clear()
    world.sage.fault("POST", "/purchase_invoices", "latency", seconds=0.3, times=None)
    ends = world.time() + INVOCATION
    wakes = [WakeUp(1, world.tenant, account, "sage", world.tenant_id) for account, _ in accounts]
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(drain_organisation, world.new_service(), wake, ends) for wake in wakes]:
            done.result()
    for account, connection in accounts:
        states = world.service.items.batch_states(world.tenant, account, ids[account])
        assert Counter(state.stage.value for state in states.values()) == {"published": 4}, connection
    # A second write beside the first is refused by the sandbox (409) and would have come again.
    assert world.made()["POST /purchase_invoices"] == 8
