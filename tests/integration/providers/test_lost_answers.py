"""Calls that a provider carried out although we never heard of it, or heard rubbish: nothing lost, nothing doubled."""

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

import httpx
import pytest

from rehearsal.papers import Papers
from rehearsal.software import Effect
from rehearsal.world import PDF, World
from shared.domain.items import FactOutcome, Stage
from shared.providers import registry, transport
from shared.usecases.publish_item import publish_item
from tests.integration.providers.suite import SOAK, SWEEP, against, every, others
from tests.integration.publishing.checks import assert_sound, ledger, stages

# How an answer gets lost or spoilt; the provider has done its work each time (late, where it says so).
FAULTS: dict[str, dict[str, Any]] = {
    "dropped": {"kind": "commit_then_drop"},
    "dropped twice": {"kind": "commit_then_drop", "times": 2},
    "dropped until keys are given up": {"kind": "commit_then_drop", "times": 3},
    "500": {"kind": "commit_then_status", "status": 500},
    "500 three times": {"kind": "commit_then_status", "status": 500, "times": 3},
    "503 three times, nothing done": {"kind": "status", "status": 503, "times": 3},
    "seen after the first look-up": {"kind": "commit_late", "visible_after_lookups": 1, "times": 3},
    "seen 30 s later": {"kind": "commit_late", "visible_after_seconds": 30, "times": 3},
    "500, seen 30 s later": {"kind": "commit_late", "visible_after_seconds": 30, "status": 500, "times": 3},
    "truncated": {"kind": "truncate"},
    "truncated three times": {"kind": "truncate", "times": 3},
    "HTML": {"kind": "html"},
    "HTML three times": {"kind": "html", "times": 3},
    "reordered": {"kind": "reorder"},
    "an element missing": {"kind": "missing"},
    "all but one missing": {"kind": "missing", "elements": [0, 1]},
}
DOCUMENTS: tuple[Effect, ...] = ("bill", "credit_note", "money")
PARTS: tuple[Effect, ...] = ("supplier", "payment", "file")

# What runs each time; the rest is for `make soak` and `make sweep`. Xero's bills stand for the machinery all share.
ALWAYS = {
    *(("xero", "bill", fault) for fault in FAULTS),
    ("xero", "credit_note", "dropped twice"),
    ("xero", "credit_note", "seen 30 s later"),
    ("xero", "credit_note", "an element missing"),
    ("xero", "money", "dropped twice"),
    ("xero", "supplier", "dropped twice"),
    ("xero", "supplier", "seen 30 s later"),
    ("xero", "payment", "dropped twice"),
    ("xero", "payment", "500 three times"),
    ("xero", "file", "dropped twice"),
    ("xero", "file", "HTML"),
    *(
        (name, "bill", fault)
        for name in others()
        for fault in ("dropped twice", "500", "seen 30 s later", "an element missing")
    ),
    *((name, effect, "dropped twice") for name in others() for effect in ("credit_note", "money", *PARTS)),
}


def when(name: str, effect: str, fault: str) -> list[pytest.MarkDecorator]:
    """Whether a row runs each time, in `make soak` (the rest of Xero's) or in `make sweep` alone."""
    if (name, effect, fault) in ALWAYS:
        return []
    return [SOAK] if name == "xero" else [SWEEP]


def table(effects: tuple[Effect, ...]) -> Any:
    """Every provider with every effect and every fault; what need not run each time is marked."""
    rows = [
        against(
            name,
            effect,
            more=(effect, fault),
            marks=when(name, effect, fault),
            called=f"{effect}-{fault}",
        )
        for name in registry.names()
        for effect in effects
        for fault in FAULTS
    ]
    return pytest.mark.parametrize(("world", "effect", "fault"), rows, indirect=["world"])


def paper(papers: Papers, effect: Effect, net: int) -> dict[str, Any]:
    """A document of its own total, made by the call of this effect."""
    make = {"bill": papers.bill, "credit_note": papers.supplier_credit, "money": papers.spend_money}[effect]
    return make(net=f"{net}.00")


def bearable(world: World, times: int) -> int:
    """How often one call may fail with nothing done before it is given up: without a key every send is a round."""
    return times if registry.profile(world.software.name).publishing.key_lifetime else min(times, 2)


def published(world: World, ids: list[str]) -> None:
    world.publish(ids)
    world.settle()
    assert world.sandbox.fired() >= 1, "the fault met no call"
    assert world.failures == []
    assert_sound(world)


@table(DOCUMENTS)
def test_every_document_is_there_once(world: World, effect: Effect, fault: str) -> None:
    ids = world.create([paper(world.papers, effect, net) for net in (10, 20, 30)])
    world.fault(effect, **FAULTS[fault])

    published(world, ids)

    assert stages(world) == {"published": 3}


@every("several_in_one_call")
def test_an_answer_in_another_order_is_matched_by_marker(world: World) -> None:
    bodies = [paper(world.papers, "bill", net) for net in (10, 20, 30, 40)]
    totals = dict(zip(world.create(bodies), (float(body["total"]) for body in bodies), strict=True))
    world.fault("bill", "reorder")
    published(world, list(totals))
    books = ledger(world).totals
    for item, total in totals.items():
        found = world.state(item).published
        assert found is not None
        assert float(books[found.document_id]) == total


@every("several_in_one_call")
def test_missing_elements_are_looked_up_and_not_sent_again(world: World) -> None:
    ids = world.create([world.papers.bill() for _ in range(4)])
    before = world.called("bill")
    world.fault("bill", "missing", elements=[1, 2])
    published(world, ids)
    assert stages(world) == {"published": 4}
    assert world.called("bill") == before + 1


@pytest.mark.parametrize("sends", [1, 2])
@every()
def test_dropped_then_the_token_expires_then_it_is_resent(world: World, sends: int) -> None:
    """A new token may make a provider forget the key: what was sent with the old one may only be looked up."""
    ids = world.create([world.papers.bill() for _ in range(3)])
    world.fault("bill", "commit_then_drop", times=sends)
    before = world.called("bill")
    original, wanted = transport.fetch, world.software.calls["bill"]
    seen = {"sent": 0}

    def fetch(call: Any, *rest: Any) -> Any:
        try:
            return original(call, *rest)
        finally:
            if call.method == wanted.method and fnmatchcase(httpx.URL(call.url).path, f"*{wanted.path}"):
                seen["sent"] += 1
                if seen["sent"] == sends:
                    world.expire_access()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "fetch", fetch)
        published(world, ids)

    assert seen["sent"] >= 1
    assert stages(world) == {"published": 3}
    batches = -(-3 // registry.profile(world.software.name).publishing.batch_elements)
    assert world.called("bill") - before <= batches + sends + 1  # one that the old token was refused with


@every(soak=others())
def test_a_hanging_call_ends_in_time_and_is_found_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "HTTP_DEADLINE", timedelta(seconds=1.2))
    ids = world.create([world.papers.bill(), world.papers.bill()])
    world.fault("bill", "commit_then_hang", seconds=3, times=1)
    published(world, ids)
    assert stages(world) == {"published": 2}


@every(soak=others())
def test_a_hang_with_nothing_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "HTTP_DEADLINE", timedelta(seconds=1.2))
    ids = world.create([world.papers.bill()])
    world.fault("bill", "hang", seconds=3, times=bearable(world, 3))
    published(world, ids)
    assert stages(world) == {"published": 1}


@table(PARTS)
def test_suppliers_payments_and_files_too(world: World, effect: Effect, fault: str) -> None:
    makes, pays = "supplier" in world.software.calls, "payment" in world.software.calls
    make = world.papers.paid_bill if pays else world.papers.bill
    supplier = {"contact": world.newcomer("Brasserie Łódź")} if makes else {}
    ids = world.create([make(**supplier) for _ in range(2)], file=PDF)
    options = dict(FAULTS[fault])
    if effect == "supplier" and options["kind"] == "status":
        options["times"] = bearable(world, options["times"])
    world.fault(effect, **options)

    published(world, ids)

    assert stages(world) == {"published": 2}
    assert ledger(world).contacts["brasserie łódź"] == (1 if makes else 0)
    for item in ids:
        found = world.state(item).published
        assert found is not None
        assert (found.payment is not None) is pays
        assert found.payment is None or found.payment.outcome is FactOutcome.DONE
        assert found.attachment is not None
        if effect == "file" and FAULTS[fault].get("times") == 3:
            assert found.attachment.outcome in {FactOutcome.DONE, FactOutcome.FAILED}
        else:
            assert found.attachment.outcome is FactOutcome.DONE


@every()
def test_a_file_that_failed_is_sent_alone(world: World) -> None:
    (item,) = world.create([world.papers.bill()], file=PDF)
    world.fault("file", "status", status=500, times=None)
    published(world, [item])
    found = world.state(item)
    assert found.stage is Stage.PUBLISHED
    assert found.last_error is not None
    assert found.last_error.code == "attachment_failed"

    world.sandbox.mend()
    publish_item(world.service, world.account, item)
    world.settle()

    assert_sound(world)
    healed = world.state(item)
    assert healed.last_error is None
    assert healed.published is not None
    assert healed.published.attachment is not None
    assert healed.published.attachment.outcome is FactOutcome.DONE
    assert len(ledger(world).documents) == 1
