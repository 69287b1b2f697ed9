"""Batches: written once, fenced by epoch, split whole, found again after a crash."""

import random
from dataclasses import replace

import pytest

from shared.domain.errors import ConflictError, Problem
from shared.domain.publishing import BatchStatus, ElementAnswer, Verdict
from shared.storage.batches import BatchStore, OpenBatch
from shared.storage.items import ItemStore
from shared.storage.table import Table
from tests.integration.storage.samples import NOW, QUEUE, batch, marker

BODY = b'{"Invoices":[{"Type":"ACCPAY"}]}'


def test_a_batch_goes_from_prepared_to_closed(table: Table) -> None:
    store = BatchStore(table)
    made = store.create(batch(), BODY)
    assert store.get(*QUEUE, made.id) == made
    assert store.body(made) == BODY
    assert store.open(*QUEUE) == [OpenBatch(made.id)]
    assert store.answers(made) == []
    sending = store.update(made.moved(BatchStatus.SENDING, attempt=1, sent_at=NOW, first_sent_at=NOW))
    answers = [
        ElementAnswer(made.members[0].marker, Verdict.DONE, "id-1", "INV-1", "AUTHORISED", "120.00"),
        ElementAnswer(made.members[1].marker, Verdict.REFUSED, problem=Problem("account_archived", provider_text="Oh")),
    ]
    unknown = store.put_answers(sending.moved(BatchStatus.UNKNOWN), answers)
    assert store.answers(unknown) == answers
    complete = [*answers, ElementAnswer(made.members[2].marker, Verdict.DONE, "id-3", voided=True)]
    answered = store.put_answers(unknown.moved(BatchStatus.ANSWERED), complete)
    assert store.get(*QUEUE, made.id) == answered
    assert store.answers(answered) == complete
    store.update(answered.moved(BatchStatus.CLOSED))
    assert store.open(*QUEUE) == []
    with pytest.raises(ConflictError):
        store.update(answered)


def test_a_body_that_does_not_compress_is_kept_whole(table: Table) -> None:
    store = BatchStore(table)
    body = random.Random(1).randbytes(900_000)
    made = store.create(batch(), body)
    assert store.body(made) == body
    assert store.get(*QUEUE, made.id) == made


def test_holders_of_earlier_epochs_can_neither_make_nor_move_batches(table: Table) -> None:
    store = BatchStore(table)
    made = store.create(batch(epoch=3), BODY)
    store.fence(*QUEUE, 4)
    with pytest.raises(ConflictError):
        store.create(batch(epoch=3), BODY)
    assert made.id in {one.batch for one in store.open(*QUEUE)}
    taken_over = store.update(replace(made, epoch=4))
    with pytest.raises(ConflictError):  # right version, but a paused worker of epoch 3
        store.update(replace(taken_over, epoch=3))
    with pytest.raises(ConflictError):
        store.fence(*QUEUE, 3)
    answers = [ElementAnswer(made.members[0].marker, Verdict.DONE, "id-1")]
    stored = store.put_answers(taken_over, answers)
    with pytest.raises(ConflictError):
        store.put_answers(replace(stored, epoch=3), [])
    assert store.answers(stored) == answers


def test_a_batch_is_split_into_children_in_one_step(table: Table) -> None:
    store = BatchStore(table)
    parent = store.create(batch(), BODY)
    sending = store.update(parent.moved(BatchStatus.SENDING))
    children = [
        (replace(batch(), parent=parent.id), b"1"),
        (replace(batch(), parent=parent.id), b"2"),
    ]
    with pytest.raises(ConflictError):  # moved on since it was read
        store.split(parent.moved(BatchStatus.SENDING).moved(BatchStatus.SPLIT), children)
    assert [one.batch for one in store.open(*QUEUE)] == [parent.id]
    made = store.split(sending.moved(BatchStatus.SPLIT), children)
    assert {one.batch for one in store.open(*QUEUE)} == {child.id for child in made}
    assert [store.body(child) for child in made] == [b"1", b"2"]
    assert [store.get(*QUEUE, child.id) for child in made] == made


def test_claims_of_a_worker_that_died_before_its_batch_was_written_are_found(table: Table) -> None:
    store, items = BatchStore(table), ItemStore(table)
    markers = sorted((marker() for _ in range(3)), key=lambda one: one.item)
    for one in markers:
        items.put_marker(one)
    store.announce(*QUEUE, "batch-1", markers)
    claimed = [items.claim(one, "batch-1") for one in markers[:2]]
    items.claim(markers[2], "batch-2")
    (left,) = store.open(*QUEUE)
    assert left.batch == "batch-1"
    assert sorted(left.markers, key=lambda one: one.item) == claimed
    assert store.get(*QUEUE, "batch-1") is None
    for one in left.markers:
        items.release(one)
    store.withdraw(*QUEUE, "batch-1")
    store.withdraw(*QUEUE, "batch-1")
    assert store.open(*QUEUE) == []
    assert items.unclaimed(*QUEUE, 9) == markers[:2]


def test_an_announced_batch_that_was_written_is_an_open_batch(table: Table) -> None:
    store = BatchStore(table)
    one = batch()
    store.announce(*QUEUE, one.id, [marker()])
    store.create(one, BODY, announced=True)
    assert store.open(*QUEUE) == [OpenBatch(one.id)]


def test_a_worker_whose_announcement_was_taken_back_leaves_nothing_open(table: Table) -> None:
    store = BatchStore(table)
    held_up = batch(epoch=3)
    store.announce(*QUEUE, held_up.id, [marker()])
    store.fence(*QUEUE, 4)
    store.withdraw(*QUEUE, held_up.id)
    with pytest.raises(ConflictError):
        store.create(held_up, BODY, announced=True)
    assert store.open(*QUEUE) == []
