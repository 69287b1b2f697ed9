"""A company of the sandbox's ApprovalMax as the connector sees it: session, its Xero's entries, items, batches."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from rehearsal.sandbox_process import Connected, SandboxClient
from shared.domain.approvals import Delivery
from shared.domain.connections import Destination, Organisation, PublishAs, Settings
from shared.domain.ids import marker_for, new_id
from shared.domain.items import Item, ItemType, Line, Side, TaxMode
from shared.domain.lists import Entry, Kind
from shared.domain.publishing import Batch, BatchStatus, ElementAnswer, FactKind, Member
from shared.domain.secrets import Secret
from shared.providers.approvalmax.calls import PROVIDER
from shared.providers.contract import Draft, Resolved, Session, Target
from tests.contract.sandbox.approvalmax import kit as desk

D = Decimal


def clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class World:
    """One company, consented to. `permits` counts calls paid for."""

    sandbox: SandboxClient
    desk: desk.ApprovalMax
    xero: Connected
    organisation: Organisation
    entries: dict[str, Entry] = field(default_factory=dict)
    permits: int = 0

    @property
    def session(self) -> Session:
        return Session(
            base_url=f"{self.sandbox.base}/approvalmax",
            access_token=Secret(self.desk.tokens["access_token"]),
            organisation=self.organisation.id,
            deadline=clock() + timedelta(seconds=25),
            permit=self._permit,
            observe=lambda _reading: None,
            now=clock,
        )

    def _permit(self) -> None:
        self.permits += 1

    def line(self, amount: str = "80.00", **more: Any) -> Line:
        return Line("Fuel", D(amount), **{"category": "account", "tax_rate": "tax", **more})

    def item(self, *lines: Line, **more: Any) -> Item:
        lines = lines or (self.line(),)
        known: dict[str, Any] = {
            "id": new_id(clock()),
            "tenant": "T",
            "account": "A",
            "side": Side.COSTS,
            "type": ItemType.INVOICE,
            "created_at": clock(),
            "currency": "GBP",
            "tax_mode": TaxMode.EXCLUSIVE,
            "total": D("96.00"),
            "lines": lines,
            "contact": "contact",
            "date": date(2026, 11, 2),
            "due_date": date(2026, 12, 2),
            "number": f"N-{new_id(clock())[-8:]}",
        }
        return Item(**{**known, **more})

    def resolved(self) -> Resolved:
        known = self.entries
        return Resolved(known["contact"], known, known, known, known, known, None, frozenset({"GBP"}))

    def target(self, item: Item) -> Target:
        settings = Settings(publish_as=PublishAs.AWAITING_APPROVAL, delivery=Delivery.API)
        marker = marker_for("T", item.id, 1)
        return Target(self.organisation, settings, Destination.PURCHASES, PublishAs.AWAITING_APPROVAL, marker)

    def drafted(self, item: Item) -> tuple[Member, Draft]:
        """The item's draft after the check found nothing, and its batch member."""
        aim = self.target(item)
        assert PROVIDER.check(item, self.resolved(), aim) == []
        draft = PROVIDER.draft(item, self.resolved(), aim)
        return Member(item.id, aim.marker, dict(draft.fingerprint), "A"), draft

    def batch(self, drafted: tuple[Member, Draft]) -> tuple[Batch, bytes]:
        member, draft = drafted
        batch_id = new_id(clock())
        batch = Batch(
            id=batch_id,
            claim=batch_id,
            tenant="T",
            account="A",
            connection="C",
            provider="approvalmax",
            organisation=self.organisation.id,
            fact=FactKind.DOCUMENTS,
            resource=draft.resource,
            key=batch_id,
            status=BatchStatus.SENDING,
            members=(member,),
            created_at=clock(),
            first_sent_at=clock(),
        )
        return batch, PROVIDER.body(draft.resource, [draft.element])

    def publish(self, item: Item) -> ElementAnswer:
        batch, body = self.batch(self.drafted(item))
        (answer,) = PROVIDER.send(self.session, batch, body)
        return answer

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sandbox.read(f"/approvalmax/organisations/{self.organisation.id}/books")[
            "requests"
        ]
        return found


def connected(sandbox: SandboxClient) -> World:
    """Harbour & Finch Ltd, with the entries of its Xero that its bills name."""
    client, xero = desk.ApprovalMax(sandbox).connect(), sandbox.connect()
    world = World(sandbox, client, xero, Organisation("", ""))
    world.organisation = next(
        one for one in PROVIDER.organisations(world.session, None) if one.name == desk.GB and one.ledger
    )
    world.organisation = replace(world.organisation, base_currency="GBP")
    account = xero.call("GET", "/Accounts", params={"where": 'Code=="429"'}).json()["Accounts"][0]
    contact = xero.call("GET", "/Contacts", params={"where": 'Name=="Severn Power"'}).json()["Contacts"][0]
    world.entries = {
        "account": Entry(
            "account", Kind.CATEGORIES, account["Name"], account["Code"], provider_id=account["AccountID"]
        ),
        "contact": Entry("contact", Kind.SUPPLIERS, contact["Name"], provider_id=contact["ContactID"]),
        "tax": Entry("tax", Kind.TAX_RATES, "20% (VAT on Expenses)", "INPUT2", provider_id="INPUT2"),
    }
    return world


__all__ = ["PROVIDER", "D", "World", "clock", "connected", "desk"]
