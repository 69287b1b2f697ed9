"""Merges over more than two books: led on without a chain, into a secondary's books, and back without a merge."""

import pytest

from rehearsal.world import World
from shared.domain.ids import new_id
from shared.domain.lists import Book, Entry, Kind
from shared.usecases.entry_cache import EntryCache
from tests.integration.merging.kit import apply, begin, decide, entries, entry, move_to, onto, undo, work
from tests.integration.merging.test_applying import EXPENSES, mapped
from tests.integration.merging.test_undoing import meanings
from tests.integration.rules_13.api import Api


def led(world: World, name: str, book: Book) -> str | None:
    """What the category of an item of before means in a book."""
    item = world.service.items.get(world.tenant, world.account_id, world.items[name]["id"])
    assert item is not None
    category = item.lines[0].category
    assert category is not None
    found = EntryCache(world.service, world.account).get(book, Kind.CATEGORIES, category)
    return found.name if found is not None else None


def test_a_later_merge_leads_on_what_an_earlier_one_led_here(api: Api, quickbooks: World) -> None:
    first = mapped(api)
    apply(api, first)
    books = quickbooks.connection.book
    move_to(quickbooks, "sage")
    work(quickbooks)
    assert led(quickbooks, "plain", quickbooks.connection.book) is None
    second = begin(api)
    shown = api.ok("GET", f"merges/{second}")
    assert (shown["from"], shown["to"]) == (books.key, quickbooks.connection.book.key)
    # What Xero's items and rules use counts for the QuickBooks entry that it leads to.
    assert entries(api, second, "categories")["Office Expenses"]["items"] == 4
    target = next(
        one
        for one in quickbooks.service.lists.all(quickbooks.connection.book, Kind.CATEGORIES)
        if one.usable and one.values.get("class") == "expense"
    )
    decide(api, second, categories=onto(api, second, "categories", Office_Expenses=target.name))
    apply(api, second)
    assert led(quickbooks, "plain", quickbooks.connection.book) == target.name
    undo(api, first)
    assert led(quickbooks, "plain", quickbooks.connection.book) is None
    undo(api, second)
    assert led(quickbooks, "plain", quickbooks.connection.book) is None


def test_back_in_the_books_of_before_nothing_needs_a_merge(api: Api, quickbooks: World) -> None:
    apply(api, mapped(api))
    coded = api.make(
        quickbooks.papers.bill(
            contact={"name": "Northern Fuel"},
            lines=[quickbooks.papers.line(category={"name": EXPENSES["General_Expenses"]})],
        )
    )
    move_to(quickbooks, "xero")
    work(quickbooks)
    assert led(quickbooks, "plain", quickbooks.connection.book) == "General Expenses"
    assert meanings(quickbooks)["plain"] == []
    # What was coded in QuickBooks leads back where exactly one entry led there.
    category = coded["lines"][0]["category"]
    found = EntryCache(quickbooks.service, quickbooks.account).get(
        quickbooks.connection.book, Kind.CATEGORIES, category
    )
    assert found == entry(quickbooks, Kind.CATEGORIES, "General Expenses")


@pytest.mark.soak
def test_one_category_becomes_an_account_of_the_main_books_and_one_of_bill(with_bill: World) -> None:
    """Kept by hand before anything was connected: one merge into the main books, one into BILL's, both in force."""
    api, bill = Api(with_bill), with_bill.connection.book
    main = Book.of_key(with_bill.tenant, with_bill.account_id, with_bill.account.current_book or "")
    lists = with_bill.service.lists
    stationery = Entry(new_id(with_bill.time()), Kind.CATEGORIES, "Stationery")
    lists.put_own(stationery, Book.own(with_bill.tenant, with_bill.account_id))
    merges = {}
    for book, name in ((main, "General Expenses"), (bill, "Office Supplies")):
        wanted = next(one for one in lists.all(book, Kind.CATEGORIES) if one.name == name)
        merges[name] = begin(api, **{"from": "own", "to": book.key})
        said = {"mappings": [{"old": stationery.id, "new": wanted.id}]}
        decide(api, merges[name], categories=said)
        apply(api, merges[name])

    def meant(book: Book) -> str | None:
        found = EntryCache(with_bill.service, with_bill.account).get(book, Kind.CATEGORIES, stationery.id)
        return found.name if found is not None else None

    assert (meant(main), meant(bill)) == ("General Expenses", "Office Supplies")
    undo(api, merges["General Expenses"])
    assert (meant(main), meant(bill)) == (None, "Office Supplies")


def test_a_list_that_the_new_software_does_not_have_needs_no_decision(with_bill: World) -> None:
    api = Api(with_bill)
    merge = begin(api, **{"from": with_bill.account.current_book or "", "to": with_bill.connection.book.key})
    shown = {one["list"]: one["decision"] for one in api.ok("GET", f"merges/{merge}")["lists"]}
    assert shown["tax_rates"] == "not_offered"
    # Whatever is said of it, there is nothing that it could become.
    said = api.ok("PUT", f"merges/{merge}/lists/tax_rates", {"rest": "not_applicable"})
    assert (said["decision"], said["not_applicable"]) == ("not_offered", 0)
