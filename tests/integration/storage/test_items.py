"""Items, their pending markers, bulk requests."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.errors import ConflictError, LedgerbridgeError, Problem
from shared.domain.items import Place, Side, Stage, TimelineEntry
from shared.domain.publishing import ControlTotal, Publication, PublicationStatus
from shared.storage.items import ItemStore
from shared.storage.publications import PublicationStore
from shared.storage.table import Table
from tests.integration.storage.samples import (
    ACCOUNT,
    CONNECTION,
    NOW,
    ORGANISATION,
    QUEUE,
    TENANT,
    connection,
    fresh_id,
    item,
    marker,
    published,
    state,
)


def test_an_item_and_its_state_are_kept_apart_and_read_together(table: Table) -> None:
    store = ItemStore(table)
    one = item(external_id="their/1#a")
    store.create(one, state(one))
    assert store.get(TENANT, ACCOUNT, one.id) == one
    assert store.both(TENANT, ACCOUNT, one.id, [connection()]) == (one, state(one), None)
    assert store.both(TENANT, ACCOUNT, fresh_id()) is None
    assert store.both(fresh_id(), ACCOUNT, one.id) is None
    assert store.by_external_id(TENANT, ACCOUNT, "their/1#a") == one.id
    with pytest.raises(ConflictError):
        second = item(external_id="their/1#a")
        store.create(second, state(second))
    done = store.update_state(TENANT, ACCOUNT, state(one, stage=Stage.PUBLISHED, published=published()))
    assert store.state(TENANT, ACCOUNT, one.id) == done
    with pytest.raises(ConflictError):
        store.update_state(TENANT, ACCOUNT, state(one))
    assert store.get(TENANT, ACCOUNT, one.id) == one


def test_many_items_and_states_by_id(table: Table) -> None:
    store = ItemStore(table)
    items = [item() for _ in range(7)]
    for one in items:
        store.create(one, state(one))
    ids = [one.id for one in items]
    assert store.batch_get(TENANT, ACCOUNT, [*ids, ids[0], fresh_id()]) == {one.id: one for one in items}
    assert store.batch_states(TENANT, ACCOUNT, ids) == {one.id: state(one) for one in items}


def test_an_edit_moves_or_removes_the_marker_and_is_refused_once_it_is_claimed(table: Table) -> None:
    store = ItemStore(table)
    one = item()
    store.create(one, state(one))
    queued = marker(one.id)
    store.put_marker(queued)
    with pytest.raises(ConflictError):
        store.put_marker(queued)
    here = [connection()]
    assert store.both(TENANT, ACCOUNT, one.id, here) == (one, state(one), queued)
    with pytest.raises(ConflictError):  # it was read without its marker
        store.update(one, state(one), connections=here)
    edited, standing = store.update(one, state(one), marker=queued, keep_queued=True, connections=here)
    queued = replace(queued, item_version=1)
    assert store.both(TENANT, ACCOUNT, one.id, here) == (edited, standing, queued)
    claimed = store.claim(queued, "batch-1")
    assert store.marker(*QUEUE, ACCOUNT, CONNECTION, one.id) == claimed
    for seen in (queued, claimed, None):
        with pytest.raises(LedgerbridgeError) as refused:
            store.update(edited, standing, marker=seen, connections=here)
        assert refused.value.problem.code == "publication_in_progress"
    store.release(claimed)
    edited, standing = store.update(edited, standing, marker=queued, connections=here)
    assert store.both(TENANT, ACCOUNT, one.id, here) == (edited, standing, None)


def test_a_claim_needs_the_content_that_was_frozen(table: Table) -> None:
    store = ItemStore(table)
    late = marker(item_version=0)  # written while an edit to version 2 was under way
    store.put_marker(late)
    assert store.claim(replace(late, item_version=2), "batch-1").item_version == 2
    moved = marker(item_version=3)
    store.put_marker(moved)
    with pytest.raises(ConflictError):  # an edit came after what was frozen
        store.claim(replace(moved, item_version=2), "batch-1")
    with pytest.raises(ConflictError):  # never queued
        store.claim(marker(), "batch-1")


def test_markers_are_claimed_once_released_and_taken_away(table: Table) -> None:
    store = ItemStore(table)
    markers = sorted((marker() for _ in range(5)), key=lambda one: one.item)
    for one in markers:
        store.put_marker(one)
    first = store.claim(markers[0], "batch-1")
    assert store.claim(markers[1], "batch-1").batch == "batch-1"
    with pytest.raises(ConflictError):
        store.claim(markers[0], "batch-2")
    assert [one.item for one in store.claimed_by(*QUEUE, "batch-1")] == [one.item for one in markers[:2]]
    assert store.unclaimed(*QUEUE, 2) == markers[2:4]
    assert store.unclaimed(*QUEUE, 9, after=markers[3]) == markers[4:]
    assert store.count_pending(*QUEUE) == 5
    with pytest.raises(ConflictError):  # claimed: not as the caller knows it
        store.delete_marker(markers[0])
    with pytest.raises(ConflictError):
        store.release(replace(first, batch="batch-2"))
    for _ in range(2):
        assert store.release(first) == markers[0]
    for one in (*markers, markers[0]):
        store.delete_marker(store.marker(*QUEUE, ACCOUNT, CONNECTION, one.item) or one)
    assert not store.any_pending(*QUEUE)
    assert store.count_pending(*QUEUE) == 0


def test_an_organisations_markers_are_its_tenants_alone(table: Table) -> None:
    store = ItemStore(table)
    store.put_marker(marker())
    assert store.any_pending(*QUEUE)
    assert not store.any_pending(fresh_id(), "xero", ORGANISATION)
    assert not store.any_pending(TENANT, "xero", ORGANISATION[:-1])


def test_a_list_of_items_shows_what_the_markers_say(table: Table) -> None:
    store = ItemStore(table)
    items = sorted((item(side=Side.SALES if number % 2 else Side.COSTS) for number in range(9)), key=lambda one: one.id)
    for one in items:
        store.create(one, state(one))
    queued, sending = marker(items[0].id), marker(items[1].id)
    for one in (queued, sending):
        store.put_marker(one)
    store.claim(sending, "batch-1")
    here = [connection()]
    seen, cursor = store.page(TENANT, ACCOUNT, None, 4, connections=here)
    while cursor:
        more, cursor = store.page(TENANT, ACCOUNT, cursor, 4, connections=here)
        seen += more
    assert [one.state.item for one in seen] == [one.id for one in items[::-1]]
    assert [one.stage for one in seen[-2:]] == [Stage.PUBLISHING, Stage.QUEUED]
    only, cursor = store.page(TENANT, ACCOUNT, None, 4, stage=Stage.QUEUED, connections=here)
    assert [one.state.item for one in only] == [items[0].id]
    assert cursor is None
    sales, _ = store.page(TENANT, ACCOUNT, None, 9, side=Side.SALES, place=Place.INBOX)
    assert [one.state.item for one in sales] == [one.id for one in items[::-1] if one.side is Side.SALES]
    assert store.page(TENANT, ACCOUNT, None, 9, place=Place.ARCHIVE) == ([], None)


def test_documents_that_items_are(table: Table) -> None:
    store = ItemStore(table)
    store.hold_document(*QUEUE, "CreditNotes", "d1", "i1")
    store.hold_document(*QUEUE, "CreditNotes", "d1", "i1")
    store.hold_document(*QUEUE, "Invoices", "d2", "i2")
    with pytest.raises(ConflictError):
        store.hold_document(*QUEUE, "CreditNotes", "d1", "i3")
    assert store.held_documents(*QUEUE, "CreditNotes") == {"d1"}


def test_the_history_of_an_item(table: Table) -> None:
    store = ItemStore(table)
    for number in range(5):
        entry = TimelineEntry(NOW + timedelta(minutes=number), "kim", f"step {number}", {"fields": ["a"]})
        store.append_timeline(TENANT, ACCOUNT, "i1", entry)
    first, cursor = store.timeline(TENANT, ACCOUNT, "i1", None, 3)
    rest, end = store.timeline(TENANT, ACCOUNT, "i1", cursor, 3)
    assert [one.what for one in first + rest] == [f"step {number}" for number in (4, 3, 2, 1, 0)]
    assert end is None


def _publication(items: int = 3) -> Publication:
    ids = tuple(fresh_id() for _ in range(items))
    return Publication(fresh_id(), TENANT, ACCOUNT, "kim", NOW, ids, PublicationStatus.EXPANDING)


def test_a_bulk_request_keeps_its_items_and_collects_refusals(table: Table) -> None:
    store = PublicationStore(table)
    request = store.create(_publication(items=5000))
    with pytest.raises(ConflictError):
        store.create(request)
    assert store.get(TENANT, ACCOUNT, request.id) == request
    refused = tuple((item_id, Problem("category_missing", "lines[0].category")) for item_id in request.items[:30])
    step = store.update(replace(request, expanded=50, refused=refused[:10], accepted=40))
    step = store.update(
        replace(step, expanded=100, refused=refused, expected=(ControlTotal("GBP", "purchases", 70, "8400.00"),))
    )
    assert store.get(TENANT, ACCOUNT, request.id) == step
    with pytest.raises(ConflictError):
        store.update(replace(request, expanded=50))
    done = store.update(replace(step, status=PublicationStatus.DONE))
    assert store.get(TENANT, ACCOUNT, request.id) == done


def test_bulk_requests_are_paged(table: Table) -> None:
    store = PublicationStore(table)
    made = sorted((store.create(_publication()) for _ in range(3)), key=lambda one: one.id, reverse=True)
    page, cursor = store.page(TENANT, ACCOUNT, None, 2)
    rest, end = store.page(TENANT, ACCOUNT, cursor, 2)
    assert page + rest == made
    assert end is None
