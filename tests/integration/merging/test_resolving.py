"""What items of the books before come to in the books in use: entries led by merges, and what it costs to find them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from shared.domain.aliases import AliasRow, AliasWay
from shared.domain.errors import ConflictError
from shared.domain.items import Item
from shared.domain.lists import Entry, Kind
from shared.providers.contract import Resolved
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import prefetch_all
from shared.usecases.read_checklist import Step, read_checklist
from tests.integration.merging.books import TENANT, Books, line, two_books


@pytest.fixture
def books() -> Iterator[Books]:
    with two_books() as made:
        yield made


@dataclass
class Chart:
    """What both books have."""

    contacts: tuple[Entry, Entry]
    categories: tuple[Entry, Entry]
    rates: tuple[Entry, Entry]
    banks: tuple[Entry, Entry]
    method: Entry

    def pairs(self) -> list[tuple[Entry, Entry | None]]:
        return [self.contacts, self.categories, self.rates, self.banks]


@pytest.fixture
def chart(books: Books) -> Chart:
    x, q = books.old, books.new
    bank = books.add(x, Kind.BANK_ACCOUNTS, "Current account")
    method = books.add(books.own, Kind.PAYMENT_METHODS, "Card", bank_accounts={x.key: bank.id})
    part = [{"rate": "20", "id": "5"}]
    rate = {"rate": "20", "costs": True, "sales": True, "on_lines": True, "costs_components": part}
    return Chart(
        (books.add(x, Kind.SUPPLIERS, "Severn"), books.add(q, Kind.SUPPLIERS, "Severn Ltd")),
        (books.add(x, Kind.CATEGORIES, "Fuel"), books.add(q, Kind.CATEGORIES, "Motor")),
        (books.add(x, Kind.TAX_RATES, "INPUT2", **rate), books.add(q, Kind.TAX_RATES, "20.0% S", **rate)),
        (bank, books.add(q, Kind.BANK_ACCOUNTS, "Checking")),
        method,
    )


def bill(books: Books, chart: Chart, side: int) -> Item:
    """A bill of the books before (0) or of those in use (1)."""
    coding = line(category=chart.categories[side], tax_rate=chart.rates[side])
    return books.item(chart.contacts[side], coding, payment_method=chart.method.id)


def codes(books: Books, item: Item) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.field) for problem in books.prepared(item).problems]


def resolved(books: Books, item: Item) -> Resolved:
    return books.prepared(item).resolved


def test_an_item_of_the_books_before_is_ready_once_they_are_merged(books: Books, chart: Chart) -> None:
    item = bill(books, chart, 0)
    assert {code for code, _ in codes(books, item)} == {"entry_unresolved"}
    merge = books.merge("m1", chart.pairs(), books.old, books.new)
    assert codes(books, item) == []
    found = resolved(books, item)
    assert found.contact == chart.contacts[1]
    assert found.categories == {chart.categories[0].id: chart.categories[1]}
    assert found.bank_account == chart.banks[1]
    books.undo(merge)
    assert {code for code, _ in codes(books, item)} == {"entry_unresolved"}


def test_back_in_the_books_before_items_of_the_others_are_led_back(books: Books, chart: Chart) -> None:
    second = books.add(books.old, Kind.CATEGORIES, "Oil")
    books.merge("m1", [*chart.pairs(), (second, chart.categories[1])], books.old, books.new)
    cache = EntryCache(books.service, books.account)
    assert cache.get(books.old, Kind.SUPPLIERS, chart.contacts[1].id) == chart.contacts[0]
    assert cache.get(books.old, Kind.CATEGORIES, chart.categories[1].id) is None  # two were led to it


def test_what_was_meant_later_counts_and_an_earlier_merge_after_it_is_undone(books: Books, chart: Chart) -> None:
    other = books.add(books.new, Kind.CATEGORIES, "Travel")
    old, new = chart.categories
    first = books.merge("m1", chart.pairs(), books.old, books.new)
    second = books.merge("m2", [(old, other)], books.old, books.new)
    item = bill(books, chart, 0)
    assert resolved(books, item).categories == {old.id: other}
    books.undo(first)
    assert resolved(books, item).categories == {old.id: other}
    books.set_merges(first)
    assert resolved(books, item).categories == {old.id: new}
    books.set_merges(first, second)
    cache = EntryCache(books.service, books.account)
    assert cache.get(books.new, Kind.CATEGORIES, old.id) == other
    cache.of(replace(books.account, merges=(first,)))  # a cache that outlives an undoing
    assert cache.get(books.new, Kind.CATEGORIES, old.id) == new


def test_a_merged_supplier_of_the_current_books_is_followed_behind_the_alias(books: Books, chart: Chart) -> None:
    books.merge("m1", chart.pairs(), books.old, books.new)
    survivor = books.add(books.new, Kind.SUPPLIERS, "Severn Group")
    books.service.lists.merge_into(books.new, chart.contacts[1], survivor)
    assert resolved(books, bill(books, chart, 0)).contact == survivor


def test_a_tax_rate_that_does_not_apply_is_left_out(books: Books, chart: Chart) -> None:
    """QuickBooks' sales tax is off in this company: no line takes a code."""
    untaxed = replace(books.connection, organisation=replace(books.organisation, features=()))
    books.service.connections.update(untaxed)
    item = bill(books, chart, 0)
    merge = books.merge("m1", [*chart.pairs(), (chart.rates[0], None)], books.old, books.new)
    found = books.prepared(item)
    assert found.problems == ()
    assert [one.tax_rate for one in found.item.lines] == [None]
    bare = replace(item, lines=tuple(replace(one, tax_rate=None) for one in item.lines))
    assert codes(books, bare) == [("tax_rate_missing", "lines[0].tax_rate")]  # nobody said that none applies
    books.undo(merge)
    books.merge("m2", [one for one in chart.pairs() if one != chart.rates], books.old, books.new)
    assert ("entry_unresolved", "lines[0].tax_rate") in codes(books, item)


def test_two_dimensions_that_became_one(books: Books, chart: Chart) -> None:
    x, q = books.old, books.new
    region, team = books.add(x, Kind.DIMENSIONS, "Region"), books.add(x, Kind.DIMENSIONS, "Team")
    north, sales = (
        books.add(x, Kind.DIMENSIONS, "North", parent=region.id),
        books.add(x, Kind.DIMENSIONS, "Sales", parent=team.id),
    )
    classes = books.add(q, Kind.DIMENSIONS, "Class")
    one = books.add(q, Kind.DIMENSIONS, "One", parent=classes.id)
    two = books.add(q, Kind.DIMENSIONS, "Two", parent=classes.id)
    both = [*chart.pairs(), (region, classes), (team, classes)]
    coding = line(category=chart.categories[0], tax_rate=chart.rates[0], tracking=[north, sales])
    item = books.item(chart.contacts[0], coding)
    apart = books.merge("m1", [*both, (north, one), (sales, two)], x, q)
    assert ("dimension_twice", "lines[0].tracking[1]") in codes(books, item)
    books.undo(apart)
    books.merge("m2", [*both, (north, one), (sales, one)], x, q)
    found = books.prepared(item)
    assert found.problems == ()
    assert found.item.lines[0].tracking == (north.id,)  # both say the same
    assert found.resolved.tracking == {north.id: one}
    assert found.resolved.dimensions == {classes.id: classes}


def test_the_checklist_counts_links_that_lead_into_the_books(books: Books, chart: Chart) -> None:
    def linked() -> bool:
        checks = read_checklist(books.service, books.account, books.connection)
        return next(check.done for check in checks if check.step is Step.BANK_ACCOUNT)

    assert not linked()
    books.merge("m1", chart.pairs(), books.old, books.new)
    assert linked()


# --- what it costs
def reads(books: Books, item: Item) -> int:
    """The reads of entries that making an item ready takes."""
    with books.counted() as calls:
        books.prepared(item)
    assert calls["lists GetItem"] == 0
    return calls["lists BatchGetItem"]


def linked_here(books: Books, chart: Chart) -> None:
    """The payment method has a bank account in the books in use."""
    method = replace(chart.method, values={"bank_accounts": {books.new.key: chart.banks[1].id}})
    books.service.lists.write(books.own, Kind.PAYMENT_METHODS, [method])


def test_merges_cost_nothing_where_an_item_names_entries_of_the_books_in_use(books: Books, chart: Chart) -> None:
    linked_here(books, chart)
    native = bill(books, chart, 1)
    before = reads(books, native)
    assert before == 2  # what it names; the bank account of its payment method
    books.merge("m1", chart.pairs(), books.old, books.new)
    assert reads(books, native) == before


def test_an_item_of_the_books_before_costs_one_read_more(books: Books, chart: Chart) -> None:
    linked_here(books, chart)
    before = reads(books, bill(books, chart, 1))
    books.service.lists.write(books.own, Kind.PAYMENT_METHODS, [chart.method])
    books.merge("m1", chart.pairs(), books.old, books.new)
    assert reads(books, bill(books, chart, 0)) == before + 1


def test_without_merges_nobody_asks_for_aliases(books: Books, chart: Chart) -> None:
    keys: list[str] = []

    def saw(operation: str, params: dict[str, Any]) -> None:
        if operation == "BatchGetItem":
            asked = (key for table in params["RequestItems"].values() for key in table["Keys"])
            keys.extend(key["pk"]["S"] for key in asked)

    books.service.clients.dynamodb.listeners.append(saw)
    item = bill(books, chart, 0)
    books.prepared(item)
    assert keys
    assert not [key for key in keys if "#ALIAS#" in key]
    books.merge("m1", chart.pairs(), books.old, books.new)
    books.prepared(item)
    assert [key for key in keys if "#ALIAS#" in key]


def test_many_items_are_led_together(books: Books, chart: Chart) -> None:
    olds = [books.add(books.old, Kind.CATEGORIES, f"Old {number}") for number in range(30)]
    news = [books.add(books.new, Kind.CATEGORIES, f"New {number}") for number in range(30)]
    books.merge("m1", [*chart.pairs(), *zip(olds, news, strict=True)], books.old, books.new)
    items = [books.item(chart.contacts[0], line(category=old, tax_rate=chart.rates[0])) for old in olds]
    ways = books.ways()
    with books.counted() as calls:
        cache = EntryCache(books.service, books.account)
        prefetch_all(ways, cache, items)
        assert calls["lists BatchGetItem"] == 2
        found = [cache.get(books.new, Kind.CATEGORIES, old.id) for old in olds]
        assert calls["lists BatchGetItem"] == 2
    assert found == news


# --- how rows are written
def test_a_repeat_writes_the_same_and_other_choices_are_refused(books: Books) -> None:
    row = AliasRow(Kind.CATEGORIES, books.old.key, "old", "m1", (AliasWay(("m1",), "new"),))
    many = [replace(row, entry=f"old {number}") for number in range(105)]  # more than are written at once
    for _ in range(2):
        books.service.aliases.write(TENANT, books.account_id, many)
    with pytest.raises(ConflictError):
        books.service.aliases.write(TENANT, books.account_id, [replace(many[0], ways=(AliasWay(("m1",), "other"),))])
