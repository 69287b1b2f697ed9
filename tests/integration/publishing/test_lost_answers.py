"""Calls that Xero carried out although we never heard of it, or heard rubbish: nothing lost, nothing doubled."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from rehearsal.papers import bill, line, paid_bill, sales_invoice, spend_money, supplier_credit
from rehearsal.world import PDF, World
from shared.domain.items import FactOutcome, Stage
from shared.providers import transport
from shared.usecases.publish_item import publish_item
from tests.integration.publishing.checks import assert_sound, ledger, stages

KINDS = {
    "/Invoices": bill,
    "/CreditNotes": supplier_credit,
    "/BankTransactions": spend_money,
}
FILES = "/Invoices/*/Attachments/*"
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


def published(world: World, ids: list[str]) -> None:
    world.publish(ids)
    world.settle()
    assert world.failures == []
    assert_sound(world)


# The rest of the table is for `make soak`.
ALWAYS = {
    *(("/Invoices", fault) for fault in FAULTS),
    ("/CreditNotes", "dropped twice"),
    ("/CreditNotes", "seen 30 s later"),
    ("/CreditNotes", "an element missing"),
    ("/BankTransactions", "dropped twice"),
    ("/Contacts", "dropped twice"),
    ("/Contacts", "seen 30 s later"),
    ("/Payments", "dropped twice"),
    ("/Payments", "500 three times"),
    (FILES, "dropped twice"),
    (FILES, "HTML"),
}


def table(paths: Iterable[str], faults: Iterable[str]) -> list[Any]:
    """Every path with every fault; what need not run each time is marked."""
    return [
        pytest.param(path, fault, marks=[] if (path, fault) in ALWAYS else pytest.mark.soak)
        for path, fault in product(paths, faults)
    ]


@pytest.mark.parametrize(("path", "fault"), table(KINDS, FAULTS))
def test_every_document_is_there_once(world: World, path: str, fault: str) -> None:
    ids = world.create([KINDS[path](total=f"{amount}.00", lines=[_line(amount)]) for amount in (12, 24, 36)])
    options = dict(FAULTS[fault])
    world.sandbox.fault("PUT", path, options.pop("kind"), **options)

    published(world, ids)

    assert stages(world) == {"published": 3}


def _line(total: int) -> dict[str, Any]:
    return line(amount=f"{total * 5 // 6}.00")


def test_an_answer_in_another_order_is_matched_by_marker(world: World) -> None:
    totals = {world.create([bill(total=f"{n * 12}.00", lines=[_line(n * 12)])])[0]: n * 12 for n in (1, 2, 3, 4)}
    world.sandbox.fault("PUT", "/Invoices", "reorder")
    published(world, list(totals))
    books = ledger(world).documents
    for item, total in totals.items():
        found = world.state(item).published
        assert found is not None
        assert float(books[found.document_id]["Total"]) == total


def test_missing_elements_are_looked_up_and_not_sent_again(world: World) -> None:
    ids = world.create([bill() for _ in range(4)])
    world.sandbox.fault("PUT", "/Invoices", "missing", elements=[1, 2])
    published(world, ids)
    assert stages(world) == {"published": 4}
    assert world.calls("PUT /Invoices") == 1
    assert world.calls("GET /Invoices") == 1


@pytest.mark.parametrize("sends", [1, 2])
def test_dropped_then_the_token_expires_then_it_is_resent(world: World, sends: int) -> None:
    """A new token makes Xero forget the key: what was sent with the old one may only be looked up."""
    ids = world.create([bill() for _ in range(3)])
    world.sandbox.fault("PUT", "/Invoices", "commit_then_drop", times=sends)
    process_calls = world.calls("PUT /Invoices")
    original = transport.fetch
    seen = {"sent": 0}

    def fetch(call: Any, *rest: Any) -> Any:
        try:
            return original(call, *rest)
        finally:
            if call.method == "PUT" and call.url.endswith("/Invoices"):
                seen["sent"] += 1
                if seen["sent"] == sends:
                    world.sandbox.control("/xero/tokens", {"expire": "access"})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "fetch", fetch)
        published(world, ids)

    assert stages(world) == {"published": 3}
    assert world.calls("PUT /Invoices") - process_calls <= sends + 1


def test_a_hanging_call_ends_in_time_and_is_found_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "HTTP_DEADLINE", timedelta(seconds=1.2))
    ids = world.create([bill(), sales_invoice()])
    world.sandbox.fault("PUT", "/Invoices", "commit_then_hang", seconds=3, times=1)
    published(world, ids)
    assert stages(world) == {"published": 2}


def test_a_hang_with_nothing_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "HTTP_DEADLINE", timedelta(seconds=1.2))
    ids = world.create([bill()])
    world.sandbox.fault("PUT", "/Invoices", "hang", seconds=3, times=3)
    published(world, ids)
    assert stages(world) == {"published": 1}


PARTS = ("/Contacts", "/Payments", FILES)


@pytest.mark.parametrize(("path", "fault"), table(PARTS, FAULTS))
def test_suppliers_payments_and_files_too(world: World, path: str, fault: str) -> None:
    ids = world.create([paid_bill(contact={"name": "Brasserie Łódź"}) for _ in range(2)], file=PDF)
    options = dict(FAULTS[fault])
    world.sandbox.fault("PUT", path, options.pop("kind"), **options)

    published(world, ids)

    assert stages(world) == {"published": 2}
    assert ledger(world).contacts["brasserie łódź"] == 1
    for item in ids:
        found = world.state(item).published
        assert found is not None
        assert found.payment is not None
        assert found.payment.outcome is FactOutcome.DONE
        assert found.attachment is not None
        if path == FILES and options.get("times") == 3:
            assert found.attachment.outcome in {FactOutcome.DONE, FactOutcome.FAILED}
        else:
            assert found.attachment.outcome is FactOutcome.DONE


def test_a_file_that_failed_is_sent_alone(world: World) -> None:
    (item,) = world.create([bill()], file=PDF)
    world.sandbox.fault("PUT", "/Invoices/*/Attachments/*", "status", status=500, times=3)
    published(world, [item])
    found = world.state(item)
    assert found.stage is Stage.PUBLISHED
    assert found.last_error is not None
    assert found.last_error.code == "attachment_failed"

    publish_item(world.service, world.account, item)
    world.settle()

    assert_sound(world)
    healed = world.state(item)
    assert healed.last_error is None
    assert healed.published is not None
    assert healed.published.attachment is not None
    assert healed.published.attachment.outcome is FactOutcome.DONE
    assert world.calls("PUT /Invoices") == 1
