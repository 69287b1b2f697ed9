"""Tax rates compared when lists are merged: the side they serve, their percent, and how they treat what they are on."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from shared.domain.lists import Entry
from shared.domain.mapping_words import plain

_SIDES: Final = ("costs", "sales")
# What a rate's name says of its treatment beside the percent; the words are those of tax returns and of the codes that
# accounting software builds on them (RC reverse charge, CIS construction, ECG and ECS goods and services in Europe).
_TREATMENTS: Final = (
    ("reverse", r"reverse charge|\brc\b"),
    ("domestic", r"domestic|\bcis\b"),
    ("europe", r"\bec\b|\beu\b|ecg|ecs|acquisitions?"),
    ("services", r"\bservices?\b|ecs"),
    ("import", r"imports?|\bpva\b"),
    ("zero", r"zero|\bz\b|0% ec[gs]"),
    ("exempt", r"exempt|\bfree\b"),
    ("none", r"\bno (vat|tax|gst)\b|\bnon\b|outside|out of scope|excluded"),
)
_OF_NOTHING: Final = frozenset({"zero", "exempt", "none"})  # told apart by law, alike in percent


def serves(old: Entry, new: Entry) -> bool:
    """Whether a rate is for a side that the other is for; a rate of which no side is told serves both."""
    return bool(_sides(old) & _sides(new))


def serves_all(old: Entry, new: Entry) -> bool:
    """Whether a rate is for every side that the other is for."""
    return _sides(old) <= _sides(new)


def _sides(rate: Entry) -> frozenset[str]:
    told = {side for side in _SIDES if side in rate.values}
    return frozenset(side for side in _SIDES if rate.values.get(side)) if told else frozenset(_SIDES)


def percents(old: Entry, new: Entry) -> bool | None:
    """Whether two rates take the same percent on the sides that both are for; None where one does not say."""
    told = [(_percent(old.values, side), _percent(new.values, side)) for side in sorted(_sides(old) & _sides(new))]
    if any(one != other for one, other in told if one is not None and other is not None):
        return False
    return None if any(None in pair for pair in told) or not told else _named_percents_agree(old, new)


def _percent(values: Mapping[str, Any], side: str) -> Decimal | None:
    told = values.get(f"{side}_rate", values.get("rate"))
    try:
        return None if told is None else Decimal(str(told))
    except InvalidOperation:
        return None


def _named_percents_agree(old: Entry, new: Entry) -> bool:
    """A reverse charge comes to nothing; of what percent it is, its name says."""
    one, other = _named(old), _named(new)
    return not one or not other or one == other


def _named(rate: Entry) -> frozenset[Decimal]:
    found = (Decimal(number) for number in re.findall(r"(\d+(?:\.\d+)?)\s*%", rate.name))
    return frozenset(number for number in found if number)


def treatment(rate: Entry) -> frozenset[str]:
    """How a rate treats what it is on, by its name; nothing where it is a plain percentage."""
    said = re.sub(r"(\d)\s+(\d)", r"\1.\2", plain(rate.name))
    said = re.sub(r"\b0\.0 ec", "0% ec", said)
    return frozenset(name for name, words in _TREATMENTS if re.search(words, said))


def treated_alike(old: Entry, new: Entry) -> float:
    """How alike two treatments are, 0 to 1; 1 where they are the same. Two kinds of no tax are half alike."""
    one, other = treatment(old), treatment(new)
    if one == other:
        return 1.0
    if one & _OF_NOTHING and other & _OF_NOTHING and one - _OF_NOTHING == other - _OF_NOTHING:
        return 0.5
    return len(one & other) / len(one | other)
