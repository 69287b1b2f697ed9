"""Rules leave an account by code and name and come into another: what does not match there is said, row by row."""

import csv
import io
import json
from typing import Any

import pytest

from shared.domain.lists import Book, Entry, Kind
from tests.integration.publish_api.conftest import Cloud, World, _connected

JSON = dict[str, Any]


@pytest.fixture
def client(cloud: Cloud) -> World:
    """Another account, of another tenant, with books that look alike and entries of its own."""
    return _connected(cloud.service, cloud.queue_url, cloud.sqs, cloud.s3)


@pytest.fixture
def model(world: World) -> World:
    """An account whose rules use everything that rules may say."""
    supplier, customer = world.entries["supplier"].id, world.entries["customer"].id
    card = method(world, "Company card")
    north = [{"dimension": "Region", "name": "North"}]
    shares = [{"percent": "60", "category": {"code": "429"}, "dimensions": north}, {"percent": "40"}]
    made: list[JSON] = [
        {
            "kind": "supplier", "subject": supplier, "category": {"code": "429"}, "tax_rate": {"code": "INPUT2"},
            "due_date": {"days": 30, "after": "end_of_month"}, "payment_method": {"name": "Company card"},
            "paid": False, "reverse_charge": True, "description": '=HYPERLINK("x")', "currency": "EUR",
            "dimensions": north,
            "customer": {"id": customer}, "billable": True, "destination": "purchases", "integration": "main",
            "auto_publish": "yes", "duplicate_mode": "hold", "split": {"shares": shares},
        },
        {"kind": "customer", "subject": customer, "category": {"code": "200"},
         "split": {"keywords": [{"keyword": "freight", "category": {"code": "200"}}]}},
        {"kind": "user", "subject": "anna@example.com", "payment_method": {"name": "Company card"},
         "payment_method_when": "if_blank"},
        {"kind": "payment_method", "subject": card, "auto_publish": "never"},
    ]  # fmt: skip
    for number, body in enumerate(made):
        status, answer, _ = world.call("POST", "rules", body, headers={"idempotency-key": f"make-{number}"})
        assert status == 201, answer
    return world


def method(world: World, name: str) -> str:
    entry = Entry(world.service.clock.now().strftime("%H%M%S%f").rjust(26, "0"), Kind.PAYMENT_METHODS, name)
    world.service.lists.put_own(entry, Book.own(world.account.tenant, world.account.id))
    return entry.id


def rules(world: World) -> list[JSON]:
    """The account's rules as they travel, in an order of their own."""
    status, body, _ = world.call("GET", "rules/export")
    assert status == 200, body
    assert body["left_out"] == []
    return sorted(body["rules"], key=lambda rule: json.dumps(rule["kind"]))


def take(world: World, rows: Any, key: str = "take", **more: Any) -> JSON:
    form = "csv" if isinstance(rows, str) else "json"
    body = {"format": form, "rules": rows, **more}
    status, answer, _ = world.call("POST", "rules/import", body, headers={"idempotency-key": key})
    assert status == 200, answer
    return answer


def test_no_id_leaves_the_account(model: World) -> None:
    text = json.dumps(rules(model))
    assert not [entry.id for entry in model.entries.values() if entry.id in text]
    (supplier,) = [rule for rule in rules(model) if rule["kind"] == "supplier"]
    assert supplier["subject"] == {"code": None, "name": "Office Supplies Ltd"}
    assert supplier["category"] == {"code": "429", "name": "Fuel"}
    assert supplier["dimensions"] == [{"dimension": "Region", "name": "North"}]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_rules_are_copied_from_a_model_client(model: World, client: World, form: str) -> None:
    method(client, "company CARD")
    rows: Any = rules(model)
    if form == "csv":
        rows = exported_csv(model)
    assert take(client, rows, dry_run=True)["created"] == 4
    assert rules(client) == []
    done = take(client, rows, key="in-earnest")
    assert done == {"created": 4, "changed": 0, "unchanged": 0, "refused": [], "dry_run": False}
    expected = json.loads(json.dumps(rules(model)).replace("Company card", "company CARD"))
    assert rules(client) == expected
    assert take(client, rows, key="in-earnest") == done  # the same request again
    assert take(client, rows, key="once-more") == {**done, "created": 0, "unchanged": 4}


def exported_csv(world: World) -> str:
    """The text of an export, which the world's own `call` would read as JSON."""
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": f"/v1/accounts/{world.account.id}/rules/export",
        "headers": {},
        "queryStringParameters": {"format": "csv"},
        "requestContext": {
            "requestId": "request-1",
            "stage": "$default",
            "http": {"method": "GET", "path": f"/v1/accounts/{world.account.id}/rules/export"},
            "authorizer": {
                "lambda": {
                    "tenant": world.account.tenant,
                    "subject": "client-1",
                    "is_machine": "true",
                    "scopes": world.scopes,
                }
            },
        },
        "isBase64Encoded": False,
    }
    answer = world._handler(event, None)
    assert answer["headers"]["Content-Type"].startswith("text/csv")
    text: str = answer["body"]
    return text


def test_no_cell_of_an_export_is_a_formula(model: World) -> None:
    rows = list(csv.DictReader(io.StringIO(exported_csv(model), newline="")))
    assert [row["description"] for row in rows if row["kind"] == "supplier"] == ['\'=HYPERLINK("x")']
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_what_does_not_match_is_said_and_the_rest_is_taken(client: World) -> None:
    rows = [
        {"kind": "supplier", "subject": {"name": "office supplies ltd"}, "category": {"code": "999", "name": "FUEL"}},
        {"kind": "supplier", "subject": {"name": "Nobody"}, "category": {"code": "429"}},
        {"kind": "customer", "subject": {"name": "City Agency"}, "category": {"code": "480"},
         "tax_rate": {"name": "X"}},
        {"kind": "supplier", "subject": {"name": "Gone Ltd"}, "paid": True},
        {"kind": "user", "subject": {"name": "anna"}, "category": {"code": "429"}},
        {"kind": "supplier", "subject": {"name": "Office Supplies Ltd"}, "paid": "yes"},
        {"kind": "supplier", "subject": {"name": "Office Supplies Ltd"}, "integration": "bill"},
        {"subject": {}},
    ]  # fmt: skip
    done = take(client, rows)
    assert (done["created"], done["changed"]) == (1, 0)
    assert [(one["row"], one["field"]) for one in done["refused"]] == [
        (2, "subject"), (3, "category"), (3, "tax_rate"), (4, "subject"), (5, "category"), (6, "paid"),
        (7, "integration"), (8, "kind"), (8, "subject"),
    ]  # fmt: skip
    assert all(one["reason"] for one in done["refused"])
    (rule,) = rules(client)
    assert rule["category"] == {"code": "429", "name": "Fuel"}  # by name, as there is no such code


def test_fields_that_a_row_names_are_set_others_stay(model: World) -> None:
    text = "kind;subject;category_code;paid;due_days\nsupplier;Office Supplies Ltd;429;yes;14\n"
    done = take(model, text)
    assert (done["changed"], done["refused"]) == (1, [])
    (rule,) = [rule for rule in rules(model) if rule["kind"] == "supplier"]
    assert (rule["paid"], rule["due_date"], rule["currency"]) == (True, {"days": 14, "after": "date"}, "EUR")
    bad = "kind,subject,paid,due_days,split\nsupplier,Office Supplies Ltd,perhaps,soon,{\n"
    assert {one["field"].partition(".")[0] for one in take(model, bad, key="bad")["refused"]} == {
        "paid", "due_date", "split",
    }  # fmt: skip


def test_bounds_and_forms(client: World) -> None:
    for rows, form in (([], "csv"), ("", "json"), (["x"], "json"), ("kind\n" + "user\n" * 1001, "csv")):
        status, problem, _ = client.call("POST", "rules/import", {"format": form, "rules": rows})
        assert (status, problem["code"]) == (422, "invalid_request"), rows
    many = [{"kind": "user", "subject": {"name": f"user {number}"}, "paid": True} for number in range(1001)]
    assert client.call("POST", "rules/import", {"format": "json", "rules": many})[0] == 422
    assert client.call("GET", "rules/export", query={"format": "xml"})[0] == 422


def test_pages_of_an_export(model: World) -> None:
    found: list[JSON] = []
    cursor: dict[str, str] = {}
    for _ in range(4):
        _, body, _ = model.call("GET", "rules/export", query={"limit": "1", **cursor})
        found += body["rules"]
        cursor = {"cursor": body["next_cursor"]}
    assert body["next_cursor"] is None
    assert sorted(found, key=lambda rule: json.dumps(rule["kind"])) == rules(model)


def test_others_and_those_who_may_only_read(model: World, client: World) -> None:
    body = {"format": "json", "rules": []}
    assert model.call("POST", "rules/import", body, tenant=client.account.tenant)[0] == 404
    assert model.call("GET", "rules/export", tenant=client.account.tenant)[0] == 404
    status, problem, _ = model.call("POST", "rules/import", body, person="victor")
    assert (status, problem["code"]) == (403, "admin_needed")
    assert model.call("GET", "rules/export", person="victor")[0] == 200
