"""What a provider must offer. Use cases know providers through this file and the facts of their profiles alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from shared.domain.approvals import Decision
from shared.domain.bank_reading import BankPage
from shared.domain.connections import Destination, Organisation, PublishAs, Settings
from shared.domain.duplicates import Sought
from shared.domain.errors import Problem
from shared.domain.grants import TokenPair
from shared.domain.items import Item
from shared.domain.limits import Blocked, LimitReading, Paying
from shared.domain.lists import Entry, Kind
from shared.domain.publishing import Batch, ElementAnswer
from shared.domain.secrets import Secret
from shared.providers.facts import Profile

if TYPE_CHECKING:
    from shared.providers.oauth import App


class CallFailed(Exception):
    """A call that gave no usable answer to its question. `sent` tells whether the provider may have acted on it."""

    def __init__(self, problem: Problem, *, sent: bool) -> None:
        super().__init__(problem.code)
        self.problem = problem
        self.sent = sent


class LimitReached(Exception):
    """No call may be made before `blocked.until`: our own window is used up, or the provider answered 429."""

    def __init__(self, blocked: Blocked) -> None:
        super().__init__(f"{blocked.scope} limit until {blocked.until.isoformat()}")
        self.blocked = blocked


class TokenRefused(Exception):
    """The provider refused the access token (401): refresh once and repeat; a second refusal ends the matter."""


class AccessLost(Exception):
    """The organisation or the person's rights are gone (403, inactive organisation): no refresh will help."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class WholeRefused(Exception):
    """A batch refused as a whole without naming elements: it is split until the poison element stands alone."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Session:
    """What every call to an organisation needs: who it is for, how to pay for it, and until when it may run.

    `permit` waits for a call's turn, a moment at most, or raises LimitReached; `observe` is told its answer's headers;
    `classes` do both for calls counted apart as well. No call starts that could not end before `deadline` (UTC).
    """

    base_url: str
    access_token: Secret
    organisation: str
    deadline: datetime
    permit: Callable[[], None]
    observe: Callable[[LimitReading], None]
    now: Callable[[], datetime]
    pace: float = 1.0  # provider seconds in one of ours: 1 but for a sandbox whose clock is sped up
    classes: Mapping[str, Paying] = field(default_factory=dict)

    def counted_as(self, name: str) -> "Session":
        """The session for calls of one class; the same where nobody keeps count of it."""
        return replace(self, permit=by.permit, observe=by.observe) if (by := self.classes.get(name)) else self


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list. `next` is None on the last page; `cursor` is what the next delta starts from.

    `next` is the provider module's own text, given back as `page`. `cursor` is the same on every page of a pass (it
    is taken before the first record is read) and None for a list that cannot be asked for changes only.
    """

    entries: tuple[Entry, ...]
    next: str | None
    cursor: str | None
    # Kind and provider's id of entries that the provider says are gone, in a delta: they keep their names, inactive.
    gone: tuple[tuple[Kind, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Resolved:
    """Everything an item refers to, found in the connected book; what could not be found stands in `problems`.

    Keys are local ids. `bank_account` is the one linked to the payment method for this book.
    """

    contact: Entry | None
    categories: Mapping[str, Entry]
    tax_rates: Mapping[str, Entry]
    products: Mapping[str, Entry]
    tracking: Mapping[str, Entry]  # dimension values
    dimensions: Mapping[str, Entry]
    bank_account: Entry | None
    currencies: frozenset[str]  # codes the organisation has enabled; its base currency is among them
    projects: Mapping[str, Entry] = field(default_factory=dict)
    customers: Mapping[str, Entry] = field(default_factory=dict)  # whom lines of a cost are for
    approver: Entry | None = None  # who approves first, where the software has approvers
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how an item will be published: settings applied to it, the organisation's facts, our markers."""

    organisation: Organisation
    settings: Settings
    destination: Destination
    publish_as: PublishAs
    marker: str
    link: str | None = None  # a link back to the item that the provider may show

    @property
    def records_payment(self) -> bool:
        """Whether a payment follows the document; `publish_as` is PAID only where everything for it is there."""
        return self.publish_as is PublishAs.PAID and not self.destination.moves_money


@dataclass(frozen=True, slots=True)
class Draft:
    """An element ready to be put into a batch: the provider's collection, its JSON, and how to find it again.

    `carries_marker` is false where the provider has no field for our marker: then the fingerprint has to do.
    """

    resource: str
    element: Mapping[str, Any]
    fingerprint: Mapping[str, Any]
    carries_marker: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document to pay, or to give a file: the provider's own id and collection."""

    resource: str
    document_id: str


@dataclass(frozen=True, slots=True)
class Known:
    """A document that was looked up by its id: as an answer for the item, and the marker it carries, if any."""

    resource: str
    answer: ElementAnswer
    marker: str | None


@dataclass(frozen=True, slots=True)
class FileToAttach:
    """A file as the provider will get it; `name` is already free of characters it refuses."""

    name: str
    mime_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Upload:
    """A file and the document it belongs to. Names of the files in one call differ (`file_name_for`)."""

    document: Wanted
    file: FileToAttach


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What became of one file of an upload, by its name: the provider's id of the attachment, or why it was refused.

    `upload_id` is of a file that was taken and will be filed later (`FilesLater`).
    """

    name: str
    attachment_id: str | None = None
    problem: Problem | None = None
    upload_id: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What a webhook said happened: go and look. `id` is unique per notice, for telling repeats apart."""

    id: str
    organisation: str
    kinds: frozenset[Kind] = field(default_factory=frozenset)
    decisions: bool = False  # somebody may have decided on documents there


class Provider(Protocol):
    """One accounting software. Every method that calls out raises CallFailed, LimitReached, TokenRefused or AccessLost.

    Mapping methods (`check`, `draft`, `payment`, `new_supplier`) are pure.
    """

    @property
    def profile(self) -> Profile: ...

    # --- organisations and lists
    def organisations(self, session: Session, consent_event: str | None) -> list[Organisation]:
        """The organisations this consent covers, each with the id it is removed by. `session.organisation` is empty.

        Where a consent is for one organisation, `consent_event` is its id; AccessLost when the consent is not for it.
        """
        ...

    def organisation(self, session: Session, subject: str) -> Organisation:
        """The organisation's facts, with `lock_exempt` worked out for the person `subject` who consented."""
        ...

    def remove_organisation(self, session: Session, removal_id: str) -> None:
        """Take one organisation off the grant, leaving the person's others. Already gone is success."""
        ...

    def list_page(self, session: Session, kinds: Sequence[Kind], page: str | None, since: str | None) -> ListPage:
        """One page of the lists that one request brings (a provider's contacts are suppliers and customers).

        Entries come without local ids of ours: `id` is empty, the caller derives it from the book. `parent` and
        `survivor` hold the provider's ids of entries of the same kind, for the caller to turn into local ids.
        Give the same `since` with every page of a delta. With `since` the kinds may be all of `delta_kinds` at once
        where the profile says `delta_together`.
        """
        ...

    def list_groups(self) -> Sequence[tuple[Kind, ...]]:
        """The lists that come together, in the order in which they are pulled."""
        ...

    # --- publishing
    def check(self, item: Item, resolved: Resolved, target: Target) -> list[Problem]:
        """Every problem that can be known without a call, in the order of the item's fields.

        What `resolved.problems` already says is the caller's to add; saying it again here does no harm.
        """
        ...

    def draft(self, item: Item, resolved: Resolved, target: Target) -> Draft:
        """The element for an item that `check` found nothing wrong with."""
        ...

    def new_supplier(self, entry: Entry, marker: str) -> Draft:
        """The element that creates a contact for an entry that the provider does not have yet."""
        ...

    def payment(self, item: Item, document: Wanted, resolved: Resolved, marker: str) -> Draft:
        """The element that records that the document was paid in full from the linked bank account."""
        ...

    def body(self, resource: str, elements: Sequence[Mapping[str, Any]]) -> bytes:
        """The exact bytes of a batch; the same elements always give the same bytes."""
        ...

    def elements(self, resource: str, body: bytes) -> Sequence[Mapping[str, Any]]:
        """The elements of a body in their order: what `body` was made from."""
        ...

    def send(self, session: Session, batch: Batch, body: bytes) -> list[ElementAnswer]:
        """Create the batch's elements, one call. Members without an answer are missing from the result.

        Raises WholeRefused when the provider refused all for one; CallFailed with `sent` when the outcome is unknown.
        """
        ...

    def find(self, session: Session, batch: Batch, held: frozenset[str]) -> list[ElementAnswer]:
        """Look the batch's members up by marker or fingerprint, in few calls for all. Members not found are missing.

        `held` are provider ids that other items of ours already are; a fingerprint never matches those. Two matches
        for one member give Verdict.UNKNOWN.
        """
        ...

    def known(self, session: Session, item: Item, target: Target, document_id: str) -> Known | None:
        """The document of this id, where the organisation has it and it is of the kind the item is published as."""
        ...

    def attach(self, session: Session, uploads: Sequence[Upload], key: str) -> list[FileAnswer]:
        """Upload files, at most `files_per_call` of them, in one call. Files without an answer are missing.

        Answers are matched by the file's name, never by position. `key` is new with every try. Raises WholeRefused
        when the provider refuses the call without naming files; CallFailed with `sent` when the outcome is unknown.
        """
        ...

    def attached(self, session: Session, uploads: Sequence[Upload]) -> list[FileAnswer]:
        """Those of the files that their documents have already (by name and size), in as few calls as can be."""
        ...

    def document_url(self, resource: str, document_id: str) -> str | None:
        """Where a person sees the document in the accounting software."""
        ...

    # --- webhooks
    def notices(self, raw: bytes, headers: Mapping[str, str], key: Secret) -> list[Notice] | None:
        """The notices of a webhook's raw body, or None when its signature is not the provider's."""
        ...


@runtime_checkable
class SignsIn(Provider, Protocol):
    """Software whose profile has CredentialFacts."""

    def sign_in(self, app: "App", credentials: Secret) -> TokenPair:
        """Open a session. `credentials` is a JSON object of what was typed in; the pair's `refresh` is the same.

        Raises InvalidGrant where they are refused, CallFailed where it could not be tried.
        """
        ...


@runtime_checkable
class FilesLater(Provider, Protocol):
    """Software that takes a file at once and files it some time later; its PublishingFacts have a `file_settle`."""

    def filed(self, session: Session, upload_ids: Sequence[str]) -> Mapping[str, str | Problem]:
        """The attachment's id, or why it was not filed, by upload; uploads that are still under way are missing."""
        ...


@runtime_checkable
class Decides(Provider, Protocol):
    """Software in which people decide on documents before they count."""

    def decisions(self, session: Session, organisation: Organisation, since: datetime) -> Sequence[Decision]:
        """What was made or changed there since a time, decided or not, in few calls for all."""
        ...


@runtime_checkable
class TellsBankLines(Provider, Protocol):
    """Software that tells which money spent nobody has reconciled yet."""

    def bank_lines(self, session: Session, page: str | None, since: str | None, first_day: date) -> BankPage:
        """One page of what was spent on `first_day` or later; with `since` of what changed, whatever it is by now.

        `page` is the provider module's own text. Without `since` only what is open.
        """
        ...


@runtime_checkable
class FindsAlike(Provider, Protocol):
    """Software that can be asked for documents like those that are about to be created; its settings say so."""

    def alike(self, session: Session, resource: str, sought: Sequence[Sought]) -> Mapping[str, str | None]:
        """The provider's id of a document like each of the first that are sought, by marker, None where there is none.

        As many as one question tells about, at least one; documents that are void or deleted there do not count.
        """
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """How a document stood when it was last changed there: by its own id, in the software's word for its status."""

    resource: str
    document_id: str
    status: str


@runtime_checkable
class TellsPayments(Provider, Protocol):
    """Software that tells whether a document was paid; its profile says what its words mean (`payment_statuses`)."""

    def standings(self, session: Session, resources: Sequence[str], since: datetime) -> Sequence[Standing]:
        """The documents in these collections that were changed since a time, in few calls for all of them.

        Those that cannot be ours, for they carry no marker, may be left out, and so may collections without payments.
        """
        ...


def file_name_for(item: str, name: str) -> str:
    """The name a file gets at the provider: unique per item, so that a repeated upload replaces and never doubles."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem or ending}-{item[-6:]}{dot}{ending if stem else ''}"


def amount_text(amount: Decimal) -> str:
    """An amount in the one form used in fingerprints: no exponent, no trailing zeros."""
    return format(amount.normalize(), "f")
