"""Tracking, dimension by dimension: of each the value of whoever's word counts there, whatever others say of others."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.code_item import coded_by, said_by_person, source_of, value_at, values_in_play, with_suggested
from shared.domain.coding import Coding, Share, Source, Split
from shared.domain.items import Item
from tests.unit.coding.items import FUEL, item_of

DIMENSIONS = ("class", "location", "project")
# The order as the issue has it; each source's value of a dimension is another than each other source's.
STATED = [
    Source.MANUAL,
    Source.USER_RULE,
    Source.SUPPLIER_RULE,
    Source.EXTRACTED,
    Source.SUGGESTED,
    Source.SUPPLIER_DEFAULT,
]
OF = {f"{dimension} of {source}": dimension for dimension in DIMENSIONS for source in STATED}
Said = dict[Source, list[str]]
PATH = "lines[0].tracking"

# For any mix of sources, the dimensions that each says something of.
mixes = st.dictionaries(
    st.sampled_from(STATED), st.lists(st.sampled_from(DIMENSIONS), min_size=1, unique=True), min_size=1
)


def _values(source: Source, dimensions: list[str]) -> tuple[str, ...]:
    return tuple(f"{dimension} of {source}" for dimension in dimensions)


def _words(said: Said) -> dict[Source, Coding | None]:
    rules = (Source.USER_RULE, Source.SUPPLIER_RULE, Source.SUPPLIER_DEFAULT)
    return {one: Coding(dimensions=_values(one, said[one])) if one in said else None for one in rules}


def _coded(said: Said) -> Item:
    """An item on which these sources have their say, a person last."""
    item = item_of(replace(FUEL, tracking=_values(Source.EXTRACTED, said.get(Source.EXTRACTED, []))))
    if Source.SUGGESTED in said:
        item = with_suggested(item, Coding(dimensions=_values(Source.SUGGESTED, said[Source.SUGGESTED])))
    item = coded_by(item, _words(said), OF)
    return _spoken(item, said) if Source.MANUAL in said else item


def _spoken(item: Item, said: Said) -> Item:
    line = replace(item.lines[0], tracking=_values(Source.MANUAL, said[Source.MANUAL]))
    return coded_by(said_by_person(item, replace(item, lines=(line,)), {"lines": ()}), _words(said), OF)


def _shown(item: Item) -> dict[str, tuple[str, Source | None]]:
    """By dimension: the value that stands, and who said it."""
    values = item.lines[0].tracking
    return {OF[value]: (value, source_of(item, f"{PATH}[{place}]")) for place, value in enumerate(values)}


def _expected(said: Said) -> dict[str, tuple[str, Source | None]]:
    winners = {}
    for dimension in DIMENSIONS:
        best = next((one for one in STATED if dimension in said.get(one, [])), None)
        if best is not None:
            winners[dimension] = (f"{dimension} of {best}", best)
    return winners


@given(said=mixes)
@settings(max_examples=100, deadline=None)
def test_each_dimension_has_the_value_of_whoevers_word_counts(said: Said) -> None:
    if Source.MANUAL in said:  # lines are a person's word as a whole: what was read of them is gone
        said = {one: named for one, named in said.items() if one is not Source.EXTRACTED}
    assert _shown(_coded(said)) == _expected(said)


@given(said=mixes)
@settings(max_examples=100, deadline=None)
def test_coding_twice_is_coding_once(said: Said) -> None:
    once = _coded(said)
    assert coded_by(once, _words(said), OF) == once


@given(first=mixes, later=mixes)
@settings(max_examples=100, deadline=None)
def test_what_a_person_said_of_a_dimension_never_changes(first: Said, later: Said) -> None:
    item = _coded({**first, Source.MANUAL: ["class"]})
    for words in (_words(later), _words({}), _words({one: list(DIMENSIONS) for one in STATED})):
        item = coded_by(item, words, OF)
        assert _shown(item)["class"] == (f"class of {Source.MANUAL}", Source.MANUAL)


@given(first=mixes, later=mixes)
@settings(max_examples=100, deadline=None)
def test_rules_asked_again_leave_what_they_would_have_left_at_first(first: Said, later: Said) -> None:
    apart = {one: named for one, named in first.items() if one in {Source.EXTRACTED, Source.SUGGESTED}}
    rules = {one: named for one, named in first.items() if one is not Source.MANUAL}
    assert coded_by(_coded(rules), _words(later), OF) == coded_by(_coded(apart), _words(later), OF)


@given(said=mixes)
@settings(max_examples=100, deadline=None)
def test_rules_that_are_not_asked_keep_what_they_decided(said: Said) -> None:
    once = _coded(said)
    assert coded_by(once, {Source.PAYMENT_METHOD_RULE: None}, OF) == once


def test_a_share_speaks_before_its_rule_and_the_rule_where_the_share_is_silent() -> None:
    shares = (Share(Decimal(60), dimensions=("class of share",)), Share(Decimal(40)))
    of = {**OF, "class of share": "class"}
    rule = Coding(dimensions=_values(Source.SUPPLIER_RULE, ["class", "location"]), split=Split(shares))
    words = {Source.SUPPLIER_RULE: rule}
    read = item_of(replace(FUEL, tracking=_values(Source.EXTRACTED, ["class", "project"])))
    cut = coded_by(read, words, of)
    project = f"project of {Source.EXTRACTED}"
    location = f"location of {Source.SUPPLIER_RULE}"
    assert set(cut.lines[0].tracking) == {"class of share", location, project}
    assert set(cut.lines[1].tracking) == {f"class of {Source.SUPPLIER_RULE}", location, project}
    assert source_of(cut, f"lines[1].tracking[{cut.lines[1].tracking.index(project)}]") is Source.EXTRACTED
    assert coded_by(cut, words, of) == cut
    assert coded_by(cut, {Source.SUPPLIER_RULE: None}, of) == read


def test_the_path_of_one_value() -> None:
    item = _coded({Source.USER_RULE: ["location"], Source.SUPPLIER_RULE: ["class"]})
    assert item.sources[PATH] is Source.USER_RULE
    assert (value_at(item, f"{PATH}[1]"), value_at(item, f"{PATH}[2]")) == (f"class of {Source.SUPPLIER_RULE}", None)
    assert item.sources[f"{PATH}[1]"] is Source.SUPPLIER_RULE
    assert values_in_play(item, [Coding(dimensions=("another",))]) == {*item.lines[0].tracking, "another"}
