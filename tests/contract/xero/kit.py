"""A connected organisation of the sandbox as the connector sees it: session, lists with ids, items, batches."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from rehearsal.sandbox_process import CLIENT_ID, CLIENT_SECRET, OWNER, REDIRECT_URI, SandboxClient
from shared.domain.connections import Destination, Organisation, PublishAs, Settings
from shared.domain.ids import marker_for, new_id
from shared.domain.items import Item, ItemType, Line, Side, TaxMode
from shared.domain.limits import LimitReading
from shared.domain.lists import Book, Entry, Kind
from shared.domain.publishing import Batch, BatchStatus, ElementAnswer, FactKind, Member
from shared.domain.secrets import Secret
from shared.providers import oauth
from shared.providers.contract import CallFailed, Draft, Resolved, Session, Target
from shared.providers.xero.calls import PROVIDER

D = Decimal


def clock() -> datetime:
    return datetime.now(UTC)


def app(sandbox: SandboxClient) -> oauth.App:
    return oauth.App(CLIENT_ID, Secret(CLIENT_SECRET), sandbox.xero, clock)


def consented(sandbox: SandboxClient, user: str = OWNER, organisations: int = 1) -> oauth.TokenAnswer:
    """The tokens of one consent, given on the sandbox's pages for the scopes that the profile asks for."""
    back = sandbox.consent(user, organisations, scope=" ".join(PROVIDER.profile.oauth.scopes))
    code = Secret(back.params["code"])
    return oauth.exchange(PROVIDER.profile.oauth, app(sandbox), code=code, redirect_uri=REDIRECT_URI)


@dataclass
class World:
    """One organisation, connected. `readings` is what the answers' headers said; `permits` counts calls paid for."""

    sandbox: SandboxClient
    told: oauth.TokenAnswer
    organisation: Organisation
    readings: list[LimitReading] = field(default_factory=list)
    permits: int = 0
    entries: dict[Kind, list[Entry]] = field(default_factory=dict)

    @property
    def session(self) -> Session:
        return Session(
            base_url=self.sandbox.xero,
            access_token=self.told.pair.access,
            organisation=self.organisation.id,
            deadline=clock() + timedelta(seconds=25),
            permit=self._permit,
            observe=self.readings.append,
            now=clock,
        )

    def _permit(self) -> None:
        self.permits += 1

    @property
    def book(self) -> Book:
        return Book("T", "A", "xero", self.organisation.id)

    def renew(self) -> None:
        pair = oauth.refresh(PROVIDER.profile.oauth, app(self.sandbox), refresh_token=self.told.pair.refresh)
        self.told = replace(self.told, pair=pair)

    # --- lists
    def pull(self, since: dict[tuple[Kind, ...], str] | None = None) -> dict[tuple[Kind, ...], str | None]:
        """Every list to its end; entries get ids. Returns the cursors by group."""
        cursors: dict[tuple[Kind, ...], str | None] = {}
        for kinds in PROVIDER.list_groups():
            for kind in kinds:
                self.entries[kind] = []
            page, first = None, True
            while first or page:
                found = PROVIDER.list_page(self.session, kinds, page, (since or {}).get(kinds))
                cursors.setdefault(kinds, found.cursor)
                for entry in found.entries:
                    self.entries[entry.kind].append(self._with_ids(entry))
                page, first = found.next, False
        return cursors

    def _with_ids(self, entry: Entry) -> Entry:
        def local(provider_id: str | None) -> str | None:
            return self.book.entry_id(entry.kind, provider_id) if provider_id else None

        return replace(
            entry, id=local(entry.provider_id) or "", parent=local(entry.parent), survivor=local(entry.survivor)
        )

    def entry(self, kind: Kind, name: str) -> Entry:
        return next(one for one in self.entries[kind] if name in (one.code, one.name))

    # --- items
    def line(self, category: str = "429", tax_rate: str = "INPUT2", amount: str = "40.00", **fields: Any) -> Line:
        return Line(
            fields.pop("description", "Diesel"),
            D(amount),
            category=self.entry(Kind.CATEGORIES, category).id,
            tax_rate=self.entry(Kind.TAX_RATES, tax_rate).id,
            **fields,
        )

    def item(self, *lines: Line, side: Side = Side.COSTS, total: str = "48.00", **fields: Any) -> Item:
        kind, name = (Kind.SUPPLIERS, "Severn Power") if side is Side.COSTS else (Kind.CUSTOMERS, "Ridgeway University")
        known: dict[str, Any] = {
            "id": new_id(clock()),
            "tenant": "T",
            "account": "A",
            "side": side,
            "type": ItemType.INVOICE,
            "created_at": clock(),
            "currency": "GBP",
            "tax_mode": TaxMode.EXCLUSIVE,
            "total": D(total),
            "lines": lines or (self.line() if side is Side.COSTS else self.line("200", "OUTPUT2"),),
            "contact": self.entry(kind, name).id,
            "date": clock().date(),
            "due_date": clock().date() + timedelta(days=30),
            "number": f"N-{new_id(clock())[-8:]}",
            "payment_method": "card",
        }
        return Item(**{**known, **fields})

    def resolved(self, item: Item, bank: str = "090", **fields: Any) -> Resolved:
        by_id = {one.id: one for entries in self.entries.values() for one in entries}
        contacts = {one.id: one for one in self.entries[Kind.SUPPLIERS if item.side is Side.COSTS else Kind.CUSTOMERS]}
        known: dict[str, Any] = {
            "contact": contacts.get(item.contact or ""),
            "categories": by_id,
            "tax_rates": by_id,
            "products": by_id,
            "tracking": by_id,
            "dimensions": by_id,
            "bank_account": self.entry(Kind.BANK_ACCOUNTS, bank),
            "currencies": frozenset(str(one.code) for one in self.entries[Kind.CURRENCIES]),
        }
        return Resolved(**{**known, **fields})

    def target(
        self, item: Item, destination: Destination | None = None, status: PublishAs = PublishAs.AWAITING_PAYMENT
    ) -> Target:
        chosen = destination or (Destination.PURCHASES if item.side is Side.COSTS else Destination.SALES)
        return Target(self.organisation, Settings(), chosen, status, marker_for("T", item.id, 1))

    # --- batches
    def drafted(self, item: Item, **target: Any) -> tuple[Member, Draft]:
        """The item's draft after the check found nothing, and its batch member."""
        resolved, aim = self.resolved(item), self.target(item, **target)
        assert PROVIDER.check(item, resolved, aim) == []
        draft = PROVIDER.draft(item, resolved, aim)
        return Member(item.id, aim.marker, dict(draft.fingerprint), "A"), draft

    def batch(self, *drafted: tuple[Member, Draft], fact: FactKind = FactKind.DOCUMENTS) -> tuple[Batch, bytes]:
        resource = drafted[0][1].resource
        batch_id = new_id(clock())
        batch = Batch(
            id=batch_id,
            claim=batch_id,
            tenant="T",
            account="A",
            connection="C",
            provider="xero",
            organisation=self.organisation.id,
            fact=fact,
            resource=resource,
            key=new_id(clock()),
            status=BatchStatus.SENDING,
            members=tuple(member for member, _ in drafted),
            created_at=clock(),
            first_sent_at=clock(),
        )
        return batch, PROVIDER.body(resource, [draft.element for _, draft in drafted])

    def publish(self, *drafted: tuple[Member, Draft], fact: FactKind = FactKind.DOCUMENTS) -> list[ElementAnswer]:
        batch, body = self.batch(*drafted, fact=fact)
        return PROVIDER.send(self.session, batch, body)

    def found(self, batch: Batch, held: frozenset[str] = frozenset()) -> dict[str, ElementAnswer]:
        return {answer.marker: answer for answer in PROVIDER.find(self.session, batch, held)}

    def books(self) -> Any:
        return self.sandbox.read(f"/xero/organisations/{self.organisation.id}/books")


def connected(sandbox: SandboxClient, user: str = OWNER, *, pull: bool = True) -> World:
    """A consent for one organisation, its facts read and its lists pulled."""
    told = consented(sandbox, user)
    world = World(sandbox, told, Organisation(id="", name=""))
    offer = PROVIDER.organisations(world.session, told.consent_event)[0]
    world.organisation = offer
    world.organisation = PROVIDER.organisation(world.session, told.subject)
    if pull:
        world.pull()
    return world


def failing(call: Callable[[], object]) -> CallFailed:
    """The failure of a call that must fail."""
    try:
        call()
    except CallFailed as failed:
        return failed
    raise AssertionError("the call should have failed")
