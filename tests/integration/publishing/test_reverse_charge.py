"""Domestic reverse charge in Xero, which is told of it by tax rate: items that say so are not published as others."""

import json
from decimal import Decimal
from typing import Any

import pytest

from rehearsal.world import World
from tests.integration.rules_13.api import Api

DOMESTIC = {"tax_rate": {"code": "DRCHARGE20"}}


def made(api: Api, *lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    papers = api.world.papers
    said = {"total": "40.00", "reverse_charge": True, **changes}
    body = papers.bill(lines=[papers.line(**line) for line in lines], **said)
    return api.make(body)


def test_an_item_with_a_usual_rate_waits_for_one_of_reverse_charge(world: World) -> None:
    api = Api(world)
    item = made(api, {})
    (reason,) = item["reasons"]
    assert (reason["code"], reason["field"]) == ("reverse_charge_by_rate", "lines[0].tax_rate")
    assert "Choose a tax rate of reverse charge" in reason["remedy"]
    assert api.call("POST", f"items/{item['id']}/publish")[1]["code"] == "item_not_ready"
    lines = [world.papers.line(**DOMESTIC)]
    chosen = api.ok("PATCH", f"items/{item['id']}", {"lines": lines}, version=item["version"])
    assert (chosen["stage"], chosen["reasons"]) == ("ready", [])
    assert Decimal(api.publish(item["id"])["published"]["total"]) == Decimal(40)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"tax_total": "0.00"},
        {"tax_total": "8.00"},
        {"tax_mode": "none"},
        {"tax_mode": "inclusive", "tax_total": "0"},
    ],
)
def test_what_the_paper_says_of_its_tax_is_a_note(world: World, said: dict[str, Any]) -> None:
    api = Api(world)
    item = made(api, DOMESTIC, **said)
    preview = api.ok("GET", f"items/{item['id']}/preview")
    assert preview["problems"] == []
    (document,) = json.loads(preview["payloads"][-1]["body"])["Invoices"]
    (line,) = document["LineItems"]
    assert (document["LineAmountTypes"], line["TaxType"], "TaxAmount" in line) == ("Exclusive", "DRCHARGE20", False)


def test_an_item_that_says_nothing_of_it_may_have_such_a_rate(world: World) -> None:
    item = made(Api(world), DOMESTIC, **{"reverse_charge": None})
    assert item["reasons"] == []
