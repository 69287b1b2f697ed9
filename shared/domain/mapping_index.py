"""Finds the few entries of a long list that are worth comparing with one: 5,000 are not compared with 5,000."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from shared.domain.mapping_scores import Named

COMPARED_WHOLE: Final = 100_000  # pairs up to which lists are compared entry by entry: charts of accounts, tax rates
MOST_COMPARED: Final = 20  # new entries that one old entry is compared with in longer lists
_TOO_COMMON: Final = 100  # a word in more names than this tells nobody apart
_RAREST: Final = 1_000_000  # what a word counts for that stands in one name; whole numbers add up alike in any order
_BEGINNING: Final = 4  # letters that misspelt words mostly share


class Index:
    """Entries by their keys (equal codes, names, tax numbers, addresses) and by the words of their names.

    `asked` is how many old entries will be compared with them.
    """

    def __init__(self, entries: Sequence[tuple[Named, Iterable[str]]], asked: int) -> None:
        self._whole = asked * len(entries) <= COMPARED_WHOLE
        self._entries = [named for named, _ in entries]
        self._by_key: defaultdict[str, list[int]] = defaultdict(list)
        self._by_word: defaultdict[str, list[int]] = defaultdict(list)
        if self._whole:
            return
        for number, (named, keys) in enumerate(entries):
            for key in keys:
                self._by_key[key].append(number)
            for word in _marks(named):
                self._by_word[word].append(number)

    def near(self, old: Named, keys: Iterable[str]) -> Iterator[Named]:
        """The entries worth comparing with an old one: all of short lists, at most 20 of long ones.

        Those with an equal key come first, then those that share most words, rare ones counting more.
        """
        if self._whole:
            yield from self._entries
            return
        shared: Counter[int] = Counter()
        weights: Counter[int] = Counter()
        for key in keys:
            for number in self._by_key.get(key, ())[:MOST_COMPARED]:
                shared[number] += 1
        for word in _marks(old):
            holders = self._by_word.get(word, ())
            if len(holders) <= _TOO_COMMON:
                for number in holders:
                    weights[number] += _RAREST // len(holders)
        ranked = sorted({*shared, *weights}, key=lambda number: (-shared[number], -weights[number], number))
        yield from (self._entries[number] for number in ranked[:MOST_COMPARED])


def _marks(named: Named) -> set[str]:
    """The words of a name and how they begin."""
    return {mark for word in named.words.meanings for mark in (word, f"{word[:_BEGINNING]}~")}
