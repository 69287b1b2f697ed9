"""Connections: an account's link to one organisation in some accounting software, and how it may move."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from shared.domain.addresses import Address
from shared.domain.approvals import Delivery, Ledger
from shared.domain.bank_reading import BankReading
from shared.domain.errors import Problem, fail
from shared.domain.lists import Book, Kind


class Slot(StrEnum):
    MAIN = "main"
    BILL = "bill"
    APPROVALMAX = "approvalmax"


class ConnectionStatus(StrEnum):
    PENDING_CONSENT = "pending_consent"
    CHOOSING_ORGANISATION = "choosing_organisation"
    IMPORTING = "importing"
    ACTIVE = "active"
    EXPIRED = "expired"  # the grant died of age or idleness
    REVOKED = "revoked"  # the person or the provider withdrew consent
    BROKEN = "broken"  # the organisation is gone or inactive at the provider
    CLOSING = "closing"
    DISCONNECTED = "disconnected"


_S = ConnectionStatus
_LOST: Final = frozenset({_S.EXPIRED, _S.REVOKED, _S.BROKEN})
_LIVE: Final = frozenset({_S.IMPORTING, _S.ACTIVE, _S.EXPIRED, _S.REVOKED, _S.BROKEN, _S.CLOSING})
_MOVES: Final = {
    _S.PENDING_CONSENT: {_S.CHOOSING_ORGANISATION, _S.DISCONNECTED},
    _S.CHOOSING_ORGANISATION: {_S.PENDING_CONSENT, _S.IMPORTING, _S.DISCONNECTED},
    _S.IMPORTING: {_S.ACTIVE, _S.EXPIRED, _S.REVOKED, _S.BROKEN, _S.CLOSING},
    _S.ACTIVE: {_S.EXPIRED, _S.REVOKED, _S.BROKEN, _S.CLOSING},
    _S.EXPIRED: {_S.ACTIVE, _S.IMPORTING, _S.CLOSING},
    _S.REVOKED: {_S.ACTIVE, _S.IMPORTING, _S.CLOSING},
    _S.BROKEN: {_S.ACTIVE, _S.IMPORTING, _S.CLOSING},
    _S.CLOSING: {_S.DISCONNECTED},
    _S.DISCONNECTED: set(),
}


class PublishAs(StrEnum):
    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"  # "paid where possible": awaiting payment when the item is unpaid or nothing is linked


class Destination(StrEnum):
    """Where a document goes, in neutral words; each provider's profile says which it offers for costs and sales."""

    PURCHASES = "purchases"
    SALES = "sales"
    BANK_ACCOUNTS = "bank_accounts"  # money spent from, or received into, a bank account
    CHECKS = "checks"
    CREDIT_CARDS = "credit_cards"
    QUICK_ENTRIES = "quick_entries"  # a total on one account, without lines
    EXPENSE_CLAIMS = "expense_claims"

    @property
    def moves_money(self) -> bool:
        """Whether the document itself is the payment, so that none follows it."""
        return self in {Destination.BANK_ACCOUNTS, Destination.CHECKS, Destination.CREDIT_CARDS}


class LockedPeriod(StrEnum):
    """What becomes of a document whose date is locked in the books."""

    REFUSE = "refuse"
    DRAFT = "draft"  # it goes as a draft, which is in no ledger
    FIRST_OPEN_DAY = "first_open_day"  # it is dated on the first day that is open


class TaxPolicy(StrEnum):
    """Whose tax goes into the books (Xero)."""

    DOCUMENT = "document"  # the document's figures
    PROVIDER = "provider"  # worked out there, from the rate that the category has
    EXCEPTIONS = "exceptions"  # the document's, but worked out where it has none, and none where the category has 0 %


@dataclass(frozen=True, slots=True)
class Settings:
    """What a connection does when neither the item nor a rule says; tax rates are local entry ids.

    The rates "without tax" are for documents on which no tax was found, where the provider wants a code all the same.
    """

    costs_destination: Destination = Destination.PURCHASES
    sales_destination: Destination = Destination.SALES
    publish_as: PublishAs = PublishAs.AWAITING_PAYMENT
    sales_publish_as: PublishAs = PublishAs.AWAITING_PAYMENT
    default_costs_tax_rate: str | None = None
    default_sales_tax_rate: str | None = None
    default_costs_tax_rate_without_tax: str | None = None
    default_sales_tax_rate_without_tax: str | None = None
    attach_files: bool = True
    bank_match: bool = False  # paid cost items go to the bank account of the line that they were paid by
    duplicate_at_provider: bool = False  # the books are asked for documents like a cost before it is created there
    delivery: Delivery | None = None  # only where the software has more than one way in
    claims_publish_as: PublishAs = PublishAs.AWAITING_PAYMENT
    costs_paid: bool = False  # documents of which nobody says whether they were paid; a claim is unpaid always
    sales_paid: bool = False
    create_suppliers: bool = True  # else a document of a supplier whom the books do not have waits
    warn_new_supplier: bool = False
    locked_period: LockedPeriod = LockedPeriod.REFUSE
    tax_policy: TaxPolicy = TaxPolicy.DOCUMENT
    tax_from_category: bool = False  # of lines without a rate, instead of the default rates
    multi_currency: bool = True  # else documents are converted to the organisation's own currency
    default_supplier_address: Address | None = None  # of new suppliers that have none of their own
    own_rate: bool = True  # an item's exchange rate is sent; else the software's own counts
    version: int = 0


@dataclass(frozen=True, slots=True)
class Organisation:
    """What the provider says of the company behind a connection, as of the last refresh.

    Lock dates are the last locked day: documents dated on or before it are inside the lock.
    `lock_exempt` is true when the person who consented may post before the period lock (Xero advisers). `features` is
    what is switched on there, in words of the provider module, where documents hang on it (multi-currency, sales tax).
    """

    id: str
    name: str
    country: str | None = None
    base_currency: str | None = None
    plan: str | None = None
    timezone: str | None = None
    period_lock_date: date | None = None
    year_end_lock_date: date | None = None
    lock_exempt: bool = False
    active: bool = True
    removal_id: str | None = None  # what the provider wants for removing this organisation from the grant
    features: tuple[str, ...] = ()
    ledger: Ledger | None = None  # the books that a secondary's company works on, where it works on some


@dataclass(frozen=True, slots=True)
class OrganisationOffer:
    """One organisation of a consent, as shown for the explicit choice."""

    organisation: Organisation
    already_linked: bool = False


@dataclass(frozen=True, slots=True)
class ListHealth:
    """How one list of a connection stands. `cursor` is the provider's position of the last complete pass."""

    kind: Kind
    last_good_at: datetime | None = None
    last_full_at: datetime | None = None
    cursor: str | None = None
    entries: int = 0
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Refreshing:
    """The refresh that was begun last, and how far it is: `done` and `failed` are lists, `counts` what it changed.

    `kinds` are the lists asked for, none for every list. Of these, a list that another refresh had brought since
    `asked_at` is not read again.
    """

    id: str
    reason: str
    asked_at: datetime
    kinds: tuple[Kind, ...] = ()
    done: tuple[Kind, ...] = ()
    failed: tuple[Kind, ...] = ()
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    ended_at: datetime | None = None


class DisconnectMode(StrEnum):
    """What becomes of lists and codings where the main connection ends."""

    KEEP = "keep"  # the lists stay as they are
    REINSTATE = "reinstate"  # those from before connecting are the current ones again
    MERGE_LATER = "merge_later"  # the lists stay; rules and codings rest until they are merged into others, or an undo


@dataclass(frozen=True, slots=True)
class Closing:
    """How far a disconnection is. `was` is the status before it, `successor` the connection in its place, if one is.

    `left` counts the batches whose outcome is still being looked up, None before the first look; `held` the items
    whose outcome stayed unknown, `set_back` the items that now wait for a person. `position` is where the pass over
    the items that went through it goes on, `rules` the rules that named it.
    """

    asked_at: datetime
    asked_by: str
    was: ConnectionStatus
    successor: str | None = None
    left: int | None = None
    held: int = 0
    set_back: int = 0
    position: str | None = None
    rules: tuple[str, ...] = ()
    mode: DisconnectMode = DisconnectMode.KEEP


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection. `organisation` is pinned by the person's choice and sent with every call."""

    id: str
    tenant: str
    account: str
    provider: str
    slot: Slot
    status: ConnectionStatus
    created_at: datetime
    created_by: str
    grant: str | None = None
    pending_grant: str | None = None
    organisation: Organisation | None = None
    settings: Settings = Settings()
    lists: dict[str, ListHealth] = field(default_factory=dict)
    refreshing: Refreshing | None = None  # None before the first
    paused_at: datetime | None = None
    parked_until: datetime | None = None
    failed_drains: int = 0
    problem: Problem | None = None
    activated_at: datetime | None = None
    consent_expires_at: datetime | None = None
    bank_reading: BankReading | None = None  # None before bank transactions were first read
    # Until when changes of published documents were read back, by the provider's collection.
    payments_read: dict[str, datetime] = field(default_factory=dict)
    # Whether what was published before there were notes of what is watched (usecases.watch_payments) is watched too.
    watches_earlier: bool = False
    closing: Closing | None = None
    # The connection that this one is to replace: until it does, nothing goes through this one and nobody counts on it.
    successor_of: str | None = None
    switching_at: datetime | None = None  # since when nothing new is sent, as another is about to take its place
    version: int = 0

    @property
    def is_live(self) -> bool:
        return self.status in _LIVE

    @property
    def is_linked(self) -> bool:
        """Whether the account's items may go, or be on their way, through it: it is live and no mere successor."""
        return self.is_live and self.organisation is not None and self.successor_of is None

    @property
    def is_ending(self) -> bool:
        """Whether it has ended, or is being disconnected: nothing new begins through it."""
        return self.status in {_S.CLOSING, _S.DISCONNECTED}

    @property
    def has_lost_access(self) -> bool:
        """Whether only a person's new consent brings it back to work."""
        return self.status in _LOST

    @property
    def is_unfinished(self) -> bool:
        """Whether nobody has chosen its organisation yet."""
        return self.status in {_S.PENDING_CONSENT, _S.CHOOSING_ORGANISATION}

    @property
    def pinned(self) -> Organisation:
        """The organisation, where one must have been chosen; raises organisation_not_chosen."""
        if self.organisation is None:
            raise fail("organisation_not_chosen")
        return self.organisation

    @property
    def book(self) -> Book:
        return Book(self.tenant, self.account, self.provider, self.pinned.id)

    def moved(self, to: ConnectionStatus, problem: Problem | None = None) -> "Connection":
        """The connection in another status; a move that the design does not allow is a bug and raises ValueError."""
        if to is not self.status and to not in _MOVES[self.status]:
            raise ValueError(f"a connection does not move from {self.status} to {to}")
        return replace(self, status=to, problem=problem)

    def given_up(self) -> "Connection":
        """A successor that will not take its place, at its end; raises ValueError on any other connection."""
        if self.successor_of is None:
            raise ValueError("a connection of its own is disconnected, not given up")
        return replace(self, status=_S.DISCONNECTED, problem=None)

    def why_not_publishing(self) -> Problem | None:
        """The reason why nothing may be sent through this connection now, or None."""
        if self.status in {_S.EXPIRED, _S.REVOKED}:
            return Problem("connection_expired")
        if self.status is not _S.ACTIVE:
            return Problem("connection_not_active", details={"status": self.status.value})
        return Problem("connection_switching") if self.switching_at is not None else None
