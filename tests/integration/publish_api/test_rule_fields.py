"""What rules of each kind may decide, over the API: looked up by code or name, refused by the name of the field."""

from typing import Any

import pytest

from shared.domain.ids import new_id
from shared.domain.lists import Book, Entry, Kind
from tests.integration.publish_api.conftest import World


def rule(world: World, kind: str, subject: str, **decides: Any) -> tuple[int, dict[str, Any]]:
    headers = {"idempotency-key": new_id(world.service.clock.now())}
    body = {"kind": kind, "subject": subject, **decides}
    status, answer, _ = world.call("POST", "rules", body, headers=headers)
    return status, answer


def payment_method(world: World, name: str = "Card 1234") -> str:
    entry = Entry(new_id(world.service.clock.now()), Kind.PAYMENT_METHODS, name)
    world.service.lists.put_own(entry, Book.own(world.account.tenant, world.account.id))
    return entry.id


def test_a_suppliers_rule_decides_every_field(world: World) -> None:
    method = payment_method(world)
    entries = world.entries
    decides = {
        "category": {"code": "429"},
        "tax_rate": {"code": "INPUT2"},
        "due_date": {"days": 14, "after": "end_of_month"},
        "payment_method": {"name": "Card 1234"},
        "paid": True,
        "reverse_charge": False,
        "description": "Fuel of the vans",
        "currency": "EUR",
        "dimensions": [{"dimension": "Region", "name": "North"}],
        "customer": {"name": "City Agency"},
        "billable": True,
        "destination": "bank_accounts",
        "publish_as": "draft",
        "integration": "main",
        "auto_publish": "yes",
        "duplicate_mode": "hold",
        "split": {"shares": [{"percent": "60", "category": "429"}, {"percent": "40.00"}]},
    }
    status, made = rule(world, "supplier", entries["supplier"].id, **decides)
    assert status == 201, made
    assert (made["category"], made["tax_rate"]) == (entries["fuel"].id, entries["input"].id)
    assert (made["payment_method"], made["dimensions"]) == (method, [entries["north"].id])
    assert made["customer"] == entries["customer"].id
    assert made["split"]["shares"][0]["category"] == entries["fuel"].id
    plain = ("due_date", "paid", "reverse_charge", "description", "currency", "billable", "destination", "publish_as")
    for name in (*plain, "integration", "auto_publish", "duplicate_mode"):
        assert made[name] == decides[name]
    assert world.call("GET", f"rules/{made['id']}")[1] == made
    status, changed, _ = world.call(
        "PATCH", f"rules/{made['id']}", {"category": None, "split": None}, headers={"if-match": '"0"'}
    )
    assert (status, changed["category"], changed["split"]) == (200, None, None)
    assert changed["description"] == "Fuel of the vans"


def test_rules_of_the_other_kinds(world: World) -> None:
    method = payment_method(world)
    status, made = rule(world, "customer", world.entries["customer"].id, category={"code": "200"}, destination="sales")
    assert (status, made["kind"], made["category"]) == (201, "customer", world.entries["sales"].id)
    status, made = rule(world, "user", "anna@bakery.example", payment_method=method, payment_method_when="if_blank")
    assert (status, made["subject"], made["payment_method_when"]) == (201, "anna@bakery.example", "if_blank")
    status, made = rule(world, "user", "ben@bakery.example", dimensions=[{"dimension": "Team", "name": "Red"}])
    assert (status, made["dimensions"]) == (201, [world.entries["red"].id])
    status, made = rule(world, "payment_method", method, destination="bank_accounts", auto_publish="never")
    assert (status, made["auto_publish"], made["destination"]) == (201, "never", "bank_accounts")
    assert len(world.call("GET", "rules")[1]["rules"]) == 4


@pytest.mark.parametrize(
    ("kind", "decides", "field"),
    [
        ("supplier", {"auto_publish": "always"}, "auto_publish"),
        ("supplier", {"destination": "sales"}, "destination"),
        ("supplier", {"category": {"code": "999"}}, "category"),
        ("supplier", {"payment_method_when": "always"}, "payment_method_when"),
        ("supplier", {"due_date": {"days": -1}}, "due_date.days"),
        ("supplier", {"currency": "pounds"}, "currency"),
        ("supplier", {"dimensions": [{"dimension": "Region", "name": "West"}]}, "dimensions[0]"),
        ("supplier", {"split": {"shares": [{"percent": "60"}, {"percent": "30"}]}}, "split.shares"),
        ("supplier", {"split": {"shares": [{"percent": "sixty"}]}}, "split.shares[0].percent"),
        ("supplier", {"split": {}}, "split"),
        ("supplier", {"split": {"keywords": [{"keyword": "oil", "category": "999"}]}}, "split.keywords[0].category"),
        ("customer", {"customer": {"name": "City Agency"}}, "customer"),
        ("customer", {"duplicate_mode": "flag"}, "duplicate_mode"),
        ("customer", {"integration": "bill"}, "integration"),
        ("user", {"category": {"code": "429"}}, "category"),
        ("user", {"payment_method_when": "always"}, "payment_method_when"),
        ("payment_method", {"paid": True}, "paid"),
        ("payment_method", {"auto_publish": "yes"}, "auto_publish"),
    ],
)
def test_what_does_not_fit_is_named(world: World, kind: str, decides: dict[str, Any], field: str) -> None:
    subjects = {
        "supplier": world.entries["supplier"].id,
        "customer": world.entries["customer"].id,
        "user": "anna",
        "payment_method": payment_method(world),
    }
    status, problem = rule(world, kind, subjects[kind], **decides)
    assert (status, problem["code"], problem["field"]) == (422, "invalid_request", field), problem


@pytest.mark.parametrize("kind", ["supplier", "customer", "payment_method"])
def test_a_rule_is_for_what_is_there(world: World, kind: str) -> None:
    status, problem = rule(world, kind, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert (status, problem["field"]) == (422, "subject")


def test_documents_that_publish_themselves_need_a_category(world: World) -> None:
    status, made = rule(world, "supplier", world.entries["supplier"].id, auto_publish="yes")
    assert (status, made["warnings"]) == (201, ["auto_publish_without_category"])
    _, changed, _ = world.call("PATCH", f"rules/{made['id']}", {"category": "429"}, headers={"if-match": '"0"'})
    assert changed["warnings"] == []
