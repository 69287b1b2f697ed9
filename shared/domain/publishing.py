"""Publishing: pending markers, batches and their three outcomes."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.domain.connections import Destination, Slot
from shared.domain.errors import Problem


@dataclass(frozen=True, slots=True)
class PendingMarker:
    """The queued state of an item. Unclaimed while `batch` is None; a claim names the item version it froze.

    `attach_only`, `pay_only` and `approver_only` ask for the file, the payment or the approver alone: the document is
    published, that part failed.
    `take_over` is the provider's id of the document that a person says an item of unknown outcome is. `behalf` is the
    secondary connection that the item goes to, where `connection` delivers it there through the books. `by` is who
    asked for it.
    """

    tenant: str
    account: str
    connection: str
    provider: str
    organisation: str
    item: str
    item_version: int
    generation: int
    queued_at: datetime
    publication: str | None = None
    batch: str | None = None
    attach_only: bool = False
    pay_only: bool = False
    take_over: str | None = None
    behalf: str | None = None
    by: str = ""
    approver_only: bool = False

    @property
    def makes_document(self) -> bool:
        """Whether a document is to be made; otherwise it is there already, and this is about what belongs to it."""
        return not (self.attach_only or self.pay_only or self.approver_only or self.take_over)


class FactKind(StrEnum):
    """What a batch creates. Each fact has its own marker, key, outcome and retry."""

    SUPPLIERS = "suppliers"
    DOCUMENTS = "documents"
    PAYMENTS = "payments"


class BatchStatus(StrEnum):
    PREPARED = "prepared"
    SENDING = "sending"
    ANSWERED = "answered"
    UNKNOWN = "unknown"
    SPLIT = "split"
    CLOSED = "closed"


BATCH_MOVES = {
    BatchStatus.PREPARED: {BatchStatus.SENDING, BatchStatus.CLOSED},
    BatchStatus.SENDING: {
        BatchStatus.SENDING,
        BatchStatus.ANSWERED,
        BatchStatus.UNKNOWN,
        BatchStatus.SPLIT,
        BatchStatus.PREPARED,
    },
    BatchStatus.UNKNOWN: {BatchStatus.SENDING, BatchStatus.ANSWERED, BatchStatus.SPLIT},
    BatchStatus.ANSWERED: {BatchStatus.CLOSED},
    BatchStatus.SPLIT: set(),
    BatchStatus.CLOSED: set(),
}


@dataclass(frozen=True, slots=True)
class Member:
    """One element of a batch: what it stands for here (an item or a list entry) and how it is known there.

    `fingerprint` holds what the provider may be searched by when it has no field for a marker: contact, number, date,
    currency, total (text), line count. `refers_to` is the provider's id a payment pays.
    """

    subject: str
    marker: str
    fingerprint: dict[str, Any]
    account: str
    has_payment: bool = False
    has_file: bool = False
    carries_marker: bool = True
    refers_to: str | None = None
    destination: Destination | None = None  # of a document, for control totals
    approval: str | None = None  # the connection in whose software people decide on it
    by: str = ""  # who asked for the document
    approver: str | None = None  # the provider's id of who is to approve it first


@dataclass(frozen=True, slots=True)
class Batch:
    """A group of elements sent in one call, and the record of how that went.

    `claim` is the batch id that its members' markers were claimed with: a split batch's children keep their root's.
    `key` goes out as the provider's idempotency key; `resource` is the provider's collection (Invoices, CreditNotes,
    BankTransactions, Contacts, Payments). The body and the answers are kept apart: both are written once.
    `standalone` payments were asked for by themselves: no document batch takes their markers away after them.
    `proven_absent` when a refusal or a look-up has shown that none of the elements is at the provider. `others_taken`
    when other documents were published while this batch failed; `rests_until` is before when it is not sent again.
    `files_left` when its outcomes are written and none of its files has gone up: they wait for those of the next batch.
    """

    id: str
    claim: str
    tenant: str
    account: str
    connection: str
    provider: str
    organisation: str
    fact: FactKind
    resource: str
    key: str
    status: BatchStatus
    members: tuple[Member, ...]
    created_at: datetime
    attempt: int = 0
    epoch: int = 0
    first_sent_at: datetime | None = None
    sent_at: datetime | None = None
    sent_with_grant: str | None = None
    sent_with_token_version: int | None = None
    looked_up: int = 0  # look-ups made without finding everything
    failed_lookups: int = 0  # look-ups that brought no answer, although the provider answered other calls
    rounds: int = 0  # how often these elements had been sent and then proven absent when the batch was made
    failure: Problem | None = None  # why the last send had no usable answer
    others_taken: bool = False
    rests_until: datetime | None = None
    parent: str | None = None
    proven_absent: bool = False
    standalone: bool = False
    files_left: bool = False
    version: int = 0

    def moved(self, to: BatchStatus, **changes: Any) -> "Batch":
        """The batch in another status; raises ValueError on a move that the design does not have."""
        if to not in BATCH_MOVES[self.status]:
            raise ValueError(f"a batch does not move from {self.status} to {to}")
        return replace(self, status=to, **changes)

    @property
    def is_open(self) -> bool:
        return self.status not in {BatchStatus.CLOSED, BatchStatus.SPLIT}


class Verdict(StrEnum):
    """What is known of one element after a call or a look-up."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ElementAnswer:
    """The outcome of one element, matched by its marker and never by its position.

    `status` and `number` as the provider has them; `total` as text in the document's currency; `voided` when the
    document was found but is void or deleted there: it counts as done and is never made again.
    """

    marker: str
    verdict: Verdict
    provider_id: str | None = None
    number: str | None = None
    status: str | None = None
    total: str | None = None
    url: str | None = None
    problem: Problem | None = None
    voided: bool = False


Answered = tuple[Batch, list[ElementAnswer]]
"""A batch whose outcomes are all known, and these."""


class PublicationStatus(StrEnum):
    EXPANDING = "expanding"
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ControlTotal:
    """Count and sum (text) of the documents of one currency, destination and integration, before and after."""

    currency: str
    destination: str
    count: int
    total: str
    integration: Slot = Slot.MAIN

    @property
    def key(self) -> tuple[str, str, Slot]:
        return self.currency, self.destination, self.integration


@dataclass(frozen=True, slots=True)
class Publication:
    """A bulk request: stored, answered 202, expanded by the worker in slices of `items` from `expanded` on."""

    id: str
    tenant: str
    account: str
    requested_by: str
    requested_at: datetime
    items: tuple[str, ...]
    status: PublicationStatus
    expanded: int = 0
    accepted: int = 0
    refused: tuple[tuple[str, Problem], ...] = ()
    expected: tuple[ControlTotal, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class WakeUp:
    """The message of the publish queue: go and look at one organisation. `hops` bounds self-made messages."""

    schema: int
    tenant: str
    account: str
    provider: str
    organisation: str
    hops: int = 0
