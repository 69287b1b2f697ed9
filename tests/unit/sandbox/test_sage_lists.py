"""The sandbox's Sage: paging, filters, deltas, deletions, and a snapshot that loses nothing."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.clock import SandboxClock
from sandbox.counts import CallCounts
from sandbox.faults import FaultBoard
from sandbox.sage import edits, seed
from sandbox.sage.books import Books
from sandbox.sage.simulation import SageSimulation
from sandbox.simulation import Shell
from tests.unit.sandbox.sage_desk import NOW, Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


def listed(desk: Desk, table: str, **query: str) -> Any:
    status, body = desk.call("GET", f"/{table}", query=query)
    assert status == 200, body
    return body


def test_pages_and_a_page_beyond_the_end(desk: Desk) -> None:
    first = listed(desk, "contacts")
    assert (len(first["$items"]), first["$total"], first["$back"], first["$itemsPerPage"]) == (20, 23, None, 20)
    assert first["$next"] == "/contacts?page=2&items_per_page=20"
    last = listed(desk, "contacts", page="2")
    beyond = listed(desk, "contacts", page="9")
    assert (len(last["$items"]), last["$next"]) == (3, None)
    assert beyond["$items"] == last["$items"]
    assert listed(desk, "contacts", items_per_page="500")["$itemsPerPage"] == 200
    assert desk.call("GET", "/contacts", query={"page": "0"})[0] == 422


def test_base_attributes_unless_asked_for(desk: Desk) -> None:
    assert listed(desk, "contacts")["$items"][0].keys() == {"id", "displayed_as", "$path"}
    some = listed(desk, "contacts", attributes="name,contact_types")["$items"][0]
    assert some.keys() == {"id", "displayed_as", "$path", "name", "contact_types"}
    whole = listed(desk, "contacts", attributes="all")["$items"][0]
    assert whole["displayed_as"] == "Northgate Stationers (C00001)"
    assert not [name for name in whole if name.startswith("_")]


def test_filters(desk: Desk) -> None:
    assert listed(desk, "contacts", contact_type_id="CUSTOMER")["$total"] == 7
    assert listed(desk, "contacts", search="northgate")["$total"] == 1
    assert listed(desk, "contacts", filter_inactive_contacts="true")["$total"] == 22
    assert listed(desk, "ledger_accounts", visible_in="expenses", search="(7520)")["$total"] == 1
    assert listed(desk, "ledger_accounts", show_control_accounts="true")["$total"] == 5
    assert listed(desk, "products", active="false")["$total"] == 1
    assert listed(desk, "tax_rates", date="2026-11-22")["$total"] == 6
    assert listed(desk, "bank_accounts", filter_inactive_bank_accounts="true")["$total"] == 5


def test_documents_are_found_by_reference_only(desk: Desk) -> None:
    desk.create("purchase_invoices", desk.bill())
    assert listed(desk, "purchase_invoices", search="LB0123456789")["$total"] == 1
    assert listed(desk, "purchase_invoices", search="SUP-77")["$total"] == 0
    assert listed(desk, "purchase_invoices", from_date="2026-11-12")["$total"] == 0


def test_changes_since_an_instant_count_it_in(desk: Desk) -> None:
    edits.edit(desk.books, {"rename_contact": {"contact": "Severn Power", "name": "Severn Energy"}}, NOW)
    later = replace(desk, now=NOW + timedelta(hours=1))
    for since in ("2026-11-22T12:00:00Z", "2026-11-22T13:00:00+01:00", "2026-11-22T13:00:00 01:00"):
        assert listed(later, "contacts", updated_or_created_since=since)["$total"] == 1
    assert listed(later, "contacts", updated_or_created_since="2026-11-22T12:00:01Z")["$total"] == 0
    assert desk.call("GET", "/contacts", query={"updated_or_created_since": "yesterday"})[0] == 422


def test_deleted_rows_vanish_and_are_told_when_asked(desk: Desk) -> None:
    gone = desk.contact("Severn Power")
    assert desk.call("DELETE", f"/contacts/{gone}")[0] == 204
    assert listed(desk, "contacts")["$total"] == 22
    told = listed(desk, "contacts", deleted_since="2026-11-22T00:00:00Z")
    assert [(one["id"], one["deleted_at"]) for one in told["$items"]] == [(gone, "2026-11-22T12:00:00Z")]
    assert desk.call("GET", f"/contacts/{gone}")[0] == 404
    desk.create("purchase_invoices", desk.bill())
    assert desk.call("DELETE", f"/contacts/{desk.contact('Northgate Stationers')}")[0] == 422


def test_names_may_repeat_references_not(desk: Desk) -> None:
    twin = {"name": "Northgate Stationers", "contact_type_ids": ["VENDOR"]}
    assert desk.create("contacts", twin)["displayed_as"] == "Northgate Stationers"
    assert desk.refused("contacts", twin | {"reference": "c00001"}).keys() == {"reference"}
    assert desk.refused("contacts", {"name": "x"}).keys() == {"contact_type_ids"}
    changed = desk.call("PUT", f"/contacts/{desk.contact('Severn Power')}", {"contact": {"name": "Severn Energy"}})
    assert changed[1]["name"] == "Severn Energy"


def test_unknown_paths_and_methods(desk: Desk) -> None:
    assert desk.call("GET", "/invoices")[0] == 404
    assert desk.call("GET", "/contacts/x")[0] == 404
    assert desk.call("DELETE", "/tax_rates/GB_STANDARD")[0] == 405


def test_a_snapshot_gives_the_same_books_back(desk: Desk) -> None:
    bill = desk.create("purchase_invoices", desk.bill())
    desk.create("contact_payments", desk.payment(bill))
    copy = Books.from_snapshot(desk.books.to_snapshot())
    assert copy.view() == desk.books.view()
    assert Desk(copy).balances() == desk.balances()


def test_the_whole_state_outlives_a_snapshot() -> None:
    first, second = (SageSimulation(Shell(SandboxClock(), CallCounts(), FaultBoard(), "small")) for _ in range(2))
    edits.edit(next(iter(first.state.books.values())), {"lock_date": "2026-06-30"}, NOW)
    first.state.access[next(iter(first.state.people))] = []
    second.restore(json.loads(json.dumps(first.to_snapshot())))
    assert second.to_snapshot() == first.to_snapshot()
    second.reset("small")
    assert second.to_snapshot() != first.to_snapshot()


@pytest.mark.soak
def test_the_first_refresh_of_a_large_business_is_129_calls() -> None:
    large = Desk(seed.bulk(contacts=20_000, items=5_000, accounts=500)[0])
    rows = calls = 0
    for table in ("ledger_accounts", "contacts", "tax_rates", "products"):
        following: str | None = f"/{table}?items_per_page=200&attributes=name"
        while following:
            page = listed(large, table, **dict(parse_qsl(urlsplit(following).query)))
            rows, calls, following = rows + len(page["$items"]), calls + 1, page["$next"]
    assert (rows, calls) == (25_550, 129)
