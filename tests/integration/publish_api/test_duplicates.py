"""Items that look like one document: flagged or held, and decided on by a person."""

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.duplicates import DuplicateMode
from shared.domain.rules import Rule, RuleKind, rule_id
from tests.integration.publish_api.conftest import World


def compare(world: World, mode: DuplicateMode) -> None:
    found = world.service.accounts.get(world.account.tenant, world.account.id)
    assert found is not None
    world.service.accounts.update(replace(found, duplicate_mode=mode))


def rule(world: World, mode: DuplicateMode) -> None:
    supplier, now = world.entries["supplier"].id, world.service.clock.now()
    tenant, account = world.account.tenant, world.account.id
    made = Rule(rule_id(tenant, account, RuleKind.SUPPLIER, supplier), RuleKind.SUPPLIER, supplier, now, now, "test")
    world.service.rules.create(tenant, account, replace(made, duplicate_mode=mode))


def decide(world: World, item: str, decision: str) -> tuple[int, dict[str, Any]]:
    status, body, _ = world.call("POST", f"items/{item}/duplicate", {"decision": decision})
    return status, body


def test_nothing_is_compared_while_the_mode_is_off(world: World) -> None:
    first, second = world.make(), world.make()
    assert (second["stage"], second["duplicate_of"]) == ("ready", None)
    assert decide(world, first["id"], "same")[1]["code"] == "duplicate_not_suspected"


def test_a_flagged_item_names_the_older_one_and_may_be_published(world: World) -> None:
    compare(world, DuplicateMode.FLAG)
    first, second, third = world.make(), world.make(number="sup-77 "), world.make(number="SUP-78")
    assert (second["duplicate_of"], second["stage"]) == (first["id"], "ready")
    assert (first["duplicate_of"], third["duplicate_of"]) == (None, None)
    listed = {one["id"]: one["duplicate_of"] for one in world.call("GET", "items")[1]["items"]}
    assert listed == {first["id"]: None, second["id"]: first["id"], third["id"]: None}
    assert world.call("POST", f"items/{second['id']}/publish")[0] == 202


def test_a_held_item_waits_for_a_person(world: World) -> None:
    compare(world, DuplicateMode.HOLD)
    first, second = world.make(), world.make()
    (reason,) = world.call("GET", f"items/{second['id']}")[1]["reasons"]
    assert (second["stage"], reason["code"], reason["details"]) == (
        "needs_review",
        "duplicate_suspected",
        {"item": first["id"]},
    )
    status, problem, _ = world.call("POST", f"items/{second['id']}/publish")
    assert (status, [one["code"] for one in problem["problems"]]) == (409, ["item_not_ready", "duplicate_suspected"])
    status, view = decide(world, second["id"], "different")
    assert (status, view["stage"], view["duplicate_of"], view["duplicate_decision"]) == (
        200,
        "ready",
        None,
        "different",
    )
    assert world.call("POST", f"items/{second['id']}/publish")[0] == 202


def test_a_held_item_comes_into_no_expense_claim(world: World) -> None:
    compare(world, DuplicateMode.HOLD)
    world.make()
    second = world.make()
    body = {"side": "costs", "type": "expense_claim", "currency": "GBP", "date": "2026-03-11", "items": [second["id"]]}
    status, problem, _ = world.call("POST", "items", body)
    assert (status, problem["code"], problem["field"]) == (409, "duplicate_suspected", "items[0]")
    decide(world, second["id"], "different")
    assert world.call("POST", "items", body)[0] == 201


def test_what_was_decided_holds_while_the_item_looks_the_same(world: World) -> None:
    compare(world, DuplicateMode.HOLD)
    first, second = world.make(), world.make()
    decide(world, second["id"], "different")
    same = {"if-match": '"0"'}
    _, view, headers = world.call("PATCH", f"items/{second['id']}", {"description": "Fuel"}, headers=same)
    assert view["stage"] == "ready"
    _, view, headers = world.call(
        "PATCH", f"items/{second['id']}", {"number": "SUP-79"}, headers=headers | _match(headers)
    )
    assert (view["stage"], view["duplicate_of"]) == ("ready", None)
    _, view, _ = world.call("PATCH", f"items/{second['id']}", {"number": "SUP-77"}, headers=_match(headers))
    assert (view["stage"], view["duplicate_of"]) == ("needs_review", first["id"])


def _match(headers: dict[str, str]) -> dict[str, str]:
    return {"if-match": headers["etag"]}


def test_the_same_document_is_archived_unpublished_and_never_deleted(world: World) -> None:
    compare(world, DuplicateMode.FLAG)
    first, second = world.make(), world.make()
    status, view = decide(world, second["id"], "same")
    assert (status, view["place"], view["published"]) == (200, "archive", None)
    assert [one["code"] for one in view["reasons"]] == ["duplicate_confirmed"]
    assert world.call("POST", f"items/{second['id']}/publish")[0] == 409
    lines = world.call("GET", f"items/{second['id']}/timeline")[1]["lines"]
    assert lines[0]["what"] == "item.duplicate_decided"
    assert lines[0]["details"] == {"decision": "same", "item": first["id"]}
    assert decide(world, second["id"], "different")[1]["place"] == "inbox"


def test_archived_items_are_compared_as_well(world: World) -> None:
    compare(world, DuplicateMode.FLAG)
    first, second = world.make(), world.make()
    decide(world, second["id"], "same")
    assert world.make()["duplicate_of"] == first["id"]


def test_an_item_that_changes_is_no_longer_what_others_repeat(world: World) -> None:
    compare(world, DuplicateMode.FLAG)
    first = world.make()
    world.call("PATCH", f"items/{first['id']}", {"number": "SUP-80"}, headers={"if-match": '"0"'})
    assert world.make()["duplicate_of"] is None


@pytest.mark.parametrize("changes", [{"currency": "EUR"}, {"total": "49.00"}, {"type": "credit_note"}])
def test_another_amount_or_kind_is_another_document(world: World, changes: dict[str, Any]) -> None:
    compare(world, DuplicateMode.HOLD)
    world.make()
    assert world.make(**changes)["duplicate_of"] is None


@pytest.mark.parametrize("by_rule", [DuplicateMode.FLAG, DuplicateMode.OFF])
def test_a_suppliers_rule_counts_more_than_the_accounts_mode(world: World, by_rule: DuplicateMode) -> None:
    compare(world, DuplicateMode.HOLD)
    rule(world, by_rule)
    first, second = world.make(), world.make()
    assert second["stage"] == "ready"
    assert second["duplicate_of"] == (first["id"] if by_rule is DuplicateMode.FLAG else None)


def test_two_of_one_request_and_a_repeat_of_it(world: World) -> None:
    compare(world, DuplicateMode.HOLD)
    body = {"items": [world.bill(external_id="a"), world.bill(external_id="b")]}
    _, answer, _ = world.call("POST", "items", body)
    one, other = (result["item"] for result in answer["results"])
    assert (one["duplicate_of"], other["duplicate_of"]) == (None, one["id"])
    _, again, _ = world.call("POST", "items", body)
    assert [result["item"]["duplicate_of"] for result in again["results"]] == [None, one["id"]]


def test_two_that_arrive_at_the_same_moment_see_each_other_afterwards(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(world, DuplicateMode.HOLD)
    first = world.make()
    seen = world.service.items.alike
    blind = iter([[]])  # the look before it is stored finds nothing yet
    monkeypatch.setattr(world.service.items, "alike", lambda *key: next(blind, None) or seen(*key))
    second = world.make()
    assert (second["stage"], second["duplicate_of"]) == ("needs_review", first["id"])
