"""Items as CSV: a row for each line, page behind page, and nothing that a spreadsheet would run."""

import csv
import io
from typing import Any

from tests.integration.publish_api.conftest import World


def export(world: World, **query: str) -> tuple[list[dict[str, str]], int]:
    """All rows, and how many pages they took."""
    text, pages, cursor = "", 0, ""
    while True:
        answer = raw(world, query | ({"cursor": cursor} if cursor else {}))
        assert answer["statusCode"] == 200, answer
        text, pages = text + answer["body"], pages + 1
        cursor = answer["headers"].get("next-cursor", "")
        if not cursor:
            return list(csv.DictReader(io.StringIO(text))), pages


def raw(world: World, query: dict[str, str]) -> dict[str, Any]:
    seen: list[dict[str, Any]] = []
    handler = world._handler

    def keep(event: dict[str, Any], context: Any) -> dict[str, Any]:
        seen.append(handler(event, context))
        return {"statusCode": seen[0]["statusCode"], "body": "{}"}

    world._handler = keep
    world.call("GET", "items/export", query=query)
    world._handler = handler
    return seen[0]


def test_every_line_is_a_row_and_pages_make_one_file(world: World) -> None:
    two = [world.line(), world.line(amount="-5.50", description="=HYPERLINK(1)", tax_amount="-1.10")]
    first = world.make(lines=two, total="41.40", number="+44 20", external_id="x-1", reverse_charge=False)
    second = world.make(type="receipt", due_date=None)
    rows, pages = export(world, limit="1")
    assert pages == 2
    assert [(row["id"], row["line"]) for row in rows] == [(second["id"], "1"), (first["id"], "1"), (first["id"], "2")]
    last = rows[2]
    assert (last["amount"], last["tax_amount"], last["total"], last["paid"]) == ("-5.50", "-1.10", "41.40", "no")
    assert (last["line_description"], last["number"]) == ("'=HYPERLINK(1)", "'+44 20")
    assert (last["contact"], last["category_code"], last["category"]) == ("Office Supplies Ltd", "429", "Fuel")
    assert (last["external_id"], last["stage"], last["reverse_charge"]) == ("x-1", "ready", "no")


def test_claims_are_exported_with_the_lines_of_their_items(world: World) -> None:
    item = world.make(type="receipt", due_date=None)
    claim = _claim(world, item["id"])
    rows, _ = export(world, of="claims")
    assert [(row["id"], row["amount"]) for row in rows] == [(claim, "48.00")]
    items, _ = export(world)
    assert [(row["id"], row["claim"]) for row in items] == [(item["id"], claim)]


def _claim(world: World, item: str) -> str:
    body = {"side": "costs", "type": "expense_claim", "currency": "GBP", "items": [item], "date": "2026-03-11"}
    status, answer, _ = world.call("POST", "items", body)
    assert status == 201, answer
    made: str = answer["results"][0]["item"]["id"]
    return made


def test_only_what_is_asked_for_is_exported(world: World) -> None:
    ready = world.make()
    world.make(contact=None)
    rows, _ = export(world, stage="ready")
    assert [row["id"] for row in rows] == [ready["id"]]
