"""Receipts of nobody in particular are compared as well; without its number an invoice is compared with none."""

from typing import Any

import pytest

from rehearsal.world import World
from tests.integration.rules_13.api import Api


@pytest.fixture
def hold(api: Api) -> None:
    version = api.world.account.version
    assert api.ok("PATCH", "defaults", {"duplicate_mode": "hold"}, version=version)["duplicate_mode"] == "hold"


def receipt(world: World, **changes: Any) -> dict[str, Any]:
    return world.papers.bill(type="receipt", due_date=None, number=None, **changes)


@pytest.mark.usefixtures("hold")
def test_rule_21_receipts_with_empty_owners_on_both_are_duplicates(world: World, api: Api) -> None:
    first, second = api.make(receipt(world)), api.make(receipt(world))
    assert (first["stage"], first["duplicate_of"]) == ("ready", None)
    assert (second["stage"], second["duplicate_of"]) == ("needs_review", first["id"])
    other_day = api.make(receipt(world, date="2026-03-10"))
    assert (other_day["stage"], other_day["duplicate_of"]) == ("ready", None)


@pytest.mark.usefixtures("hold")
def test_rule_21_receipts_of_two_people_are_no_duplicates(world: World, api: Api) -> None:
    annas = api.make(receipt(world, owner="anna"))
    others = [api.make(receipt(world, **owner)) for owner in ({"owner": "ben"}, {})]
    assert [(one["stage"], one["duplicate_of"]) for one in others] == [("ready", None), ("ready", None)]
    again = api.make(receipt(world, owner="anna"))
    assert (again["stage"], again["duplicate_of"]) == ("needs_review", annas["id"])


@pytest.mark.usefixtures("hold")
def test_rule_21_an_invoice_without_its_number_is_no_duplicate(world: World, api: Api) -> None:
    known = api.make(world.papers.bill(number="A-1"))
    assert api.make(world.papers.bill(number="A-1"))["duplicate_of"] == known["id"]
    nameless = [api.make(world.papers.bill(number=None)) for _ in range(2)]
    assert [one["duplicate_of"] for one in nameless] == [None, None]
