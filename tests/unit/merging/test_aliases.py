"""Aliases: whatever is merged and undone, in whatever order, an entry leads where the merges in force say."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.aliases import (
    NOT_APPLICABLE,
    NOWHERE,
    AliasRow,
    AppliedMerge,
    Led,
    MirrorRow,
    RowsAtHand,
    doubtful,
    in_force,
    leading,
    rows_of,
)
from shared.domain.lists import Kind

BOOKS = ("A", "B", "C")
ENTRIES = tuple(f"{book}{number}" for book in BOOKS for number in range(3))
CATEGORIES = Kind.CATEGORIES


@dataclass(frozen=True)
class Merge:
    """What a person decided: the entries of one book onto those of another, None where it does not apply there."""

    id: str
    source: str
    target: str
    mapping: dict[str, str | None]


@dataclass
class World:
    """The rows of an account, and the merges in force; merges are applied as the service applies them."""

    merges: list[AppliedMerge] = field(default_factory=list)
    aliases: list[AliasRow] = field(default_factory=list)
    mirrors: list[MirrorRow] = field(default_factory=list)

    def apply(self, merge: Merge) -> None:
        applied = AppliedMerge(merge.id, merge.target, (merge.source,))
        earlier = [row for row in self.mirrors if row.entry[0] == merge.source]
        aliases, mirrors = rows_of(
            applied, CATEGORIES, merge.source, merge.mapping, merges=self.merges, earlier=earlier
        )
        self.aliases += aliases
        self.mirrors += mirrors
        sources = dict.fromkeys([merge.source, *(row.book for row in aliases)])
        self.merges.append(AppliedMerge(merge.id, merge.target, tuple(sources)))

    def undo(self, merge: Merge) -> None:
        self.merges = [one for one in self.merges if one.id != merge.id]

    def read(self, entry: str, book: str) -> tuple[list[AliasRow], list[MirrorRow]]:
        """The rows that a reader asks for, and no others."""
        keys = set(leading(CATEGORIES, entry, book, self.merges))
        mirrors = [row for row in self.mirrors if ("R", CATEGORIES, row.entry, row.merge) in keys]
        keys |= doubtful(self.merges, mirrors)
        return [row for row in self.aliases if ("A", CATEGORIES, row.entry, row.merge) in keys], mirrors

    def lead(self, entry: str, book: str) -> Led:
        rows = RowsAtHand()
        rows.add(*self.read(entry, book))
        return rows.lead(entry, book, self.merges)

    def sources(self, entry: str) -> set[str]:
        mirrors = [row for row in self.mirrors if row.entry == entry and in_force(self.merges, [row.merge])]
        keys = doubtful(self.merges, mirrors)
        aliases = [row for row in self.aliases if ("A", CATEGORIES, row.entry, row.merge) in keys]
        rows = RowsAtHand()
        rows.add(aliases, mirrors)
        return {way.source for way in rows.led_to(entry, self.merges)}

    def everything(self) -> dict[tuple[str, str], Led]:
        return {(entry, book): self.lead(entry, book) for entry, book in foreign()}


def foreign() -> list[tuple[str, str]]:
    return [(entry, book) for entry, book in product(ENTRIES, BOOKS) if entry[0] != book]


@st.composite
def merges(draw: st.DrawFn, name: str) -> Merge:
    source, target = draw(st.permutations(BOOKS))[:2]
    onto = st.sampled_from([None, *(one for one in ENTRIES if one[0] == target)])
    old = [one for one in ENTRIES if one[0] == source]
    return Merge(name, source, target, draw(st.dictionaries(st.sampled_from(old), onto, max_size=3)))


@st.composite
def histories(draw: st.DrawFn) -> tuple[World, list[Merge]]:
    """Up to five merges, some undone on the way or at the end in any order; those that are left, in order."""
    world, left = World(), list[Merge]()
    for number in range(draw(st.integers(1, 5))):
        merge = draw(merges(f"m{number}"))
        world.apply(merge)
        left.append(merge)
        for gone in draw(st.lists(st.sampled_from(left), max_size=2, unique_by=lambda one: one.id)):
            world.undo(gone)
            left.remove(gone)
    return world, left


def applied(some: Iterable[Merge]) -> World:
    world = World()
    for merge in some:
        world.apply(merge)
    return world


def said(entry: str, book: str, history: list[Merge]) -> Led | None:
    """What the merges, one after the other, say of an entry in a book: followed step by step, without rows."""
    for place in reversed(range(len(history))):
        merge = history[place]
        if merge.target != book:
            continue
        there = Led(entry) if entry[0] == merge.source else said(entry, merge.source, history[:place])
        if there is not None and there.entry in merge.mapping:
            target = merge.mapping[there.entry]
            return Led(target) if target else NOT_APPLICABLE
    return None


def expected(entry: str, book: str, history: list[Merge]) -> Led:
    forward = said(entry, book, history)
    if forward is not None:
        return forward
    back = [one for one in ENTRIES if one[0] == book and said(one, entry[0], history) == Led(entry)]
    return Led(back[0]) if len(back) == 1 else NOWHERE


@settings(max_examples=80, deadline=None)
@given(histories())
def test_an_entry_leads_where_the_merges_in_force_say_step_by_step(history: tuple[World, list[Merge]]) -> None:
    world, left = history
    assert world.everything() == {(entry, book): expected(entry, book, left) for entry, book in foreign()}


@settings(max_examples=60, deadline=None)
@given(histories())
def test_merges_undone_in_any_order_leave_what_never_applying_them_leaves(history: tuple[World, list[Merge]]) -> None:
    world, left = history
    assert world.everything() == applied(left).everything()


@settings(max_examples=40, deadline=None)
@given(histories())
def test_nothing_leads_out_of_the_book_that_was_asked_for(history: tuple[World, list[Merge]]) -> None:
    world, _ = history
    for (_, book), led in world.everything().items():
        assert led.entry is None or led.entry[0] == book


@settings(max_examples=40, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(history: tuple[World, list[Merge]], dice: random.Random) -> None:
    world, _ = history
    before = world.everything()
    dice.shuffle(world.aliases)
    dice.shuffle(world.mirrors)
    assert world.everything() == before


@settings(max_examples=60, deadline=None)
@given(histories())
def test_mirrors_name_exactly_the_entries_that_lead_to_theirs(history: tuple[World, list[Merge]]) -> None:
    world, left = history
    for entry in ENTRIES:
        leading_here = {one for one in ENTRIES if one[0] != entry[0] and said(one, entry[0], left) == Led(entry)}
        assert world.sources(entry) == leading_here


def test_two_onto_one_lead_to_it_and_it_leads_back_to_neither() -> None:
    world = applied([Merge("m", "A", "B", {"A0": "B0", "A1": "B0", "A2": "B2"})])
    assert [world.lead(entry, "B") for entry in ("A0", "A1")] == [Led("B0"), Led("B0")]
    assert len(world.mirrors) == 2  # one row for the two
    assert world.sources("B0") == {"A0", "A1"}
    assert world.lead("B0", "A") == NOWHERE
    assert world.lead("B2", "A") == Led("A2")


def test_what_does_not_apply_in_a_book_is_told_from_what_leads_nowhere() -> None:
    world = applied([Merge("m", "A", "B", {"A0": None})])
    assert world.lead("A0", "B") == NOT_APPLICABLE
    assert world.lead("A1", "B") == NOWHERE


def test_a_later_merge_over_the_same_list_counts_where_it_says_something() -> None:
    world = applied([Merge("m1", "A", "B", {"A0": "B0", "A1": "B1"}), Merge("m2", "A", "B", {"A0": "B2"})])
    assert [world.lead(entry, "B") for entry in ("A0", "A1")] == [Led("B2"), Led("B1")]
    assert world.sources("B0") == set()  # nothing leads there any more
    world.undo(Merge("m2", "A", "B", {}))
    assert world.lead("A0", "B") == Led("B0")
    assert world.sources("B0") == {"A0"}


def test_what_a_merge_left_unmapped_is_not_led_on_by_what_was_meant_before() -> None:
    first, again = Merge("m1", "A", "B", {"A0": "B0"}), Merge("m2", "A", "B", {"A0": "B1"})
    world = applied([first, again, Merge("m3", "B", "C", {"B0": "C0"})])
    assert world.lead("A0", "C") == NOWHERE  # it means B1 by then, which has no target
    world.undo(again)
    assert world.lead("A0", "C") == Led("C0")


def test_earlier_sources_are_led_to_the_third_book_for_as_long_as_both_merges_are_applied() -> None:
    first, then = Merge("m1", "A", "B", {"A0": "B0"}), Merge("m2", "B", "C", {"B0": "C0"})
    world = applied([first, then])
    assert world.merges[1].sources == ("B", "A")
    assert world.lead("A0", "C") == Led("C0")
    assert world.lead("C0", "A") == Led("A0")
    world.undo(first)
    assert world.lead("A0", "C") == NOWHERE
    assert world.lead("B0", "C") == Led("C0")


def test_a_reader_without_merges_into_the_book_asks_for_no_row() -> None:
    world = applied([Merge("m1", "A", "B", {"A0": "B0"})])
    assert list(leading(CATEGORIES, "A0", "C", world.merges)) == []
    assert doubtful(world.merges, world.mirrors) == set()
