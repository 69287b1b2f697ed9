"""A connected company of the sandbox as the connector sees it: session, lists with ids, items, batches."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from rehearsal.sandbox_process import SandboxClient
from shared.domain.connections import Destination, Organisation, PublishAs, Settings
from shared.domain.ids import marker_for, new_id
from shared.domain.items import Item, ItemType, Line, Side, TaxMode
from shared.domain.lists import Book, Entry, Kind
from shared.domain.publishing import Batch, BatchStatus, ElementAnswer, FactKind, Member
from shared.domain.secrets import Secret
from shared.providers import oauth
from shared.providers.contract import Draft, Resolved, Session, Target
from shared.providers.quickbooks.calls import PROVIDER
from tests.contract.sandbox.quickbooks import desk

D = Decimal
CARD, BANK = "Company Credit Card", "Current Account"
CURRENCY = {desk.GB: "GBP", desk.US: "USD", desk.CA: "CAD", desk.SIMPLE_START: "GBP"}
TAX = {desk.GB: "20.0% S", desk.US: "NON", desk.CA: "GST", desk.SIMPLE_START: "20.0% S"}
RATE = {desk.GB: D("0.20"), desk.US: D(0), desk.CA: D("0.05"), desk.SIMPLE_START: D("0.20")}


def clock() -> datetime:
    return datetime.now(UTC)


def time_there(sandbox: SandboxClient) -> datetime:
    """The sandbox's own time: earlier tests may have moved it ahead."""
    return datetime.fromisoformat(sandbox.read("/clock")["now"])


def app(sandbox: SandboxClient) -> oauth.App:
    return oauth.App(desk.CLIENT_ID, Secret(desk.CLIENT_SECRET), desk.base(sandbox), clock)


def consented(sandbox: SandboxClient, realm: str, **more: str) -> oauth.TokenAnswer:
    """The tokens of one consent, given on the sandbox's pages for the scopes that the profile asks for."""
    facts = PROVIDER.profile.oauth
    back = desk.consent(sandbox, realm, scope=" ".join(facts.scopes), **more)
    assert back.params[facts.organisation_parameter or ""] == realm
    code = Secret(back.params["code"])
    return oauth.exchange(facts, app(sandbox), code=code, redirect_uri=desk.REDIRECT_URI)


@dataclass
class World:
    """One company, connected. `permits` counts calls paid for."""

    sandbox: SandboxClient
    told: oauth.TokenAnswer
    organisation: Organisation
    permits: int = 0
    entries: dict[Kind, list[Entry]] = field(default_factory=dict)

    @property
    def realm(self) -> str:
        return self.organisation.id

    @property
    def session(self) -> Session:
        return Session(
            base_url=desk.base(self.sandbox),
            access_token=self.told.pair.access,
            organisation=self.organisation.id,
            deadline=clock() + timedelta(seconds=25),
            permit=self._permit,
            observe=lambda _reading: None,
            now=clock,
        )

    def _permit(self) -> None:
        self.permits += 1

    @property
    def book(self) -> Book:
        return Book("T", "A", "quickbooks", self.organisation.id)

    @property
    def desk(self) -> desk.Desk:
        """The same consent as a person's own client: for looking and for changing the books."""
        return desk.Desk(self.sandbox, {"access_token": self.told.pair.access.reveal()}, self.realm)

    # --- lists
    def pull(self) -> dict[tuple[Kind, ...], str | None]:
        """Every list to its end; entries get ids. Returns the cursors by group."""
        cursors: dict[tuple[Kind, ...], str | None] = {}
        for kinds in PROVIDER.list_groups():
            for kind in kinds:
                self.entries[kind] = []
            page, first = None, True
            while first or page:
                found = PROVIDER.list_page(self.session, kinds, page, None)
                cursors.setdefault(kinds, found.cursor)
                for entry in found.entries:
                    self.entries[entry.kind].append(self.with_ids(entry))
                page, first = found.next, False
        return cursors

    def with_ids(self, entry: Entry) -> Entry:
        def local(provider_id: str | None) -> str | None:
            return self.book.entry_id(entry.kind, provider_id) if provider_id else None

        return replace(entry, id=local(entry.provider_id) or "", parent=local(entry.parent))

    def entry(self, kind: Kind, name: str) -> Entry:
        return next(one for one in self.entries[kind] if name in (one.code, one.name))

    # --- items
    def line(self, amount: str = "40.00", category: str = "Fuel", tax_rate: str | None = None, **fields: Any) -> Line:
        rate = tax_rate or TAX[self.realm]
        tracking = tuple(self.entry(Kind.DIMENSIONS, name).id for name in fields.pop("tracking", ()))
        named = {
            name: self.entry(kind, fields.pop(name)).id
            for name, kind in (("product", Kind.PRODUCTS), ("project", Kind.PROJECTS), ("customer", Kind.CUSTOMERS))
            if name in fields
        }
        return Line(
            fields.pop("description", "Diesel"),
            D(amount),
            category=self.entry(Kind.CATEGORIES, category).id,
            tax_rate=self.entry(Kind.TAX_RATES, rate).id,
            tracking=tracking,
            **named,
            **fields,
        )

    def sale_line(self, amount: str = "40.00", **fields: Any) -> Line:
        return self.line(amount, "Services", product="Consulting", **fields)

    def item(self, *lines: Line, side: Side = Side.COSTS, **fields: Any) -> Item:
        kind, name = (Kind.SUPPLIERS, "Northern Fuel") if side is Side.COSTS else (Kind.CUSTOMERS, "Riverside Cafe")
        lines = lines or (self.line() if side is Side.COSTS else self.sale_line(),)
        net = sum((line.amount for line in lines), D(0))
        known: dict[str, Any] = {
            "id": new_id(clock()),
            "tenant": "T",
            "account": "A",
            "side": side,
            "type": ItemType.INVOICE,
            "created_at": clock(),
            "currency": CURRENCY[self.realm],
            "tax_mode": TaxMode.EXCLUSIVE,
            "total": (net * (1 + RATE[self.realm])).quantize(D("0.01")),
            "lines": lines,
            "contact": self.entry(kind, fields.pop("contact", name)).id,
            "date": clock().date(),
            "due_date": clock().date() + timedelta(days=30),
            "number": f"N-{new_id(clock())[-8:]}",
            "payment_method": "card",
        }
        return Item(**{**known, **fields})

    def resolved(self, item: Item, bank: str = BANK) -> Resolved:
        by_id = {one.id: one for entries in self.entries.values() for one in entries}
        contacts = {one.id: one for one in self.entries[Kind.SUPPLIERS if item.side is Side.COSTS else Kind.CUSTOMERS]}
        return Resolved(
            contact=contacts.get(item.contact or ""),
            categories=by_id,
            tax_rates=by_id,
            products=by_id,
            tracking=by_id,
            dimensions=by_id,
            bank_account=self.entry(Kind.BANK_ACCOUNTS, bank),
            currencies=frozenset(str(one.code) for one in self.entries[Kind.CURRENCIES]),
            projects=by_id,
            customers=by_id,
        )

    def target(self, item: Item, destination: Destination | None = None) -> Target:
        chosen = destination or (Destination.PURCHASES if item.side is Side.COSTS else Destination.SALES)
        marker = marker_for("T", item.id, 1)
        return Target(self.organisation, Settings(), chosen, PublishAs.AWAITING_PAYMENT, marker)

    # --- batches
    def drafted(self, item: Item, destination: Destination | None = None, bank: str = BANK) -> tuple[Member, Draft]:
        """The item's draft after the check found nothing, and its batch member."""
        resolved, aim = self.resolved(item, bank), self.target(item, destination)
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
            provider="quickbooks",
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

    def found(self, batch: Batch) -> dict[str, ElementAnswer]:
        return {answer.marker: answer for answer in PROVIDER.find(self.session, batch, frozenset())}

    def record(self, entity: str, record_id: str | None) -> dict[str, Any]:
        """A record as QuickBooks answers it."""
        answer = self.desk.call("GET", f"/{entity.lower()}/{record_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()[entity]
        return found


def connected(sandbox: SandboxClient, realm: str = desk.GB, *, pull: bool = True) -> World:
    """A consent for one company, its facts read and its lists pulled. The limits of a second are lifted."""
    sandbox.control("/quickbooks/limits", {"second": 1000, "batch_minute": 1000, "batch_minute_company": 1000})
    world = World(sandbox, consented(sandbox, realm), Organisation(id="", name=""))
    world.organisation = PROVIDER.organisations(world.session, realm)[0]
    if pull:
        world.pull()
    return world
