"""Tracking values of several sources on one line: of each dimension the value of whoever's word counts there."""

from collections.abc import Iterable, Mapping, Sequence

from shared.domain.coding import RANK, Source

# The dimension of each value, by local ids. Values that are not in it are taken for values of one dimension, so that
# what one source says in all stands against what another says in all.
DimensionOf = Mapping[str, str]


def settled(words: Mapping[Source, Sequence[str]], dimension_of: DimensionOf) -> tuple[tuple[str, Source], ...]:
    """The values that stand, with who said each: for each dimension those of the first source that names one."""
    found: list[tuple[str, Source]] = []
    taken: set[str | None] = set()
    for source in sorted(words, key=RANK.__getitem__):
        new = [value for value in words[source] if dimension_of.get(value) not in taken]
        found += [(value, source) for value in new]
        taken |= {dimension_of.get(value) for value in new}
    return tuple(found)


def joined(first: Iterable[str], then: Iterable[str], dimension_of: DimensionOf) -> tuple[str, ...]:
    """The values of the first, and those of the second for dimensions that the first does not name."""
    first = tuple(first)
    taken = {dimension_of.get(value) for value in first}
    return (*first, *(value for value in then if dimension_of.get(value) not in taken))


def value_path(path: str, place: int) -> str:
    """The path of one value of a line's tracking; without a source of its own it has that of the whole."""
    return f"{path}[{place}]"
