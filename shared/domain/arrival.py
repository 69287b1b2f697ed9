"""What documents bring along besides their fields: papers that are kept, files still under way, values put aside."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Final

from shared.domain.connections import Destination
from shared.domain.errors import Problem
from shared.domain.items import KEPT_TYPES, SALES_TYPES, FetchStatus, Item, ItemType, Quarantined, Side

MOST_QUARANTINED: Final = 50
LONGEST_FIELD: Final = 100  # characters of a quarantined member's place
LONGEST_VALUE: Final = 500  # characters of its JSON text
LONGEST_REASON: Final = 200
# What a provider sees of these is a receipt: none of them has a word of its own for them.
_SENT_AS_RECEIPT: Final = frozenset({ItemType.ATM, ItemType.MILEAGE, ItemType.OTHER})


def fits_side(kind: ItemType, side: Side) -> bool:
    """Whether a type exists on a side: sales are invoices, credit notes and receipts of them; costs are all."""
    return side is Side.COSTS or kind in SALES_TYPES


def as_sent(item: Item) -> Item:
    """The item in the words of accounting software: cash from a machine is money spent, mileage and other a receipt."""
    if item.type not in _SENT_AS_RECEIPT:
        return item
    sent = replace(item, type=ItemType.RECEIPT)
    if item.type is not ItemType.ATM:
        return sent
    where = item.destination or Destination.BANK_ACCOUNTS
    return replace(sent, paid=True, paid_on=item.paid_on or item.date, destination=where)


def quarantined(field: str, value: str, reason: str) -> Quarantined:
    """A member that is put aside, each part cut to its bound. `value` is JSON text."""
    return Quarantined(field[:LONGEST_FIELD], value[:LONGEST_VALUE], reason[:LONGEST_REASON])


def settled(item: Item, changed: Collection[str]) -> Item:
    """An edited item without what was put aside of the fields that were changed, and without how sure a reader was."""
    return replace(
        item,
        quarantine=tuple(one for one in item.quarantine if _member(one.field) not in changed),
        confidence={path: sure for path, sure in item.confidence.items() if _member(path) not in changed},
    )


def _member(path: str) -> str:
    """The member of an item that a path begins with: `lines` of `lines[0].category`."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def arrival_problems(item: Item) -> Iterator[Problem]:
    """What keeps an item back because of how it came: values put aside, a file that is not here."""
    for one in item.quarantine:
        yield Problem("value_not_mapped", one.field, details={"value": one.value, "reason": one.reason})
    if item.fetch is not None and item.fetch.status is FetchStatus.PENDING:
        yield Problem("file_under_way", "file", details={"url": item.fetch.url})
    elif item.fetch is not None:
        yield item.fetch.problem or Problem("file_not_fetched", "file")


def kept(item: Item, problems: Iterable[Problem]) -> list[Problem]:
    """The problems of an item, but for papers that are kept: of those only that, and how they came."""
    if item.type not in KEPT_TYPES:
        return list(problems)
    return [Problem("kept_not_published", "type"), *arrival_problems(item)]
