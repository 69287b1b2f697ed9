"""What callers send and see about lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints, model_validator

from shared.aws.addresses import AddressBody
from shared.aws.http import Model, PageQuery, Query, View
from shared.domain.connections import Refreshing
from shared.domain.errors import Problem
from shared.domain.lists import Entry, EntryStatus, Kind
from shared.usecases.own_lists import EntryChange
from shared.usecases.read_lists import ListOverview
from shared.usecases.read_refresh import ListProgressed, ProgressStatus

_TEXT: Final = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"  # no control characters, not blank
Name = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=_TEXT)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_TEXT)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=_TEXT)]
EntryId = Annotated[str, StringConstraints(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Rate = Annotated[str, StringConstraints(pattern=r"^(100|[0-9]{1,2})(\.[0-9]{1,4})?$")]
_VALUES: Final = ("email", "tax_number", "currency", "rate")
_SHOWN: Final = frozenset(
    {"email", "tax_number", "currency", "rate", "costs_rate", "sales_rate", "class", "type", "costs", "sales"}
    | {"sold", "bought", "sales_account", "purchase_account", "address"}
)
_ADDRESS: Final = "Suppliers and customers: some software makes none without (BILL)"


class NewEntry(Model):
    """An entry of your own: a payment method, a supplier or customer that the accounting software gets later, or of any
    list while nothing is connected.
    """

    name: Name
    code: Code | None = None
    visible: bool = True
    email: Short | None = None
    tax_number: Short | None = None
    currency: Currency | None = None
    address: AddressBody | None = Field(None, description=_ADDRESS)
    rate: Rate | None = Field(None, description="Tax rates: percent")
    parent: EntryId | None = Field(None, description="Dimensions: the dimension that this is a value of")
    bank_account: EntryId | None = Field(
        None, description="Payment methods: the bank account that it pays from, of the current books or other live ones"
    )
    connection: EntryId | None = Field(
        None, description="Suppliers and customers: whose lists it is for; the main connection's where it is left out"
    )

    def wanted(self) -> EntryChange:
        return EntryChange(
            name=self.name,
            code=self.code,
            visible=self.visible,
            values={**{name: getattr(self, name) for name in _VALUES}, "address": _said(self.address)},
            parent=self.parent,
            bank_account=self.bank_account,
        )


class EntryPatch(Model):
    """What to change; what is left out stays. An entry of the accounting software takes `visible` and `status` only.

    `status` inactive deletes the entry here, active restores it. `bank_account` null unlinks.
    """

    name: Name | None = None
    code: Code | None = None
    visible: bool | None = None
    status: Annotated[EntryStatus, Field(strict=False)] | None = None
    email: Short | None = None
    tax_number: Short | None = None
    currency: Currency | None = None
    address: AddressBody | None = Field(None, description=_ADDRESS)
    rate: Rate | None = None
    bank_account: EntryId | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "EntryPatch":
        if not self.model_fields_set:
            raise ValueError("name at least one field to change")
        return self

    def wanted(self) -> EntryChange:
        said = self.model_fields_set
        values: dict[str, Any] = {name: getattr(self, name) for name in _VALUES if name in said}
        if "address" in said:
            values["address"] = _said(self.address)
        return EntryChange(
            name=self.name,
            code=self.code,
            visible=self.visible,
            status=self.status,
            values=values or None,
            bank_account=self.bank_account,
            unlink_bank_account="bank_account" in said and self.bank_account is None,
        )


def _said(body: AddressBody | None) -> dict[str, str] | None:
    return None if body is None else body.address().values()


class RefreshBody(Model):
    """How to refresh. `full` reads lists whole instead of asking for changes where the provider offers that."""

    full: bool = False
    lists: list[Annotated[Kind, Field(strict=False)]] | None = Field(
        None, min_length=1, max_length=len(Kind), description="Only these lists; every list where it is left out"
    )


class ReloadBody(Model):
    """The list is read whole, on every live connection that supplies it or on the one named."""

    connection: EntryId | None = None


class ConnectionQuery(Query):
    """Which connection's lists; the account's current book where it is left out."""

    connection: EntryId | None = None


class EntriesQuery(PageQuery):
    """The query of one list."""

    q: str | None = Field(None, min_length=1, max_length=100, description="Part of a name or code, case ignored")
    status: EntryStatus | None = None
    connection: EntryId | None = None


class EntryView(View):
    """An entry. `own` entries were made here and can be changed here; `values` are the provider's, by kind."""

    id: str
    kind: Kind
    name: str
    code: str | None
    status: EntryStatus
    visible: bool
    own: bool
    provider_id: str | None
    parent: str | None
    survivor: str | None
    bank_accounts: dict[str, str] | None
    values: dict[str, Any]
    version: int = Field(description="In quotes, the value of If-Match for changing the entry")

    @classmethod
    def of(cls, entry: Entry) -> "EntryView":
        return cls(
            id=entry.id,
            kind=entry.kind,
            name=entry.name,
            code=entry.code,
            status=entry.status,
            visible=entry.visible,
            own=entry.provider_id is None,
            provider_id=entry.provider_id,
            parent=entry.parent,
            survivor=entry.survivor,
            bank_accounts=entry.values.get("bank_accounts"),
            values={name: value for name, value in entry.values.items() if name in _SHOWN},
            version=entry.version,
        )


class EntryPage(View):
    """A page of one list."""

    entries: list[EntryView]
    next_cursor: str | None


class ListProblem(View):
    """Why the last refresh of a list did not succeed; its entries are those of the last good one."""

    code: str
    provider_text: str | None
    until: datetime | None

    @classmethod
    def of(cls, problem: Problem) -> "ListProblem":
        return cls(code=problem.code, provider_text=problem.provider_text, until=problem.until)


class ListView(View):
    """One list. `source` is where its entries come from; `last_good_at` when it was last read without fault."""

    kind: Kind
    source: str = Field(description="provider, or own")
    entries: int = Field(description="Active entries as of `last_good_at`")
    last_good_at: datetime | None
    last_full_at: datetime | None
    problem: ListProblem | None

    @classmethod
    def of(cls, one: ListOverview) -> "ListView":
        health = one.health
        return cls(
            kind=one.kind,
            source="own" if health is None else "provider",
            entries=one.entries,
            last_good_at=health.last_good_at if health else None,
            last_full_at=health.last_full_at if health else None,
            problem=ListProblem.of(health.problem) if health and health.problem else None,
        )


class ListsView(View):
    """Every list of the account."""

    lists: list[ListView]


class RefreshView(View):
    """A refresh on its way; the event `refresh.done` carries its id and what it changed."""

    refresh: str
    connection: str
    status: str = Field(description="queued")


class ListProgress(View):
    """How far a refresh is with one list: `waiting`, `done`, `failed`, or `not_read` where it ended before."""

    kind: Kind
    status: ProgressStatus
    added: int
    changed: int
    inactive: int
    back: int
    last_good_at: datetime | None
    problem: ListProblem | None

    @classmethod
    def of(cls, one: ListProgressed) -> "ListProgress":
        return cls(
            kind=one.kind,
            status=one.status,
            **one.counts.as_dict(),
            last_good_at=one.health.last_good_at,
            problem=ListProblem.of(one.health.problem) if one.health.problem else None,
        )


class RefreshProgressView(View):
    """The refresh that a connection began last; one that waits for its turn is not shown yet."""

    refresh: str
    reason: str = Field(description="asked, reload, schedule, retry, webhook, connected, reconnected")
    status: str = Field(description="running, or done")
    asked_at: datetime
    ended_at: datetime | None
    lists: list[ListProgress]

    @classmethod
    def of(cls, now: Refreshing, lists: Sequence[ListProgressed]) -> "RefreshProgressView":
        return cls(
            refresh=now.id,
            reason=now.reason,
            status="running" if now.ended_at is None else "done",
            asked_at=now.asked_at,
            ended_at=now.ended_at,
            lists=[ListProgress.of(one) for one in lists],
        )


class ReloadView(View):
    """The refreshes that a reload sets going, one for each connection that supplies the list."""

    refreshes: list[RefreshView]
