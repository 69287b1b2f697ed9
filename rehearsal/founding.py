"""How a world begins: tables, a consent, an organisation with its lists; its rows are kept as a template for more."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rehearsal.process import Running, watched
from rehearsal.sandbox_process import CLIENT_ID, CLIENT_SECRET, Connected, SandboxClient
from rehearsal.tables import create_table
from rehearsal.world import INVOCATION, LINKED, UNLINKED, Time, World, token_pair
from shared.aws.clients import Clients
from shared.aws.settings import Settings
from shared.domain.accounts import Account, Event
from shared.domain.connections import Connection, ConnectionStatus, Organisation, Slot
from shared.domain.grants import Grant, GrantStatus
from shared.domain.ids import new_id
from shared.domain.lists import EntryStatus, Kind
from shared.domain.refresh_requests import RefreshRequest
from shared.usecases.own_lists import EntryChange, create_entry
from shared.usecases.refresh_lists import Outcome, refresh_lists

TABLES = ("connections", "lists", "items", "vault", "claims", "agenda", "organisations")
ORGANISATION = "Harbour & Finch Ltd"
BANK = "Business Bank Account"


@dataclass
class Template:
    """A finished world's rows, so that the next one need not pull its lists again."""

    tenant: str
    account_id: str
    connection_id: str
    grant_id: str
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def new_world(sandbox: SandboxClient, clients: Clients, template: Template | None = None) -> World:
    """A world of its own in fresh tables: connected, lists pulled, payment methods linked."""
    running = Running()
    time = Time(sandbox)
    settings = _settings(clients, sandbox, time())
    ids = [new_id(time()) for _ in range(4)]
    known = template or Template(ids[0], ids[1], ids[2], ids[3])
    world = World(
        sandbox=sandbox,
        time=time,
        settings=settings,
        clients=clients,
        running=running,
        tenant=known.tenant,
        account_id=known.account_id,
        connection_id=known.connection_id,
        grant_id=known.grant_id,
    )
    watched(clients, running)
    consent(world)
    if template is None:
        connect(world)
        _refresh(world)
        _payment_methods(world)
    else:
        _load(world, template)
    return world


def template_of(world: World) -> Template:
    """The world's rows but for the vault's, which every world has of its own."""
    template = Template(world.tenant, world.account_id, world.connection_id, world.grant_id)
    for name in TABLES:
        pages = world.clients.dynamodb.get_paginator("scan").paginate(TableName=world.settings.table(name))
        template.rows[name] = [] if name == "vault" else [row for page in pages for row in page["Items"]]
    return template


def _load(world: World, template: Template) -> None:
    for name, rows in template.rows.items():
        for start in range(0, len(rows), 25):
            puts: list[Any] = [{"PutRequest": {"Item": row}} for row in rows[start : start + 25]]
            world.clients.dynamodb.batch_write_item(RequestItems={world.settings.table(name): puts})


def _settings(clients: Clients, sandbox: SandboxClient, now: datetime) -> Settings:
    apps = {"xero": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "webhook_key": "hook-key"}}
    secrets = clients.secretsmanager
    bucket, unique = f"documents-{new_id(now).lower()}", new_id(now)
    clients.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return Settings(
        stage="local",
        tables={name: create_table(clients.dynamodb) for name in TABLES},
        queues={"refresh": clients.sqs.create_queue(QueueName=f"refresh-{unique}")["QueueUrl"]},
        texts={
            "vault_key_arn": clients.kms.create_key()["KeyMetadata"]["Arn"],
            "provider_apps_secret": secrets.create_secret(Name=f"apps-{unique}", SecretString=json.dumps(apps))["ARN"],
            "signing_secret": secrets.create_secret(Name=f"signing-{unique}", SecretString="a key for tests alone")[
                "ARN"
            ],
            "documents_bucket": bucket,
        },
        provider_urls={"xero": sandbox.xero},
    )


def consent(world: World) -> None:
    """The organisation's owner gives consent; its grant is stored."""
    connected = world.sandbox.connect()
    world.tenant_id = connected.tenant
    _grant(world, connected)


def _grant(world: World, connected: Connected) -> None:
    now = world.time()
    pair = token_pair(connected, now)
    grant = Grant(
        id=world.grant_id,
        tenant=world.tenant,
        account=world.account_id,
        provider="xero",
        subject="person-1",
        status=GrantStatus.ACTIVE,
        token_version=1,
        access_expires_at=pair.expires_at,
        consented_at=now,
    )
    service = world.service
    data_key = service.vault.new_key(world.tenant, grant.id)
    service.grants.create(grant, data_key.seal(pair, 1), data_key.wrapped)


def connect(world: World) -> None:
    """An account with a connection that was just given the consent's organisation; no list is pulled yet."""
    service, now = world.service, world.time()
    account = Account(world.account_id, world.tenant, "Harbour & Finch", now)
    service.accounts.create(account, None, _event(world, "account.created"))
    offered = [row for row in world.sandbox.read("/xero/organisations") if row["tenant_id"] == world.tenant_id]
    assert [row["name"] for row in offered] == [ORGANISATION]
    connection = Connection(
        id=world.connection_id,
        tenant=world.tenant,
        account=account.id,
        provider="xero",
        slot=Slot.MAIN,
        status=ConnectionStatus.IMPORTING,
        created_at=now,
        created_by="test",
        grant=world.grant_id,
        organisation=Organisation(world.tenant_id, ORGANISATION),
    )
    service.connections.create(connection, _event(world, "connection.started"))
    service.organisations.link("xero", world.tenant_id, world.tenant, account.id, connection.id)


def _event(world: World, kind: str) -> Event:
    now = world.time()
    return Event(new_id(now), world.account_id, now, "test", kind)


def _refresh(world: World) -> None:
    now = world.time()
    request = RefreshRequest(new_id(now), world.tenant, world.account_id, world.connection_id, "connected", now)
    outcome = refresh_lists(world.new_service(), request, now + INVOCATION)
    assert outcome is Outcome.DONE
    assert world.connection.status is ConnectionStatus.ACTIVE


def _payment_methods(world: World) -> None:
    service = world.service
    bank = next(
        entry
        for entry in service.lists.all(world.connection.book, Kind.BANK_ACCOUNTS)
        if entry.name == BANK and entry.status is EntryStatus.ACTIVE
    )
    for name, linked in ((LINKED, bank.id), (UNLINKED, None)):
        wanted = EntryChange(name=name, bank_account=linked)
        create_entry(service, world.account, Kind.PAYMENT_METHODS, new_id(world.time()), wanted)
