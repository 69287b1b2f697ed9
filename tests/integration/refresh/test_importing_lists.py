"""Suppliers, customers and categories from CSV: what is made, what is filled, what is refused, line by line."""

from typing import Any

import pytest

from shared.domain.lists import Book, Entry, Kind, folded
from shared.domain.rules import Rule, RuleKind, rule_id
from tests.integration.refresh.conftest import World
from tests.integration.refresh.test_own_lists import Api, api, connected

__all__ = ["api", "connected"]  # fixtures

CSV: dict[str, str | None] = {"content-type": "text/csv; charset=utf-8"}


def found(world: World, name: str, kind: Kind = Kind.SUPPLIERS) -> Entry:
    own = Book.own(world.tenant, world.account_id)
    book = world.connection.book if world.account.current_book else own
    entry = world.service.lists.by_name(book, kind, folded(name))
    assert entry is not None
    return entry


def rule_of(world: World, entry: Entry, kind: RuleKind = RuleKind.SUPPLIER) -> Rule | None:
    id_ = rule_id(world.tenant, world.account_id, kind, entry.id)
    return world.service.rules.get(world.tenant, world.account_id, id_)


def test_rows_become_entries_and_what_they_say_of_coding_becomes_rules(world: World, api: Api) -> None:
    assert api("POST", "/lists/categories/import", "Name;Code\nTravel;500\nFuel;510", headers=CSV)[1]["created"] == 2
    text = (
        "Supplier,Code,Currency,Category,VAT number,E-mail,Colour\n"
        "Acme Ltd,S1,eur,500,GB1,a@example.com,red\n"
        "Blue & Co,,,fuel,,,\n"
        "Plain,,,,,,\n"
    )
    status, done = api("POST", "/lists/suppliers/import", {"csv": text})
    assert status == 200
    assert done == {
        "created": 3, "merged": 0, "refused": [], "differing": [], "rules": 2, "ignored_columns": ["Colour"],
        "dry_run": False,
    }  # fmt: skip
    acme, blue = found(world, "ACME  ltd"), found(world, "Blue & Co")
    assert (acme.code, acme.values) == ("S1", {"tax_number": "GB1", "email": "a@example.com"})
    by_code = {one["code"]: one["id"] for one in api("GET", "/lists/categories")[1]["entries"]}
    of_acme, of_blue = rule_of(world, acme), rule_of(world, blue)
    assert of_acme and of_blue
    assert (of_acme.category, of_acme.currency) == (by_code["500"], "EUR")
    assert (of_blue.category, of_blue.currency) == (by_code["510"], None)
    assert rule_of(world, found(world, "Plain")) is None
    (event,) = [event for event in world.events("list.imported") if (event.after or {})["kind"] == "suppliers"]
    assert event.after == {"kind": "suppliers", "created": 3, "merged": 0, "refused": 0, "rules": 2}


def test_names_that_are_there_are_merged_blanks_filled_the_rest_said(world: World, api: Api) -> None:
    api("POST", "/lists/categories/import", {"csv": "name,code\nTravel,500\nFuel,510"})
    first = "name,category,currency,email\nAcme,500,,a@example.com"
    assert api("POST", "/lists/suppliers/import", {"csv": first})[1]["created"] == 1
    again = (
        "name,category,currency,email,code\nacme,510,EUR,b@example.com,S1\nACME,,,,S2\nNew,,,,\nnew,,,n@example.com,"
    )
    status, done = api("POST", "/lists/suppliers/import", {"csv": again})
    assert (status, done["created"], done["merged"], done["rules"]) == (200, 1, 3, 1)
    assert [(one["line"], one["field"], one["given"]) for one in done["differing"]] == [
        (2, "email", "b@example.com"),
        (2, "rule.category", done["differing"][1]["given"]),
        (3, "code", "S2"),
    ]
    acme = found(world, "acme")
    rule = rule_of(world, acme)
    assert rule is not None
    assert (acme.name, acme.code, acme.values["email"], rule.currency) == ("Acme", "S1", "a@example.com", "EUR")
    assert found(world, "new").values == {"email": "n@example.com"}


def test_rows_that_cannot_be_taken_are_named_and_the_rest_is_taken(world: World, api: Api) -> None:
    gone = api("POST", "/lists/customers", {"name": "Gone"})[1]
    api("DELETE", f"/lists/customers/{gone['id']}")
    text = f"name,category,currency,email\n,,,\nA,,EURO,\nB,999,,\nGood,,,\nGone,,,\n{'x' * 256},,,\nC,,,{'y' * 256}\n"
    text = text.replace("\n,,,\n", "\n,,EUR,\n")
    status, done = api("POST", "/lists/customers/import", {"csv": text})
    assert (status, done["created"], done["merged"]) == (200, 1, 0)
    assert [(one["line"], one["field"]) for one in done["refused"]] == [
        (2, "name"), (3, "currency"), (4, "category"), (6, "name"), (7, "name"), (8, "email"),
    ]  # fmt: skip
    assert all(one["reason"] for one in done["refused"])
    assert found(world, "Good", Kind.CUSTOMERS).id


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "at least 1"),
        ("colour\nred", None),
        ("name\n" + "x\n" * 1001, "more than 1000 rows"),
        ('name\n"x"y', "line 2"),
    ],
)
def test_a_text_that_is_no_list_is_refused_whole(world: World, api: Api, text: str, reason: str | None) -> None:
    status, body = api("POST", "/lists/suppliers/import", {"csv": text})
    if reason is None:
        assert [one["field"] for one in body["refused"]] == ["name"]
        return
    assert (status, body["code"], body["field"]) == (422, "invalid_request", "csv")
    assert reason in body["details"]["reason"]


def test_a_dry_run_and_a_repeat_say_the_same_and_write_nothing(world: World, api: Api) -> None:
    api("POST", "/lists/categories/import", {"csv": "name,code\nTravel,500"})
    text = "name,category,email\nAcme,500,a@example.com\nacme,500,b@example.com\n"
    dry = api("POST", "/lists/suppliers/import", {"csv": text, "dry_run": True})[1]
    assert api("GET", "/lists/suppliers")[1]["entries"] == []
    key: dict[str, str | None] = {"idempotency-key": "once"}
    first = api("POST", "/lists/suppliers/import", {"csv": text}, headers=key)
    assert first[1] == {**dry, "dry_run": False}
    before = len(world.events())
    repeat = api("POST", "/lists/suppliers/import", {"csv": text}, headers=key)
    assert repeat == first
    assert len(world.events()) == before


def test_in_connected_books_new_contacts_only(connected: World, api: Api) -> None:
    assert api("POST", "/lists/categories/import", {"csv": "name\nTravel"})[1]["code"] == "list_has_no_entries_of_own"
    assert api("POST", "/lists/tax_rates/import", {"csv": "name\nTravel"})[0] == 404
    text = "name,code,email\nsuppliers c1,S1,a@example.com\nOurs,S2,b@example.com"
    _, done = api("POST", "/lists/suppliers/import", {"csv": text})
    assert (done["created"], done["merged"]) == (1, 1)
    assert [(one["line"], one["field"], one["kept"]) for one in done["differing"]] == [
        (2, "code", None),
        (2, "email", None),
    ]
    assert found(connected, "Ours").provider_id is None
    assert found(connected, "suppliers c1").code is None


def test_formulas_are_kept_as_texts(world: World, api: Api) -> None:
    api("POST", "/lists/suppliers/import", {"csv": 'name\n"=HYPERLINK(""x"")"\n'})
    assert [one["name"] for one in api("GET", "/lists/suppliers")[1]["entries"]] == ['=HYPERLINK("x")']


def test_more_rows_than_one_transaction_takes(world: World, api: Api) -> None:
    api("POST", "/lists/categories/import", {"csv": "name,code\nTravel,500"})
    rows = "\n".join(f"Supplier {number},500" for number in range(120))
    status, done = api("POST", "/lists/suppliers/import", f"name,category\n{rows}", headers=CSV)
    assert (status, done["created"], done["rules"]) == (200, 120, 120)
    assert found(world, "supplier 119").name == "Supplier 119"


def test_only_admins_bring_lists_and_only_their_own(world: World, api: Api) -> None:
    body: Any = {"csv": "name\nAcme"}
    assert api("POST", "/lists/suppliers/import", body, tenant="OTHER")[0] == 404
    assert api("POST", "/lists/suppliers/import", body, scopes="ledgerbridge/read ledgerbridge/work")[0] == 403
    latin: dict[str, str | None] = {"content-type": "text/csv"}
    assert api("POST", "/lists/suppliers/import", "name\nM\udcfcller", headers=latin)[0] == 422
