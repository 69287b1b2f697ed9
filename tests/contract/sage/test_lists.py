"""Sage's lists against the sandbox: all pages, changes, deletions; the figures of a large business."""

from datetime import timedelta

import pytest

from rehearsal.sandbox_process import SandboxClient
from shared.domain.lists import EntryStatus, Kind
from shared.providers.contract import CallFailed
from shared.providers.sage import api, lists
from shared.providers.sage.calls import PROVIDER
from tests.contract.sage.kit import World, clock, connected
from tests.contract.sandbox.sage.sage_client import IE, SageClient

FOUR = ("GET /ledger_accounts", "GET /contacts", "GET /tax_rates", "GET /products")
LARGE = {"contacts": 20_000, "items": 5_000, "accounts": 500, "tax_rates": 50}


def test_entries_say_what_coding_needs(world: World) -> None:
    stationery = world.entry(Kind.CATEGORIES, "7520")
    assert "purchases" in stationery.values["areas"] and stationery.values["class"] == "expense"
    assert stationery.values["default_tax_rate"] == "GB_STANDARD"
    standard = world.entry(Kind.TAX_RATES, "GB_STANDARD")
    assert standard.values["rate"] == "20"
    assert [one["rate"] for one in standard.values["periods"]] == ["17.5", "20"]
    assert world.entry(Kind.TAX_RATES, "GB_OLD_LOWER").visible is False
    card = world.entry(Kind.BANK_ACCOUNTS, "1240")
    assert card.values == {"currency": "GBP", "type": "credit_card"}
    assert world.entry(Kind.BANK_ACCOUNTS, "1250").values["currency"] == "EUR"
    assert world.entry(Kind.BANK_ACCOUNTS, "1290").status is EntryStatus.INACTIVE
    assert world.entry(Kind.SUPPLIERS, "Dunmore Signs (closed)").status is EntryStatus.INACTIVE
    assert world.entry(Kind.SUPPLIERS, "Copperfield Insurance").provider_id == (
        world.entry(Kind.CUSTOMERS, "Copperfield Insurance").provider_id
    )


def test_dimensions_come_before_their_values(world: World) -> None:
    by_id = {one.id: one for one in world.entries[Kind.DIMENSIONS]}
    retail = world.entry(Kind.DIMENSIONS, "Retail")
    assert by_id[retail.parent or ""].name == "Department"
    assert {one.name for one in by_id.values() if one.parent is None} == {"Department", "Cost Centre"}


def test_products_services_and_stock_items_are_one_list(world: World) -> None:
    kinds = {one.code: one.values["type"] for one in world.entries[Kind.PRODUCTS]}
    assert (kinds["BOOK"], kinds["DEV-H"], kinds["GB1-WHITE"]) == ("product", "service", "stock_item")
    assert world.entry(Kind.PRODUCTS, "MUG-OLD").status is EntryStatus.INACTIVE


def test_pages_end_where_sage_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page past the end is the last one once more: with small pages every contact comes exactly once."""
    every = {one.provider_id for one in world.entries[Kind.SUPPLIERS]}
    monkeypatch.setattr(lists, "PAGE_SIZE", 5)
    page, seen, calls = None, [], 0
    while calls == 0 or page:
        found = PROVIDER.list_page(world.session, (Kind.SUPPLIERS, Kind.CUSTOMERS), page, None)
        seen += [one.provider_id for one in found.entries if one.kind is Kind.SUPPLIERS]
        page, calls = found.next, calls + 1
    assert set(seen) == every and len(seen) == len(every) and calls > 4


def test_a_page_past_the_end_is_told_apart(world: World) -> None:
    with pytest.raises(CallFailed) as failed:
        PROVIDER.list_page(world.session, (Kind.SUPPLIERS, Kind.CUSTOMERS), "0:9:-1", None)
    assert failed.value.problem.code == "provider_answer_broken"


def test_a_list_that_becomes_shorter_while_it_is_read_is_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE_SIZE", 5)
    first = PROVIDER.list_page(world.session, (Kind.PRODUCTS,), None, None)
    place = lists.Place.read(first.next)
    shorter = str(lists.Place(0, 1, place.total + 3 if place.total >= 0 else 99))
    with pytest.raises(CallFailed):
        PROVIDER.list_page(world.session, (Kind.PRODUCTS,), shorter, None)


def since(world: World) -> dict[tuple[Kind, ...], str]:
    """Cursors that lie before now and after everything so far."""
    world.sage.sandbox.control("/clock", {"advance_seconds": 3600})
    at = api.moment(clock() + timedelta(seconds=1800))
    world.renew()
    return dict.fromkeys(PROVIDER.list_groups(), at)


def test_changes_bring_what_changed_alone(world: World) -> None:
    cursors = since(world)
    headers = {"authorization": f"Bearer {world.told.pair.access.reveal()}", "x-business": world.organisation.id}
    body = {"contact": {"name": "New Ltd", "contact_type_ids": ["VENDOR"]}}
    made = world.sage.sandbox.http.post(f"{world.sage.base}/v3.1/contacts", headers=headers, json=body)
    assert made.status_code == 201, made.text
    world.pull(cursors)
    assert [one.name for one in world.entries[Kind.SUPPLIERS]] == ["New Ltd"]
    assert (Kind.CUSTOMERS, made.json()["id"]) in world.gone
    assert world.entries[Kind.CATEGORIES] == [] and world.entries[Kind.PRODUCTS] == []


def test_what_sage_fills_in_for_a_contact(world: World) -> None:
    cursors = since(world)
    headers = {"authorization": f"Bearer {world.told.pair.access.reveal()}", "x-business": world.organisation.id}
    account = world.entry(Kind.CATEGORIES, "7520").provider_id
    terms = {"Plain": "date_from_invoice", "Monthly": "month_end_invoice", "At once": "immediate_invoice"}
    for name, when in {**terms, "By payment": "date_from_payment", "None": None}.items():
        body = {
            "name": name, "contact_type_ids": ["VENDOR"], "default_purchase_ledger_account_id": account,
            "credit_days": 20, "credit_terms": when,
        }  # fmt: skip
        made = world.sage.sandbox.http.post(f"{world.sage.base}/v3.1/contacts", headers=headers, json={"contact": body})
        assert made.status_code == 201, made.text
    world.pull(cursors)
    found = {one.name: one.values for one in world.entries[Kind.SUPPLIERS]}
    assert {one["default_category"] for one in found.values()} == {account}
    due = {name: (said.get("due_days"), said.get("due_after")) for name, said in found.items()}
    assert due == {
        "Plain": (20, "date"),
        "Monthly": (20, "end_of_month"),
        "At once": (0, "date"),
        "By payment": (None, None),
        "None": (None, None),
    }


def test_what_was_deleted_is_told_as_gone(world: World) -> None:
    cursors = since(world)
    headers = {"authorization": f"Bearer {world.told.pair.access.reveal()}", "x-business": world.organisation.id}
    contact = world.entry(Kind.SUPPLIERS, "Harbour Telecom").provider_id
    gone = world.sage.sandbox.http.delete(f"{world.sage.base}/v3.1/contacts/{contact}", headers=headers)
    assert gone.status_code == 204, gone.text
    world.pull(cursors)
    assert world.entries[Kind.SUPPLIERS] == []
    assert (Kind.SUPPLIERS, contact) in world.gone


def test_the_four_lists_are_four_calls_for_changes_and_eight_at_most_with_deletions(world: World) -> None:
    cursors = since(world)
    before = {name: world.sage.calls(name) for name in FOUR}
    world.pull(cursors)
    made = {name: world.sage.calls(name) - before[name] for name in FOUR}
    # Contacts and products are asked for deletions besides; ledger accounts and tax rates cannot be.
    assert made == dict(zip(FOUR, (1, 2, 1, 2), strict=True))


def test_the_cursor_of_a_pass_finds_what_changed_during_it(world: World) -> None:
    cursors = world.pull()
    assert set(cursors.values()) - {None}
    assert cursors[(Kind.CURRENCIES,)] is None
    world.pull({kinds: cursor for kinds, cursor in cursors.items() if cursor})
    assert all(cursor is None or cursor <= api.moment(clock()) for cursor in cursors.values())


@pytest.mark.soak
def test_a_first_refresh_of_a_large_business_is_129_calls(sandbox: SandboxClient) -> None:
    url = f"{sandbox.base}/__control/reset"
    assert sandbox.http.post(url, json={"seed": LARGE}, timeout=150).status_code == 200
    world = connected(SageClient(sandbox), pull=False)
    world.pull()
    assert sum(world.sage.calls(name) for name in FOUR) == 129
    assert len(world.entries[Kind.PRODUCTS]) >= 5_000


@pytest.mark.parametrize(
    ("user", "business", "dimensions"),
    [("alex.morgan@example.com", IE, True), ("priya.shah@example.com", "Corner Shop (Start) Ltd", False)],
)
def test_lists_that_a_plan_lacks_are_empty_and_take_nothing_else_with_them(
    sage: SageClient, user: str, business: str, *, dimensions: bool
) -> None:
    """Accounting Standard has no stock items, Start no analysis types either: products come all the same."""
    world = connected(sage, user, business)
    kinds = {one.values["type"] for one in world.entries[Kind.PRODUCTS]}
    assert kinds == {"product", "service"}
    assert bool(world.entries[Kind.DIMENSIONS]) == dimensions
    assert world.entries[Kind.CATEGORIES] and world.entries[Kind.SUPPLIERS]
