"""How a world begins: tables, a consent, an organisation with its lists; its rows are kept as a template for more."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from rehearsal.consent import consented, organisation_id
from rehearsal.emulated_dynamodb import EmulatedDynamoDB, fill, packed
from rehearsal.papers import LINKED, UNLINKED
from rehearsal.process import Running, watched
from rehearsal.sandbox_process import SandboxClient
from rehearsal.software import Software, software
from rehearsal.tables import create_table, rows_of
from rehearsal.world import INVOCATION, Time, World
from shared.aws.clients import Clients
from shared.aws.settings import Settings
from shared.domain.accounts import Account, Event
from shared.domain.connections import Connection, ConnectionStatus, Organisation, Slot
from shared.domain.grants import Grant, GrantStatus
from shared.domain.ids import new_id
from shared.domain.lists import EntryStatus, Kind
from shared.domain.refresh_requests import RefreshRequest
from shared.providers import registry
from shared.usecases.own_lists import EntryChange, create_entry
from shared.usecases.refresh_lists import Outcome, refresh_lists

TABLES = ("connections", "lists", "rules", "items", "vault", "claims", "agenda", "organisations")


@dataclass
class Template:
    """A finished world's rows, so that the next one need not pull its lists again; `main` where it is a secondary's."""

    tenant: str
    account_id: str
    connection_id: str
    grant_id: str
    main: "Party | None" = None
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @cached_property
    def packed(self) -> dict[str, bytes]:
        return {name: packed(rows) for name, rows in self.rows.items()}


@dataclass(frozen=True)
class Party:
    """One connection of the account: to which software, and its ids."""

    software: Software
    connection_id: str
    grant_id: str

    @property
    def slot(self) -> Slot:
        return registry.profile(self.software.name).slots[0]


def new_world(sandbox: SandboxClient, clients: Clients, template: Template | None = None, name: str = "xero") -> World:
    """A world of its own in fresh tables: connected to the named provider, lists pulled, payment methods linked."""
    running = Running()
    time = Time(sandbox)
    chosen = software(name)
    known = template or _new_template(chosen, time)
    parties = [*([known.main] if known.main else []), Party(chosen, known.connection_id, known.grant_id)]
    for party in parties:
        for path, body in party.software.options:
            sandbox.control(f"/{party.software.name}{path}", body)
    world = World(
        sandbox=sandbox,
        time=time,
        settings=settings_for(clients, sandbox, time(), [party.software for party in parties]),
        clients=clients,
        running=running,
        tenant=known.tenant,
        account_id=known.account_id,
        connection_id=known.connection_id,
        grant_id=known.grant_id,
        tenant_id=organisation_id(sandbox, chosen),
        software=chosen,
    )
    watched(clients, running)
    for party in parties:
        consent(world, party)
    if template is None:
        _found(world, parties)
    else:
        load(world, template)
    return world


def _new_template(chosen: Software, time: Time) -> Template:
    main = Party(software(chosen.beside), new_id(time()), new_id(time())) if chosen.beside else None
    return Template(new_id(time()), new_id(time()), new_id(time()), new_id(time()), main)


def template_of(world: World, main: Party | None = None) -> Template:
    """The world's rows but for the vault's, which every world has of its own."""
    template = Template(world.tenant, world.account_id, world.connection_id, world.grant_id, main)
    for name in TABLES:
        if name != "vault":
            template.rows[name] = list(rows_of(world.clients.dynamodb, world.settings.table(name)))
    return template


def main_of(world: World) -> Party | None:
    """The main connection beside which the world's own is a secondary."""
    if world.software.beside is None:
        return None
    found = world.service.connections.of_account(world.tenant, world.account_id)
    main = next(one for one in found if one.slot is Slot.MAIN)
    return Party(software(main.provider), main.id, main.grant or "")


def load(world: World, template: Template) -> None:
    """Put the template's rows into the world's empty tables."""
    if isinstance(world.clients.dynamodb, EmulatedDynamoDB):
        for name, some in template.packed.items():
            fill(world.settings.table(name), some)
        return
    for name, rows in template.rows.items():
        for start in range(0, len(rows), 25):
            puts: list[Any] = [{"PutRequest": {"Item": row}} for row in rows[start : start + 25]]
            world.clients.dynamodb.batch_write_item(RequestItems={world.settings.table(name): puts})


def settings_for(clients: Clients, sandbox: SandboxClient, now: datetime, used: Sequence[Software]) -> Settings:
    """Fresh tables, keys and a bucket, and our apps at the providers used."""
    apps = {
        one.name: {"client_id": one.client_id, "client_secret": one.client_secret, "webhook_key": "hook-key"}
        for one in used
    }
    secrets = clients.secretsmanager
    bucket, unique = f"documents-{new_id(now).lower()}", new_id(now)
    clients.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return Settings(
        stage="local",
        tables={name: create_table(clients.dynamodb) for name in TABLES},
        queues={"refresh": clients.sqs.create_queue(QueueName=f"refresh-{unique}")["QueueUrl"]},
        texts={
            "vault_key_arn": vault_key(clients),
            "provider_apps_secret": secrets.create_secret(Name=f"apps-{unique}", SecretString=json.dumps(apps))["ARN"],
            "signing_secret": secrets.create_secret(Name=f"signing-{unique}", SecretString="a key for tests alone")[
                "ARN"
            ],
            "documents_bucket": bucket,
        },
        provider_urls={one.name: f"{sandbox.base}/{one.name}" for one in used},
    )


def vault_key(clients: Clients) -> str:
    """The one key of this AWS, as on AWS every tenant's vault has the same; moto takes long to make one."""
    found = clients.kms.list_keys()["Keys"]
    return found[0]["KeyArn"] if found else clients.kms.create_key()["KeyMetadata"]["Arn"]


def consent(world: World, party: Party) -> None:
    """The organisation's owner gives consent; its grant is stored."""
    now = world.time()
    told = consented(world.sandbox, party.software, world.time)
    grant = Grant(
        id=party.grant_id,
        tenant=world.tenant,
        account=world.account_id,
        provider=party.software.name,
        subject=told.subject,
        status=GrantStatus.ACTIVE,
        token_version=1,
        access_expires_at=told.pair.expires_at,
        consented_at=now,
        consent_event=told.consent_event,
    )
    service = world.service
    data_key = service.vault.new_key(world.tenant, grant.id)
    service.grants.create(grant, data_key.seal(told.pair, 1), data_key.wrapped)


def _found(world: World, parties: Sequence[Party]) -> None:
    """An account, its connections with their lists, and two payment methods, one of them linked."""
    found_account(world)
    for party in parties:
        main = parties[0].connection_id if party is not parties[0] else None
        connect(world, party, main)
        refresh(world, party.connection_id)
    _payment_methods(world, parties[0])


def found_account(world: World) -> None:
    """The account of a world, without any connection."""
    account = Account(world.account_id, world.tenant, "Harbour & Finch", world.time())
    world.service.accounts.create(account, None, _event(world, "account.created"))


def connect(world: World, party: Party, main: str | None = None) -> None:
    """A connection that was just given the consent's organisation; no list is pulled yet. `main` is beside which."""
    service, now = world.service, world.time()
    organisation = organisation_id(world.sandbox, party.software)
    connection = Connection(
        id=party.connection_id,
        tenant=world.tenant,
        account=world.account_id,
        provider=party.software.name,
        slot=party.slot,
        status=ConnectionStatus.IMPORTING,
        created_at=now,
        created_by="test",
        grant=party.grant_id,
        organisation=Organisation(organisation, party.software.organisation),
        settings=party.software.settings,
    )
    service.connections.create(connection, _event(world, "connection.started"), beside=main)
    service.organisations.link(party.software.name, organisation, world.tenant, world.account_id, connection.id)


def _event(world: World, kind: str) -> Event:
    now = world.time()
    return Event(new_id(now), world.account_id, now, "test", kind)


def refresh(world: World, connection_id: str | None = None, *, full: bool = False) -> None:
    """Bring a connection's lists up to date in one turn; it is active then."""
    now, chosen = world.time(), connection_id or world.connection_id
    request = RefreshRequest(new_id(now), world.tenant, world.account_id, chosen, "connected", now, full=full)
    outcome = refresh_lists(world.new_service(), request, now + INVOCATION)
    assert outcome is Outcome.DONE
    found = world.service.connections.get(world.tenant, world.account_id, chosen)
    assert found is not None
    assert found.status is ConnectionStatus.ACTIVE, found.lists


def _payment_methods(world: World, main: Party) -> None:
    service = world.service
    connection = service.connections.get(world.tenant, world.account_id, main.connection_id)
    assert connection is not None
    bank = next(
        entry
        for entry in service.lists.all(connection.book, Kind.BANK_ACCOUNTS)
        if entry.name == main.software.bank and entry.status is EntryStatus.ACTIVE
    )
    for name, linked in ((LINKED, bank.id), (UNLINKED, None)):
        wanted = EntryChange(name=name, bank_account=linked)
        create_entry(service, world.account, Kind.PAYMENT_METHODS, new_id(world.time()), wanted)
