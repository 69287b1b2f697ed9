"""Duplicates: what makes two cost documents look like one, and what is done about it before they are published."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from shared.domain.errors import Problem

if TYPE_CHECKING:
    from shared.domain.items import Item

_KEY_CHARACTERS: Final = 26  # of a SHA-256 in hexadecimal: 104 bits tell an account's documents apart


class DuplicateMode(StrEnum):
    """OFF: nothing is compared. FLAG: shown, and never published without a person. HOLD: waits for a person's word."""

    OFF = "off"
    FLAG = "flag"
    HOLD = "hold"


class Decision(StrEnum):
    """A person's word on a suspected duplicate."""

    DIFFERENT = "different"  # a purchase of its own
    SAME = "same"  # the same document again: archived without being published


@dataclass(frozen=True, slots=True)
class Duplicate:
    """How an item compares with the account's others. `key` is what it has in common with those that look the same.

    `of` is the oldest of these; None where it is the only one. `held` in mode hold. `there` is the provider's id of a
    document in the books that looks the same, where these were asked for it. Kept in the item's state.
    """

    key: str
    of: str | None = None
    held: bool = False
    decision: Decision | None = None
    there: str | None = None

    @property
    def suspected(self) -> str | None:
        """The item that this one seems to repeat, until a person says that it does not."""
        return None if self.decision is Decision.DIFFERENT else self.of

    @property
    def suspected_there(self) -> str | None:
        """The document in the books that this one seems to repeat, until a person says that it does not."""
        return None if self.decision is Decision.DIFFERENT else self.there

    @property
    def named(self) -> dict[str, str]:
        """What it may repeat, whatever was said of that: `item` of the account, `document` of the books."""
        found = {"item": self.of, "document": self.there}
        return {name: one for name, one in found.items() if one is not None}

    def problem(self) -> Problem | None:
        """Why the item may not be published, if it may not. What the books have holds it in every mode."""
        if self.suspected is None and self.suspected_there is None:
            return None
        if self.decision is Decision.SAME:
            return Problem("duplicate_confirmed", details=dict(self.named))
        holds = self.held or self.suspected_there is not None
        return Problem("duplicate_suspected", details=dict(self.named)) if holds else None


@dataclass(frozen=True, slots=True)
class Sought:
    """A cost document that is about to be created, and what another in the books would have in common with it.

    `contact` is the provider's id. With `number` None date, currency and total count instead (as texts; the total
    without trailing zeros). `marker` tells it from the others that are asked about at once. `own` are the markers, and
    `own_ids` the provider's ids, of documents that were created for the same item before.
    """

    marker: str
    contact: str
    date: str
    currency: str
    total: str
    number: str | None = None
    own: frozenset[str] = frozenset()
    own_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Seen:
    """A document that the books have: the provider's id, our marker where it carries one, and what is compared.

    None where the provider does not say: a currency that is not told is that of the books.
    """

    document: str
    marker: str | None
    contact: str | None
    number: str | None
    date: str | None
    currency: str | None
    total: str | None


def seen_there(sought: Iterable[Sought], seen: Iterable[Seen]) -> dict[str, str | None]:
    """By marker of each that was asked about: the provider's id of a document that looks like it, or None."""
    there = list(seen)
    return {one.marker: next((other.document for other in there if _alike(one, other)), None) for one in sought}


def _alike(sought: Sought, seen: Seen) -> bool:
    if seen.document in sought.own_ids or (seen.marker is not None and seen.marker in sought.own):
        return False
    if seen.contact != sought.contact:
        return False
    if sought.number is not None:
        return plain_number(seen.number) == plain_number(sought.number)
    said = (sought.date, sought.currency, sought.total)
    return said == (seen.date, seen.currency or sought.currency, seen.total)


def duplicate_key(item: "Item") -> str | None:
    """What two cost documents have in common that look like one; None for items that are not compared.

    Receipts are compared by supplier, date, total, currency and owner (no owner is like no owner), invoices and credit
    notes by supplier, total, currency and number. A key field that is missing means that there is nothing to compare.
    """
    from shared.domain.items import ItemType, Side

    if item.side is not Side.COSTS or item.contact is None:
        return None
    if item.type is ItemType.RECEIPT and item.date is not None:
        told = (item.date.isoformat(), item.owner or "")
    elif item.type in {ItemType.INVOICE, ItemType.CREDIT_NOTE} and plain_number(item.number):
        told = (item.type.value, plain_number(item.number))
    else:
        return None
    parts = (item.contact, _amount(item.total), item.currency, *told)
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:_KEY_CHARACTERS]


def compared(key: str, others: list[str], mode: DuplicateMode) -> Duplicate:
    """How an item compares that has this key in common with `others` (ids, which sort by age)."""
    return Duplicate(key, of=min(others, default=None), held=mode is DuplicateMode.HOLD)


def decided(duplicate: Duplicate, decision: Decision) -> Duplicate:
    """The comparison after a person's word; it holds for as long as the key stays."""
    return replace(duplicate, decision=decision)


def plain_number(number: str | None) -> str:
    """A document's number without what people type differently: case and spaces."""
    return "".join((number or "").casefold().split())


def _amount(total: Decimal) -> str:
    return format(total.normalize() + 0, "f")
