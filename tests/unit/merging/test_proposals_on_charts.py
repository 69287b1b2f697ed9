"""What is proposed on realistic charts: nearly always the right entry first, never a tempting one as sure."""

from functools import cache

import pytest
from rapidfuzz.fuzz import ratio

from shared.domain.lists import Kind
from shared.domain.mapping import Proposal, propose
from tests.unit.merging.charts import CHANGES, Pair, chart, pairs

KINDS = (Kind.CATEGORIES, Kind.TAX_RATES)
CASES = [(change, kind) for change in CHANGES for kind in KINDS]
NAMES = [f"{old} to {new}: {kind}" for (old, new), kind in CASES]


@cache
def proposals(change: tuple[str, str], kind: Kind) -> dict[str, Proposal]:
    """By the old entry's id; the new side is the whole chart."""
    return {one.old.id: one for one in propose(kind, chart(change[0])[kind], chart(change[1])[kind], ratio)}


def first_is_right(proposal: Proposal, pair: Pair) -> bool:
    return proposal.proposed is not None and proposal.proposed.entry == pair.right


@pytest.mark.parametrize(("change", "kind"), CASES, ids=NAMES)
def test_the_right_entry_is_proposed_first(change: tuple[str, str], kind: Kind) -> None:
    found = proposals(change, kind)
    with_right = [pair for pair in pairs(*change)[kind] if pair.right is not None]
    missed = [str(pair) for pair in with_right if not first_is_right(found[pair.old.id], pair)]
    assert len(missed) <= 0.1 * len(with_right), missed


def test_over_all_changes_nine_of_ten_are_proposed_first() -> None:
    right = [
        first_is_right(proposals(change, kind)[pair.old.id], pair)
        for change, kind in CASES
        for pair in pairs(*change)[kind]
        if pair.right is not None
    ]
    assert len(right) >= 150
    assert sum(right) >= 0.9 * len(right)


@pytest.mark.parametrize(("change", "kind"), CASES, ids=NAMES)
def test_nothing_wrong_is_accepted(change: tuple[str, str], kind: Kind) -> None:
    """Of the whole chart; and of tempting entries none even where it is the only one there."""
    found = proposals(change, kind)
    accepted = [
        f"{pair}: {found[pair.old.id].proposed}"
        for pair in pairs(*change)[kind]
        if found[pair.old.id].accepted and not first_is_right(found[pair.old.id], pair)
    ]
    assert accepted == []
    alone = [
        f"{pair.old.name} -> {wrong.name}"
        for pair in pairs(*change)[kind]
        for wrong in pair.wrong
        if propose(kind, [pair.old], [wrong], ratio)[0].accepted
    ]
    assert alone == []


@pytest.mark.parametrize(("change", "kind"), CASES, ids=NAMES)
def test_nothing_is_proposed_across_classes_or_sides(change: tuple[str, str], kind: Kind) -> None:
    shown = [(one.old, candidate.entry) for one in proposals(change, kind).values() for candidate in one.candidates]
    assert shown
    for old, new in shown:
        if kind is Kind.CATEGORIES:
            assert old.values["class"] == new.values["class"], (old.name, new.name)
        else:
            assert any(old.values[side] and new.values[side] for side in ("costs", "sales")), (old.name, new.name)


def test_half_of_what_is_right_needs_no_look() -> None:
    """A person who changes software goes through a list of some 70 accounts: most of the plain ones are ticked."""
    sure = [
        first_is_right(one, pair) and one.accepted
        for change, kind in CASES
        for pair in pairs(*change)[kind]
        for one in [proposals(change, kind)[pair.old.id]]
        if pair.right is not None
    ]
    assert sum(sure) >= 0.5 * len(sure)
