"""An account connected to the sandbox's Sage, through the same use cases and with the same hands as Xero's."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from rehearsal.founding import TABLES, Template, load, template_of
from rehearsal.papers import LINKED
from rehearsal.process import Running, watched
from rehearsal.sandbox_process import SandboxClient
from rehearsal.tables import create_table
from rehearsal.world import INVOCATION, Message, Time, World
from shared.aws.clients import Clients
from shared.aws.settings import Settings
from shared.domain.accounts import Account, Event
from shared.domain.connections import Connection, ConnectionStatus, Organisation, Slot
from shared.domain.grants import Grant, GrantStatus
from shared.domain.ids import marker_for, new_id
from shared.domain.lists import Kind
from shared.domain.refresh_requests import RefreshRequest
from shared.usecases.own_lists import EntryChange, create_entry
from shared.usecases.refresh_lists import Outcome, refresh_lists
from tests.contract.sage.kit import consented
from tests.contract.sandbox.sage.sage_client import CLIENT, GB, SageClient

DOCUMENTS = (
    "purchase_invoices",
    "purchase_credit_notes",
    "purchase_quick_entries",
    "sales_invoices",
    "sales_credit_notes",
    "sales_quick_entries",
    "other_payments",
)
UNLINKED = "Card without an account"


@dataclass
class SageWorld(World):
    """`tenant_id` is the business."""

    @property
    def sage(self) -> SageClient:
        return SageClient(self.sandbox)

    def wake(self) -> Message:
        message = super().wake()
        message.body["provider"] = "sage"
        return message

    def markers(self) -> list[str]:
        return [m.item for m in self.service.items.pending(self.tenant, "sage", self.tenant_id)]

    def books(self) -> dict[str, Any]:
        found: dict[str, Any] = self.sage.books()
        return found

    def calls(self, endpoint: str) -> int:
        return self.sage.calls(endpoint)

    def made(self) -> Counter[str]:
        """Creating and attaching calls so far, tokens and looks apart."""
        every: dict[str, int] = self.sandbox.read("/counts")["calls"]["sage"]
        apart = {"POST /token", "POST /oauth2/auth/central", "POST /oauth2/auth/consent"}
        return Counter({name: times for name, times in every.items() if name.startswith("POST") and name not in apart})

    def refresh(self, *, full: bool = False) -> None:
        now = self.time()
        request = RefreshRequest(new_id(now), self.tenant, self.account_id, self.connection_id, "asked", now, full=full)
        assert refresh_lists(self.new_service(), request, now + INVOCATION) is Outcome.DONE


_templates: dict[str, Template] = {}


def new_world(sandbox: SandboxClient, clients: Clients) -> SageWorld:
    """A world in fresh tables: connected, lists pulled, payment methods linked. Later ones get the first one's rows."""
    running, time = Running(), Time(sandbox)
    known = _templates.get(sandbox.base) or Template(new_id(time()), new_id(time()), new_id(time()), new_id(time()))
    business = next(one["business_id"] for one in SageClient(sandbox).read("/businesses") if one["name"] == GB)
    world = SageWorld(
        sandbox=sandbox,
        time=time,
        settings=_settings(clients, sandbox, time),
        clients=clients,
        running=running,
        tenant=known.tenant,
        account_id=known.account_id,
        connection_id=known.connection_id,
        grant_id=known.grant_id,
        tenant_id=business,
    )
    watched(clients, running)
    grant(world)
    if known.rows:
        load(world, known)
        return world
    connect(world, world.account_id, world.connection_id)
    world.refresh()
    assert world.connection.status is ConnectionStatus.ACTIVE
    accounts = world.service.lists.all(world.connection.book, Kind.BANK_ACCOUNTS)
    current = next(entry.id for entry in accounts if entry.code == "1200")
    for name, linked in ((LINKED, current), (UNLINKED, None)):
        wanted = EntryChange(name=name, bank_account=linked)
        create_entry(world.service, world.account, Kind.PAYMENT_METHODS, new_id(time()), wanted)
    _templates[sandbox.base] = template_of(world)
    return world


def _settings(clients: Clients, sandbox: SandboxClient, time: Time) -> Settings:
    unique = new_id(time())
    bucket = f"documents-{unique.lower()}"
    clients.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def secret(name: str, text: str) -> str:
        made: str = clients.secretsmanager.create_secret(Name=f"{name}-{unique}", SecretString=text)["ARN"]
        return made

    return Settings(
        stage="local",
        tables={name: create_table(clients.dynamodb) for name in TABLES},
        queues={"refresh": clients.sqs.create_queue(QueueName=f"refresh-{unique}")["QueueUrl"]},
        texts={
            "vault_key_arn": clients.kms.create_key()["KeyMetadata"]["Arn"],
            "provider_apps_secret": secret("apps", json.dumps({"sage": CLIENT})),
            "signing_secret": secret("signing", "a key for tests alone"),
            "documents_bucket": bucket,
        },
        provider_urls={"sage": f"{sandbox.base}/sage"},
    )


def grant(world: SageWorld) -> None:
    """The owner gives consent; the grant is stored."""
    service, now = world.service, world.time()
    told = consented(world.sage)
    granted = Grant(
        id=world.grant_id,
        tenant=world.tenant,
        account=world.account_id,
        provider="sage",
        subject=told.subject,
        status=GrantStatus.ACTIVE,
        token_version=1,
        access_expires_at=now + (told.pair.expires_at - told.pair.received_at),
        consented_at=now,
    )
    key = service.vault.new_key(world.tenant, granted.id)
    service.grants.create(granted, key.seal(told.pair, 1), key.wrapped)


def connect(world: SageWorld, account: str, connection: str) -> None:
    """An account with a connection to the world's business by the world's grant."""
    service, now = world.service, world.time()
    service.accounts.create(Account(account, world.tenant, "Harbour & Finch", now), None, _event(world, account))
    made = Connection(
        id=connection,
        tenant=world.tenant,
        account=account,
        provider="sage",
        slot=Slot.MAIN,
        status=ConnectionStatus.IMPORTING,
        created_at=now,
        created_by="test",
        grant=world.grant_id,
        organisation=Organisation(world.tenant_id, ""),
    )
    service.connections.create(made, _event(world, account))
    service.organisations.link("sage", world.tenant_id, world.tenant, account, connection)


def _event(world: SageWorld, account: str) -> Event:
    now = world.time()
    return Event(new_id(now), account, now, "test", "test.made")


# --- papers
def line(amount: str = "40.00", category: str = "7520", **more: Any) -> dict[str, Any]:
    fields = {"description": "Sundries", "category": {"code": category}, "tax_rate": {"code": "GB_STANDARD"}}
    return {**fields, "amount": amount, **more}


def paper(number: int, **changes: Any) -> dict[str, Any]:
    """A bill of 48.00 from a supplier that the books know."""
    return {
        "side": "costs",
        "type": "invoice",
        "currency": "GBP",
        "tax_mode": "exclusive",
        "total": "48.00",
        "date": "2026-03-11",
        "due_date": "2026-04-10",
        "number": f"B-{number}",
        "contact": {"name": "Northgate Stationers"},
        "destination": "purchases",
        "publish_as": "awaiting_payment",
        "lines": [line()],
        **changes,
    }


PAID: dict[str, Any] = {"paid": True, "paid_on": "2026-03-12", "payment_method": {"name": LINKED}, "publish_as": "paid"}


def mixed(number: int) -> dict[str, Any]:
    """One of twelve kinds of paper in turn, new suppliers among them."""
    sold: dict[str, Any] = {"side": "sales", "contact": {"name": "Ridgeway University"}, "destination": "sales"}
    sold |= {"lines": [line(category="4000")]}
    money: dict[str, Any] = {"destination": "bank_accounts", "type": "receipt", "due_date": None, "publish_as": None}
    money |= {"paid": True, "payment_method": {"name": LINKED}}
    quick: dict[str, Any] = {"destination": "quick_entries"}
    credit: dict[str, Any] = {"type": "credit_note", "due_date": None}
    kinds: tuple[dict[str, Any], ...] = (
        {},
        {"contact": {"name": f"Newcomer {number % 5}"}},
        credit,
        money,
        PAID,
        quick,
        sold,
        {**sold, **credit},
        {**sold, **money},
        {**sold, **quick, **PAID},
        {"tax_mode": "inclusive", "lines": [line("48.00")]},
        {"publish_as": "draft"},
    )
    return paper(number, **kinds[number % len(kinds)])


# --- what must hold
def problems(world: SageWorld) -> list[str]:
    """Everything that is wrong, in words; empty when nothing is lost, doubled or left hanging."""
    books = world.books()
    there: dict[str, list[str]] = {}
    for resource in DOCUMENTS:
        for record in books[resource]:
            there.setdefault(str(record["reference"]), []).append(record["id"])
    wrong = [f"{item}: marker left behind" for item in world.markers()]
    wrong += [f"left in the queue: {message}" for message in world.queue + world.dead_letters]
    for item, state in world.states().items():
        ids = there.get(marker_for(world.tenant, item, state.generation), [])
        published = [state.published.document_id] if state.published else []
        if ids != published:
            wrong.append(f"{item}: {state.stage} as {published}, {ids} there: {state.last_error}, {state.reasons}")
    names = Counter(
        (record["name"], kind["id"]) for record in books["contacts"] for kind in record.get("contact_types", [])
    )
    return wrong + [f"contact {name} twice" for name, times in names.items() if times > 1]


def files(world: SageWorld) -> Counter[str]:
    """How many files each document has, by id."""
    return Counter(record["attachment_context"]["id"] for record in world.books()["attachments"])


def assert_sound(world: SageWorld) -> None:
    wrong = problems(world)
    assert not wrong, "\n".join(wrong)
