"""A provider's facts as data: what its profile states, and GET /v1/providers is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from shared.domain.approvals import ApprovalOutcome, Delivery
from shared.domain.connections import Destination, PublishAs, Slot
from shared.domain.items import ItemType, PaymentStatus, Side
from shared.domain.limits import LimitFigures
from shared.domain.lists import Kind
from shared.domain.publishing import FactKind
from shared.domain.refreshing import REFRESH_EVERY
from shared.domain.reverse_charge import ReverseCharge


@dataclass(frozen=True, slots=True)
class OAuthFacts:
    """A provider's OAuth endpoints (paths joined to `hosts`) and habits; lifetimes as the provider publishes them."""

    authorize_url: str
    token_url: str
    revoke_url: str | None  # None where the provider documents no revocation
    scopes: tuple[str, ...]
    pkce: bool
    access_lifetime: timedelta
    refresh_idle_limit: timedelta
    # How long a rotated refresh token still works, for answers that were lost; None where there is no grace.
    rotation_grace: timedelta | None
    # Who consented, and in which consent: claims of the access token (a JWT) or the id_token, or fields of the answer.
    subject_claim: str = "sub"
    consent_claim: str | None = None
    # Fixed parameters of the consent page's address beside those of RFC 6749.
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    # How the app says who it is at the token endpoint: by HTTP Basic, or with id and secret in the form.
    client_auth: Literal["client_secret_basic", "client_secret_post"] = "client_secret_basic"
    revoke_body: Literal["form", "json"] = "form"
    # The callback's parameter that names the one organisation of the consent, where consent is given for one. It is
    # proved by a call before anything is stored, and then is the grant's `consent_event`.
    organisation_parameter: str | None = None
    # When a consent ends however often it is renewed, by the provider's own rule; None where it does not say.
    consent_lifetime: timedelta | None = None


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One thing to type in: its key in the request, its label, where a person finds it."""

    name: str
    title: str
    help: str
    secret: bool = True


@dataclass(frozen=True, slots=True)
class CredentialFacts:
    """How software without a consent page is signed in to: with credentials that its user made for us and typed in.

    A grant keeps them in the place of a refresh token, and the session they open in the place of an access token;
    signing in once more is what a refresh is elsewhere, and may be repeated as often as needed.
    """

    fields: tuple[CredentialField, ...]
    organisation_field: str  # the field that names the organisation; it is the grant's `consent_event`
    session_lifetime: timedelta  # after which a session is renewed before use; it may be lost earlier


@dataclass(frozen=True, slots=True)
class PublishingFacts:
    """What the publisher must know. `settle` is how long after the last send `absent` may be concluded.

    `key_lifetime` is how long the same key and bytes may be sent again instead of looking up; it counts from the
    first send, and only with the same access token where `key_bound_to_token`.
    """

    batch_elements: int
    batch_bytes: int
    settle: timedelta
    key_lifetime: timedelta
    key_bound_to_token: bool
    file_bytes: int
    files_per_document: int
    files_per_call: int = 1  # files that one upload takes, for as many documents; together no more than `file_bytes`
    # Whether a file that is uploaded again replaces the one of its name. Where it does not, what a worker that died
    # may have uploaded is looked for first.
    file_replaced_by_name: bool = False
    # Suppliers in one call, where it takes fewer of them than of documents.
    supplier_elements: int | None = None
    # How long a file that was taken may take to show with its document: before that, not finding it proves nothing.
    file_settle: timedelta = timedelta(0)

    def most_elements(self, fact: FactKind) -> int:
        """How many elements of a kind one call takes."""
        fewer = self.supplier_elements if fact is FactKind.SUPPLIERS else None
        return fewer or self.batch_elements


# What the fault suite shows of every provider: that each of these effects is carried out exactly once whatever is lost,
# and that elements of one call are told apart. A profile says why where there is no such thing to show.
Guarantee = Literal["bill", "credit_note", "money", "supplier", "payment", "file", "several_in_one_call"]


@dataclass(frozen=True, slots=True)
class Profile:
    """A provider's facts, the single place where they stand; GET /v1/providers is made from it."""

    name: str
    title: str
    slots: tuple[Slot, ...]
    steps: tuple[str, ...]  # what a person does, shown before connecting
    kinds: tuple[Kind, ...]
    delta_kinds: frozenset[Kind]  # lists that can be asked for changes only
    destinations: Mapping[Side, tuple[Destination, ...]]
    publish_as: Mapping[Destination, tuple[PublishAs, ...]]
    item_types: Mapping[Side, tuple[ItemType, ...]]
    cannot: tuple[tuple[str, str], ...]  # what it cannot do, and why
    access: OAuthFacts | CredentialFacts  # how a person lets us in
    limits: LimitFigures
    publishing: PublishingFacts
    url_variable: str  # LEDGERBRIDGE_<NAME>_URL: scheme and host of every call, on a local stage
    # One request brings the changes of every list in `delta_kinds` (QuickBooks: change data capture).
    delta_together: bool = False
    # How often lists are brought up to date without anybody asking: often where no webhook tells of changes.
    refresh_every: timedelta = REFRESH_EVERY
    # Beyond those that every connection has: names of Settings fields.
    settings: tuple[str, ...] = ()
    # What may be connected beside it, where it is the main connection.
    secondaries: tuple[Slot, ...] = ()
    # Guarantees that the fault suite cannot show of it, and why; the suite leaves out just these.
    cannot_show: Mapping[Guarantee, str] = field(default_factory=dict)
    # It works with the lists of the main connection's software and has none of its own: a secondary on the same books.
    lists_of_main: bool = False
    # How documents reach it, the usual way first, where there are several; `delivery` is one of its settings then.
    deliveries: tuple[Delivery, ...] = ()
    # What its own status says of whether a document was paid; empty where this is not read back.
    payment_statuses: Mapping[str, PaymentStatus] = field(default_factory=dict)
    # Whether documents may reach it without a person having sent them.
    takes_automatic: bool = True
    # What its own status says of a document that was submitted for approval; statuses not named leave it pending.
    approval_statuses: Mapping[str, ApprovalOutcome] = field(default_factory=dict)
    # Destinations that some plans lack: parts of those plans' names, in lower case.
    plans_without: Mapping[Destination, tuple[str, ...]] = field(default_factory=dict)
    # How it is told that a document is under domestic reverse charge; None where it cannot be.
    reverse_charge: ReverseCharge | None = None

    def lacks(self, plan: str | None, destination: Destination) -> bool:
        """Whether an organisation's plan is without a destination; a plan that is not known has everything."""
        return any(part in (plan or "").lower() for part in self.plans_without.get(destination, ()))

    @property
    def oauth(self) -> OAuthFacts:
        """The facts of its consent; TypeError for software that is signed in to with credentials."""
        if not isinstance(self.access, OAuthFacts):
            raise TypeError(f"{self.name} has no consent page")
        return self.access
