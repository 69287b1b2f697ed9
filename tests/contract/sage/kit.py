"""A connected business of the sandbox as the connector sees it: session, lists with ids, items, batches."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from shared.domain.connections import Destination, Organisation, PublishAs, Settings
from shared.domain.ids import marker_for, new_id
from shared.domain.items import Item, ItemType, Line, Side, TaxMode
from shared.domain.lists import Book, Entry, Kind
from shared.domain.publishing import Batch, BatchStatus, ElementAnswer, FactKind, Member
from shared.domain.secrets import Secret
from shared.providers import oauth
from shared.providers.contract import Draft, Resolved, Session, Target
from shared.providers.sage.calls import PROVIDER
from tests.contract.sandbox.sage.sage_client import CLIENT, GB, OWNER, REDIRECT_URI, SageClient

D = Decimal
SUPPLIER, CUSTOMER = "Northgate Stationers", "Ridgeway University"
CODE_VERIFIER = Secret("v" * 64)


def clock() -> datetime:
    return datetime.now(UTC)


def app(sage: SageClient) -> oauth.App:
    return oauth.App(CLIENT["client_id"], Secret(CLIENT["client_secret"]), sage.base, clock)


def asked_for(sage: SageClient) -> dict[str, str]:
    """What our own authorisation address asks for."""
    facts = PROVIDER.profile.oauth
    url = oauth.authorize_url(facts, app(sage), redirect_uri=REDIRECT_URI, state="s1", code_verifier=CODE_VERIFIER)
    return dict(httpx.URL(url).params)


def consented(sage: SageClient, user: str = OWNER) -> oauth.TokenAnswer:
    """The tokens of one consent, given on the sandbox's pages for what our own address asks for."""
    back = sage.consent(user, **asked_for(sage))
    facts = PROVIDER.profile.oauth
    code = Secret(back["code"])
    return oauth.exchange(facts, app(sage), code=code, redirect_uri=REDIRECT_URI, code_verifier=CODE_VERIFIER)


@dataclass
class World:
    """One business, connected. `permits` counts calls paid for."""

    sage: SageClient
    told: oauth.TokenAnswer
    organisation: Organisation
    permits: int = 0
    entries: dict[Kind, list[Entry]] = field(default_factory=dict)
    gone: list[tuple[Kind, str]] = field(default_factory=list)

    @property
    def session(self) -> Session:
        return Session(
            base_url=self.sage.base,
            access_token=self.told.pair.access,
            organisation=self.organisation.id,
            deadline=clock() + timedelta(seconds=25),
            permit=self._permit,
            observe=lambda _reading: None,
            now=clock,
        )

    def _permit(self) -> None:
        self.permits += 1

    def renew(self) -> None:
        """A new pair: an access token lasts five minutes."""
        pair = oauth.refresh(PROVIDER.profile.oauth, app(self.sage), refresh_token=self.told.pair.refresh)
        self.told = replace(self.told, pair=pair)

    @property
    def book(self) -> Book:
        return Book("T", "A", "sage", self.organisation.id)

    # --- lists
    def pull(self, since: dict[tuple[Kind, ...], str] | None = None) -> dict[tuple[Kind, ...], str | None]:
        """Every list to its end; entries get ids. Returns the cursors by group."""
        cursors: dict[tuple[Kind, ...], str | None] = {}
        self.gone = []
        for kinds in PROVIDER.list_groups():
            for kind in kinds:
                self.entries[kind] = []
            page, first = None, True
            while first or page:
                found = PROVIDER.list_page(self.session, kinds, page, (since or {}).get(kinds))
                cursors[kinds] = cursors.get(kinds) or found.cursor
                self.gone += found.gone
                for entry in found.entries:
                    self.entries[entry.kind].append(self._with_ids(entry))
                page, first = found.next, False
        return cursors

    def _with_ids(self, entry: Entry) -> Entry:
        def local(provider_id: str | None) -> str | None:
            return self.book.entry_id(entry.kind, provider_id) if provider_id else None

        return replace(entry, id=local(entry.provider_id) or "", parent=local(entry.parent))

    def entry(self, kind: Kind, name: str) -> Entry:
        return next(one for one in self.entries[kind] if name in (one.code, one.name))

    # --- items
    def line(self, amount: str = "40.00", category: str = "7520", rate: str = "GB_STANDARD", **fields: Any) -> Line:
        tracking = tuple(self.entry(Kind.DIMENSIONS, name).id for name in fields.pop("tracking", ()))
        product = fields.pop("product", None)
        return Line(
            fields.pop("description", "Paper"),
            D(amount),
            category=self.entry(Kind.CATEGORIES, category).id,
            tax_rate=self.entry(Kind.TAX_RATES, rate).id if rate else None,
            tracking=tracking,
            product=self.entry(Kind.PRODUCTS, product).id if product else None,
            **fields,
        )

    def item(self, *lines: Line, side: Side = Side.COSTS, total: str = "48.00", **fields: Any) -> Item:
        kind, name = (Kind.SUPPLIERS, SUPPLIER) if side is Side.COSTS else (Kind.CUSTOMERS, CUSTOMER)
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
            "lines": lines or (self.line() if side is Side.COSTS else self.line(category="4000"),),
            "contact": self.entry(kind, fields.pop("contact", name)).id,
            "date": clock().date(),
            "due_date": clock().date() + timedelta(days=30),
            "number": f"N-{new_id(clock())[-8:]}",
            "payment_method": "card",
        }
        return Item(**{**known, **fields})

    def resolved(self, item: Item, bank: str | None = "1200", **fields: Any) -> Resolved:
        by_id = {one.id: one for entries in self.entries.values() for one in entries}
        contacts = {one.id: one for one in self.entries[Kind.SUPPLIERS if item.side is Side.COSTS else Kind.CUSTOMERS]}
        known: dict[str, Any] = {
            "contact": contacts.get(item.contact or ""),
            "categories": by_id,
            "tax_rates": by_id,
            "products": by_id,
            "tracking": by_id,
            "dimensions": by_id,
            "bank_account": self.entry(Kind.BANK_ACCOUNTS, bank) if bank else None,
            "currencies": frozenset(str(one.code) for one in self.entries[Kind.CURRENCIES]),
        }
        return Resolved(**{**known, **fields})

    def target(
        self, item: Item, destination: Destination | None = None, status: PublishAs = PublishAs.AWAITING_PAYMENT
    ) -> Target:
        chosen = destination or (Destination.PURCHASES if item.side is Side.COSTS else Destination.SALES)
        return Target(self.organisation, Settings(), chosen, status, marker_for("T", item.id, 1))

    # --- batches
    def drafted(self, item: Item, bank: str | None = "1200", **target: Any) -> tuple[Member, Draft]:
        """The item's draft after the check found nothing, and its batch member."""
        resolved, aim = self.resolved(item, bank), self.target(item, **target)
        assert PROVIDER.check(item, resolved, aim) == []
        draft = PROVIDER.draft(item, resolved, aim)
        return Member(item.id, aim.marker, dict(draft.fingerprint), "A"), draft

    def batch(self, drafted: tuple[Member, Draft], fact: FactKind = FactKind.DOCUMENTS) -> tuple[Batch, bytes]:
        member, draft = drafted
        batch_id = new_id(clock())
        batch = Batch(
            id=batch_id,
            claim=batch_id,
            tenant="T",
            account="A",
            connection="C",
            provider="sage",
            organisation=self.organisation.id,
            fact=fact,
            resource=draft.resource,
            key=new_id(clock()),
            status=BatchStatus.SENDING,
            members=(member,),
            created_at=clock(),
            first_sent_at=clock(),
        )
        return batch, PROVIDER.body(draft.resource, [draft.element])

    def publish(self, drafted: tuple[Member, Draft], fact: FactKind = FactKind.DOCUMENTS) -> ElementAnswer:
        batch, body = self.batch(drafted, fact)
        (answer,) = PROVIDER.send(self.session, batch, body)
        return answer

    def read(self, resource: str, document_id: str | None) -> dict[str, Any]:
        """A document as Sage tells it to anybody."""
        headers = {"authorization": f"Bearer {self.told.pair.access.reveal()}", "x-business": self.organisation.id}
        url = f"{self.sage.base}/v3.1/{resource}/{document_id}"
        answer = self.sage.sandbox.http.get(url, headers=headers)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


def connected(sage: SageClient, user: str = OWNER, business: str = GB, *, pull: bool = True) -> World:
    """A consent, one of its businesses chosen by name, its facts read and its lists pulled."""
    told = consented(sage, user)
    world = World(sage, told, Organisation(id="", name=""))
    offers = PROVIDER.organisations(world.session, None)
    world.organisation = next(one for one in offers if one.name == business)
    world.organisation = PROVIDER.organisation(world.session, told.subject)
    if pull:
        world.pull()
    return world
