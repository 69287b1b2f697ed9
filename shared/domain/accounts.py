"""Tenants, their customers' accounts, and who may do what in them."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from shared.domain.aliases import AppliedMerge
from shared.domain.auto_publish import AutoPublishing
from shared.domain.duplicates import DuplicateMode
from shared.domain.lists import Book


class Role(StrEnum):
    ADMIN = "admin"
    PUBLISHER = "publisher"
    VIEWER = "viewer"


class MemberKind(StrEnum):
    BUSINESS = "business"
    PRACTICE = "practice"  # accountants and bookkeepers: admins in every account where they are listed


class Capability(StrEnum):
    """What a request needs. READ: see; WORK: items and publishing; MANAGE: connections, settings, members, refresh."""

    READ = "read"
    WORK = "work"
    MANAGE = "manage"


_ALLOWED = {
    Role.VIEWER: frozenset({Capability.READ}),
    Role.PUBLISHER: frozenset({Capability.READ, Capability.WORK}),
    Role.ADMIN: frozenset(Capability),
}


@dataclass(frozen=True, slots=True)
class InboxSecret:
    """One of the secrets that documents for a tenant's inboxes are signed with. Its text follows from our own key."""

    id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Tenant:
    """A SaaS product. `return_urls` are origins that a browser may be sent back to after consent."""

    id: str
    name: str
    return_urls: tuple[str, ...] = ()
    consent_limit_days: int | None = 365
    inbox_secrets: tuple[InboxSecret, ...] = ()
    version: int = 0


BOOKS_REMEMBERED: Final = 50


@dataclass(frozen=True, slots=True)
class Account:
    """One customer of a tenant; `coding_version` grows whenever an entry changes that items may refer to.

    `books` are those that were the current one before, oldest first. While `suspended_at` is set, rules that were last
    edited by then decide nothing, and items that had come by then and are coded in `suspended_book` wait.
    """

    id: str
    tenant: str
    name: str
    created_at: datetime
    current_book: str | None = None  # "provider:organisation", None for the account's own lists
    books: tuple[str, ...] = ()
    suspended_at: datetime | None = None
    suspended_book: str | None = None
    coding_version: int = 0
    publishing_integration: str | None = None  # a slot: main, bill, approvalmax
    expense_claims_integration: str | None = None
    duplicate_mode: DuplicateMode = DuplicateMode.OFF
    auto_publish: AutoPublishing = field(default_factory=AutoPublishing)
    refresh_hours: int | None = None  # between regular refreshes; None leaves it to the software
    active_workflow: str | None = None  # the one that is not ended: a second waits for its end
    merges: tuple[AppliedMerge, ...] = ()  # those in force, in the order of their application
    merging: str | None = None  # the merge that is being applied: others wait for its end
    deleted_at: datetime | None = None
    version: int = 0

    @property
    def own_book(self) -> str:
        """The account's own lists, as `books` names them."""
        return Book.own(self.tenant, self.id).key

    def moved_to(self, book: str) -> "Account":
        """The account with another current book ("provider:organisation"); the one before is remembered."""
        if book == self.current_book:
            return self
        before = self.current_book or self.own_book
        return replace(self, current_book=book, books=(*self.books, before)[-BOOKS_REMEMBERED:])

    def reinstated(self) -> "Account":
        """The account with the book before its current one; its own lists where none is remembered."""
        before = self.books[-1] if self.books else self.own_book
        return replace(self, current_book=None if before == self.own_book else before, books=self.books[:-1])

    def suspended(self, at: datetime) -> "Account":
        """The account with its rules and codings as they are now put to rest; they rest from the first time on."""
        if self.suspended_at is not None:
            return self
        return replace(self, suspended_at=at, suspended_book=self.current_book or self.own_book)

    def restored(self) -> "Account":
        """The account with its rules and codings back as they are stored: nothing of them was rewritten."""
        return replace(self, suspended_at=None, suspended_book=None)

    def is_at_rest(self, since: datetime) -> bool:
        """Whether a rule or an item that has been as it is `since` then is suspended."""
        return self.suspended_at is not None and since <= self.suspended_at


@dataclass(frozen=True, slots=True)
class Member:
    """A person in an account. `user` is the id the tenant's identity provider or the tenant itself gives the person."""

    id: str
    account: str
    user: str
    name: str
    role: Role
    kind: MemberKind = MemberKind.BUSINESS
    email: str | None = None
    version: int = 0

    @property
    def effective_role(self) -> Role:
        return Role.ADMIN if self.kind is MemberKind.PRACTICE else self.role


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, as the authoriser found: a machine client of the tenant, or a person.

    A machine client acts in all accounts within its scopes; `on_behalf_of` records whom it acts for.
    """

    tenant: str
    subject: str
    is_machine: bool
    scopes: frozenset[str] = field(default_factory=frozenset)
    on_behalf_of: str | None = None

    @property
    def actor(self) -> str:
        return self.subject if self.on_behalf_of is None else f"{self.subject} for {self.on_behalf_of}"

    @property
    def user(self) -> str:
        """The person whose redeem must match the start: the one acted for, else the caller itself."""
        return self.on_behalf_of or self.subject


SCOPE_OF = {
    Capability.READ: "ledgerbridge/read",
    Capability.WORK: "ledgerbridge/work",
    Capability.MANAGE: "ledgerbridge/manage",
}


def capabilities(caller: Caller, member: Member | None) -> frozenset[Capability]:
    """What the caller may do in an account, from storage and token alone, never from the request's body."""
    if caller.is_machine:
        return frozenset(capability for capability, scope in SCOPE_OF.items() if scope in caller.scopes)
    return _ALLOWED[member.effective_role] if member else frozenset()


@dataclass(frozen=True, slots=True)
class Event:
    """A line of an account's append-only log: who did what, for whom, and what it changed."""

    id: str
    account: str
    at: datetime
    actor: str
    kind: str  # e.g. connection.activated, grant.expired, item.published, settings.changed
    subject: str | None = None  # the id of what it is about
    before: dict[str, object] | None = None
    after: dict[str, object] | None = None
