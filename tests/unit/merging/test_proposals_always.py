"""What holds of proposals whatever the lists: class and side, the order of what is given, how much is compared."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.fuzz import ratio

from shared.domain.lists import Entry, Kind
from shared.domain.mapping import LISTS, propose
from shared.domain.mapping_index import MOST_COMPARED
from shared.domain.mapping_scores import Named, Score
from shared.domain.mapping_words import Likeness

WORDS = (
    "Rent",
    "Rates",
    "Motor",
    "Vehicle",
    "fuel",
    "Legal",
    "fees",
    "Bank",
    "Interest",
    "5%",
    "Zero",
    "Exempt",
    "VAT",
    "",
)
names = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
codes = st.sampled_from((None, "1", "2", "20"))


@st.composite
def accounts(draw: st.DrawFn, kind: Kind = Kind.CATEGORIES) -> Entry:
    values = {
        "class": draw(st.sampled_from(("expense", "revenue", "asset"))),
        "type": draw(st.sampled_from(("FIXED", "X"))),
    }
    return Entry("", kind, draw(names), draw(codes), values=values)


@st.composite
def rates(draw: st.DrawFn) -> Entry:
    values = {
        "rate": draw(st.sampled_from(("0", "5", "20"))),
        "costs": draw(st.booleans()),
        "sales": draw(st.booleans()),
    }
    return Entry("", Kind.TAX_RATES, draw(names), draw(codes), values=values)


def numbered(entries: list[Entry], side: str) -> list[Entry]:
    return [replace(entry, id=f"{side}{number}") for number, entry in enumerate(entries)]


def listed(of: st.SearchStrategy[Entry], side: str) -> st.SearchStrategy[list[Entry]]:
    return st.lists(of, max_size=8).map(lambda entries: numbered(entries, side))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(listed(accounts(), "old"), listed(accounts(), "new"))
def test_accounts_never_go_across_classes(old: list[Entry], new: list[Entry]) -> None:
    for proposal in propose(Kind.CATEGORIES, old, new, ratio):
        assert all(one.entry.values["class"] == proposal.old.values["class"] for one in proposal.candidates)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(listed(rates(), "old"), listed(rates(), "new"))
def test_tax_rates_never_go_across_sides_or_percents(old: list[Entry], new: list[Entry]) -> None:
    for proposal in propose(Kind.TAX_RATES, old, new, ratio):
        for one in proposal.candidates:
            mine, other = proposal.old.values, one.entry.values
            assert (mine["costs"] and other["costs"]) or (mine["sales"] and other["sales"])
            assert mine["rate"] == other["rate"]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(listed(accounts(), "old"), listed(accounts(), "new"), st.randoms(use_true_random=False))
def test_the_order_of_what_is_given_changes_nothing(
    old: list[Entry], new: list[Entry], shuffled: random.Random
) -> None:
    other_old, other_new = list(old), list(new)
    shuffled.shuffle(other_old)
    shuffled.shuffle(other_new)
    assert propose(Kind.CATEGORIES, other_old, other_new, ratio) == propose(Kind.CATEGORIES, old, new, ratio)


def contacts(count: int, side: str, chance: random.Random) -> list[Entry]:
    """Firms whose names are made of few words, as they are: many share a word, some an address or a tax number."""
    firsts = [
        f"{one}{two}" for one in ("North", "Oak", "Sea", "Fern", "High") for two in ("gate", "field", "hill", "ton")
    ]
    trades = ["Motors", "Legal", "Print", "Foods", "Services", "Supplies", "Energy", "Media"]
    found = []
    for number in range(count):
        name = f"{chance.choice(firsts)} {chance.choice(firsts)} {chance.choice(trades)} Ltd"
        values = {"email": "office@example.com"} if number % 2 else {"tax_number": f"GB{number // 3:09d}"}
        found.append(Entry(f"{side}{number}", Kind.SUPPLIERS, name, values=values))
    return found


@pytest.mark.parametrize(("count", "others"), [(5000, 5000), (1000, 250)])
def test_five_thousand_contacts_are_compared_with_few_each(
    count: int, others: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = likened = 0
    score = LISTS[Kind.SUPPLIERS].score

    def counting(old: Named, new: Named, alike: Likeness) -> Score | None:
        nonlocal compared
        compared += 1
        return score(old, new, alike)

    def alike(one: str, other: str) -> float:
        nonlocal likened
        likened += 1
        return ratio(one, other)

    monkeypatch.setitem(LISTS, Kind.SUPPLIERS, replace(LISTS[Kind.SUPPLIERS], score=counting))
    chance = random.Random(5)
    old, new = contacts(count, "old", chance), contacts(others, "new", chance)
    found = propose(Kind.SUPPLIERS, old, new, alike)
    assert len(found) == count
    assert 0 < compared <= MOST_COMPARED * count
    assert likened <= 9 * compared  # three words in a name at most
    assert sum(one.accepted for one in found) >= min(count, others) // 2  # half have a tax number that three share


def test_in_a_long_list_the_same_name_is_found_among_words_that_all_share() -> None:
    old = [Entry(f"old{number}", Kind.SUPPLIERS, f"Supplier Services {number:04d}") for number in range(777, 1000)]
    new = [Entry(f"old{number}", Kind.SUPPLIERS, f"supplier services {number:04d}") for number in range(2000)]
    found = propose(Kind.SUPPLIERS, old, new, ratio)
    assert [one.proposed.entry.id if one.proposed else None for one in found] == [one.old.id for one in found]


def test_in_a_long_list_a_misspelt_name_is_found_by_its_beginning() -> None:
    new = [Entry(f"{number}", Kind.SUPPLIERS, f"Firm {number:04d}") for number in range(2000)]
    new.append(Entry("right", Kind.SUPPLIERS, "Stationers"))
    old = [Entry(f"old{number}", Kind.SUPPLIERS, f"Stationrs{' ' * number}") for number in range(100)]
    found = propose(Kind.SUPPLIERS, old, new, ratio)
    assert {one.proposed.entry.id if one.proposed else None for one in found} == {"right"}
