"""Queueing items one by one and in bulk, as far as the marker and the wake-up; the worker has tests of its own."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.connections import ConnectionStatus
from shared.domain.errors import ConflictError, Problem
from shared.domain.items import Fact, FactOutcome, Place, Published, Stage
from shared.domain.publishing import PublicationStatus
from shared.storage.agenda import AgendaKind
from shared.usecases import expand_publication as expanding
from shared.usecases.expand_publication import expand_publication
from tests.integration.publish_api.conftest import World

LATER = timedelta(minutes=10)


def _expand(world: World, publication: str, within: timedelta = LATER) -> bool:
    deadline = world.service.clock.now() + within
    return expand_publication(world.service, world.account.tenant, world.account.id, publication, deadline)


def _published(
    world: World,
    item: str,
    *,
    attachment: Fact | None = None,
    payment: Fact | None = None,
    total: str | None = "48.00",
) -> None:
    """What the worker writes when an item has arrived."""
    state = world.state(item)
    there = Published(
        connection=world.connection.id,
        organisation="org-1",
        document_id="doc-1",
        document_type="Invoices",
        at=world.service.clock.now(),
        status="AUTHORISED",
        total=total,
        attachment=attachment,
        payment=payment,
    )
    fresh = replace(state, stage=Stage.PUBLISHED, place=Place.ARCHIVE, published=there)
    world.service.items.update_state(world.account.tenant, world.account.id, fresh)


def _settle(world: World, item: str) -> None:
    for marker in world.service.items.pending(world.account.tenant, "xero", "org-1"):
        if marker.item == item:
            world.service.items.delete_marker(marker)


def test_publishing_queues_once_and_wakes_the_organisation(world: World) -> None:
    item = world.make()["id"]
    status, body, _ = world.call("POST", f"items/{item}/publish")
    assert (status, body["stage"]) == (202, "queued")
    assert world.call("POST", f"items/{item}/publish")[1]["stage"] == "queued"
    assert world.markers() == [item]
    wake = {"schema": 1, "tenant": world.account.tenant, "account": world.account.id, "hops": 0}
    assert world.messages() == [{**wake, "provider": "xero", "organisation": "org-1"}]
    assert [payload["organisation"] for payload in world.due(AgendaKind.PUBLISH)] == ["org-1"]


def test_an_item_that_is_not_ready_names_every_reason(world: World) -> None:
    item = world.make(contact=None, date=None)["id"]
    status, body, _ = world.call("POST", f"items/{item}/publish")
    assert (status, body["code"]) == (409, "item_not_ready")
    assert [one["code"] for one in body["problems"]][:3] == ["item_not_ready", "supplier_missing", "date_missing"]
    assert world.markers() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": ConnectionStatus.EXPIRED}, "connection_expired"),
        ({"status": ConnectionStatus.IMPORTING}, "connection_not_active"),
        ({"status": ConnectionStatus.DISCONNECTED}, "no_connection"),
        ({"organisation": None}, "no_connection"),
    ],
)
def test_a_connection_that_cannot_publish_refuses_at_once(world: World, changes: dict[str, Any], code: str) -> None:
    item = world.make()["id"]
    world.service.connections.update(replace(world.connection, **changes))
    for path, body in ((f"items/{item}/publish", None), ("publications", {"items": [item]})):
        status, answer, _ = world.call("POST", path, body)
        assert (status, answer["code"]) == (409, code)
    assert world.messages() == []


def test_editing_a_queued_item_keeps_or_takes_its_place(world: World) -> None:
    item = world.make()["id"]
    world.call("POST", f"items/{item}/publish")
    status, body, _ = world.call("PATCH", f"items/{item}", {"number": "B-2"}, headers={"if-match": "*"})
    assert (status, body["stage"]) == (200, "queued")
    status, body, _ = world.call("PATCH", f"items/{item}", {"date": None}, headers={"if-match": "*"})
    assert (status, body["stage"]) == (200, "needs_review")
    assert world.markers() == []


def test_a_claimed_item_cannot_be_changed(world: World) -> None:
    item = world.make()["id"]
    world.call("POST", f"items/{item}/publish")
    (marker,) = world.service.items.unclaimed(world.account.tenant, "xero", "org-1", 10)
    world.service.items.claim(marker, "batch-1")
    assert world.call("GET", f"items/{item}")[1]["stage"] == "publishing"
    changes = [
        world.call("PATCH", f"items/{item}", {"number": "B-2"}, headers={"if-match": "*"}),
        world.call("POST", f"items/{item}/unarchive", {"mode": "clear"}),
    ]
    assert [(status, body["code"]) for status, body, _ in changes] == [(409, "publication_in_progress")] * 2


def test_a_published_item_is_closed_until_cleared(world: World) -> None:
    item = world.make()["id"]
    _published(world, item)
    closed = [
        world.call("POST", f"items/{item}/publish"),
        world.call("PATCH", f"items/{item}", {"number": "B"}, headers={"if-match": "*"}),
        world.call("POST", f"items/{item}/document", {"file_name": "a.pdf", "size": 5}),
    ]
    assert [(status, body["code"]) for status, body, _ in closed] == [(409, "already_published")] * 3
    status, body, _ = world.call("POST", f"items/{item}/unarchive", {"mode": "keep"})
    assert (status, body["stage"], body["place"]) == (200, "published", "inbox")
    assert world.call("POST", f"items/{item}/publish")[0] == 409
    status, body, _ = world.call("POST", f"items/{item}/unarchive", {"mode": "clear"})
    assert (status, body["stage"], body["published"], body["generation"]) == (200, "ready", None, 2)
    _, history, _ = world.call("GET", f"items/{item}/timeline")
    assert history["lines"][0]["details"]["document_id"] == "doc-1"
    assert world.call("POST", f"items/{item}/publish")[0] == 202
    (marker,) = world.service.items.pending(world.account.tenant, "xero", "org-1")
    assert marker.generation == 2


def test_a_failed_file_is_published_again_alone(world: World) -> None:
    item = world.make()["id"]
    _published(world, item, attachment=Fact(FactOutcome.FAILED, problem=Problem("attachment_failed")))
    status, body, _ = world.call("POST", f"items/{item}/publish")
    assert (status, body["queued"]["file_only"], body["published"]["document_id"]) == (202, True, "doc-1")
    (marker,) = world.service.items.pending(world.account.tenant, "xero", "org-1")
    assert marker.attach_only


@pytest.mark.parametrize("outcome", [FactOutcome.FAILED, FactOutcome.UNKNOWN])
def test_a_payment_is_asked_for_again_alone(world: World, outcome: FactOutcome) -> None:
    item = world.make()["id"]
    _published(world, item, payment=Fact(outcome, problem=Problem("payment_unknown")))
    status, body, _ = world.call("POST", f"items/{item}/publish")
    assert (status, body["queued"]["payment_only"], body["queued"]["file_only"]) == (202, True, False)
    (marker,) = world.service.items.pending(world.account.tenant, "xero", "org-1")
    assert (marker.pay_only, marker.attach_only, marker.makes_document) == (True, False, False)
    (message,) = world.messages()
    assert message["organisation"] == "org-1"


def _held(world: World) -> str:
    item: str = world.make()["id"]
    held = replace(world.state(item), stage=Stage.UNKNOWN, last_error=Problem("outcome_unknown"))
    world.service.items.update_state(world.account.tenant, world.account.id, held)
    return item


def test_an_unknown_outcome_waits_for_a_person(world: World) -> None:
    item = _held(world)
    assert world.call("POST", f"items/{item}/publish")[1]["code"] == "outcome_unknown"
    assert world.call("POST", f"items/{item}/unarchive", {"mode": "clear"})[1]["stage"] == "ready"


def test_an_item_that_is_not_there_begins_anew(world: World) -> None:
    item = _held(world)
    key = {"idempotency-key": "absent-1"}
    for _ in range(2):
        status, body, _ = world.call("POST", f"items/{item}/resolve", {"outcome": "absent"}, headers=key)
        assert (status, body["stage"], body["generation"], body["last_error"]) == (202, "ready", 2, None)
    assert world.call("POST", f"items/{item}/resolve", {"outcome": "absent"})[1]["code"] == "outcome_known"
    lines = world.call("GET", f"items/{item}/timeline")[1]["lines"]
    assert lines[0]["what"] == "item.resolve.absent"
    (event, *_), _ = world.service.events.page(world.account.tenant, world.account.id, None, 5)
    assert (event.kind, event.subject, event.before) == ("item.resolved", item, {"stage": "unknown"})
    assert world.call("POST", f"items/{item}/publish")[0] == 202


def test_a_document_that_is_named_is_looked_up_by_the_worker(world: World) -> None:
    item = _held(world)
    named = {"outcome": "published", "document_id": "doc-9"}
    for _ in range(2):  # once more changes nothing
        status, body, _ = world.call("POST", f"items/{item}/resolve", named)
        assert (status, body["stage"], body["queued"]["checks_document"]) == (202, "queued", "doc-9")
    (marker,) = world.service.items.pending(world.account.tenant, "xero", "org-1")
    assert (marker.take_over, marker.makes_document) == ("doc-9", False)
    assert len(world.messages()) == 1
    assert len(world.due(AgendaKind.PUBLISH)) == 1
    assert world.state(item).stage is Stage.UNKNOWN
    other = {"outcome": "published", "document_id": "doc-8"}
    for refused in (other, {"outcome": "absent"}):
        status, body, _ = world.call("POST", f"items/{item}/resolve", refused)
        assert (status, body["code"]) == (409, "publication_in_progress")


def test_only_what_is_unknown_is_resolved(world: World) -> None:
    item = world.make()["id"]
    named = {"outcome": "published", "document_id": "doc-1"}
    status, body, _ = world.call("POST", f"items/{item}/resolve", named)
    assert (status, body["code"], body["details"]) == (409, "outcome_known", {"stage": "ready"})
    _published(world, item)
    assert world.call("POST", f"items/{item}/resolve", named)[1]["stage"] == "published"
    assert world.call("POST", f"items/{item}/resolve", {"outcome": "absent"})[1]["code"] == "outcome_known"


@pytest.mark.parametrize(
    "body",
    [{}, {"outcome": "published"}, {"outcome": "absent", "document_id": "d"}, {"outcome": "lost"},
     {"outcome": "published", "document_id": ""}, {"outcome": "published", "document_id": "a b"},
     {"outcome": "published", "document_id": "x" * 129}],
)  # fmt: skip
def test_a_resolution_names_its_document(world: World, body: Any) -> None:
    status, problem, _ = world.call("POST", f"items/{world.make()['id']}/resolve", body)
    assert (status, problem["code"]) == (422, "invalid_request")


def test_a_dry_run_counts_and_queues_nothing(world: World) -> None:
    good = [world.make()["id"] for _ in range(2)]
    note = world.make(type="credit_note", number="CN-1")["id"]
    bad = world.make(contact=None)["id"]
    request = {"items": [*good, note, bad, good[0]], "dry_run": True}
    status, body, _ = world.call("POST", "publications", request)
    assert status == 202
    run = body["dry_run"]
    assert (body["publication"], run["ready"], run["refused_count"]) == (None, 3, 1)
    assert [(one["code"], one["count"]) for one in run["reasons"]] == [("supplier_missing", 1)]
    total = {"currency": "GBP", "destination": "purchases", "integration": "main", "count": 3, "total": "48.00"}
    assert run["totals"] == [total]
    assert (world.markers(), world.messages()) == ([], [])


def test_a_bulk_request_is_expanded_by_the_worker_and_counted(world: World) -> None:
    good = [world.make(external_id=f"g{number}")["id"] for number in range(3)]
    bad = world.make(date="2025-12-31")["id"]
    world.make(contact=None)
    status, body, _ = world.call("POST", "publications", {"items": [*good, bad]}, headers={"idempotency-key": "p"})
    publication = body["publication"]["id"]
    assert (status, body["publication"]["status"], world.markers()) == (202, "expanding", [])
    again = world.call("POST", "publications", {"items": [*good, bad]}, headers={"idempotency-key": "p"})
    assert (again[0], again[1]["publication"]["id"]) == (202, publication)
    (message,) = world.messages()
    assert (message["kind"], message["publication"]) == ("publication", publication)
    assert _expand(world, publication)
    assert _expand(world, publication)  # delivered twice
    assert world.markers() == sorted(good)
    assert [one["provider"] for one in world.messages()] == ["xero"]
    assert world.due(AgendaKind.PUBLICATION) == []
    _, progress, _ = world.call("GET", f"publications/{publication}")
    assert (progress["publication"]["status"], progress["counts"]["waiting"]) == ("running", 3)
    assert [(one["item"], one["problem"]["code"]) for one in progress["refused"]] == [(bad, "period_locked")]
    assert progress["totals"][0]["expected_total"] == "144.00"
    assert progress["totals"][0]["agrees"] is None


def test_an_item_that_is_being_expanded_counts_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, body, _ = world.call("POST", "publications", {"items": [world.make()["id"], world.make()["id"]]})
    publication, put, seen = body["publication"]["id"], world.service.items.put_marker, []

    def put_and_look(marker: Any) -> None:
        put(marker)
        seen.append(world.call("GET", f"publications/{publication}")[1]["counts"]["waiting"])

    monkeypatch.setattr(world.service.items, "put_marker", put_and_look)
    assert (_expand(world, publication), seen) == (True, [2, 2])


def test_progress_ends_with_outcomes_and_totals_compared(world: World) -> None:
    items = [world.make(external_id=f"g{number}")["id"] for number in range(4)]
    _, body, _ = world.call("POST", "publications", {"filter": {}})
    publication = body["publication"]["id"]
    _expand(world, publication)
    _published(world, items[0])
    _published(world, items[1], attachment=Fact(FactOutcome.FAILED, problem=Problem("attachment_failed")))
    refused = replace(world.state(items[2]), last_error=Problem("account_not_valid", provider_text="Account code ..."))
    world.service.items.update_state(world.account.tenant, world.account.id, refused)
    for item in items[:3]:
        _settle(world, item)
    _, progress, _ = world.call("GET", f"publications/{publication}")
    assert (progress["counts"]["waiting"], progress["publication"]["status"]) == (1, "running")
    _published(world, items[3], total="48.01")
    _settle(world, items[3])
    _, progress, _ = world.call("GET", f"publications/{publication}")
    assert progress["publication"]["status"] == "done"
    counts = {name: count for name, count in progress["counts"].items() if count}
    assert counts == {"published": 3, "refused": 1, "files_failed": 1}
    problem = progress["refused"][0]["problem"]
    assert (problem["provider_text"], bool(problem["remedy"])) == ("Account code ...", True)
    (total,) = progress["totals"]
    assert (total["expected_count"], total["published_total"], total["agrees"]) == (4, "144.01", False)
    _, listed, _ = world.call("GET", "publications")
    assert [(one["id"], one["status"]) for one in listed["publications"]] == [(publication, "done")]


def test_expansion_stops_in_time_and_goes_on_with_a_message(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expanding, "SLICE", 2)
    items = [world.make(external_id=f"g{number}")["id"] for number in range(5)]
    _, body, _ = world.call("POST", "publications", {"items": items})
    publication = body["publication"]["id"]
    world.messages()
    assert not _expand(world, publication, within=timedelta(seconds=5))
    assert [one.get("kind") for one in world.messages()] == ["publication"]
    assert _expand(world, publication)
    assert sorted(world.markers()) == sorted(items)


def test_a_slice_that_ran_before_its_worker_died_is_counted_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [world.make(external_id=f"g{number}")["id"] for number in range(3)]
    _, body, _ = world.call("POST", "publications", {"items": items})
    publication = body["publication"]["id"]
    with monkeypatch.context() as killed:
        killed.setattr(world.service.publications, "update", _fails)
        with pytest.raises(OSError, match="killed"):
            _expand(world, publication)
    _published(world, items[0])  # another wake-up drained in between
    _settle(world, items[0])
    assert _expand(world, publication)
    found = world.service.publications.get(world.account.tenant, world.account.id, publication)
    assert found is not None
    assert (found.accepted, found.refused, found.status) == (3, (), PublicationStatus.RUNNING)
    assert sorted(world.markers()) == sorted(items[1:])


def _fails(_: Any) -> Any:
    raise OSError("killed")


def test_two_workers_with_one_request_do_not_disturb_each_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [world.make(external_id=f"g{number}")["id"] for number in range(3)]
    _, body, _ = world.call("POST", "publications", {"items": items})
    publication = body["publication"]["id"]
    put, seen = world.service.items.put_marker, []

    def overtaken(marker: Any) -> None:
        first = not seen
        seen.append(marker)
        if first:
            assert _expand(world, publication)
        put(marker)

    monkeypatch.setattr(world.service.items, "put_marker", overtaken)
    assert not _expand(world, publication)
    found = world.service.publications.get(world.account.tenant, world.account.id, publication)
    assert found is not None
    assert (found.accepted, sorted(world.markers())) == (3, sorted(items))
    with pytest.raises(ConflictError):
        put(seen[0])


def test_a_bulk_request_names_items_or_a_filter(world: World) -> None:
    item = world.make()["id"]
    bad: list[dict[str, Any]] = [
        {},
        {"items": []},
        {"items": ["x"]},
        {"items": [item], "filter": {}},
        {"filter": {"stage": "published"}},
        {"filter": {"side": "sales"}},
        {"items": [item] * 5001},
    ]
    for body in bad:
        status, answer, _ = world.call("POST", "publications", body)
        assert (status, answer["code"]) == (422, "invalid_request"), body


def _failed(world: World, item: str, code: str) -> None:
    """What the worker writes when the provider refused an item."""
    state = replace(world.state(item), last_error=Problem(code))
    world.service.items.update_state(world.account.tenant, world.account.id, state)


def test_all_that_failed_for_one_cause_is_asked_for_again_at_once(world: World) -> None:
    items = [world.make(number=f"CAUSE-{number}")["id"] for number in range(5)]
    for item in items[:2]:
        _failed(world, item, "provider_permission")
    _failed(world, items[2], "locked_period")
    failed = Fact(FactOutcome.FAILED, problem=Problem("provider_permission"))
    _published(world, items[3], attachment=failed)
    _failed(world, items[3], "provider_permission")
    wanted = {"filter": {"error_code": "provider_permission"}}
    _, counted, _ = world.call("POST", "publications", {**wanted, "dry_run": True})
    assert counted["dry_run"]["ready"] == 3
    status, body, _ = world.call("POST", "publications", wanted)
    assert status == 202
    assert _expand(world, body["publication"]["id"])
    assert set(world.markers()) == {items[0], items[1], items[3]}
    assert [world.state(item).last_error for item in items[:2]] == [Problem("provider_permission")] * 2
    _, only, _ = world.call(
        "POST", "publications", {"filter": {"error_code": "locked_period", "stage": "ready"}, "dry_run": True}
    )
    assert only["dry_run"]["ready"] == 1
    refused, none, _ = world.call("POST", "publications", {"filter": {"error_code": "tax_rate_not_found"}})
    assert (refused, none["code"]) == (422, "invalid_request")
