"""A service on moto's tables and queues, and a provider whose lists a test writes down page by page."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rehearsal.founding import vault_key
from rehearsal.tables import create_table
from rehearsal.worlds import clients_on
from shared.aws.clock import Clock
from shared.aws.settings import Settings
from shared.domain.accounts import Account, Event
from shared.domain.connections import Connection, ConnectionStatus, Organisation, Slot
from shared.domain.errors import Problem
from shared.domain.grants import Grant, GrantStatus, TokenPair
from shared.domain.ids import new_id
from shared.domain.items import Item
from shared.domain.lists import Entry, EntryStatus, Kind
from shared.domain.secrets import Secret
from shared.providers.contract import ListPage, Resolved, Session, Target
from shared.providers.facts import Profile
from shared.providers.registry import profile
from shared.usecases.service import Service

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
TABLES = ("connections", "lists", "items", "rules", "vault", "claims", "agenda", "organisations")
GROUPS = ((Kind.CATEGORIES,), (Kind.SUPPLIERS, Kind.CUSTOMERS), (Kind.TAX_RATES,), (Kind.CURRENCIES,))


@dataclass
class Time:
    """A clock that stands still until a test moves it."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **amount: float) -> None:
        self.at += timedelta(**amount)


@dataclass
class ScriptedProvider:
    """Lists as pages of entries; `faults` are raised at a call's number (from 1), once."""

    pages: dict[tuple[Kind, ...], list[list[Entry]]]
    facts: Organisation
    time: Time
    calls: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    faults: dict[int, Exception] = field(default_factory=dict)
    before_page: Callable[[tuple[Kind, ...], int], None] | None = None

    @property
    def profile(self) -> Profile:
        kinds = tuple(kind for group in GROUPS for kind in group)
        return replace(profile("xero"), kinds=kinds, delta_kinds=frozenset(GROUPS[1]))

    def list_groups(self) -> Sequence[tuple[Kind, ...]]:
        return GROUPS

    def organisation(self, session: Session, subject: str) -> Organisation:
        self._called(session, "organisation", None, None)
        assert subject == "person-1"
        return self.facts

    def list_page(self, session: Session, kinds: Sequence[Kind], page: str | None, since: str | None) -> ListPage:
        group = tuple(kinds)
        number = int(page or 0)
        if self.before_page:
            self.before_page(group, number)
        self._called(session, group[0].value, page, since)
        pages = self.pages[group] if since is None else [[]]
        following = str(number + 1) if number + 1 < len(pages) else None
        return ListPage(tuple(pages[number]), following, f"cursor-{len(self.calls)}")

    def check(self, item: Item, resolved: Resolved, target: Target) -> list[Problem]:
        return []

    def _called(self, session: Session, what: str, page: str | None, since: str | None) -> None:
        session.permit()
        self.time.pass_by(milliseconds=50)
        self.calls.append((what, page, since))
        fault = self.faults.pop(len(self.calls), None)
        if fault is not None:
            raise fault


@dataclass
class World:
    """Everything a test needs to look at."""

    service: Service
    provider: ScriptedProvider
    time: Time
    connection_id: str
    account_id: str
    tenant: str = "TENANT"

    @property
    def connection(self) -> Connection:
        found = self.service.connections.get(self.tenant, self.account_id, self.connection_id)
        assert found is not None
        return found

    @property
    def account(self) -> Account:
        found = self.service.accounts.get(self.tenant, self.account_id)
        assert found is not None
        return found

    @property
    def deadline(self) -> datetime:
        return self.time.at + timedelta(seconds=300)

    def events(self, kind: str | None = None) -> list[Event]:
        found, _ = self.service.events.page(self.tenant, self.account_id, None, 200)
        return [event for event in found if kind is None or event.kind == kind]

    def messages(self, queue: str = "refresh") -> list[tuple[dict[str, Any], int]]:
        """What was sent to a queue since the last look: bodies, and the delays in seconds."""
        sent = self.sent[queue][:]
        self.sent[queue].clear()
        return sent

    sent: dict[str, list[tuple[dict[str, Any], int]]] = field(default_factory=lambda: {"refresh": [], "publish": []})

    def entry(self, kind: Kind, provider_id: str) -> Entry:
        book = self.connection.book
        found = self.service.lists.entry(book, kind, book.entry_id(kind, provider_id))
        assert found is not None
        return found


def said(kind: Kind, provider_id: str, name: str | None = None, *, active: bool = True, **more: Any) -> Entry:
    """An entry as the provider tells of it."""
    status = EntryStatus.ACTIVE if active else EntryStatus.INACTIVE
    name = name or f"{kind} {provider_id}"
    return Entry(id="", kind=kind, name=name, status=status, provider_id=provider_id, **more)


def contacts(*numbers: int) -> list[Entry]:
    return [said(Kind.SUPPLIERS, f"c{number}") for number in numbers]


def usual_pages() -> dict[tuple[Kind, ...], list[list[Entry]]]:
    return {
        GROUPS[0]: [[said(Kind.CATEGORIES, "k1", code="400"), said(Kind.CATEGORIES, "k2", code="401")]],
        GROUPS[1]: [contacts(1, 2), contacts(3), [said(Kind.CUSTOMERS, "c4")]],
        GROUPS[2]: [[said(Kind.TAX_RATES, "INPUT2", values={"rate": "20"})]],
        GROUPS[3]: [[said(Kind.CURRENCIES, "GBP", code="GBP")]],
    }


@pytest.fixture
def world(aws: None) -> World:
    time, clients = Time(), clients_on(None)
    settings = Settings(
        stage="local",
        tables={name: create_table(clients.dynamodb) for name in TABLES},
        queues={name: f"https://sqs.example/{name}" for name in ("refresh", "publish")},
        texts={"vault_key_arn": vault_key(clients)},
    )
    service = Service(settings, Clock(source=time), clients)
    organisation = Organisation("org-1", "Blue Door Ltd", country="GB", base_currency="GBP")
    provider = ScriptedProvider(usual_pages(), organisation, time)
    service.provider = lambda name: provider  # type: ignore[method-assign,assignment,return-value]
    world = World(service, provider, time, new_id(time.at), new_id(time.at))
    clients.__dict__["sqs"] = Queues(world)
    _connected(world, organisation)
    return world


@dataclass
class Queues:
    """The client of the queues, which only keeps what is sent."""

    world: World

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0, **_: str) -> None:  # noqa: N803
        self.world.sent[QueueUrl.rsplit("/", 1)[-1]].append((json.loads(MessageBody), DelaySeconds))


def _connected(world: World, organisation: Organisation) -> None:
    now = world.time.at
    connect(world, organisation, TokenPair(Secret("access"), Secret("refresh"), now + timedelta(days=400), now))


def connect(world: World, organisation: Organisation, pair: TokenPair) -> None:
    """An account with a connection that was just given its organisation."""
    service, now = world.service, world.time.at
    account = Account(world.account_id, world.tenant, "Blue Door", now)
    service.accounts.create(account, None, Event(new_id(now), account.id, now, "test", "account.created"))
    grant = Grant(
        id=new_id(now),
        tenant=world.tenant,
        account=account.id,
        provider="xero",
        subject="person-1",
        status=GrantStatus.ACTIVE,
        token_version=1,
        access_expires_at=pair.expires_at,
        consented_at=now,
    )
    data_key = service.vault.new_key(world.tenant, grant.id)
    service.grants.create(grant, data_key.seal(pair, 1), data_key.wrapped)
    connection = Connection(
        id=world.connection_id,
        tenant=world.tenant,
        account=account.id,
        provider="xero",
        slot=Slot.MAIN,
        status=ConnectionStatus.IMPORTING,
        created_at=now,
        created_by="test",
        grant=grant.id,
        organisation=organisation,
    )
    service.connections.create(connection, Event(new_id(now), account.id, now, "test", "connection.started"))
    service.organisations.link("xero", organisation.id, world.tenant, account.id, connection.id)
