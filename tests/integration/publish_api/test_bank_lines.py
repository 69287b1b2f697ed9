"""Bank lines: taken in once, matched to the paid item that they fit, and what that does to where the item goes."""

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.connections import Connection
from shared.domain.ids import new_id
from tests.integration.publish_api.conftest import NOW, World


def switch_on(world: World) -> Connection:
    found = world.service.connections.get(world.account.tenant, world.account.id, world.connection.id)
    assert found is not None
    return world.service.connections.update(replace(found, settings=replace(found.settings, bank_match=True)))


@pytest.fixture
def on(world: World) -> None:
    switch_on(world)


def line(external_id: str, **changes: Any) -> dict[str, Any]:
    plain = {"bank_account": "090", "date": "2026-03-12", "amount": "48.00", "currency": "GBP"}
    return {**plain, "external_id": external_id, **changes}


def take(world: World, *lines: dict[str, Any]) -> list[dict[str, Any]]:
    status, body, _ = world.call("POST", "bank-lines", {"lines": list(lines)})
    assert status == 201, body
    results: list[dict[str, Any]] = body["results"]
    return results


def paid(world: World, **changes: Any) -> dict[str, Any]:
    return world.make(**{"type": "receipt", "due_date": None, "paid": True, **changes})


def seen(world: World, item: str) -> dict[str, Any]:
    view: dict[str, Any] = world.call("GET", f"items/{item}")[1]
    return view


def test_a_line_is_taken_in_once(world: World) -> None:
    (first,) = take(world, line("a"))
    (again,) = take(world, line("a"))
    assert (first["status"], again["status"], again["line"]) == ("created", "found", first["line"])
    assert first["line"]["bank_account"] == world.entries["bank"].id
    results = take(world, line("a", amount="48.01"), line("b", bank_account="091"), line("c"))
    assert [(one["status"], one["problem"] and one["problem"]["field"]) for one in results] == [
        ("refused", "lines[0].external_id"),
        ("refused", "lines[1].bank_account"),
        ("created", None),
    ]
    _, page, _ = world.call("GET", "bank-lines", query={"limit": "1"})
    _, rest, _ = world.call("GET", "bank-lines", query={"limit": "1", "cursor": page["next_cursor"]})
    assert {one["external_id"] for one in page["lines"] + rest["lines"]} == {"a", "c"}


@pytest.mark.usefixtures("on")
def test_an_item_that_arrives_behind_its_line_goes_to_the_lines_account(world: World) -> None:
    (result,) = take(world, line("a"))
    item = paid(world)
    assert (item["bank_line"], item["bank_account"]) == (result["line"]["id"], world.entries["bank"].id)
    assert (item["paid_on"], item["stage"]) == ("2026-03-12", "ready")
    _, preview, _ = world.call("GET", f"items/{item['id']}/preview")
    assert preview["destination"] == "bank_accounts"
    assert "bank-1" in str(preview)
    assert [one["item"] for one in world.call("GET", "bank-lines")[1]["lines"]] == [item["id"]]


@pytest.mark.usefixtures("on")
def test_a_line_that_arrives_behind_its_item_is_matched_as_well(world: World) -> None:
    item = paid(world)
    assert item["bank_line"] is None
    (result,) = take(world, line("a"))
    assert result["line"]["item"] == item["id"]
    assert seen(world, item["id"])["bank_line"] == result["line"]["id"]
    assert world.call("GET", f"items/{item['id']}/timeline")[1]["lines"][0]["actor"] == "bank match"


@pytest.mark.usefixtures("on")
def test_of_several_lines_a_person_chooses(world: World) -> None:
    near, far = (one["line"] for one in take(world, line("a"), line("b", date="2026-03-20")))
    item = paid(world)
    assert item["bank_line"] is None
    _, lines, _ = world.call("GET", f"items/{item['id']}/bank-lines")
    assert (lines["matched"], [one["id"] for one in lines["candidates"]]) == (None, [near["id"], far["id"]])
    status, view, _ = world.call("POST", f"items/{item['id']}/bank-line", {"line": far["id"]})
    assert (status, view["bank_line"], view["paid_on"]) == (200, far["id"], "2026-03-20")
    other = paid(world)
    assert other["bank_line"] == near["id"]  # the one that is left
    status, problem, _ = world.call("POST", f"items/{other['id']}/bank-line", {"line": far["id"]})
    assert (status, problem["code"]) == (409, "bank_line_taken")
    assert world.call("POST", f"items/{item['id']}/bank-line", {"line": None})[1]["bank_line"] is None
    assert world.call("POST", f"items/{other['id']}/bank-line", {"line": far["id"]})[1]["bank_line"] == far["id"]


@pytest.mark.usefixtures("on")
def test_two_items_that_wait_for_one_line_wait_for_a_person(world: World) -> None:
    two = [paid(world), paid(world)]
    take(world, line("a"))
    assert [seen(world, one["id"])["bank_line"] for one in two] == [None, None]


@pytest.mark.usefixtures("on")
def test_an_edit_to_another_amount_frees_the_line(world: World) -> None:
    (result,) = take(world, line("a"))
    item = paid(world)
    changes = {"total": "60.00", "lines": [world.line(amount="50.00")]}
    _, view, headers = world.call("PATCH", f"items/{item['id']}", changes, headers={"if-match": f'"{item["version"]}"'})
    assert view["bank_line"] is None
    assert paid(world)["bank_line"] == result["line"]["id"]
    _, view, _ = world.call(
        "PATCH", f"items/{item['id']}", {"description": "Fuel"}, headers={"if-match": headers["etag"]}
    )
    assert view["bank_line"] is None
    (other,) = take(world, line("b", amount="60.00"))
    assert other["line"]["item"] == item["id"]


@pytest.mark.parametrize(
    ("item", "there"),
    [
        ({}, {"date": "2026-04-11"}),  # 31 days behind a document without a due date
        ({"due_date": "2026-03-31"}, {"date": "2026-03-12"}),  # 19 days before a due date
        ({"paid": False}, {}),
        ({"type": "credit_note"}, {}),
        ({}, {"amount": "-48.00"}),
        ({}, {"currency": "EUR"}),
        ({"date": "2025-08-20"}, {"date": "2025-08-30"}),  # more than six months ago
    ],
)
@pytest.mark.usefixtures("on")
def test_what_does_not_fit_is_not_matched(world: World, item: dict[str, Any], there: dict[str, Any]) -> None:
    take(world, line("a", **there))
    assert paid(world, **item)["bank_line"] is None


@pytest.mark.usefixtures("on")
def test_a_due_date_moves_the_window(world: World) -> None:
    (result,) = take(world, line("a", date="2026-04-12"))
    assert paid(world, due_date="2026-04-10")["bank_line"] == result["line"]["id"]


def test_while_it_is_off_payment_fields_are_filled_by_hand(world: World) -> None:
    (result,) = take(world, line("a"))
    item = paid(world, destination="purchases")
    assert (item["bank_line"], item["stage"]) == (None, "ready")
    status, problem, _ = world.call("POST", f"items/{item['id']}/bank-line", {"line": result["line"]["id"]})
    assert (status, problem["code"]) == (409, "bank_match_off")


@pytest.mark.usefixtures("on")
def test_a_line_that_is_not_the_items_is_refused(world: World) -> None:
    (result,) = take(world, line("a", amount="5.00"))
    item = paid(world)["id"]
    status, problem, _ = world.call("POST", f"items/{item}/bank-line", {"line": result["line"]["id"]})
    assert (status, problem["code"]) == (409, "bank_line_not_fitting")
    assert world.call("POST", f"items/{item}/bank-line", {"line": new_id(NOW)})[0] == 422
