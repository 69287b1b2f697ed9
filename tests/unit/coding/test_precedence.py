"""Whose word counts: for any mix of sources the winner is the one stated, and coding again changes nothing."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.code_item import coded_by, said_by_person, source_of, value_at, with_suggested
from shared.domain.coding import Coding, DueDate, DueFrom, Source, winner
from shared.domain.connections import Destination, PublishAs
from shared.domain.items import Item, Line
from tests.unit.coding.items import item_of

# The order as the issue has it, written down apart from the code's.
STATED = [
    Source.MANUAL,
    Source.USER_RULE,
    Source.SUPPLIER_RULE,
    Source.EXTRACTED,
    Source.USER_RULE_IF_BLANK,
    Source.SUGGESTED,
    Source.SUPPLIER_DEFAULT,
]
PATHS = {  # where a word of Coding's field ends
    "category": "lines[0].category",
    "tax_rate": "lines[0].tax_rate",
    "dimensions": "lines[0].tracking",
    "project": "lines[0].project",
    "customer": "lines[0].customer",
    "payment_method": "payment_method",
    "description": "description",
    "currency": "currency",
    "destination": "destination",
    "publish_as": "publish_as",
    "reverse_charge": "reverse_charge",
}


def _value(name: str, source: Source) -> Any:
    """What a source says of a field: another thing than each other source."""
    if name == "dimensions":
        return (f"value of {source}",)
    if name == "reverse_charge":  # no is as much of a word as yes
        return STATED.index(source) % 2 == 0
    if name in {"destination", "publish_as"}:
        kinds: list[Any] = list(Destination if name == "destination" else PublishAs)
        return kinds[STATED.index(source) % len(kinds)]
    return f"{name} of {source}"


def _with(item: Item, name: str, value: Any) -> Item:
    path = PATHS[name]
    if path.startswith("lines"):
        return replace(item, lines=(replace(item.lines[0], **{path.partition(".")[2]: value}),))
    return replace(item, **{name: value})


def _arrived(name: str, sources: set[Source]) -> tuple[Item, dict[Source, Coding | None]]:
    """An item on which these sources have their say about one field, a person last."""
    item = item_of()
    if name == "currency":  # there always is one
        sources.add(Source.EXTRACTED)
    if Source.EXTRACTED in sources:
        item = _with(item, name, _value(name, Source.EXTRACTED))
    if Source.SUGGESTED in sources:
        item = with_suggested(item, Coding(**{name: _value(name, Source.SUGGESTED)}))
    apart = {Source.MANUAL, Source.EXTRACTED, Source.SUGGESTED}
    words = {one: Coding(**{name: _value(name, one)}) if one in sources else None for one in set(STATED) - apart}
    return item, words


def _said(item: Item, name: str, value: Any) -> Item:
    if PATHS[name].startswith("lines"):
        return said_by_person(item, _with(item, name, value), {"lines": ()})
    return said_by_person(item, _with(item, name, value), {name: value})


mixes = st.sets(st.sampled_from(STATED), min_size=1)


@given(name=st.sampled_from(sorted(PATHS)), sources=mixes)
@settings(max_examples=300, deadline=None)
def test_the_word_that_counts_is_the_one_stated(name: str, sources: set[Source]) -> None:
    item, words = _arrived(name, sources)
    coded = coded_by(item, words)
    if Source.MANUAL in sources:
        coded = coded_by(_said(coded, name, _value(name, Source.MANUAL)), words)
    expected = next(one for one in STATED if one in sources)
    assert value_at(coded, PATHS[name]) == _value(name, expected)
    assert source_of(coded, PATHS[name]) is expected


@given(name=st.sampled_from(sorted(PATHS)), sources=mixes)
@settings(max_examples=300, deadline=None)
def test_coding_twice_is_coding_once(name: str, sources: set[Source]) -> None:
    item, words = _arrived(name, sources)
    once = coded_by(item, words)
    assert coded_by(once, words) == once
    spoken = _said(once, name, _value(name, Source.MANUAL))
    again = coded_by(spoken, words)
    assert coded_by(again, words) == again


@given(name=st.sampled_from(sorted(PATHS)), first=mixes, later=mixes)
@settings(max_examples=300, deadline=None)
def test_what_a_person_said_never_changes(name: str, first: set[Source], later: set[Source]) -> None:
    item, words = _arrived(name, first)
    item = _said(coded_by(item, words), name, _value(name, Source.MANUAL))
    for mix in (later, set(STATED), set[Source]()):
        item = coded_by(item, _arrived(name, mix)[1])
        assert value_at(item, PATHS[name]) == _value(name, Source.MANUAL)
        assert source_of(item, PATHS[name]) is Source.MANUAL


@given(name=st.sampled_from(sorted(PATHS)), first=mixes, later=mixes)
@settings(max_examples=300, deadline=None)
def test_rules_asked_again_leave_what_they_would_have_left_at_first(
    name: str, first: set[Source], later: set[Source]
) -> None:
    item, words = _arrived(name, first)
    anew = _arrived(name, set(later))[1]
    assert coded_by(coded_by(item, words), anew) == coded_by(item, anew)


@settings(deadline=None)
@given(sources=mixes, asked=st.sets(st.sampled_from(STATED)))
def test_a_rule_that_is_not_asked_again_keeps_what_it_decided(sources: set[Source], asked: set[Source]) -> None:
    item, words = _arrived("payment_method", sources)
    once = coded_by(item, words)
    assert coded_by(once, {one: said for one, said in words.items() if one in asked}) == once


def test_a_payment_methods_rule_speaks_before_a_suppliers_of_the_destination() -> None:
    supplier = Coding(destination=Destination.PURCHASES, category="fuel")
    method = Coding(destination=Destination.BANK_ACCOUNTS)
    words = {Source.SUPPLIER_RULE: supplier, Source.PAYMENT_METHOD_RULE: method}
    coded = coded_by(item_of(), words)
    assert coded.destination is Destination.BANK_ACCOUNTS
    assert source_of(coded, "destination") is Source.PAYMENT_METHOD_RULE
    assert source_of(coded, "lines[0].category") is Source.SUPPLIER_RULE
    by_hand = said_by_person(coded, replace(coded, destination=Destination.CHECKS), {"destination": Destination.CHECKS})
    assert coded_by(by_hand, words).destination is Destination.CHECKS


def test_nobodys_word_is_nobodys() -> None:
    assert winner({}) is None
    coded = coded_by(item_of(source=Source.MANUAL), {})
    assert source_of(coded, "payment_method") is None
    assert source_of(coded, "paid") is Source.CONNECTION_DEFAULT
    assert coded == item_of(source=Source.MANUAL)


@pytest.mark.parametrize("said", [Source.MANUAL, Source.EXTRACTED])
def test_unpaid_is_a_word_only_where_somebody_spoke_it(said: Source) -> None:
    rule = {Source.SUPPLIER_RULE: Coding(paid=True)}
    assert coded_by(item_of(source=said), rule).paid is True
    spoken = item_of(source=said, sources={})
    assert coded_by(spoken, rule).paid is (said is Source.EXTRACTED)  # a person's no stays, paper's gives way


def test_null_takes_a_persons_word_back_and_else_what_was_read() -> None:
    read = item_of(source=Source.EXTRACTED, payment_method="read")
    spoken = _said(read, "payment_method", "spoken")
    back = said_by_person(spoken, replace(spoken, payment_method=None), {"payment_method": None})
    assert back == read
    emptied = said_by_person(back, replace(back, payment_method=None), {"payment_method": None})
    assert emptied.payment_method is None
    rule = {Source.SUPPLIER_RULE: Coding(payment_method="ruled")}
    assert coded_by(emptied, rule).payment_method == "ruled"
    coded = coded_by(spoken, rule)
    back = said_by_person(coded, replace(coded, payment_method=None), {"payment_method": None})
    assert coded_by(back, rule).payment_method == "ruled"
    assert coded_by(coded_by(back, rule), {Source.SUPPLIER_RULE: None}) == read


def test_null_takes_away_a_suggestion() -> None:
    item = coded_by(with_suggested(item_of(), Coding(description="Diesel")), {})
    assert (item.description, source_of(item, "description")) == ("Diesel", Source.SUGGESTED)
    emptied = said_by_person(item, replace(item, description=None), {"description": None})
    assert coded_by(emptied, {}).description is None


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        (DueDate(14), date(2026, 2, 14)),
        (DueDate(0, DueFrom.END_OF_MONTH), date(2026, 1, 31)),
        (DueDate(20, DueFrom.END_OF_MONTH), date(2026, 2, 20)),
    ],
)
def test_due_dates_follow_from_the_documents_date(rule: DueDate, due: date) -> None:
    words = {Source.SUPPLIER_RULE: Coding(due_date=rule)}
    assert coded_by(item_of(), words).due_date == due
    assert coded_by(item_of(source=Source.EXTRACTED, date=None), words).due_date is None


def test_a_december_ends_in_its_own_year() -> None:
    assert DueDate(1, DueFrom.END_OF_MONTH).of(date(2025, 12, 3)) == date(2026, 1, 1)


def test_charging_on_follows_the_customer() -> None:
    words = {Source.SUPPLIER_RULE: Coding(customer="ruled", billable=True)}
    coded = coded_by(item_of(), words)
    assert (coded.lines[0].customer, coded.lines[0].billable) == ("ruled", True)
    line = Line("Fuel", Decimal("40.00"), customer="named")
    assert coded_by(item_of(source=Source.MANUAL, lines=(line,)), words).lines == (line,)
