"""The charts hold what they must: names that are unique, enough pairs, and wrong choices enough to be wrong about."""

from collections import Counter

import pytest

from shared.domain.lists import Kind
from tests.unit.merging.charts import CHANGES, chart, pairs

KINDS = (Kind.CATEGORIES, Kind.TAX_RATES)


@pytest.mark.parametrize("name", sorted({name for change in CHANGES for name in change}))
def test_each_name_and_code_stands_once_in_its_chart(name: str) -> None:
    for kind in KINDS:
        entries = chart(name)[kind]
        assert entries
        for said in ([entry.name for entry in entries], [entry.code for entry in entries if entry.code]):
            assert [one for one, times in Counter(said).items() if times > 1] == []


def test_there_are_pairs_and_near_misses_enough() -> None:
    all_pairs = [pair for change in CHANGES for kind in KINDS for pair in pairs(*change)[kind]]
    right = [pair for pair in all_pairs if pair.right is not None]
    near = [wrong for pair in all_pairs for wrong in pair.wrong]
    assert len(right) >= 150
    assert len(near) >= 50


@pytest.mark.parametrize("change", CHANGES, ids=" to ".join)
def test_a_pair_stands_once_and_agrees_in_class_and_side(change: tuple[str, str]) -> None:
    for kind in KINDS:
        listed = pairs(*change)[kind]
        assert len({pair.old.id for pair in listed}) == len(listed)
        for pair in listed:
            assert pair.right not in pair.wrong
            if pair.right is None:
                continue
            assert pair.old.values.get("class") == pair.right.values.get("class"), pair
            for side in ("costs", "sales"):
                assert pair.right.values.get(side) or not pair.old.values.get(side), pair
