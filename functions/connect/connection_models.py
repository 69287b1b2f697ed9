"""What callers send and see about connections."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr

from functions.connect.fields import EntryId, Patch, ProviderName, Url, left_alone
from shared.aws.addresses import AddressBody, AddressView
from shared.aws.http import Model, View
from shared.aws.problems import describe
from shared.domain.approvals import Delivery
from shared.domain.connections import (
    Closing,
    Connection,
    ConnectionStatus,
    Destination,
    DisconnectMode,
    LockedPeriod,
    Organisation,
    OrganisationOffer,
    PublishAs,
    Settings,
    Slot,
    TaxPolicy,
)
from shared.domain.errors import Problem
from shared.domain.secrets import Secret

Credential = Annotated[SecretStr, Field(min_length=1, max_length=500)]


class Reconnection(Model):
    """By the provider's way to connect: `return_url` for consent in the browser, else `credentials`."""

    return_url: Url | None = Field(
        None, description="Where the browser goes after consent; its origin is on the tenant's list"
    )
    credentials: dict[str, Credential] | None = Field(
        None, max_length=10, description="The fields that GET /v1/providers names, for software without a consent page"
    )

    def typed(self) -> dict[str, Secret]:
        """The credentials, or none."""
        return {name: Secret(value.get_secret_value()) for name, value in (self.credentials or {}).items()}


class NewConnection(Reconnection):
    provider: ProviderName = Field(description="See GET /v1/providers")
    slot: Slot = Slot.MAIN


class Redemption(Model):
    result_code: Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[\x21-\x7e]+$")] = Field(
        description="What the callback added to the return_url; good once, for ten minutes, for the user who started"
    )


class OrganisationChoice(Model):
    organisation_id: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]


class Disconnection(Model):
    mode: DisconnectMode = Field(
        DisconnectMode.KEEP,
        description="`keep` the lists as they are; `reinstate` those from before connecting; `merge_later`: rules, and "
        "the codings of items that are not published, rest until lists are merged, or POST .../codings/restore",
    )
    confirm: bool = Field(False, description="Of merge_later, which is refused with counts without it")


class OrganisationView(View):
    id: str
    name: str
    country: str | None
    base_currency: str | None
    plan: str | None
    timezone: str | None
    period_lock_date: date | None = Field(description="The last locked day")
    year_end_lock_date: date | None
    active: bool

    @classmethod
    def of(cls, organisation: Organisation) -> Self:
        return cls(**{name: getattr(organisation, name) for name in cls.model_fields})


class OfferView(View):
    organisation: OrganisationView
    already_linked: bool = Field(description="Another connection of yours leads to it")

    @classmethod
    def of(cls, offer: OrganisationOffer) -> Self:
        return cls(organisation=OrganisationView.of(offer.organisation), already_linked=offer.already_linked)


class OfferList(View):
    organisations: list[OfferView]


class DisconnectionView(View):
    """How far a disconnection is. Counts are of what is known so far; an item may be missed where a worker died."""

    asked_at: datetime
    asked_by: str
    looking_up: int | None = Field(description="Calls whose outcome is still looked up; null before the first look")
    outcome_unknown: int = Field(description="Documents whose outcome nobody could find out: look in the provider")
    set_back: int = Field(description="Items that now wait for a person")
    rules: list[str] = Field(description="Rules that named it, the first hundred; they decide nothing now")
    mode: DisconnectMode

    @classmethod
    def of(cls, closing: Closing) -> Self:
        return cls(
            asked_at=closing.asked_at,
            asked_by=closing.asked_by,
            looking_up=closing.left,
            outcome_unknown=closing.held,
            set_back=closing.set_back,
            rules=list(closing.rules),
            mode=closing.mode,
        )


class ConnectionView(View):
    """A connection. Who may not manage the account sees provider, organisation and status; the rest is null."""

    id: str
    provider: str
    slot: Slot
    status: ConnectionStatus
    organisation: OrganisationView | None
    created_at: datetime
    created_by: str | None = None
    activated_at: datetime | None = None
    paused_at: datetime | None = None
    parked_until: datetime | None = None
    consent_expires_at: datetime | None = None
    successor_of: str | None = Field(None, description="The connection whose place it is to take: a change is going on")
    switching_at: datetime | None = Field(None, description="Since when nothing is sent, as another takes its place")
    consent_waiting: bool | None = Field(None, description="A redeemed consent waits for the choice of organisation")
    problem: dict[str, Any] | None = None
    disconnection: DisconnectionView | None = Field(None, description="Where it was asked for")
    authorize_url: str | None = Field(None, description="Where to send the browser; shown once, good for 15 minutes")
    warnings: list[str] = Field(default_factory=list, description="E.g. organisation_also_linked")
    publish_again: str | None = Field(
        None,
        description="After a reconnect: what failed while access was lost. POST /publications with it as the filter's "
        "`error_code` publishes all of it again; the event `refresh.done` that follows counts it",
    )

    @classmethod
    def of(cls, connection: Connection, *, managed: bool, **more: Any) -> Self:
        organisation = OrganisationView.of(connection.organisation) if connection.organisation else None
        seen: dict[str, Any] = {}
        if managed:
            names: tuple[str, ...] = ("created_by", "activated_at", "paused_at", "parked_until", "consent_expires_at")
            names += ("successor_of", "switching_at")
            seen = {name: getattr(connection, name) for name in names}
            seen["problem"] = describe(connection.problem) if connection.problem else None
            seen["consent_waiting"] = connection.pending_grant is not None and not connection.is_ending
            seen["disconnection"] = DisconnectionView.of(connection.closing) if connection.closing else None
        return cls(
            id=connection.id,
            provider=connection.provider,
            slot=connection.slot,
            status=connection.status,
            organisation=organisation,
            created_at=connection.created_at,
            **seen,
            **more,
        )


class ConnectionList(View):
    connections: list[ConnectionView]


class SettingsView(View):
    costs_destination: Destination
    sales_destination: Destination
    publish_as: PublishAs = Field(description="`paid`: paid where possible, else awaiting payment")
    sales_publish_as: PublishAs
    default_costs_tax_rate: str | None
    default_sales_tax_rate: str | None
    default_costs_tax_rate_without_tax: str | None = Field(description="For documents on which no tax was found")
    default_sales_tax_rate_without_tax: str | None
    attach_files: bool
    bank_match: bool = Field(
        description="Paid costs are matched to bank lines, and go out as paid to the bank account of theirs"
    )
    duplicate_at_provider: bool = Field(
        description="Before a cost is created the software is asked for documents like it; one that it has holds it"
    )
    delivery: Delivery | None = Field(
        description="How documents reach ApprovalMax: through the main connection's books, or over its API"
    )

    claims_publish_as: PublishAs = Field(description="Of expense claims: bills that are still to be paid")
    costs_paid: bool = Field(description="Whether costs were paid of which neither document, rule nor person says so")
    sales_paid: bool = Field(description="The same of sales")
    create_suppliers: bool = Field(description="Whether publishing makes contacts that the software does not have")
    warn_new_supplier: bool = Field(description="Whether the preview warns that a contact would be made")
    locked_period: LockedPeriod = Field(
        description="What becomes of a document whose date is locked there: it waits, goes as a draft, or is dated on "
        "the first open day. Preview and history say what was changed"
    )
    tax_policy: TaxPolicy = Field(description="Whose tax counts: the document's, the software's, or with exceptions")
    tax_from_category: bool = Field(description="Lines without a rate take their category's before any default")
    multi_currency: bool = Field(description="False: documents are converted by their exchange rate first")
    own_rate: bool = Field(description="False: the software's own exchange rate counts, not the document's")
    default_supplier_address: AddressView | None = Field(
        description="Of new suppliers without an address of their own, where the software makes none without (BILL)"
    )
    problems: list[dict[str, Any]] = Field(description="Settings whose entry is gone, or no longer fits")

    @classmethod
    def of(cls, settings: Settings, problems: Sequence[Problem] = ()) -> Self:
        said = {name: getattr(settings, name) for name in cls.model_fields if name != "problems"}
        said["default_supplier_address"] = AddressView.maybe(settings.default_supplier_address)
        return cls(**said, problems=[describe(problem) for problem in problems])


class SettingsPatch(Patch):
    costs_destination: Destination = Field(default_factory=left_alone)
    sales_destination: Destination = Field(default_factory=left_alone)
    publish_as: PublishAs = Field(default_factory=left_alone)
    sales_publish_as: PublishAs = Field(default_factory=left_alone)
    default_costs_tax_rate: EntryId | None = None
    default_sales_tax_rate: EntryId | None = None
    default_costs_tax_rate_without_tax: EntryId | None = None
    default_sales_tax_rate_without_tax: EntryId | None = None
    attach_files: bool = Field(default_factory=left_alone)
    bank_match: bool = Field(default_factory=left_alone, description="Xero and Sage Accounting only")
    duplicate_at_provider: bool = Field(default_factory=left_alone, description="Xero, QuickBooks and Sage only")
    delivery: Delivery = Field(default_factory=left_alone)
    claims_publish_as: PublishAs = Field(default_factory=left_alone)
    costs_paid: bool = Field(default_factory=left_alone, description="Xero and Sage Accounting only")
    sales_paid: bool = Field(default_factory=left_alone, description="Xero and Sage Accounting only")
    create_suppliers: bool = Field(default_factory=left_alone)
    warn_new_supplier: bool = Field(default_factory=left_alone)
    locked_period: LockedPeriod = Field(default_factory=left_alone)
    tax_policy: TaxPolicy = Field(default_factory=left_alone)
    tax_from_category: bool = Field(default_factory=left_alone)
    multi_currency: bool = Field(default_factory=left_alone)
    own_rate: bool = Field(default_factory=left_alone)
    default_supplier_address: AddressBody | None = Field(None, description="BILL only")

    def changes(self) -> dict[str, Any]:
        address = self.default_supplier_address
        return super().changes() | ({} if address is None else {"default_supplier_address": address.address()})
