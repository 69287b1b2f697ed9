"""Many items changed alike: counted first, done by the worker, and undone by the event."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.errors import ConflictError
from shared.storage.agenda import AgendaKind
from shared.usecases.run_agenda import run_agenda
from shared.usecases.run_bulk_edit import run_bulk_edit
from tests.integration.publish_api.conftest import World


def ask(world: World, changes: dict[str, Any], *, dry_run: bool = False, **fits: Any) -> tuple[int, dict[str, Any]]:
    body = {"filter": fits, "changes": changes, "dry_run": dry_run}
    status, answer, _ = world.call("POST", "items/bulk-edit", body)
    return status, answer


def work(world: World) -> None:
    """Do what waits in the queue, as the worker does, with time for no more than a slice each."""
    while messages := [one for one in world.messages() if one.get("kind") == "bulk_edit"]:
        for body in messages:
            deadline = world.service.clock.now() + timedelta(seconds=60)
            run_bulk_edit(world.service, body["tenant"], body["account"], body["bulk_edit"], deadline)


def seen(world: World, item: str) -> dict[str, Any]:
    status, view, _ = world.call("GET", f"items/{item}")
    assert status == 200
    return view


def undo(world: World, event: str) -> dict[str, Any]:
    status, _, _ = world.call("POST", f"events/{event}/undo")
    assert status == 202
    work(world)
    view: dict[str, Any] = world.call("GET", f"items/bulk-edits/{event}")[1]
    return view


@pytest.fixture
def three(world: World) -> list[dict[str, Any]]:
    plain = [world.make(lines=[world.line(category=None)]), world.make()]
    return [*plain, world.make(type="receipt", due_date=None)]


def test_a_dry_run_counts_and_changes_nothing(world: World, three: list[dict[str, Any]]) -> None:
    world.call("POST", f"items/{three[1]['id']}/publish")
    status, answer = ask(world, {"category": "429"}, dry_run=True, side="costs")
    assert (status, answer["event"], answer["matched"]) == (200, None, 3)
    assert (answer["changed"], answer["unchanged"], answer["stages"]) == (1, 1, {"ready": 1})
    assert answer["refused"] == [{"item": three[1]["id"], "code": "publication_in_progress"}]
    assert seen(world, three[0]["id"])["stage"] == "needs_review"
    assert [one for one in world.messages() if one.get("kind") == "bulk_edit"] == []


def test_all_are_changed_and_the_event_says_what_was_before(world: World, three: list[dict[str, Any]]) -> None:
    status, answer = ask(world, {"category": {"code": "429"}, "description": "Vans"}, type="invoice")
    assert (status, answer["status"], answer["matched"]) == (202, "running", 2)
    assert world.call("POST", f"events/{answer['event']}/undo")[1]["code"] == "bulk_edit_running"
    work(world)
    views = [seen(world, one["id"]) for one in three]
    assert [view["description"] for view in views] == ["Vans", "Vans", None]
    assert (views[0]["lines"][0]["category"], views[0]["stage"]) == (world.entries["fuel"].id, "ready")
    (event,) = (
        one
        for one in world.service.events.page(world.account.tenant, world.account.id, None, 50)[0]
        if one.kind == "items.bulk_edited"
    )
    assert event.id == answer["event"]
    assert event.before == {
        "items": {
            three[0]["id"]: {"category": [None], "description": None},
            three[1]["id"]: {"description": None},
        }
    }


def test_reverse_charge_is_said_of_many_and_taken_back(world: World) -> None:
    item = world.make()["id"]
    _, answer = ask(world, {"reverse_charge": True})
    work(world)
    view = seen(world, item)
    assert (view["reverse_charge"], view["stage"]) == (True, "needs_review")
    undo(world, answer["event"])
    view = seen(world, item)
    assert (view["reverse_charge"], view["stage"]) == (None, "ready")


def test_undoing_puts_back_what_nobody_changed_since(world: World, three: list[dict[str, Any]]) -> None:
    _, answer = ask(world, {"category": "429", "description": "Vans"})
    work(world)
    edited = seen(world, three[1]["id"])
    match = {"if-match": f'"{edited["version"]}"'}
    world.call("PATCH", f"items/{three[1]['id']}", {"description": "Mine", "number": "N-1"}, headers=match)
    view = undo(world, answer["event"])
    assert view["status"] == "undone"
    assert {one["item"]: one["kept"] for one in view["edited"]} == {
        three[0]["id"]: [],
        three[1]["id"]: ["description"],
        three[2]["id"]: [],
    }
    views = [seen(world, one["id"]) for one in three]
    assert [one["description"] for one in views] == [None, "Mine", None]
    assert (views[0]["lines"][0]["category"], views[0]["stage"]) == (None, "needs_review")
    assert [one["what"] for one in world.call("GET", f"items/{three[0]['id']}/timeline")[1]["lines"]][:2] == [
        "item.edit_undone",
        "item.edited",
    ]
    assert undo(world, answer["event"])["status"] == "undone"


def test_a_worker_that_dies_in_between_is_followed_by_another(
    world: World, three: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed behind the first item's edit: what was before it is still known."""
    _, answer = ask(world, {"description": "Vans"})
    (message,) = (one for one in world.messages() if one.get("kind") == "bulk_edit")
    update = world.service.items.append_timeline

    def die(*about: Any) -> None:
        update(*about)
        raise KeyboardInterrupt

    monkeypatch.setattr(world.service.items, "append_timeline", die)
    deadline = world.service.clock.now() + timedelta(minutes=5)
    with pytest.raises(KeyboardInterrupt):
        run_bulk_edit(world.service, message["tenant"], message["account"], message["bulk_edit"], deadline)
    monkeypatch.undo()
    assert run_bulk_edit(world.service, message["tenant"], message["account"], message["bulk_edit"], deadline)
    undone = undo(world, answer["event"])
    assert [one["undone"] for one in undone["edited"]] == [True] * 3
    assert [seen(world, one["id"])["description"] for one in three] == [None] * 3


def test_an_edit_whose_message_was_lost_is_done_all_the_same_and_so_is_its_undoing(
    world: World, three: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = world.service.clock.now()
    monkeypatch.setattr(world.service.clock, "now", lambda: source)
    _, answer = ask(world, {"description": "Vans"})

    def lost() -> None:
        nonlocal source
        assert [one for one in world.messages() if one.get("kind") == "bulk_edit"]
        source += timedelta(minutes=6)
        run_agenda(world.service, source + timedelta(minutes=1))

    lost()
    lost()  # the agenda's own message may be lost as well
    work(world)
    assert [seen(world, one["id"])["description"] for one in three] == ["Vans"] * 3
    source += timedelta(minutes=6)
    run_agenda(world.service, source + timedelta(minutes=1))
    assert [one for one in world.messages() if one.get("kind") == "bulk_edit"] == []
    assert world.call("POST", f"events/{answer['event']}/undo")[0] == 202
    lost()
    work(world)
    assert [seen(world, one["id"])["description"] for one in three] == [None] * 3
    source += timedelta(minutes=6)
    run_agenda(world.service, source + timedelta(minutes=1))
    assert world.due(AgendaKind.BULK_EDIT) == []


def test_somebody_elses_edit_at_the_same_moment_is_not_lost(
    world: World, three: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(world, {"description": "Vans"}, items=[three[0]["id"]])
    update, raced = world.service.items.update, iter([True])

    def beaten(*about: Any, **more: Any) -> Any:
        if next(raced, False):
            headers = {"if-match": '"0"'}
            assert world.call("PATCH", f"items/{three[0]['id']}", {"number": "N-2"}, headers=headers)[0] == 200
            raise ConflictError("beaten")
        return update(*about, **more)

    monkeypatch.setattr(world.service.items, "update", beaten)
    work(world)
    view = seen(world, three[0]["id"])
    assert (view["number"], view["description"]) == ("N-2", "Vans")


@pytest.mark.parametrize(
    ("changes", "fits", "field"),
    [
        ({"category": {"code": "999"}}, {}, "changes.category"),
        ({"contact": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, {}, "changes.contact"),
        ({}, {}, "changes"),
        ({"paid": None}, {}, "changes.paid"),
        ({"description": "x"}, {"currency": "USD"}, "filter"),
        ({"total": "1.00"}, {}, "changes.total"),
    ],
)
def test_what_cannot_be_asked_is_named(world: World, changes: dict[str, Any], fits: dict[str, Any], field: str) -> None:
    world.make()
    status, problem = ask(world, changes, **fits)
    assert (status, problem["code"], problem["field"]) == (422, "invalid_request", field)


def test_an_event_of_something_else_is_not_undone(world: World) -> None:
    assert world.call("POST", "events/01ARZ3NDEKTSV4RRFFQ69G5FAV/undo")[0] == 404
