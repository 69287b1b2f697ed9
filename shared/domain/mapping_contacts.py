"""Suppliers and customers of two books that are one firm: by tax number, by e-mail, by name."""

import re
from functools import lru_cache
from typing import Final

from shared.domain.lists import Entry, folded
from shared.domain.mapping_scores import ACCEPTED, Named, Reason, Score
from shared.domain.mapping_words import Likeness, Words, likeness, plain

_LEGAL_FORMS: Final = frozenset({
    "ltd", "limited", "llp", "plc", "inc", "incorporated", "llc", "corp", "corporation", "co", "company",
    "gmbh", "ag", "kg", "sarl", "sas", "sa", "bv", "nv", "pty", "oy", "ab", "as",
})  # fmt: skip
_SAME_TAX_NUMBER: Final = 92
_SAME_EMAIL: Final = 80
_SAME_NAME: Final = 90
_SAME_FIRM: Final = 84  # the same name but for its legal form
_BY_WORDS: Final = 70  # at most: a name that is only like another is a person's to judge
_OTHER_FIRM: Final = 50  # at most: both have a tax number, and not the same
_OTHER_CURRENCY: Final = ACCEPTED - 5  # at most: some software holds one currency for each contact


def words_of_firm(name: str) -> Words:
    """What a firm's name says: its words without the legal form, each for as much as the other."""
    words = plain(name).split()
    said = [word for word in words if word not in _LEGAL_FORMS] or words
    return Words(dict.fromkeys(said, 1.0), {word: frozenset({word}) for word in said}, "".join(said))


def tax_number(contact: Entry) -> str | None:
    """A contact's tax number as it is compared: letters and digits alone, without the country it begins with."""
    said = contact.values.get("tax_number")
    return _without_country(str(said)) if said else None


@lru_cache(maxsize=4096)
def _without_country(number: str) -> str | None:
    said = re.sub(r"[\W_]", "", number).upper()
    return re.sub(r"^[A-Z]{2}(?=\d)", "", said) or None


def email(contact: Entry) -> str | None:
    """A contact's e-mail address as it is compared."""
    return folded(str(contact.values.get("email") or "")) or None


def contact(old: Named, new: Named, alike: Likeness) -> Score | None:
    """How surely two contacts are one firm. None where nothing of them agrees."""
    reasons, points = [], 0
    numbers = tax_number(old.entry), tax_number(new.entry)
    if numbers[0] and numbers[0] == numbers[1]:
        reasons.append(Reason.SAME_TAX_NUMBER)
        points = _SAME_TAX_NUMBER
    if email(old.entry) and email(old.entry) == email(new.entry):
        reasons.append(Reason.SAME_EMAIL)
        points = max(points, _SAME_EMAIL)
    how = likeness(old.words, new.words, alike)
    if folded(old.entry.name) == folded(new.entry.name):
        reasons.append(Reason.SAME_NAME)
        points = max(points, _SAME_NAME)
    elif old.words.letters and old.words.letters == new.words.letters:
        reasons.append(Reason.SAME_NAME)
        points = max(points, _SAME_FIRM)
    elif how:
        reasons.append(Reason.SIMILAR_WORDS)
        points = max(points, round(_BY_WORDS * how))
    if not reasons:
        return None
    # What else agrees ranks those that agree in the same thing: branches with one tax number, a shared address.
    points = min(100, points + round(4 * how) + 2 * (len(reasons) - 1))
    return Score(_less_what_differs(points, old.entry, new.entry, numbers), tuple(reasons))


def _less_what_differs(points: int, old: Entry, new: Entry, numbers: tuple[str | None, str | None]) -> int:
    if None not in numbers and numbers[0] != numbers[1]:
        points = min(points, _OTHER_FIRM)
    currencies = old.values.get("currency"), new.values.get("currency")
    if all(currencies) and currencies[0] != currencies[1]:
        points = min(points, _OTHER_CURRENCY)
    return points
