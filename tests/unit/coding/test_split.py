"""A document cut into lines: equal to it to the smallest unit, or it is not ready; and whole again without the rule."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.code_item import coded_by, source_of
from shared.domain.coding import Coding, Keyword, Share, Source, Split
from shared.domain.items import Item, Line, TaxMode
from shared.domain.lists import Entry, Kind
from shared.domain.money import minor_units, rounded
from shared.domain.readiness import sum_problems
from tests.unit.coding.items import item_of

RATES = {"vat": Entry("vat", Kind.TAX_RATES, "20%", values={"rate": "20"})}


def _by(*shares: Share, **more: Any) -> dict[Source, Coding | None]:
    return {Source.SUPPLIER_RULE: Coding(split=Split(shares=shares), **more)}


def _shares(percents: list[Decimal]) -> tuple[Share, ...]:
    return tuple(Share(percent, category=f"category {place}") for place, percent in enumerate(percents))


@st.composite
def _percents(draw: st.DrawFn) -> list[Decimal]:
    parts = draw(st.lists(st.integers(1, 9999), min_size=1, max_size=6))
    cents = [part * 10000 // sum(parts) for part in parts]
    cents[-1] += 10000 - sum(cents)
    return [Decimal(part) / 100 for part in cents]


@st.composite
def _documents(draw: st.DrawFn) -> Item:
    """A document as it may be read from paper: any currency, either tax mode, its tax stated or left to the rate."""
    currency = draw(st.sampled_from(["GBP", "JPY", "KWD"]))
    places = minor_units(currency)
    amounts = draw(st.lists(st.decimals("0", "99999", places=places), min_size=1, max_size=5))
    mode = draw(st.sampled_from(list(TaxMode)))
    stated = draw(st.booleans())
    lines, tax = [], Decimal(0)
    for amount in amounts:
        of_line = rounded(amount / 6 if mode is TaxMode.INCLUSIVE else amount / 5, currency)
        tax += of_line
        lines.append(Line("Fuel", amount, tax_amount=of_line if stated else None, tax_rate="vat"))
    total = sum(amounts, Decimal(0)) + (tax if mode is TaxMode.EXCLUSIVE else 0)
    tax_total = tax if draw(st.booleans()) and mode is not TaxMode.NONE else None
    if mode is TaxMode.NONE:
        lines = [replace(line, tax_amount=None) for line in lines]
    return item_of(*lines, total=total, currency=currency, tax_mode=mode, tax_total=tax_total)


@given(item=_documents(), percents=_percents())
@settings(max_examples=300, deadline=None)
def test_shares_come_to_the_document_to_the_smallest_unit(item: Item, percents: list[Decimal]) -> None:
    cut = coded_by(item, _by(*_shares(percents)))
    assert len(cut.lines) == len(percents)
    assert sum(line.amount for line in cut.lines) == sum(line.amount for line in item.lines)
    for line in cut.lines[:-1]:
        assert line.amount == rounded(line.amount, item.currency)
    by_line = [line.tax_amount for line in item.lines if line.tax_amount is not None]
    stated = sum(by_line, Decimal(0)) if len(by_line) == len(item.lines) else item.tax_total
    if stated is not None and item.tax_mode is not TaxMode.NONE:
        assert sum((line.tax_amount or Decimal(0) for line in cut.lines), Decimal(0)) == stated
        assert sum_problems(cut, RATES) == []
    elif item.tax_mode is not TaxMode.EXCLUSIVE:
        assert sum_problems(cut, RATES) == []
    else:  # tax by rate and line may differ by a unit from the document's: then it says so
        whole = sum((line.amount + rounded(line.amount / 5, item.currency) for line in cut.lines), Decimal(0))
        assert (sum_problems(cut, RATES) == []) is (whole == item.total)


@given(item=_documents(), percents=_percents())
@settings(max_examples=150, deadline=None)
def test_cutting_twice_is_cutting_once_and_without_the_rule_it_is_whole(item: Item, percents: list[Decimal]) -> None:
    words = _by(*_shares(percents), category="ruled")
    once = coded_by(item, words)
    assert coded_by(once, words) == once
    assert coded_by(once, {Source.USER_RULE: None}) == once
    assert coded_by(once, {Source.SUPPLIER_RULE: None}) == item


def test_a_share_that_names_nothing_takes_the_rules_category_or_what_was_read() -> None:
    item = item_of(Line("Rent", Decimal("10.00"), category="read", tax_rate="vat"), description="Office, March")
    cut = coded_by(item, _by(Share(Decimal(60), category="office"), Share(Decimal(40), description="Private")))
    assert [(line.amount, line.category, line.tax_rate, line.description) for line in cut.lines] == [
        (Decimal("6.00"), "office", "vat", "Office, March"),
        (Decimal("4.00"), "read", "vat", "Private"),
    ]
    assert [source_of(cut, f"lines[{number}].category") for number in (0, 1)] == [
        Source.SUPPLIER_RULE,
        Source.EXTRACTED,
    ]
    assert source_of(cut, "lines[1].amount") is Source.SUPPLIER_RULE
    ruled = coded_by(item, _by(Share(Decimal(60), category="office"), Share(Decimal(40)), category="ruled"))
    assert [line.category for line in ruled.lines] == ["office", "ruled"]


def test_lines_that_a_person_wrote_are_never_cut() -> None:
    item = item_of(Line("Rent", Decimal("10.00")), source=Source.MANUAL)
    assert coded_by(item, _by(Share(Decimal(50)), Share(Decimal(50)))) == item


def test_a_total_that_is_wrong_stays_wrong() -> None:
    item = item_of(Line("Rent", Decimal("40.00"), tax_rate="vat"), total=Decimal("100.00"), tax_mode=TaxMode.EXCLUSIVE)
    cut = coded_by(item, _by(Share(Decimal(50)), Share(Decimal(50))))
    assert [problem.code for problem in sum_problems(cut, RATES)] == ["lines_do_not_add_up"]


def test_keywords_give_lines_their_categories() -> None:
    split = Split(keywords=(Keyword("freight", "transport"), Keyword("oil", "fuel")))
    lines = [Line(text, Decimal("1.00"), category="read") for text in ("FREIGHT, engine oil", "Olive oil", "Bread")]
    rule = {Source.SUPPLIER_RULE: Coding(split=split)}
    coded = coded_by(item_of(*lines), rule)
    assert [line.category for line in coded.lines] == ["transport", "fuel", "read"]
    assert coded_by(coded, rule) == coded
    ruled = coded_by(item_of(*lines), {Source.SUPPLIER_RULE: Coding(split=split, category="ruled")})
    assert [line.category for line in ruled.lines] == ["transport", "fuel", "ruled"]
    by_hand = item_of(*lines, source=Source.MANUAL)
    assert coded_by(by_hand, rule) == by_hand
