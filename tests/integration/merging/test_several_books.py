"""Merges over more than two books: led on without a chain, into a secondary's books, and back without a merge."""

from rehearsal.world import World
from shared.domain.lists import Book, Kind
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
