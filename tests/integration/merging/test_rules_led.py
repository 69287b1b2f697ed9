"""Rules of the books before: found for what stands for their entries now, changed without being touched themselves."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared.domain.code_item import source_of
from shared.domain.coding import Source
from shared.domain.duplicates import DuplicateMode
from shared.domain.errors import LedgerbridgeError
from shared.domain.item_drafts import Reference
from shared.domain.items import Item, ItemState, Place, Stage
from shared.domain.lists import Entry, Kind
from shared.domain.readiness import summary_of
from shared.domain.rules import Rule, RuleKind
from shared.usecases.code_items import coded_on_arrival
from shared.usecases.entry_cache import EntryCache
from shared.usecases.manage_rules import change_rule, create_rule, delete_rule, rule_made_for
from shared.usecases.spot_duplicates import Modes, compared_first
from tests.integration.merging.books import ANNA, TENANT, Books, line, two_books

SUPPLIER = RuleKind.SUPPLIER


@pytest.fixture
def books() -> Iterator[Books]:
    with two_books() as made:
        yield made


def both(books: Books, kind: Kind, name: str) -> tuple[Entry, Entry]:
    """An entry of the books before, and the one that stands for it."""
    return books.add(books.old, kind, name), books.add(books.new, kind, f"New {name}")


def applied(books: Books, supplier: Entry) -> Rule | None:
    return books.ways().rules.of(SUPPLIER, supplier.id)


def coded(books: Books, supplier: Entry) -> Item:
    """A document of a supplier as its rules code it at its arrival."""
    arrived = replace(books.item(supplier, line()), source=Source.EXTRACTED)
    (item,) = coded_on_arrival(books.ways(), EntryCache(books.service, books.account), [arrived])
    assert isinstance(item, Item)
    return item


def test_the_next_invoice_of_a_supplier_finds_its_rule(books: Books) -> None:
    (old, new), (fuel, motor) = both(books, Kind.SUPPLIERS, "Severn"), both(books, Kind.CATEGORIES, "Fuel")
    rule = books.rule(SUPPLIER, old.id, category=fuel.id)
    rows = books.stored("rules")
    assert applied(books, new) is None
    merge = books.merge("m1", [(old, new), (fuel, motor)], books.old, books.new)
    for supplier in (old, new):
        assert applied(books, supplier) == replace(rule, subject=supplier.id)
    item = coded(books, new)
    assert (item.lines[0].category, source_of(item, "lines[0].category")) == (fuel.id, Source.SUPPLIER_RULE)
    assert books.prepared(item).resolved.categories == {fuel.id: motor}
    assert books.stored("rules") == rows
    books.undo(merge)
    assert applied(books, new) is None
    assert applied(books, old) == rule


def test_the_current_entrys_own_rule_counts_else_the_last_edited(books: Books) -> None:
    first, second = books.add(books.old, Kind.SUPPLIERS, "A"), books.add(books.old, Kind.SUPPLIERS, "B")
    new = books.add(books.new, Kind.SUPPLIERS, "New")
    older, newer = books.rule(SUPPLIER, first.id, days=1), books.rule(SUPPLIER, second.id, days=2)
    books.merge("m1", [(first, new), (second, new)], books.old, books.new)
    for supplier in (first, second, new):
        found = applied(books, supplier)
        assert found is not None
        assert found.id == newer.id
        assert books.ways().rules.shadowed(SUPPLIER, supplier.id) == (older,)
        assert set(books.ways().rules.alike(SUPPLIER, supplier.id)) == {new.id, first.id, second.id}
    own = books.rule(SUPPLIER, new.id)
    assert applied(books, new) == own
    assert books.ways().rules.shadowed(SUPPLIER, first.id) == (newer, older)


def test_back_in_the_books_before_the_rule_of_the_time_between_is_found(books: Books) -> None:
    old, new = both(books, Kind.SUPPLIERS, "Severn")
    books.merge("m1", [(old, new)], books.old, books.new)
    between = books.rule(SUPPLIER, new.id, days=1)
    books.service.accounts.update(replace(books.account, current_book=books.old.key))
    connection = books.connection
    books.service.connections.update(
        replace(connection, organisation=replace(books.organisation, id="org-x"), provider="xero")
    )
    assert applied(books, new) == between
    assert applied(books, old) is None  # nothing was led to it
    own = books.rule(SUPPLIER, old.id)
    assert applied(books, new) == replace(own, subject=new.id)


def test_a_merged_supplier_within_the_books_before_keeps_its_pointer(books: Books) -> None:
    """Applying leads the merged one as well as its survivor: one rule for both, named once."""
    (old, new), merged = both(books, Kind.SUPPLIERS, "Severn"), books.add(books.old, Kind.SUPPLIERS, "Severn (old)")
    rule = books.rule(SUPPLIER, old.id)
    pointer = books.rule(SUPPLIER, merged.id)
    books.service.rules.lead(TENANT, books.account_id, pointer.id, merged.id, rule.id, expected=replace(pointer))
    books.merge("m1", [(old, new), (merged, new)], books.old, books.new)
    assert applied(books, new) == replace(rule, subject=new.id)
    assert books.ways().rules.shadowed(SUPPLIER, new.id) == ()


# --- changing one
def test_an_edit_makes_the_current_entrys_rule_and_stays_when_the_merge_is_undone(books: Books) -> None:
    (old, new), (fuel, motor) = both(books, Kind.SUPPLIERS, "Severn"), both(books, Kind.CATEGORIES, "Fuel")
    (rate, code), (shop, branch) = both(books, Kind.TAX_RATES, "20"), both(books, Kind.DIMENSIONS, "Shop")
    (retail, store) = (
        books.add(books.old, Kind.DIMENSIONS, "Retail", parent=shop.id),
        books.add(books.new, Kind.DIMENSIONS, "Store", parent=branch.id),
    )
    rule = books.rule(SUPPLIER, old.id, category=fuel.id, tax_rate=rate.id, dimensions=(retail.id,), paid=True)
    pairs = [(old, new), (fuel, motor), (rate, code), (shop, branch), (retail, store)]
    merge = books.merge("m1", pairs, books.old, books.new)
    before = books.stored("rules")
    changed = change_rule(
        books.service, ANNA, books.account, rule, decisions={"description": "Fuel"}, version=rule.version
    )
    assert (changed.id, changed.subject) != (rule.id, rule.subject)
    assert changed.subject == new.id
    assert (changed.category, changed.tax_rate, changed.dimensions) == (motor.id, code.id, (store.id,))
    assert (changed.paid, changed.description) == (True, "Fuel")
    assert set(before) < set(books.stored("rules"))  # the old one lies there as it was
    assert applied(books, old) == replace(changed, subject=old.id)
    books.undo(merge)
    assert applied(books, new) == changed
    assert applied(books, old) == rule
    with pytest.raises(LedgerbridgeError) as refused:
        change_rule(books.service, ANNA, books.account, rule, decisions={"paid": False}, version=rule.version)
    assert (refused.value.problem.code, refused.value.problem.field) == ("invalid_request", "subject")


def test_an_edit_names_what_nothing_stands_for_and_leaves_out_what_does_not_apply(books: Books) -> None:
    (old, new), (rate, _) = both(books, Kind.SUPPLIERS, "Severn"), both(books, Kind.TAX_RATES, "20")
    fuel, motor = both(books, Kind.CATEGORIES, "Fuel")
    rule = books.rule(SUPPLIER, old.id, category=fuel.id, tax_rate=rate.id)
    books.merge("m1", [(old, new), (rate, None)], books.old, books.new)
    rows = books.stored("rules")
    with pytest.raises(LedgerbridgeError) as refused:
        change_rule(books.service, ANNA, books.account, rule, decisions={"paid": True}, version=rule.version)
    assert (refused.value.problem.code, refused.value.problem.field) == ("invalid_request", "category")
    assert books.stored("rules") == rows
    decisions = {"category": Reference(id=motor.id)}
    changed = change_rule(books.service, ANNA, books.account, rule, decisions=decisions, version=rule.version)
    assert (changed.category, changed.tax_rate) == (motor.id, None)


def test_a_rule_in_the_shadow_of_the_current_entrys_is_not_edited_past_it(books: Books) -> None:
    old, new = both(books, Kind.SUPPLIERS, "Severn")
    rule, own = books.rule(SUPPLIER, old.id), books.rule(SUPPLIER, new.id)
    books.merge("m1", [(old, new)], books.old, books.new)
    with pytest.raises(LedgerbridgeError) as refused:
        change_rule(books.service, ANNA, books.account, rule, decisions={"paid": True}, version=rule.version)
    assert (refused.value.problem.code, refused.value.problem.details["rule"]) == ("rule_exists", own.id)


def test_a_persons_rule_is_led_along_when_it_is_changed(books: Books) -> None:
    old, new = both(books, Kind.PROJECTS, "Roof")
    rule = books.rule(RuleKind.USER, "ben", project=old.id)
    books.merge("m1", [(old, new)], books.old, books.new)
    add = books.add(books.own, Kind.PAYMENT_METHODS, "Card")
    decisions = {"payment_method": Reference(id=add.id)}
    changed = change_rule(books.service, ANNA, books.account, rule, decisions=decisions, version=rule.version)
    assert (changed.id, changed.project, changed.payment_method) == (rule.id, new.id, add.id)


def test_deleting_says_which_rule_counts_instead(books: Books) -> None:
    old, new = both(books, Kind.SUPPLIERS, "Severn")
    led, own = books.rule(SUPPLIER, old.id), books.rule(SUPPLIER, new.id)
    books.merge("m1", [(old, new)], books.old, books.new)
    instead = delete_rule(books.service, ANNA, books.account, own)
    assert instead is not None
    assert instead.id == led.id
    assert delete_rule(books.service, ANNA, books.account, led) is None


def test_an_entry_of_the_books_before_is_kept_by_the_id_that_stands_for_it(books: Books) -> None:
    (old, new), (fuel, motor) = both(books, Kind.SUPPLIERS, "Severn"), both(books, Kind.CATEGORIES, "Fuel")
    books.merge("m1", [(old, new), (fuel, motor)], books.old, books.new)
    decisions = {"category": Reference(id=fuel.id)}
    rule = create_rule(books.service, ANNA, books.account, kind=SUPPLIER, subject=new.id, decisions=decisions)
    assert rule.category == motor.id
    with pytest.raises(LedgerbridgeError) as refused:
        create_rule(books.service, ANNA, books.account, kind=SUPPLIER, subject=old.id, decisions={"paid": True})
    assert (refused.value.problem.code, refused.value.problem.details["rule"]) == ("rule_exists", rule.id)
    assert rule_made_for(books.service, books.account, SUPPLIER, old.id) == rule


def test_a_document_of_before_is_a_duplicate_of_one_that_names_the_new_supplier(books: Books) -> None:
    old, new = both(books, Kind.SUPPLIERS, "Severn")
    before, after = (books.item(supplier, line()) for supplier in (old, new))
    first = compared_first(books.ways(), before, Modes(books.ways(), [before]))
    assert first is None  # nothing is compared
    books.service.accounts.update(replace(books.account, duplicate_mode=DuplicateMode.HOLD))
    first = compared_first(books.ways(), before, Modes(books.ways(), [before]))
    state = ItemState(before.id, Stage.READY, Place.INBOX, summary_of(before), duplicate=first)
    books.service.items.create(before, state)
    merge = books.merge("m1", [(old, new)], books.old, books.new)
    ways = books.ways()
    found = compared_first(ways, after, Modes(ways, [after]))
    assert found is not None
    assert found.of == before.id
    books.undo(merge)
    ways = books.ways()
    found = compared_first(ways, after, Modes(ways, [after]))
    assert found is not None
    assert found.of is None


# --- what it costs
def test_without_merges_rules_cost_one_call_and_nothing_else(books: Books) -> None:
    old, new = both(books, Kind.SUPPLIERS, "Severn")
    books.rule(SUPPLIER, old.id)
    ways = books.ways()
    with books.counted() as calls:
        ways.rules.load([(SUPPLIER, old.id), (SUPPLIER, new.id)])
    assert dict(calls) == {"rules BatchGetItem": 1}
    books.merge("m1", [(old, new)], books.old, books.new)
    ways = books.ways()
    with books.counted() as calls:
        ways.rules.load([(RuleKind.USER, "ben"), (RuleKind.PAYMENT_METHOD, "card")])
    assert dict(calls) == {"rules BatchGetItem": 1}
    with books.counted() as calls:
        ways.rules.load([(SUPPLIER, old.id), (SUPPLIER, new.id)])
    assert dict(calls) == {"rules BatchGetItem": 1, "lists BatchGetItem": 1}
