"""How well a new entry stands for an old one, by kind of list: a score of 0 to 100 with its reasons, or not at all."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.domain.lists import Entry, folded
from shared.domain.mapping_words import Likeness, Words, likeness
from shared.domain.tax_treatment import percents, serves, serves_all, treated_alike

ACCEPTED: Final = 75  # a proposal with this score or more is taken over unless a person says otherwise
_JUST_BELOW: Final = ACCEPTED - 1
_MOST_BY_WORDS: Final = 90
_SAME_NAME: Final = 96


class Reason(StrEnum):
    SAME_CODE = "same_code"
    SAME_NAME = "same_name"
    SAME_RATE = "same_rate"
    SAME_TAX_NUMBER = "same_tax_number"
    SAME_EMAIL = "same_email"
    SAME_NUMBER = "same_number"
    SAME_VALUES = "same_values"
    SIMILAR_WORDS = "similar_words"


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100, and why."""

    points: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """An entry with what its name says, worked out once."""

    entry: Entry
    words: Words


def by_words(old: Named, new: Named, alike: Likeness) -> Score:
    """How alike two names and codes are. The same code alone is worth a look, not more: charts number as they like."""
    how = likeness(old.words, new.words, alike)
    if folded(old.entry.name) == folded(new.entry.name):
        points, reasons = _SAME_NAME, [Reason.SAME_NAME]
    elif old.words.letters and old.words.letters == new.words.letters:
        points, reasons = _SAME_NAME - 2, [Reason.SAME_NAME]
    else:
        most = _MOST_BY_WORDS if old.words.marks == new.words.marks else _JUST_BELOW
        points, reasons = min(round(_MOST_BY_WORDS * how), most), [Reason.SIMILAR_WORDS] if how else []
    if old.entry.code and new.entry.code and folded(old.entry.code) == folded(new.entry.code):
        points = min(100, points + 6) if points >= _CODE_BESIDE_NAME else max(points, _CODE_ALONE)
        reasons.insert(0, Reason.SAME_CODE)
    return Score(points, tuple(reasons))


_CODE_BESIDE_NAME: Final = 50
_CODE_ALONE: Final = 45


def account(old: Named, new: Named, alike: Likeness) -> Score | None:
    """Accounts of one class. None across classes."""
    classes = old.entry.values.get("class"), new.entry.values.get("class")
    if None not in classes and classes[0] != classes[1]:
        return None
    score = by_words(old, new, alike)
    points = score.points if None not in classes else min(score.points, _JUST_BELOW)
    if _place(old.entry) != _place(new.entry):
        points = min(round(points * _ELSEWHERE), _JUST_BELOW)
    if ("depreciation" in old.words.meanings) != ("depreciation" in new.words.meanings):
        points = min(points, _WITH_AND_WITHOUT_DEPRECIATION)
    return Score(points, score.reasons)


# Within a class: direct costs apart from overheads, fixed assets from others.
_ELSEWHERE: Final = 0.8
_WITH_AND_WITHOUT_DEPRECIATION: Final = 60
_PLACES: Final = (("direct", "direct"), ("cost of", "direct"), ("fixed", "fixed"))


def _place(entry: Entry) -> str | None:
    """Where an account stands in its class, by the words of its type; None where it is not one of these places."""
    said = str(entry.values.get("type") or "").casefold()
    return next((place for word, place in _PLACES if word in said), None)


def tax_rate(old: Named, new: Named, alike: Likeness) -> Score | None:
    """Rates for a side that both serve, of one percent. None across sides and percents.

    Rates of nothing (zero rated, exempt, outside the scope) are told apart by their names.
    """
    same = percents(old.entry, new.entry)
    if same is False or not serves(old.entry, new.entry):
        return None
    treated = treated_alike(old.entry, new.entry)
    score = by_words(old, new, alike)
    reasons = ((Reason.SAME_RATE,) if same else ()) + score.reasons
    named = Reason.SAME_NAME in score.reasons or Reason.SAME_CODE in score.reasons
    if treated < 1.0:
        points = round(_OTHER_TREATMENT * (0.5 + treated / 2)) + score.points // 10
    elif not same:
        points = _UNKNOWN_PERCENT
    else:
        points = _SAME_NAME if named else _SAME_TREATMENT
    if not serves_all(old.entry, new.entry):
        points = min(points, _JUST_BELOW)
    return Score(points, reasons)


_SAME_TREATMENT: Final = 88
_UNKNOWN_PERCENT: Final = 60
_OTHER_TREATMENT: Final = 50


def bank_account(old: Named, new: Named, alike: Likeness) -> Score | None:
    """Bank accounts or cards of one currency. None across those."""
    mine, other = old.entry.values, new.entry.values
    if any(mine.get(name) and other.get(name) and mine[name] != other[name] for name in ("type", "currency")):
        return None
    score = by_words(old, new, alike)
    if mine.get("number") and mine["number"] == other.get("number"):
        return Score(min(100, max(score.points, _SAME_NUMBER) + 2), (Reason.SAME_NUMBER, *score.reasons))
    return score


_SAME_NUMBER: Final = 90


def product(old: Named, new: Named, alike: Likeness) -> Score | None:
    """Products: here a code is a name, so the same code is as good as the same name."""
    score = by_words(old, new, alike)
    if Reason.SAME_CODE in score.reasons:
        return Score(max(score.points, _SAME_NAME - 4), score.reasons)
    return score
