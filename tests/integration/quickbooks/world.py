"""An account connected to the sandbox's QuickBooks, through the same use cases and with the same hands as Xero's."""

import json
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
from shared.domain.ids import find_marker, marker_for, new_id
from shared.domain.lists import Kind
from shared.domain.refresh_requests import RefreshRequest
from shared.usecases.own_lists import EntryChange, create_entry
from shared.usecases.refresh_lists import Outcome, refresh_lists
from tests.contract.quickbooks.kit import consented
from tests.contract.sandbox.quickbooks import desk

CARD = "Company card"
DOCUMENTS = ("Bill", "VendorCredit", "Purchase", "Invoice", "CreditMemo", "SalesReceipt")


@dataclass
class QuickBooksWorld(World):
    """`tenant_id` is the realm."""

    def wake(self) -> Message:
        message = super().wake()
        message.body["provider"] = "quickbooks"
        return message

    def markers(self) -> list[str]:
        return [m.item for m in self.service.items.pending(self.tenant, "quickbooks", self.tenant_id)]

    def books(self) -> dict[str, Any]:
        found: dict[str, Any] = self.sandbox.read(f"/quickbooks/companies/{self.tenant_id}/books")
        return found

    def calls(self, endpoint: str) -> int:
        return desk.calls(self.sandbox, endpoint)

    def refresh(self, *, full: bool = False) -> None:
        now = self.time()
        request = RefreshRequest(new_id(now), self.tenant, self.account_id, self.connection_id, "asked", now, full=full)
        assert refresh_lists(self.new_service(), request, now + INVOCATION) is Outcome.DONE


_templates: dict[str, Template] = {}


def new_world(sandbox: SandboxClient, clients: Clients, realm: str = desk.GB) -> QuickBooksWorld:
    """A world in fresh tables: connected, lists pulled, payment methods linked. Later ones get the first one's rows."""
    sandbox.control("/quickbooks/limits", {"second": 1000})
    running, time = Running(), Time(sandbox)
    known = _templates.get(sandbox.base) or Template(*[new_id(time()) for _ in range(4)])
    world = QuickBooksWorld(
        sandbox=sandbox,
        time=time,
        settings=_settings(clients, sandbox, time),
        clients=clients,
        running=running,
        tenant=known.tenant,
        account_id=known.account_id,
        connection_id=known.connection_id,
        grant_id=known.grant_id,
        tenant_id=realm,
    )
    watched(clients, running)
    _grant(world)
    if known.rows:
        load(world, known)
        return world
    _connect(world)
    world.refresh()
    assert world.connection.status is ConnectionStatus.ACTIVE
    for name, account in ((LINKED, "Current Account"), (CARD, "Company Credit Card")):
        accounts = world.service.lists.all(world.connection.book, Kind.BANK_ACCOUNTS)
        linked = next(entry.id for entry in accounts if entry.name == account)
        wanted = EntryChange(name=name, bank_account=linked)
        create_entry(world.service, world.account, Kind.PAYMENT_METHODS, new_id(time()), wanted)
    _templates[sandbox.base] = template_of(world)
    return world


def _settings(clients: Clients, sandbox: SandboxClient, time: Time) -> Settings:
    app = {"client_id": desk.CLIENT_ID, "client_secret": desk.CLIENT_SECRET, "webhook_key": "hook-key"}
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
            "provider_apps_secret": secret("apps", json.dumps({"quickbooks": app})),
            "signing_secret": secret("signing", "a key for tests alone"),
            "documents_bucket": bucket,
        },
        provider_urls={"quickbooks": desk.base(sandbox)},
    )


def _grant(world: QuickBooksWorld) -> None:
    service, now = world.service, world.time()
    told = consented(world.sandbox, world.tenant_id)
    grant = Grant(
        id=world.grant_id,
        tenant=world.tenant,
        account=world.account_id,
        provider="quickbooks",
        subject=told.subject,
        status=GrantStatus.ACTIVE,
        token_version=1,
        access_expires_at=told.pair.expires_at,
        consented_at=now,
        consent_event=world.tenant_id,
    )
    key = service.vault.new_key(world.tenant, grant.id)
    service.grants.create(grant, key.seal(told.pair, 1), key.wrapped)


def _connect(world: QuickBooksWorld) -> None:
    service, now = world.service, world.time()
    service.accounts.create(
        Account(world.account_id, world.tenant, "Harbour & Finch", now), None, _event(world, "made")
    )
    connection = Connection(
        id=world.connection_id,
        tenant=world.tenant,
        account=world.account_id,
        provider="quickbooks",
        slot=Slot.MAIN,
        status=ConnectionStatus.IMPORTING,
        created_at=now,
        created_by="test",
        grant=world.grant_id,
        organisation=Organisation(world.tenant_id, ""),
    )
    service.connections.create(connection, _event(world, "started"))
    service.organisations.link("quickbooks", world.tenant_id, world.tenant, world.account_id, connection.id)


def _event(world: QuickBooksWorld, what: str) -> Event:
    now = world.time()
    return Event(new_id(now), world.account_id, now, "test", f"test.{what}")


# --- papers
def line(amount: str = "40.00", **more: Any) -> dict[str, Any]:
    fields = {"description": "Sundries", "category": {"name": "Fuel"}, "tax_rate": {"code": "20.0% S"}}
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
        "contact": {"name": "Northern Fuel"},
        "destination": "purchases",
        "lines": [line()],
        **changes,
    }


def mixed(number: int) -> dict[str, Any]:
    """One of ten kinds of paper in turn, new suppliers among them."""
    sold = {"side": "sales", "contact": {"name": "Riverside Cafe"}, "destination": "sales"}
    sold |= {"lines": [line(category={"name": "Services"}, product={"name": "Consulting"})]}
    paid = {"due_date": None, "payment_method": {"name": LINKED}, "paid": True}
    kinds: tuple[dict[str, Any], ...] = (
        {},
        {"contact": {"name": f"Newcomer {number % 3}"}},
        {"type": "credit_note", "due_date": None},
        {**paid, "type": "receipt", "destination": "bank_accounts"},
        {**paid, "type": "receipt", "destination": "checks"},
        {**paid, "type": "receipt", "destination": "credit_cards", "payment_method": {"name": CARD}},
        sold,
        {**sold, "type": "credit_note", "due_date": None},
        {**sold, **paid, "type": "receipt", "destination": "bank_accounts"},
        {"tax_mode": "inclusive", "lines": [line("48.00", tax_amount="7.99")]},
    )
    return paper(number, **kinds[number % len(kinds)])


# --- what must hold
def problems(world: QuickBooksWorld) -> list[str]:
    """Everything that is wrong, in words; empty when nothing is lost, doubled or left hanging."""
    books = world.books()
    there: dict[str, list[str]] = {}
    for entity in DOCUMENTS:
        for record in books.get(entity, []):
            marker = find_marker((record.get("PrivateNote") or "\n").splitlines()[-1])
            there.setdefault(marker or f"unmarked {record['Id']}", []).append(record["Id"])
    wrong = [f"{key} is no item's" for key in there if key.startswith("unmarked")]
    wrong += [f"{item}: marker left behind" for item in world.markers()]
    wrong += [f"left in the queue: {message}" for message in world.queue + world.dead_letters]
    for item, state in world.states().items():
        ids = there.get(marker_for(world.tenant, item, state.generation), [])
        published = [state.published.document_id] if state.published else []
        if ids != published:
            wrong.append(
                f"{item}: {state.stage} as {published}, {ids} in the books: {state.last_error}, {state.reasons}"
            )
    names = [record["DisplayName"] for record in books["Vendor"]]
    return wrong + [f"vendor {name} twice" for name in set(names) if names.count(name) > 1]


def files(world: QuickBooksWorld) -> dict[str, int]:
    """How many files each document has, by entity and id."""
    counted: dict[str, int] = {}
    for record in world.books()["Attachable"]:
        for reference in record.get("AttachableRef", []):
            entity = reference["EntityRef"]
            key = f"{entity['type']} {entity['value']}"
            counted[key] = counted.get(key, 0) + 1
    return counted


def assert_sound(world: QuickBooksWorld) -> None:
    wrong = problems(world)
    assert not wrong, "\n".join(wrong)
