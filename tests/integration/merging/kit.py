"""An account that goes from one software to another, and the merges of its lists, through the front door."""

import json
from dataclasses import replace
from typing import Any

from functions.refresh.worker import serve
from rehearsal.consent import organisation_id
from rehearsal.founding import Party, connect, consent, refresh
from rehearsal.software import software
from rehearsal.tables import rows_of
from rehearsal.world import INVOCATION, World
from shared.domain.ids import new_id
from shared.domain.lists import Entry, Kind
from shared.domain.merges import Merge
from shared.usecases.begin_merge import found_merge
from tests.integration.rules_13.api import Api

LISTS = (
    "categories", "tax_rates", "bank_accounts", "payment_methods", "products", "projects",
    "dimensions", "dimension_values", "suppliers", "customers",
)  # fmt: skip


def move_to(world: World, name: str, *, of: str | None = None) -> None:
    """Disconnect what is connected, and connect other software, whose lists are pulled; `of` another organisation."""
    api = Api(world)
    api.ok("POST", f"connections/{world.connection_id}/disconnect")
    world.settle()
    chosen = software(name)
    if of is not None:
        chosen = replace(chosen, organisation=of)
    known(world, name)
    for path, body in chosen.options:
        world.sandbox.control(f"/{name}{path}", body)
    party = Party(chosen, new_id(world.time()), new_id(world.time()))
    world.software, world.connection_id, world.grant_id = chosen, party.connection_id, party.grant_id
    world.tenant_id = organisation_id(world.sandbox, chosen)
    consent(world, party)
    connect(world, party)
    refresh(world, party.connection_id)


def known(world: World, name: str) -> None:
    """Have an app of ours at a provider, and the provider at an address."""
    chosen, secrets = software(name), world.clients.secretsmanager
    where = world.settings.texts["provider_apps_secret"]
    apps = json.loads(secrets.get_secret_value(SecretId=where)["SecretString"])
    app = {"client_id": chosen.client_id, "client_secret": chosen.client_secret, "webhook_key": "hook-key"}
    secrets.put_secret_value(SecretId=where, SecretString=json.dumps(apps | {name: app}))
    urls = {**world.settings.provider_urls, name: f"{world.sandbox.base}/{name}"}
    world.settings = replace(world.settings, provider_urls=urls)


def work(world: World) -> int:
    """Have the refresh queue's worker and the runs of merges do what waits, and what that brings up.

    Returns the number of messages.
    """
    done, queue = 0, world.settings.queue("refresh")
    world.merges.carry()
    while messages := world.clients.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            body = json.loads(message["Body"])
            now = world.time()
            serve(world.new_service(), body, message_id=message["MessageId"], sent_at=now, deadline=now + INVOCATION)
            world.clients.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            done += 1
        world.merges.carry()
    return done


def begin(api: Api, **body: str) -> str:
    """A merge whose lists are proposed."""
    merge: str = api.ok("POST", "merges", body)["id"]
    work(api.world)
    return merge


def found(world: World, merge: str) -> Merge:
    """A merge's record."""
    return found_merge(world.service, world.account, merge)


def outline(api: Api, merge: str) -> dict[str, dict[str, Any]]:
    """The lists of a merge, by name."""
    return {one["list"]: one for one in api.ok("GET", f"merges/{merge}")["lists"]}


def entries(api: Api, merge: str, which: str) -> dict[str, dict[str, Any]]:
    """Every old entry of a list, by name."""
    every: dict[str, dict[str, Any]] = {}
    query: dict[str, str] = {"limit": "200"}
    while True:
        page = api.ok("GET", f"merges/{merge}/lists/{which}", **query)
        every |= {one["name"]: one for one in page["entries"]}
        if page["next_cursor"] is None:
            return every
        query["cursor"] = page["next_cursor"]


def choose(api: Api, merge: str, which: str, **body: Any) -> dict[str, Any]:
    """Say what becomes of a list."""
    answer: dict[str, Any] = api.ok("PUT", f"merges/{merge}/lists/{which}", body)
    return answer


def decide(api: Api, merge: str, **lists: dict[str, Any]) -> None:
    """Decide every list that is open: as given, else by what is proposed."""
    for which in LISTS:
        work(api.world)
        if which in lists or not outline(api, merge)[which]["decided"]:
            choose(api, merge, which, **lists.get(which, {"rest": "accept"}))
    work(api.world)


def entry(world: World, kind: Kind, name: str) -> Entry:
    """An entry of the current books by its name."""
    return next(one for one in world.service.lists.all(world.connection.book, kind) if one.name == name)


def apply(api: Api, merge: str) -> dict[str, Any]:
    """Apply a merge, and have everything done that follows."""
    api.ok("POST", f"merges/{merge}/apply")
    work(api.world)
    shown: dict[str, Any] = api.ok("GET", f"merges/{merge}")
    assert shown["status"] == "applied"
    return shown


def undo(api: Api, merge: str) -> dict[str, Any]:
    """Undo a merge, and have everything done that follows."""
    shown: dict[str, Any] = api.ok("POST", f"merges/{merge}/undo")
    work(api.world)
    return shown


def onto(api: Api, merge: str, which: str, **pairs: str) -> dict[str, Any]:
    """The body that maps old entries onto new ones of the current books, both by their names (_ for a space)."""
    kind = Kind.DIMENSIONS if which == "dimension_values" else Kind(which)
    olds = entries(api, merge, which)
    named = {old.replace("_", " "): entry(api.world, kind, new).id for old, new in pairs.items()}
    return {"mappings": [{"old": olds[old]["old"], "new": new} for old, new in named.items()], "rest": "accept"}


def stored(world: World, *tables: str) -> dict[str, list[str]]:
    """Every row of these tables, as it lies there."""
    rows = {}
    for name in tables:
        there = rows_of(world.clients.dynamodb, world.settings.table(name))
        rows[name] = sorted(repr(sorted(row.items())) for row in there)
    return rows


def contents(world: World) -> dict[str, list[str]]:
    """Rules, and what items say: what no merge writes. How ready an item is, is a cache."""
    rows = stored(world, "rules", "items")
    rows["items"] = [row for row in rows["items"] if "#I'}" in row]
    assert rows["items"]
    return rows
