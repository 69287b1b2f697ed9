"""Items as callers bring them: coding by id, code or name, not yet looked up in any book."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as calendar_date
from decimal import Decimal
from typing import Any

from shared.domain.addresses import Address
from shared.domain.coding import Source
from shared.domain.connections import Destination, PublishAs, Slot
from shared.domain.item_approvals import ItemApprovalState
from shared.domain.items import ItemType, Quarantined, Side, TaxMode


@dataclass(frozen=True, slots=True)
class Reference:
    """How a caller names an entry: by exactly one of local id, the software's code, or name.

    A dimension's value may be named within its dimension: `dimension` and `name` together. `address` is of a new
    contact, named by its name.
    """

    id: str | None = None
    code: str | None = None
    name: str | None = None
    dimension: str | None = None
    address: Address | None = field(default=None, repr=False)  # left out of what is digested where there is none


@dataclass(frozen=True, slots=True)
class LineDraft:
    """A line as it comes; the amounts are in the item's currency and tax mode."""

    description: str
    amount: Decimal
    quantity: Decimal = Decimal(1)
    unit_amount: Decimal | None = None
    tax_amount: Decimal | None = None
    category: Reference | None = None
    tax_rate: Reference | None = None
    product: Reference | None = None
    tracking: tuple[Reference, ...] = ()
    project: Reference | None = None
    customer: Reference | None = None
    billable: bool = False


@dataclass(frozen=True, slots=True)
class FileDraft:
    """The file of an item as it comes: its bytes, or the address (https) to fetch it from."""

    name: str | None = None
    url: str | None = None
    content: bytes | None = field(default=None, repr=False)
    sha256: str | None = None  # of `content`, in hexadecimal: what tells two files apart


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """An item as it comes. A contact named by a name that the books do not have becomes a new entry of them."""

    side: Side
    type: ItemType
    currency: str
    tax_mode: TaxMode
    total: Decimal
    lines: tuple[LineDraft, ...]
    contact: Reference | None = None
    date: calendar_date | None = None
    due_date: calendar_date | None = None
    number: str | None = None
    description: str | None = None
    tax_total: Decimal | None = None
    exchange_rate: Decimal | None = None
    paid: bool = False
    paid_on: calendar_date | None = None
    payment_method: Reference | None = None
    destination: Destination | None = None
    publish_as: PublishAs | None = None
    external_id: str | None = None
    # Left out of what is digested where they say nothing: bodies that came before there were these stay the same.
    integration: Slot | None = field(default=None, repr=False)
    items: tuple[str, ...] = field(default=(), repr=False)  # of an expense claim, by id
    owner: str | None = field(default=None, repr=False)
    confidence: Mapping[str, Decimal] = field(default_factory=dict, repr=False)
    quarantine: tuple[Quarantined, ...] = field(default=(), repr=False)
    file: FileDraft | None = field(default=None, repr=False)
    lenient: bool = field(default=False, repr=False)  # what the books do not have is put aside, not refused
    source: Source = field(default=Source.MANUAL, repr=False)  # who says all this; fields with confidence were read
    says_paid: bool = field(default=True, repr=False)  # False: nobody said whether it is paid
    suggested: Mapping[str, Any] = field(default_factory=dict, repr=False)  # by the names of Coding; see rule_drafts
    approval: ItemApprovalState = field(default=ItemApprovalState.NONE, repr=False)
    reverse_charge: bool | None = field(default=None, repr=False)
    approver: Reference | None = field(default=None, repr=False)

    def digest(self) -> str:
        """What tells two bodies apart: the first 32 hexadecimal characters of SHA-256 over all that was said."""
        said = repr(self)
        if self.integration is not None or self.items:
            said += repr((self.integration, self.items))
        arrival = (self.owner, sorted(self.confidence.items()), self.quarantine, self.file)
        if any(arrival):
            said += repr(arrival)
        if self.source is not Source.MANUAL or self.suggested:
            said += repr((self.source, sorted(self.suggested.items())))
        if self.approval is not ItemApprovalState.NONE:
            said += repr(self.approval)
        if self.reverse_charge is not None:
            said += repr(("reverse_charge", self.reverse_charge))
        address = self.contact.address if self.contact is not None else None
        if address is not None or self.approver is not None:
            said += repr((address, self.approver))
        return hashlib.sha256(said.encode()).hexdigest()[:32]


# What an edit may change, by the names of ItemDraft; values are of ItemDraft's types.
ItemChanges = Mapping[str, Any]
