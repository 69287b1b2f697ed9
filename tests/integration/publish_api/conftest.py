"""An account connected to a Xero organisation with a few list entries, on moto's AWS; the provider is never called."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from functions.publish.app import ROUTES
from rehearsal.tables import create_table
from rehearsal.worlds import clients_on, simulated_aws
from shared.aws.clock import Clock
from shared.aws.entry import entry
from shared.aws.settings import Settings
from shared.domain.accounts import Account, Event, Member, Role
from shared.domain.connections import Connection, ConnectionStatus, Organisation, Slot
from shared.domain.connections import Settings as ConnectionSettings
from shared.domain.ids import new_id
from shared.domain.items import ItemState
from shared.domain.lists import Book, Entry, EntryStatus, Kind
from shared.storage.agenda import AgendaKind
from shared.usecases.gate import GATE
from shared.usecases.service import Service

NOW = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
BUCKET = "documents"
TABLES = ("connections", "lists", "rules", "items", "claims", "agenda")


@dataclass
class Time:
    now: datetime = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@dataclass
class World:
    """One tenant with one account and its books."""

    service: Service
    account: Account
    connection: Connection
    entries: dict[str, Entry]
    queue_url: str
    bucket: str
    sqs: Any
    s3: Any
    subject: str = "client-1"
    scopes: str = "ledgerbridge/read ledgerbridge/work ledgerbridge/manage"

    @property
    def book(self) -> Book:
        return self.connection.book

    def __post_init__(self) -> None:
        gate = replace(GATE, service=lambda: self.service)
        self._handler = entry(ROUTES, gate)

    def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **other: Any
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """One HTTP request through the Lambda handler: status, parsed body, headers. `other`: tenant, person, query."""
        path = path if path.startswith("/v1") else f"/v1/accounts/{other.pop('account', self.account.id)}/{path}"
        person = other.pop("person", None)
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"content-type": "application/json", **(headers or {})},
            "queryStringParameters": other.pop("query", None),
            "requestContext": {
                "requestId": "request-1",
                "stage": "$default",
                "http": {"method": method, "path": path},
                "authorizer": {
                    "lambda": {
                        "tenant": other.pop("tenant", self.account.tenant),
                        "subject": person or self.subject,
                        "is_machine": "false" if person else "true",
                        "scopes": "" if person else self.scopes,
                    }
                },
            },
            "body": body if isinstance(body, str) or body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
        answer = self._handler(event, None)
        parsed = json.loads(answer["body"]) if answer.get("body") else {}
        return answer["statusCode"], parsed, answer.get("headers", {})

    def messages(self) -> list[dict[str, Any]]:
        """What waits in the publish queue for this tenant, taken off it (and what earlier tests left, too)."""
        taken: list[dict[str, Any]] = []
        while found := self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
            taken += [json.loads(message["Body"]) for message in found]
        return [body for body in taken if body["tenant"] == self.account.tenant]

    def due(self, kind: AgendaKind) -> list[dict[str, Any]]:
        """The payloads of this tenant's agenda rows of a kind, up to ten minutes ahead."""
        rows = self.service.agenda.due(kind, self.service.clock.now() + timedelta(minutes=10), 1000)
        return [row.payload for row in rows if row.payload["tenant"] == self.account.tenant]

    def state(self, item: str) -> ItemState:
        found = self.service.items.state(self.account.tenant, self.account.id, item)
        assert found is not None
        return found

    def markers(self) -> list[str]:
        waiting = self.service.items.pending(self.account.tenant, "xero", self.book.organisation)
        return [marker.item for marker in waiting]

    def write(self, kind: Kind, entry: Entry) -> None:
        """What a refresh would write, and that it says so to open items."""
        self.service.lists.write(self.book, kind, [entry])
        self.service.accounts.bump_coding_version(self.account.tenant, self.account.id)

    def bill(self, **changes: Any) -> dict[str, Any]:
        """A bill's body that is ready to publish."""
        return {
            "side": "costs",
            "type": "invoice",
            "currency": "GBP",
            "tax_mode": "exclusive",
            "total": "48.00",
            "date": "2026-03-11",
            "due_date": "2026-04-10",
            "number": "SUP-77",
            "contact": {"id": self.entries["supplier"].id},
            "lines": [self.line()],
            **changes,
        }

    def line(self, **changes: Any) -> dict[str, Any]:
        """A line by ids, which is one read; by code or name it is a read of the whole list."""
        fuel, rate = self.entries["fuel"].id, self.entries["input"].id
        return {"description": "Fuel", "amount": "40.00", "category": fuel, "tax_rate": rate, **changes}

    def make(self, **changes: Any) -> dict[str, Any]:
        """A stored item's view."""
        status, body, _ = self.call("POST", "items", self.bill(**changes))
        assert status == 201, body
        view: dict[str, Any] = body["results"][0]["item"]
        return view


def _entries(book: Book) -> dict[str, tuple[Kind, Entry]]:
    def entry(kind: Kind, provider_id: str, name: str, **more: Any) -> tuple[Kind, Entry]:
        return kind, Entry(book.entry_id(kind, provider_id), kind, name, provider_id=provider_id, **more)

    region = entry(Kind.DIMENSIONS, "dim-region", "Region")
    team = entry(Kind.DIMENSIONS, "dim-team", "Team")
    return {
        "supplier": entry(Kind.SUPPLIERS, "contact-1", "Office Supplies Ltd"),
        "archived_supplier": entry(Kind.SUPPLIERS, "contact-2", "Gone Ltd", status=EntryStatus.INACTIVE),
        "customer": entry(Kind.CUSTOMERS, "contact-3", "City Agency"),
        "fuel": entry(Kind.CATEGORIES, "acc-429", "Fuel", code="429", values={"class": "expense"}),
        "sales": entry(Kind.CATEGORIES, "acc-200", "Sales", code="200", values={"class": "revenue"}),
        "old": entry(Kind.CATEGORIES, "acc-480", "Old", code="480", status=EntryStatus.INACTIVE),
        "input": entry(
            Kind.TAX_RATES, "INPUT2", "20% (VAT on Expenses)", code="INPUT2",
            values={"rate": "20", "costs": True, "sales": False},
        ),
        "output": entry(
            Kind.TAX_RATES, "OUTPUT2", "20% (VAT on Income)", code="OUTPUT2",
            values={"rate": "20", "costs": False, "sales": True},
        ),
        "bank": entry(Kind.BANK_ACCOUNTS, "bank-1", "Current", code="090", values={"currency": "GBP", "type": "bank"}),
        "gbp": entry(Kind.CURRENCIES, "GBP", "British Pound", code="GBP"),
        "eur": entry(Kind.CURRENCIES, "EUR", "Euro", code="EUR"),
        "region": region,
        "north": entry(Kind.DIMENSIONS, "opt-north", "North", parent=region[1].id),
        "south": entry(Kind.DIMENSIONS, "opt-south", "South", parent=region[1].id),
        "team": team,
        "red": entry(Kind.DIMENSIONS, "opt-red", "Red", parent=team[1].id),
        "blue": entry(Kind.DIMENSIONS, "opt-blue", "Blue", parent=team[1].id),
    }  # fmt: skip


@dataclass
class Cloud:
    """What a test run shares, for it is slow to make; every test has a tenant of its own."""

    service: Service
    queue_url: str
    sqs: Any
    s3: Any


@pytest.fixture(scope="package")
def cloud() -> Iterator[Cloud]:
    with simulated_aws():
        clients = clients_on(None)
        sqs, s3, secrets = clients.sqs, clients.s3, clients.secretsmanager
        queue = sqs.create_queue(QueueName="publish")["QueueUrl"]
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        secrets.create_secret(Name="signing", SecretString="a key for tests alone")
        settings = Settings(
            stage="local",
            tables={table: create_table(clients.dynamodb) for table in TABLES},
            queues={"publish": queue},
            texts={"documents_bucket": BUCKET, "signing_secret": "signing", "api_base_url": "http://localhost:8000"},
        )
        yield Cloud(Service(settings, Clock(1.0, source=Time()), clients), queue, sqs, s3)


@pytest.fixture
def world(cloud: Cloud) -> World:
    return _connected(cloud.service, cloud.queue_url, cloud.sqs, cloud.s3)


@pytest.fixture
def other_world(cloud: Cloud) -> World:
    """Another tenant's account."""
    return _connected(cloud.service, cloud.queue_url, cloud.sqs, cloud.s3)


def _connected(service: Service, queue: str, sqs: Any, s3: Any) -> World:
    now = service.clock.now()
    tenant, account_id = new_id(now), new_id(now)
    account = Account(account_id, tenant, "Bakery", now)
    event = Event(new_id(now), account_id, now, "test", "account.created")
    admin = Member(new_id(now), account_id, "anna", "Anna", Role.ADMIN)
    account = service.accounts.create(account, admin, event)
    viewer = Member(new_id(now), account_id, "victor", "Victor", Role.VIEWER)
    account = service.accounts.put_member(account, viewer, replace(event, id=new_id(now)))
    organisation = Organisation(
        "org-1", "Bakery Ltd", country="GB", base_currency="GBP", period_lock_date=date(2025, 12, 31)
    )
    connection = Connection(
        id=new_id(now),
        tenant=tenant,
        account=account_id,
        provider="xero",
        slot=Slot.MAIN,
        status=ConnectionStatus.ACTIVE,
        created_at=now,
        created_by="test",
        grant=new_id(now),
        organisation=organisation,
        settings=ConnectionSettings(),
    )
    connection = service.connections.create(connection, replace(event, id=new_id(now)))
    entries = _entries(connection.book)
    named = {name: one for name, (_, one) in entries.items()}
    for kind in {kind for kind, _ in entries.values()}:
        service.lists.write(connection.book, kind, [one for one in named.values() if one.kind is kind])
    return World(service, account, connection, named, queue, BUCKET, sqs, s3)
