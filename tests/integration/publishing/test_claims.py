"""Expense claims in the books: one bill with a line for each item and each item's file, and the items with it."""

from collections.abc import Sequence
from typing import Any

import pytest

from rehearsal.process import Process
from rehearsal.world import PDF, World
from shared.domain.items import FactOutcome, ItemState, Place, Stage
from tests.integration.publishing.checks import ledger


def paid_by_anna(world: World, count: int) -> list[str]:
    """Receipts that a person paid, each with its file."""
    return world.create([world.papers.bill(type="receipt", paid=True) for _ in range(count)], file=PDF)


def claim(world: World, items: Sequence[str]) -> str:
    body: dict[str, Any] = {
        "side": "costs",
        "type": "expense_claim",
        "currency": world.papers.currency,
        "date": "2026-03-31",
        "number": "EXP-1",
        "contact": {"name": "Anna Berger"},
        "items": list(items),
    }
    (made,) = world.create([body])
    return made


def document_of(world: World, made: str) -> tuple[str, dict[str, Any]]:
    """The claim's document, the only one there is."""
    published = world.state(made).published
    assert published is not None, world.state(made)
    ((document_id, document),) = ledger(world).documents.items()
    assert published.document_id == document_id
    return document_id, document


def assert_published(state: ItemState, document: str) -> None:
    assert (state.stage, state.place) == (Stage.PUBLISHED, Place.ARCHIVE)
    assert state.published is not None
    assert state.published.document_id == document
    assert state.published.attachment is not None
    assert state.published.attachment.outcome is FactOutcome.DONE


def test_a_claim_is_one_bill_with_every_file(world: World) -> None:
    items = paid_by_anna(world, 3)
    made = claim(world, items)
    world.publish([made])
    world.settle()
    assert world.failures == []
    document_id, document = document_of(world, made)
    assert (document["Type"], document["Status"], document["InvoiceNumber"]) == ("ACCPAY", "AUTHORISED", "EXP-1")
    assert len(document["LineItems"]) == 3
    assert float(document["Total"]) == 3 * 48
    assert ledger(world).files[document_id] == 3
    assert ledger(world).payments[document_id] == 0  # the person is still to be paid
    for item in items:
        assert_published(world.state(item), document_id)
    assert world.markers() == []
    # Nothing inside goes out alone, now or later.
    world.publish(items)
    world.settle()
    assert len(ledger(world).documents) == 1


def test_files_beyond_what_a_document_takes_say_so(world: World) -> None:
    most = world.service.provider("xero").profile.publishing.files_per_document
    items = paid_by_anna(world, most + 1)
    made = claim(world, items)
    world.publish([made])
    world.settle()
    document_id, _ = document_of(world, made)
    assert ledger(world).files[document_id] == most
    last = world.state(items[-1])
    assert last.published is not None
    assert last.published.attachment is not None
    assert last.published.attachment.problem is not None
    assert last.published.attachment.problem.code == "too_many_files"


@pytest.mark.parametrize("effect", [6, 8, 9, 10, 11, 12, 13, 15])
def test_a_worker_that_dies_on_the_way_leaves_nothing_half_said(world: World, effect: int) -> None:
    items = paid_by_anna(world, 2)
    made = claim(world, items)
    world.publish([made])
    world.deliver()  # expanded
    process = world.deliver(process=Process(kill_after=effect))
    assert process.dead
    world.settle()
    document_id, _ = document_of(world, made)
    assert ledger(world).files[document_id] == 2
    for item in items:
        assert_published(world.state(item), document_id)
