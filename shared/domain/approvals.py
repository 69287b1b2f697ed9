"""Approval: which books a secondary works on, how a document gets to those who decide, and what they decided."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from shared.domain.lists import Book, folded


class Delivery(StrEnum):
    """How a document reaches software that has it approved: through the books, which it watches, or over its API."""

    LEDGER = "ledger"
    API = "api"


class ApprovalOutcome(StrEnum):
    """What became of a document that people decide on."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"  # withdrawn or deleted before anybody decided


@dataclass(frozen=True, slots=True)
class Ledger:
    """The books that a company of a secondary works on.

    `provider` and `organisation` (that provider's id) are None where the secondary tells a name alone.
    """

    name: str
    provider: str | None = None
    organisation: str | None = None

    def is_of(self, book: Book, name: str) -> bool:
        """Whether it is this book, of an organisation called so. Where only a name is told, the name decides."""
        if self.organisation is None:
            return bool(folded(name)) and folded(self.name) == folded(name)
        return self.provider == book.provider and self.organisation.lower() == book.organisation.lower()


@dataclass(frozen=True, slots=True)
class Approval:
    """How people's decision on a published document stands. `connection` is of the software in which they decide.

    `at` and `by` are as far as that software tells them; `by` is a name, or its id of the person.
    """

    connection: str
    outcome: ApprovalOutcome = ApprovalOutcome.PENDING
    at: datetime | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One request as the software in which people decide shows it. The rest is for telling whose bill it is."""

    request: str
    outcome: ApprovalOutcome
    at: datetime | None = None
    by: str | None = None
    number: str = ""
    date: str = ""  # ISO 8601
    currency: str = ""
    total: str | None = None
    page: str = ""  # where the software says the bill is to be seen


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A published document whose decision is still to be read.

    `through` is the connection it was sent through: the main one for delivery through the books, else the secondary
    itself. `marker` and `sent_at` find it there.
    """

    tenant: str
    account: str
    connection: str
    through: str
    item: str
    marker: str
    resource: str
    document_id: str
    sent_at: datetime


# People take minutes or weeks: it is looked again when a quarter of the time since the youngest bill has passed.
SOONEST: Final = timedelta(minutes=10)
_STEPS: Final = (SOONEST, timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
GIVEN_UP_AFTER: Final = timedelta(days=90)  # nobody decides any more: the item goes on saying that it is pending


def look_again_in(youngest: timedelta) -> timedelta:
    """How long to wait until decisions are read again, `youngest` being the age of the document sent last."""
    return max((step for step in _STEPS if step <= youngest / 4), default=SOONEST)
