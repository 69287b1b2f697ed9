"""The words of names as accountants mean them: which words say the same, which say little, how alike two names are."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

# How alike two words are, 0 to 100. Handed in: the domain needs the standard library only.
Likeness = Callable[[str, str], float]

# Words that say the same thing in a chart of accounts; the first of each line stands for the others.
_SYNONYMS: Final = """
advertising marketing promotional promotion promotions publicity
accountancy accounting accountant accountants audit auditing bookkeeping
accrual accrued
amortisation amortization
benefit perk
bank banking
building freehold
charge fee
charitable charity donation gift political
cleaning janitorial
computer it tablet laptop
consultancy consulting consultant
contribution investment introduced
currency exchange revaluation forex
delivery postage shipping courier carriage freight post
depreciation accumulated
director officer management
dues subscription membership
drawing draw withdrawal
education training learning
entertainment entertaining hospitality
heat heating light lighting power electricity gas energy utility
hotel lodging accommodation
income revenue
interest
intangible goodwill
inventory stock
labour labor
legal solicitor lawyer attorney
license licence permit
machinery plant machine
maintenance repair renewal
medical health
overseas international foreign abroad
owner proprietor
payable liability
pension superannuation retirement
phone telephone mobile telecoms
internet broadband
prepaid prepayment
premises property
printing print photocopying
provision allowance
rent rental lease leasing hire
rates
sundry general miscellaneous administrative
software app application
stationery
subcontractor subcontract
tax taxation
uk national domestic
vehicle motor automobile auto car van
wages salary remuneration compensation wage
"""

# Words that say one thing together.
_PHRASES: Final[Mapping[tuple[str, ...], str]] = {
    ("cost", "good", "sold"): "costofsales",
    ("cost", "sale"): "costofsales",
    ("national", "insurance"): "ni",
    ("nic",): "ni",
    ("in", "advance"): "deferred",
    ("bad", "debt"): "baddebt",
    ("doubtful", "debt"): "baddebt",
    ("hire", "purchase"): "hirepurchase",
    ("common", "stock"): "sharecapital",
    ("share", "capital"): "sharecapital",
    ("ordinary", "share"): "sharecapital",
    ("fund", "introduced"): "contribution",
    ("capital", "introduced"): "contribution",
    ("merchant",): "merchant",
    ("air", "fare"): "airfare",
    ("flight",): "airfare",
    ("contract", "labor"): "subcontractor",
    ("contract", "labour"): "subcontractor",
}
_SILENT: Final = frozenset({"and", "of", "the", "on", "or", "for", "to", "an", "by", "from", "less"})
_SMALL: Final = frozenset({"in", "a", "x", "xxx"})  # silent too, save in phrases
# What a word counts for; most count for 1. These stand in many names of a chart, and tell few accounts apart.
_WEIGHTS: Final = {
    "expense": 0.2,
    "cost": 0.2,
    "charge": 0.2,
    "payment": 0.2,
    "account": 0.1,
    "paid": 0.2,
    "received": 0.2,
    "earned": 0.2,
    "income": 0.4,
    "payable": 0.4,
    "asset": 0.2,
    "bank": 0.5,
    "business": 0.2,
    "federal": 0.3,
    "gain": 0.3,
    "good": 0.4,
    "loss": 0.3,
    "product": 0.4,
    "state": 0.3,
    "uk": 0.4,
    "other": 0.6,
    "service": 0.5,
    "staff": 0.4,
    "office": 0.7,
    "sundry": 0.7,
    "cos": 0.1,
    "cogs": 0.1,
}
_PARENT: Final = 0.12  # of a word's weight, where it belongs to the account that an account is below
_SYNONYM: Final = 0.85  # of a word's weight, where the other name says it in another word
_NUMBER: Final = 0.3
_ALIKE: Final = 88.0  # of 100: two words are one, misspelt or in another form
_SHORTEST: Final = 5  # letters: among shorter words one letter makes another word (rent, rest)

_GROUPS: Final = {word: line.split()[0] for line in _SYNONYMS.strip().splitlines() for word in line.split()}


@dataclass(frozen=True, slots=True)
class Words:
    """What a name says: each meaning with its weight, and the words it was said in; `letters`: all without spaces."""

    meanings: Mapping[str, float]
    said: Mapping[str, frozenset[str]]
    letters: str

    @property
    def weight(self) -> float:
        return sum(self.meanings.values())

    @property
    def marks(self) -> frozenset[str]:
        """What tells things of one name apart however long the name is: numbers, sizes, phases (2025, A4, M)."""
        return frozenset(one for one in self.meanings if len(one) == 1 or any(letter.isdigit() for letter in one))


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """A text without case and accents, letters and digits apart by single spaces."""
    flat = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return " ".join(re.findall(r"[^\W_]+", re.sub(r"['\u2019]", "", flat.casefold())))


def words_of(name: str) -> Words:
    """What the name of an account, a product or a dimension says. `parent:child` counts the child's words most."""
    *parents, own = name.split(":")
    weights: dict[str, float] = {}
    said: dict[str, frozenset[str]] = {}
    for part, share in [*((parent, _PARENT) for parent in parents), (own, 1.0)]:
        for meaning, words in _meanings(plain(part).split()):
            weight = _NUMBER if meaning.isdigit() else _WEIGHTS.get(meaning, 1.0)
            weights[meaning] = max(weights.get(meaning, 0.0), weight * share)
            said[meaning] = said.get(meaning, frozenset()) | words
    return Words(weights, said, plain(name).replace(" ", ""))


def _meanings(words: Sequence[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """The meanings of words in their order, of several together where they say one thing, with those words."""
    left = [word for word in words if word not in _SILENT]
    while left:
        single = [_singular(word) for word in left[:3]]
        length = next((size for size in (3, 2, 1) if tuple(single[:size]) in _PHRASES), 0)
        if length:
            yield _PHRASES[tuple(single[:length])], frozenset(single[:length])
        elif left[0] not in _SMALL:
            yield _GROUPS.get(left[0], _GROUPS.get(single[0], single[0])), frozenset(single[:1])
        left = left[length or 1 :]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("xes", "ches", "sses")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def likeness(old: Words, new: Words, alike: Likeness) -> float:
    """How much two names say the same, 0 to 1: the share of their weight that both have; words alike count in part."""
    if not old.meanings or not new.meanings:
        return 1.0 if old.letters and old.letters == new.letters else 0.0
    had = has = 0.0
    shared = old.meanings.keys() & new.meanings.keys()
    for one in sorted(shared):
        how = 1.0 if old.said[one] & new.said[one] else _SYNONYM
        had += old.meanings[one] * how
        has += new.meanings[one] * how
    for one, other, how in _alike_words(old.meanings.keys() - shared, new.meanings.keys() - shared, alike):
        had += old.meanings[one] * how
        has += new.meanings[other] * how
    if not had or not has:
        return 0.0
    of_old, of_new = had / old.weight, has / new.weight
    return 2 * of_old * of_new / (of_old + of_new)


def _alike_words(old: Iterable[str], new: Iterable[str], alike: Likeness) -> Iterator[tuple[str, str, float]]:
    """Words of two names that are one in other letters, the most alike first, each at most once."""
    long = [[word for word in sorted(words) if len(word) >= _SHORTEST] for words in (old, new)]
    found = [(alike(one, other), one, other) for one, other in product(*long)]
    left: set[str] = set()
    right: set[str] = set()
    for how, one, other in sorted(found, key=lambda pair: (-pair[0], pair[1:])):
        if how >= _ALIKE and one not in left and other not in right:
            left.add(one)
            right.add(other)
            yield one, other, how / 100
