"""A connected organization of the sandbox's BILL as the connector sees it: session, lists with ids, items, batches."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from rehearsal.sandbox_process import SandboxClient
from shared.domain.connections import Destination, Organisation, PublishAs, Settings
from shared.domain.grants import TokenPair
from shared.domain.ids import marker_for, new_id
from shared.domain.items import Item, ItemType, Line, Side, TaxMode
from shared.domain.lists import Book, Entry, Kind
from shared.domain.publishing import Batch, BatchStatus, ElementAnswer, FactKind, Member
from shared.domain.secrets import Secret
from shared.providers.bill.calls import PROVIDER
from shared.providers.contract import Draft, Resolved, Session, Target, Upload
from shared.providers.oauth import App
from shared.providers.transport import to_json
from tests.contract.sandbox.bill import kit as desk

D = Decimal
NEWCOMER = {"line1": "12 Quay Road", "city": "Portland", "region": "ME", "postal_code": "04101", "country": "US"}


def clock() -> datetime:
    return datetime.now(UTC)


def base(sandbox: SandboxClient) -> str:
    return f"{sandbox.base}/bill"


def app(sandbox: SandboxClient, key: str = desk.DEV_KEY) -> App:
    return App("ledgerbridge", Secret(key), base(sandbox), clock)


def credentials(organization: str, token: str = desk.TOKEN, name: str = desk.TOKEN_NAME) -> Secret:
    typed = {"token_name": name, "token": token, "organization_id": organization}
    return Secret(to_json(typed).decode())


@dataclass
class World:
    """One organization, signed in to. `permits` counts calls paid for."""

    sandbox: SandboxClient
    pair: TokenPair
    organisation: Organisation
    permits: int = 0
    entries: dict[Kind, list[Entry]] = field(default_factory=dict)

    @property
    def session(self) -> Session:
        return Session(
            base_url=base(self.sandbox),
            access_token=self.pair.access,
            organisation=self.organisation.id,
            deadline=clock() + timedelta(seconds=25),
            permit=self._permit,
            observe=lambda _reading: None,
            now=clock,
        )

    def _permit(self) -> None:
        self.permits += 1

    @property
    def desk(self) -> desk.Bill:
        """A client of its own, for looking and for faults."""
        client = desk.Bill(self.sandbox, self.organisation.id)
        client.log_in()
        return client

    # --- lists
    def pull(self, since: str | None = None) -> dict[tuple[Kind, ...], str | None]:
        """Every list to its end; entries get ids. Returns the cursors by group."""
        cursors: dict[tuple[Kind, ...], str | None] = {}
        for kinds in PROVIDER.list_groups():
            for kind in kinds:
                self.entries[kind] = []
            page, first = None, True
            while first or page:
                found = PROVIDER.list_page(self.session, kinds, page, since)
                cursors.setdefault(kinds, found.cursor)
                for entry in found.entries:
                    self.entries[entry.kind].append(self.with_ids(entry))
                page, first = found.next, False
        return cursors

    def with_ids(self, entry: Entry) -> Entry:
        book = Book("T", "A", "bill", self.organisation.id)

        def local(provider_id: str | None) -> str | None:
            return book.entry_id(entry.kind, provider_id) if provider_id else None

        return replace(entry, id=local(entry.provider_id) or "", parent=local(entry.parent))

    def entry(self, kind: Kind, name: str) -> Entry:
        return next(one for one in self.entries[kind] if name in (one.code, one.name))

    # --- items
    def line(self, amount: str = "149.00", category: str = "Office Supplies", **fields: Any) -> Line:
        tracking = tuple(self.entry(Kind.DIMENSIONS, name).id for name in fields.pop("tracking", ()))
        named = {
            name: self.entry(kind, fields.pop(name)).id
            for name, kind in (("product", Kind.PRODUCTS), ("customer", Kind.CUSTOMERS))
            if name in fields
        }
        text = fields.pop("description", "USB audio interface")
        category_id = self.entry(Kind.CATEGORIES, category).id
        return Line(text, D(amount), category=category_id, tracking=tracking, **named, **fields)

    def item(self, *lines: Line, **fields: Any) -> Item:
        lines = lines or (self.line(),)
        known: dict[str, Any] = {
            "id": new_id(clock()),
            "tenant": "T",
            "account": "A",
            "side": Side.COSTS,
            "type": ItemType.INVOICE,
            "created_at": clock(),
            "currency": "USD",
            "tax_mode": TaxMode.NONE,
            "total": sum((line.amount for line in lines), D(0)),
            "lines": lines,
            "contact": self.entry(Kind.SUPPLIERS, fields.pop("contact", "Office Depot")).id,
            "date": date(2026, 12, 1),
            "due_date": date(2026, 12, 31),
            "number": f"N-{new_id(clock())[-8:]}",
        }
        return Item(**{**known, **fields})

    def resolved(self, item: Item, bank: str | None = None) -> Resolved:
        by_id = {one.id: one for entries in self.entries.values() for one in entries}
        return Resolved(
            contact=by_id.get(item.contact or ""),
            categories=by_id,
            tax_rates={},
            products=by_id,
            tracking=by_id,
            dimensions=by_id,
            bank_account=self.entry(Kind.BANK_ACCOUNTS, bank) if bank else None,
            currencies=frozenset({"USD"}),
            customers=by_id,
        )

    def target(self, item: Item, publish_as: PublishAs = PublishAs.AWAITING_PAYMENT) -> Target:
        marker = marker_for("T", item.id, 1)
        return Target(self.organisation, Settings(), Destination.PURCHASES, publish_as, marker)

    # --- batches
    def drafted(
        self, item: Item, bank: str | None = None, publish_as: PublishAs = PublishAs.AWAITING_PAYMENT
    ) -> tuple[Member, Draft]:
        """The item's draft after the check found nothing, and its batch member."""
        resolved, aim = self.resolved(item, bank), self.target(item, publish_as)
        assert PROVIDER.check(item, resolved, aim) == []
        draft = PROVIDER.draft(item, resolved, aim)
        return Member(item.id, aim.marker, dict(draft.fingerprint), "A"), draft

    def new_vendor(self, name: str, **values: Any) -> tuple[Member, Draft]:
        entry = Entry(new_id(clock()), Kind.SUPPLIERS, name, values={"address": NEWCOMER, **values})
        marker = marker_for("T", entry.id, 1)
        draft = PROVIDER.new_supplier(entry, marker)
        return Member(entry.id, marker, dict(draft.fingerprint), "A"), draft

    def batch(self, *drafted: tuple[Member, Draft], fact: FactKind = FactKind.DOCUMENTS) -> tuple[Batch, bytes]:
        resource = drafted[0][1].resource
        batch_id = new_id(clock())
        batch = Batch(
            id=batch_id,
            claim=batch_id,
            tenant="T",
            account="A",
            connection="C",
            provider="bill",
            organisation=self.organisation.id,
            fact=fact,
            resource=resource,
            key=batch_id,
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

    def record(self, bill_id: str | None) -> dict[str, Any]:
        answer = self.desk.call("GET", f"/bills/{bill_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def connected(sandbox: SandboxClient, *, pull: bool = True) -> World:
    """Maple Street Bakery Inc, signed in to with its sync token, its facts read and its lists pulled."""
    organization = sandbox.read("/bill/organisations")[0]["organisation_id"]
    pair = PROVIDER.sign_in(app(sandbox), credentials(organization))
    world = World(sandbox, pair, Organisation(id="", name=""))
    world.organisation = PROVIDER.organisations(world.session, organization)[0]
    if pull:
        world.pull()
    return world


__all__ = ["NEWCOMER", "PROVIDER", "Upload", "World", "app", "connected", "credentials", "desk"]
