"""Records for storage tests, as real as they need be."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.domain.accounts import Account, Event, Member, Role
from shared.domain.connections import Connection, ConnectionStatus, Organisation, Slot
from shared.domain.grants import Grant, GrantStatus
from shared.domain.ids import new_id
from shared.domain.items import (
    Document,
    Fact,
    FactOutcome,
    Item,
    ItemState,
    ItemType,
    Line,
    Place,
    Published,
    Side,
    Stage,
    Summary,
    TaxMode,
)
from shared.domain.publishing import Batch, BatchStatus, FactKind, PendingMarker
from shared.domain.publishing import Member as BatchMember

NOW = datetime(2025, 11, 3, 9, 30, tzinfo=UTC)
TENANT = "01JBT0000000000000000TENAN"
ACCOUNT = "01JBT00000000000000ACC0VNT"
CONNECTION = "01JBT0000000000000C0NNECT1"
ORGANISATION = "6f1c2a74-2f2b-4a34-9d0e-4f3b0c9a7c11"
QUEUE = (TENANT, "xero", ORGANISATION)


def fresh_id() -> str:
    return new_id(NOW)


def account(**changes: Any) -> Account:
    return replace(Account(ACCOUNT, TENANT, "Müller & Söhne", NOW), **changes)


def event(kind: str = "account.created", **changes: Any) -> Event:
    return replace(Event(fresh_id(), ACCOUNT, NOW, "ops", kind), **changes)


def member(user: str, role: Role = Role.ADMIN, **changes: Any) -> Member:
    return replace(Member(fresh_id(), ACCOUNT, user, user.title(), role), **changes)


def connection(**changes: Any) -> Connection:
    base = Connection(
        CONNECTION,
        TENANT,
        ACCOUNT,
        "xero",
        Slot.MAIN,
        ConnectionStatus.ACTIVE,
        NOW,
        "kim",
        organisation=Organisation(ORGANISATION, "Demo Company (UK)", "GB", "GBP", period_lock_date=date(2025, 3, 31)),
    )
    return replace(base, **changes)


def item(item_id: str | None = None, **changes: Any) -> Item:
    base = Item(
        id=item_id or fresh_id(),
        tenant=TENANT,
        account=ACCOUNT,
        side=Side.COSTS,
        type=ItemType.INVOICE,
        created_at=NOW,
        currency="GBP",
        tax_mode=TaxMode.INCLUSIVE,
        total=Decimal("120.00"),
        lines=tuple(
            Line(f"Line {number}: paper, A4, 80 g", Decimal("40.00"), category=fresh_id(), tax_rate=fresh_id())
            for number in range(3)
        ),
        contact=fresh_id(),
        date=date(2025, 10, 31),
        due_date=date(2025, 11, 30),
        number="INV-2025-0117",
        document=Document(f"documents/{TENANT}/{ACCOUNT}/one.pdf", "invoice.pdf", "application/pdf", 60_000, "ab" * 32),
    )
    return replace(base, **changes)


def state(of: Item, **changes: Any) -> ItemState:
    summary = Summary(of.side, of.type, of.currency, of.total, of.contact, of.date, of.number, True)
    return replace(ItemState(of.id, Stage.READY, Place.INBOX, summary), **changes)


def published(at: datetime = NOW) -> Published:
    """Everything a published item's state may hold, at the lengths that Xero has."""
    return Published(
        connection=CONNECTION,
        organisation=ORGANISATION,
        document_id="220ddca8-3144-4085-9a88-2d72c5133734",
        document_type="BankTransactions",
        at=at,
        status="AUTHORISED",
        number="INV-2025-0117",
        url="https://go.xero.com/organisationlogin/default.aspx?shortcode=!tJyX2&redirecturl=/Bank/View"
        "Transaction.aspx?bankTransactionID=220ddca8-3144-4085-9a88-2d72c5133734",
        total=Decimal("120.00"),
        payment=Fact(FactOutcome.DONE, "2f0bb3e1-5ec5-4e1f-9a8e-1f2d3c4b5a69"),
        attachment=Fact(FactOutcome.DONE, "5a1f9d33-8a3b-44d9-8b8c-6a8b5d1b7f10"),
        by="b2b4f8a6-50d1-70e4-6c1e-3f0a9d2c7e55",
    )


def marker(item_id: str | None = None, **changes: Any) -> PendingMarker:
    base = PendingMarker(
        TENANT, ACCOUNT, CONNECTION, "xero", ORGANISATION, item_id or fresh_id(), 0, 1, NOW, publication=fresh_id()
    )
    return replace(base, **changes)


def batch_member(subject: str, number: int = 0) -> BatchMember:
    return BatchMember(
        subject,
        f"LB{number:018}",
        {
            "contact": "0b1f9d33-8a3b-44d9-8b8c-6a8b5d1b7f10",
            "number": f"INV-2025-{number:04}",
            "date": "2025-10-31",
            "currency": "GBP",
            "total": "120",
            "lines": 3,
        },
        ACCOUNT,
        has_file=True,
    )


def batch(members: int = 3, **changes: Any) -> Batch:
    batch_id = fresh_id()
    base = Batch(
        id=batch_id,
        claim=batch_id,
        tenant=TENANT,
        account=ACCOUNT,
        connection=CONNECTION,
        provider="xero",
        organisation=ORGANISATION,
        fact=FactKind.DOCUMENTS,
        resource="Invoices",
        key=batch_id,
        status=BatchStatus.PREPARED,
        members=tuple(batch_member(fresh_id(), number) for number in range(members)),
        created_at=NOW,
        epoch=1,
    )
    return replace(base, **changes)


def grant(**changes: Any) -> Grant:
    base = Grant(
        id=fresh_id(),
        tenant=TENANT,
        account=ACCOUNT,
        provider="xero",
        subject="kim@example.org",
        status=GrantStatus.ACTIVE,
        token_version=1,
        access_expires_at=NOW + timedelta(minutes=30),
        consented_at=NOW,
        scopes=("accounting.transactions", "offline_access"),
    )
    return replace(base, **changes)
