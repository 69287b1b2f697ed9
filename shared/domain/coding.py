"""Who said a value of an item, whose word counts, and what rules may say of items."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from shared.domain.connections import Destination, PublishAs


class Source(StrEnum):
    """Who said a value. Of several that say something about the same field the first in this order is believed.

    A payment method's rule speaks of the destination alone, so that its place above the others is felt only there.
    """

    MANUAL = "manual"
    PAYMENT_METHOD_RULE = "payment_method_rule"
    USER_RULE = "user_rule"
    SUPPLIER_RULE = "supplier_rule"
    CUSTOMER_RULE = "customer_rule"
    EXTRACTED = "extracted"
    USER_RULE_IF_BLANK = "user_rule_if_blank"
    SUGGESTED = "suggested"
    SUPPLIER_DEFAULT = "supplier_default"  # the provider's own, for a supplier or customer
    CONNECTION_DEFAULT = "connection_default"  # what holds where nobody says anything


RANK: Final = {source: place for place, source in enumerate(Source)}
# Rules decide these; what they said is worked out anew when they are asked again.
RULED: Final = frozenset(
    {
        Source.PAYMENT_METHOD_RULE,
        Source.USER_RULE,
        Source.SUPPLIER_RULE,
        Source.CUSTOMER_RULE,
        Source.USER_RULE_IF_BLANK,
    }
)


def winner(words: Mapping[Source, Any]) -> Source | None:
    """Whose word counts; None where nobody said anything."""
    return min(words, key=RANK.__getitem__, default=None)


class DueFrom(StrEnum):
    DATE = "date"  # the document's
    END_OF_MONTH = "end_of_month"  # of the month that the document is of


@dataclass(frozen=True, slots=True)
class DueDate:
    """When documents are due: so many days after their date, or after the end of their month."""

    days: int
    after: DueFrom = DueFrom.DATE

    def of(self, day: date) -> date:
        """When a document of that day is due."""
        if self.after is DueFrom.END_OF_MONTH:
            following = day.replace(day=28) + timedelta(days=4)
            day = following.replace(day=1) - timedelta(days=1)
        return day + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Share:
    """A line that takes a part of the document; what is None here is as on the document's other lines."""

    percent: Decimal
    description: str | None = None
    category: str | None = None
    tax_rate: str | None = None
    dimensions: tuple[str, ...] = ()
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Keyword:
    """The category of lines in whose description a word occurs, whatever its case."""

    keyword: str
    category: str


@dataclass(frozen=True, slots=True)
class Split:
    """How a document is cut into lines: into `shares` that are 100 percent together, or line by line by `keywords`."""

    shares: tuple[Share, ...] = ()
    keywords: tuple[Keyword, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """What may be said of a document beyond what stands on it. None says nothing. Entries are local ids.

    `customer` is whom a cost is charged on to, when `billable`; `approver` approves a bill first.
    """

    category: str | None = None
    tax_rate: str | None = None
    due_date: DueDate | None = None
    payment_method: str | None = None
    paid: bool | None = None
    reverse_charge: bool | None = None
    description: str | None = None
    currency: str | None = None
    dimensions: tuple[str, ...] = ()
    project: str | None = None
    customer: str | None = None
    billable: bool | None = None
    destination: Destination | None = None
    publish_as: PublishAs | None = None
    approver: str | None = None
    split: Split | None = None
