"""What callers send and see about tenants, accounts, members, providers and errors."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field

from functions.connect.fields import Email, Name, Patch, Url, UserId, left_alone
from shared.aws.http import Model, PageQuery, View
from shared.domain.accounts import Account, Capability, Event, Member, MemberKind, Role, Tenant
from shared.domain.attention import Attention, Cause
from shared.domain.connections import Slot
from shared.domain.duplicates import DuplicateMode
from shared.domain.errors import ErrorKind
from shared.providers.facts import CredentialFacts, OAuthFacts, Profile
from shared.usecases.change_settings import Defaulted


class DestinationView(View):
    destination: str
    publish_as: list[str] = Field(description="Empty where documents have no status of their own")


class CredentialView(View):
    """One field of a form for credentials; the value is sent as `credentials.<name>`."""

    name: str
    title: str
    help: str
    secret: bool


class ConnectView(View):
    """How it is connected.

    `oauth`: the person consents in the browser, at the connection's `authorize_url`. `credentials`: the person types
    in the fields named here, and no browser trip is needed.
    """

    kind: str
    fields: list[CredentialView]
    refresh_idle_days: int | None = Field(description="A connection that nothing uses for so long needs consent anew")
    consent_days: int | None = Field(description="When the software itself ends a consent, however often it is used")

    @classmethod
    def of(cls, facts: OAuthFacts | CredentialFacts) -> Self:
        if isinstance(facts, CredentialFacts):
            fields = [CredentialView(**asdict(field)) for field in facts.fields]
            return cls(kind="credentials", fields=fields, refresh_idle_days=None, consent_days=None)
        consent = facts.consent_lifetime.days if facts.consent_lifetime else None
        return cls(kind="oauth", fields=[], refresh_idle_days=facts.refresh_idle_limit.days, consent_days=consent)


class LimitsView(View):
    """What one call or one document may hold at most; files in bytes."""

    documents_per_call: int
    file_bytes: int
    files_per_document: int

    @classmethod
    def of(cls, profile: Profile) -> Self:
        facts = profile.publishing
        return cls(
            documents_per_call=facts.batch_elements,
            file_bytes=facts.file_bytes,
            files_per_document=facts.files_per_document,
        )


class ProviderView(View):
    """What a provider offers, and what it cannot do."""

    name: str
    title: str
    slots: list[str]
    secondaries: list[str] = Field(description="Slots that may be connected beside it when it is the main connection")
    steps: list[str] = Field(description="What a person does, to be shown before connecting")
    connect: ConnectView
    settings: list[str] = Field(description="Settings that only some software has a use for")
    takes_automatic: bool = Field(description="False: documents never publish themselves there")
    payment_status: bool = Field(description="Whether it is read back if a published document was paid")
    reverse_charge: str | None = Field(
        description="How it is told of domestic reverse charge: `switch`, by the item's `reverse_charge`; `tax_rate`, "
        "by rates of its own on the lines; null: not at all"
    )
    limits: LimitsView
    lists: list[str] = Field(description="None where it works with those of the main connection")
    destinations: dict[str, list[DestinationView]] = Field(description="By side: costs and sales")
    item_types: dict[str, list[str]]
    cannot: dict[str, str]

    @classmethod
    def of(cls, profile: Profile) -> Self:
        return cls(
            name=profile.name,
            title=profile.title,
            slots=[slot.value for slot in profile.slots],
            secondaries=[slot.value for slot in profile.secondaries],
            steps=list(profile.steps),
            connect=ConnectView.of(profile.access),
            settings=list(profile.settings),
            takes_automatic=profile.takes_automatic,
            payment_status=bool(profile.payment_statuses),
            reverse_charge=profile.reverse_charge,
            limits=LimitsView.of(profile),
            lists=[kind.value for kind in profile.kinds],
            destinations={
                side.value: [
                    DestinationView(destination=one.value, publish_as=[as_.value for as_ in profile.publish_as[one]])
                    for one in offered
                ]
                for side, offered in profile.destinations.items()
            },
            item_types={side.value: [kind.value for kind in kinds] for side, kinds in profile.item_types.items()},
            cannot=dict(profile.cannot),
        )


class ProviderList(View):
    providers: list[ProviderView]


class ErrorView(View):
    code: str
    about: str = Field(serialization_alias="class")
    handling: str
    status: int
    cause: str
    remedy: str

    @classmethod
    def of(cls, kind: ErrorKind) -> Self:
        return cls(
            code=kind.code,
            about=kind.about.value,
            handling=kind.handling.value,
            status=kind.http_status,
            cause=kind.cause,
            remedy=kind.remedy,
        )


class ErrorList(View):
    errors: list[ErrorView]


class TenantView(View):
    id: str
    name: str
    return_urls: list[str] = Field(description="Origins that a browser may be sent back to after consent")
    consent_limit_days: int | None = Field(description="Null: consents end only when the provider ends them")

    @classmethod
    def of(cls, tenant: Tenant) -> Self:
        return cls(
            id=tenant.id,
            name=tenant.name,
            return_urls=list(tenant.return_urls),
            consent_limit_days=tenant.consent_limit_days,
        )


class TenantPatch(Patch):
    return_urls: Annotated[list[Url], Field(max_length=20)] = Field(default_factory=left_alone)
    consent_limit_days: Annotated[int, Field(ge=1, le=3650)] | None = None

    def changes(self) -> dict[str, Any]:
        given = super().changes()
        if "return_urls" in given:
            given["return_urls"] = tuple(given["return_urls"])
        return given


class NewMember(Model):
    user: UserId = Field(description="The person's id at your identity provider")
    name: Name
    role: Role
    kind: MemberKind = MemberKind.BUSINESS
    email: Email | None = None

    def member(self, member_id: str, account: str) -> Member:
        return Member(member_id, account, self.user, self.name, self.role, self.kind, self.email)


class MemberPatch(Patch):
    name: Name = Field(default_factory=left_alone)
    role: Role = Field(default_factory=left_alone)
    kind: MemberKind = Field(default_factory=left_alone)
    email: Email | None = None


class MemberView(View):
    id: str
    user: str
    name: str
    role: Role
    kind: MemberKind
    effective_role: Role = Field(description="People of a practice are admins wherever they are listed")
    email: str | None
    version: int = Field(description="In quotes, the value of If-Match for changing the member")

    @classmethod
    def of(cls, member: Member) -> Self:
        return cls(
            id=member.id,
            user=member.user,
            name=member.name,
            role=member.role,
            kind=member.kind,
            effective_role=member.effective_role,
            email=member.email,
            version=member.version,
        )


class MemberList(View):
    members: list[MemberView]


class NewAccount(Model):
    name: Name
    first_member: NewMember | None = Field(None, description="Usually the account's first admin")


class AccountQuery(PageQuery):
    attention: bool = Field(
        False,
        description="Only accounts that wait for somebody, the longest waiting first, each with its `attention`. "
        "An account is listed at once; its counts and its leaving the list lag by some five minutes, an hour at most, "
        "and of an account with more than 10,000 items a day for the older ones",
    )


class WaitingView(View):
    cause: Cause
    count: int = Field(description="Connections or items")
    since: datetime


class AttentionView(View):
    """Why an account waits for somebody, the longest known cause first."""

    since: datetime
    causes: list[WaitingView] = Field(description="Empty until the account was looked at, minutes after it was listed")
    looked_at: datetime | None

    @classmethod
    def of(cls, attention: Attention) -> Self:
        causes = [
            WaitingView(cause=Cause(cause), count=waiting.count, since=waiting.since)
            for cause, waiting in attention.causes.items()
        ]
        causes.sort(key=lambda one: (one.since, one.cause))
        return cls(since=attention.since, causes=causes, looked_at=attention.looked_at)


class AccountView(View):
    id: str
    name: str
    created_at: datetime
    current_book: str | None = Field(description="provider:organisation, null for the account's own lists")
    codings_suspended_at: datetime | None = Field(description="Since when rules and codings rest, after `merge_later`")
    may: list[Capability] | None = Field(None, description="What the caller may do here; on GET of one account")
    attention: AttentionView | None = Field(None, description="In a list of accounts that wait for somebody")

    @classmethod
    def of(cls, account: Account, may: frozenset[Capability] | None = None, attention: Attention | None = None) -> Self:
        return cls(
            id=account.id,
            name=account.name,
            created_at=account.created_at,
            current_book=account.current_book,
            codings_suspended_at=account.suspended_at,
            may=None if may is None else sorted(may),
            attention=AttentionView.of(attention) if attention is not None else None,
        )


class AccountPage(View):
    accounts: list[AccountView]
    next_cursor: str | None


class DefaultsView(View):
    publishing_integration: Slot | None
    expense_claims_integration: Slot | None
    duplicate_mode: DuplicateMode

    @classmethod
    def of(cls, account: Account) -> Self:
        slots = (account.publishing_integration, account.expense_claims_integration)
        publishing, claims = (Slot(slot) if slot else None for slot in slots)
        return cls(
            publishing_integration=publishing,
            expense_claims_integration=claims,
            duplicate_mode=account.duplicate_mode,
        )


class ChangedDefaultsView(DefaultsView):
    """`items_moved` open items go elsewhere by the new defaults; what is queued keeps what it was queued for."""

    items_moved: int
    items_looked_at: int = Field(description="The newest items, of which those that move were counted")
    all_looked_at: bool = Field(description="False: there are older items, which may move as well")

    @classmethod
    def after(cls, done: Defaulted) -> Self:
        return cls(
            **DefaultsView.of(done.account).model_dump(),
            items_moved=done.moved,
            items_looked_at=done.looked_at,
            all_looked_at=done.whole,
        )


class DefaultsPatch(Patch):
    publishing_integration: Slot | None = None
    expense_claims_integration: Slot | None = None
    duplicate_mode: DuplicateMode = Field(
        DuplicateMode.OFF,
        description=(
            "What is done about cost items that look alike, where the supplier's rule does not say: nothing, flag "
            "them, or hold them until a person decides. Items are compared with those that came while it was on"
        ),
    )


class EventQuery(PageQuery):
    subject: Annotated[str, Field(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")] | None = Field(
        None, description="Only events about this connection, member, item, ..."
    )


class EventView(View):
    id: str
    at: datetime
    actor: str
    kind: str
    subject: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(
            id=event.id,
            at=event.at,
            actor=event.actor,
            kind=event.kind,
            subject=event.subject,
            before=event.before,
            after=event.after,
        )


class EventPage(View):
    events: list[EventView]
    next_cursor: str | None
