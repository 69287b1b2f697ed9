"""What publishing costs in DynamoDB's own units, counted on DynamoDB Local."""

import json
from dataclasses import replace

import pytest

from shared.domain.items import Fact, FactOutcome, Place, Stage
from shared.domain.publishing import Batch, BatchStatus, ElementAnswer, PendingMarker, Verdict
from shared.storage.batches import BatchStore
from shared.storage.items import ItemStore
from shared.storage.rows import row_of
from shared.storage.table import Table
from tests.integration.conftest import Units
from tests.integration.storage.samples import (
    ACCOUNT,
    NOW,
    QUEUE,
    TENANT,
    batch,
    batch_member,
    item,
    marker,
    published,
    state,
)

pytestmark = pytest.mark.dynamodb_local
ITEMS = 50


def _size(row: dict[str, object]) -> int:
    """A row's size as DynamoDB counts it: names and values in UTF-8, and what nesting adds."""

    def of(value: object) -> int:
        if isinstance(value, dict):
            return 3 + sum(len(name.encode()) + of(one) + 1 for name, one in value.items())
        if isinstance(value, list):
            return 3 + sum(of(one) + 1 for one in value)
        if isinstance(value, bool) or value is None:
            return 1
        if isinstance(value, int):
            return len(str(value)) // 2 + 2
        return len(value.encode() if isinstance(value, str) else value)  # type: ignore[arg-type]

    return sum(len(name) + of(value) for name, value in row.items())


def test_a_published_items_state_stays_within_one_kilobyte() -> None:
    one = item()
    done = state(
        one, stage=Stage.PUBLISHED, place=Place.ARCHIVE, published=published(), coding_version=1234, version=99
    )
    row = row_of((f"T#{TENANT}#A#{ACCOUNT}#S", one.id), done, w="0123456789ab")
    assert _size(row) <= 1024


def _prepare(items: ItemStore, count: int) -> list[PendingMarker]:
    markers = []
    for _ in range(count):
        one = item()
        items.create(one, state(one))
        markers.append(marker(one.id))
    return markers


def _body() -> bytes:
    """A believable batch: texts that differ from document to document."""
    documents = []
    for one in (item() for _ in range(ITEMS)):
        lines = [{"Description": line.description, "AccountID": line.category} for line in one.lines]
        documents.append(
            {"Type": "ACCPAY", "InvoiceNumber": one.number, "Url": f"https://l/{one.id}", "LineItems": lines}
        )
    return json.dumps({"Invoices": documents}).encode()


def _publish(items: ItemStore, batches: BatchStore, markers: list[PendingMarker], *, with_file: bool) -> None:
    """The writes and reads of one batch, in the worker's order."""
    ids = [one.item for one in markers]
    for one in markers:
        items.put_marker(one)
    batches.fence(*QUEUE, 1)
    assert batches.open(*QUEUE) == []
    found = items.unclaimed(*QUEUE, ITEMS)
    items.batch_get(TENANT, ACCOUNT, ids)
    states = items.batch_states(TENANT, ACCOUNT, ids)
    base = batch(0)
    batches.announce(*QUEUE, base.id, found)
    claimed = [items.claim(one, base.id) for one in found]
    members = tuple(batch_member(one.item, number) for number, one in enumerate(claimed))
    made = batches.create(replace(base, members=members), _body(), announced=True)
    answered = _sent(batches, made)
    for one in claimed:
        done = replace(states[one.item], stage=Stage.PUBLISHED, place=Place.ARCHIVE, published=published())
        stored = items.update_state(TENANT, ACCOUNT, done)
        if with_file:
            attached = replace(published(), attachment=Fact(FactOutcome.DONE, "5a1f9d33-8a3b-44d9-8b8c-6a8b5d1b7f10"))
            items.update_state(TENANT, ACCOUNT, replace(stored, published=attached))
        items.delete_marker(one)
    batches.update(answered.moved(BatchStatus.CLOSED))


def _sent(batches: BatchStore, made: Batch) -> Batch:
    sending = batches.update(made.moved(BatchStatus.SENDING, attempt=1, sent_at=NOW, first_sent_at=NOW))
    answers = [
        ElementAnswer(
            one.marker, Verdict.DONE, f"220ddca8-3144-4085-9a88-{number:012}", f"INV-{number}", "AUTHORISED", "120"
        )
        for number, one in enumerate(made.members)
    ]
    return batches.put_answers(sending.moved(BatchStatus.ANSWERED), answers)


@pytest.mark.parametrize(("with_file", "most"), [(False, 4.5), (True, 5.5)])
def test_write_and_read_units_per_item(local_table: Table, units: Units, with_file: bool, most: float) -> None:
    items, batches = ItemStore(local_table), BatchStore(local_table)
    markers = _prepare(items, ITEMS)
    units.reset()
    _publish(items, batches, markers, with_file=with_file)
    written, read = units.written / ITEMS, units.read / ITEMS
    assert written <= most, f"{written:.2f} write units per item"
    assert read <= 2.5, f"{read:.2f} read units per item"


def test_a_status_change_of_a_full_batch_is_one_write_unit(local_table: Table, units: Units) -> None:
    batches = BatchStore(local_table)
    made = batches.create(batch(ITEMS), _body())
    units.reset()
    batches.update(made.moved(BatchStatus.SENDING, sent_at=NOW, first_sent_at=NOW, sent_with_grant=TENANT))
    assert units.written == 1.0


def test_a_marker_is_put_claimed_and_taken_away_for_one_unit_each(local_table: Table, units: Units) -> None:
    items = ItemStore(local_table)
    queued = marker()
    steps = []
    items.put_marker(queued)
    steps.append(units.written)
    claimed = items.claim(queued, TENANT)
    steps.append(units.written)
    items.delete_marker(claimed)
    steps.append(units.written)
    assert steps == [1.0, 2.0, 3.0]
