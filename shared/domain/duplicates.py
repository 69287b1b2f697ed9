"""Duplicates: what makes two cost documents look like one, and what is done about it before they are published."""

import hashlib
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

    `of` is the oldest of these; None where it is the only one. `held` in mode hold. Kept in the item's state.
    """

    key: str
    of: str | None = None
    held: bool = False
    decision: Decision | None = None

    @property
    def suspected(self) -> str | None:
        """The item that this one seems to repeat, until a person says that it does not."""
        return None if self.decision is Decision.DIFFERENT else self.of

    def problem(self) -> Problem | None:
        """Why the item may not be published, if it may not."""
        if self.suspected is None:
            return None
        details = {"item": self.suspected}
        if self.decision is Decision.SAME:
            return Problem("duplicate_confirmed", details=details)
        return Problem("duplicate_suspected", details=details) if self.held else None


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
    elif item.type in {ItemType.INVOICE, ItemType.CREDIT_NOTE} and _plain(item.number):
        told = (item.type.value, _plain(item.number))
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


def _plain(number: str | None) -> str:
    """A document's number without what people type differently: case and spaces."""
    return "".join((number or "").casefold().split())


def _amount(total: Decimal) -> str:
    return format(total.normalize() + 0, "f")
