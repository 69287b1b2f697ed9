"""One tenant sees nothing of another's connection, maps nothing to its lists and publishes nothing through it."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from rehearsal.founding import Party, connect, consent, refresh
from rehearsal.papers import LINKED
from rehearsal.world import World
from shared.domain.ids import new_id
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.automation import entry_id, supplier_rule

ELSEWHERE = "Maple Street Bakery Inc"


@dataclass(frozen=True)
class Theirs:
    """Ids of one of each thing in somebody's account, or of nothing at all."""

    account: str
    connection: str
    item: str
    rule: str
    publication: str
    supplier: str
    second: str
    category: str
    tax_rate: str
    bank: str
    method: str


@pytest.fixture
def theirs(world: World, api: Api) -> Theirs:
    item = api.make(world.papers.bill())["id"]
    done = api.ok("POST", "publications", {"items": [api.make(world.papers.bill())["id"]]})["publication"]["id"]
    world.settle()
    rates = api.ok("GET", "lists/tax_rates", limit="200")["entries"]
    codes = api.ok("GET", "lists/categories", q="429")["entries"]
    return Theirs(
        account=world.account_id,
        connection=world.connection_id,
        item=item,
        rule=supplier_rule(api, "yes")["id"],
        publication=done,
        supplier=entry_id(api, "suppliers", world.papers.supplier),
        second=entry_id(api, "suppliers", "Redhill Cleaning"),
        category=next(one["id"] for one in codes if one["code"] == "429"),
        tax_rate=next(one["id"] for one in rates if one["code"] == "INPUT2"),
        bank=entry_id(api, "bank_accounts", world.software.bank),
        method=entry_id(api, "payment_methods", LINKED),
    )


@pytest.fixture
def nobodys(world: World) -> Theirs:
    return Theirs(**{name: new_id(world.time()) for name in Theirs.__dataclass_fields__})


@pytest.fixture
def stranger(world: World) -> Api:
    """Another tenant in the same tables, with an account that is connected to an organisation of its own."""
    tenant, connection, grant = (new_id(world.time()) for _ in range(3))
    software = replace(world.software, organisation=ELSEWHERE)
    rows = world.sandbox.read("/xero/organisations")
    there = next(row["tenant_id"] for row in rows if row["name"] == ELSEWHERE)
    own = replace(
        world, tenant=tenant, connection_id=connection, grant_id=grant, software=software, tenant_id=there, queue=[]
    )
    own.account_id = Api(own).ok("POST", "/v1/accounts", {"name": "Mine"})["id"]
    party = Party(software, connection, grant)
    consent(own, party)
    connect(own, party)
    refresh(own)
    return Api(own)


def seeing(one: Theirs, account: str) -> list[tuple[str, str, Any]]:
    """Every way to look at, or lay hands on, a thing by its id."""
    base, link = f"/v1/accounts/{account}", f"/v1/accounts/{account}/connections/{one.connection}"
    reads = (
        *(f"{link}{end}" for end in ("", "/settings", "/checklist", "/organisations")),
        f"{base}/lists?connection={one.connection}",
        *(
            f"{base}/lists/{kind}/{entry}"
            for kind, entry in (("suppliers", one.supplier), ("categories", one.category))
        ),
        *(f"{base}/items/{one.item}{end}" for end in ("", "/preview", "/timeline")),
        f"{base}/rules/{one.rule}",
        f"{base}/publications/{one.publication}",
    )
    acts = (
        *((f"{link}/{act}", None) for act in ("pause", "resume", "disconnect")),
        (f"{link}/refresh", {}),
        (f"{link}/reconnect", {"return_url": "https://app.example"}),
        (f"{base}/lists/suppliers/reload", {"connection": one.connection}),
        (f"{base}/items/{one.item}/publish", None),
        (f"{base}/items/{one.item}/unarchive", {"mode": "clear"}),
        (f"{base}/rules/{one.rule}/apply", {"dry_run": True}),
    )
    return [*(("GET", path, None) for path in reads), *(("POST", path, body) for path, body in acts)]


def answer(api: Api, method: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
    path, _, query = path.partition("?")
    asked = dict([query.split("=")]) if query else {}
    return api.call(method, path, body, **asked)


def test_rule_26_nothing_of_another_tenant_is_seen(api: Api, stranger: Api, theirs: Theirs, nobodys: Theirs) -> None:
    looks = [one for one in seeing(theirs, theirs.account) if one[0] == "GET"]
    assert {answer(api, *one)[0] for one in looks} == {200}, "there is something to see"
    for account, unknown in ((theirs.account, nobodys.account), (stranger.world.account_id,) * 2):
        for one, like in zip(seeing(theirs, account), seeing(nobodys, unknown), strict=True):
            status, said = answer(stranger, *one)
            assert status == 404, (one, said)
            assert (status, said) == answer(stranger, *like), one


def mapping(own: World, one: Theirs) -> list[tuple[str, str, Any]]:
    """Every way to have an id of somebody else's list stand in one's own account."""
    line = {"description": "Sundries", "amount": "40.00"}
    item = {"side": "costs", "type": "invoice", "currency": "USD", "tax_mode": "exclusive", "total": "40.00"}
    coded = [
        {"contact": {"id": one.supplier}, "lines": [line]},
        {"lines": [{**line, "category": {"id": one.category}}]},
        {"lines": [{**line, "tax_rate": {"id": one.tax_rate}}]},
        {"payment_method": {"id": one.method}, "lines": [line]},
    ]
    return [
        *(("POST", "items", {**item, **coding}) for coding in coded),
        ("POST", "rules", {"kind": "supplier", "subject": one.second, "description": "Mine"}),
        ("POST", "rules", {"kind": "user", "subject": "anna", "payment_method": one.method}),
        ("POST", "lists/payment_methods", {"name": "Their card", "bank_account": one.bank}),
        ("PATCH", f"connections/{own.connection_id}/settings", {"default_costs_tax_rate": one.tax_rate}),
        ("POST", "lists/suppliers/merge", {"survivor": one.supplier, "merged": [one.second]}),
    ]


def test_rule_26_nothing_is_mapped_to_another_tenants_lists(
    world: World, api: Api, stranger: Api, theirs: Theirs, nobodys: Theirs
) -> None:
    own = stranger.world
    for one, like in zip(mapping(own, theirs), mapping(own, nobodys), strict=True):
        version = own.connection.settings.version if one[0] == "PATCH" else None
        status, said = stranger.call(*one, version=version)
        assert status in {404, 409, 422}, (one, said)
        other, alike = stranger.call(*like, version=version)
        assert (other, alike["code"], alike.get("field")) == (status, said["code"], said.get("field")), one
    assert stranger.ok("GET", "items")["items"] == []
    assert stranger.ok("GET", "rules")["rules"] == []
    for one in mapping(world, theirs):  # whose they are may
        api.ok(*one, version=world.connection.settings.version if one[0] == "PATCH" else None)


def test_rule_26_nothing_is_published_through_another_tenants_connection(
    world: World, api: Api, stranger: Api, theirs: Theirs, nobodys: Theirs
) -> None:
    documents = len(world.ledger().documents)
    before = api.item(theirs.item)
    own = stranger.make(
        stranger.world.papers.bill(
            currency="USD", contact={"name": "Anybody"}, lines=[{"description": "x", "amount": "48.00"}]
        )
    )
    assert own["integration"]["connection"] == stranger.world.connection_id
    asked = stranger.ok("POST", "publications", {"items": [theirs.item, nobodys.item]})["publication"]["id"]
    stranger.world.settle()
    refused = stranger.ok("GET", f"publications/{asked}")["refused"]
    said = {one["item"]: one["problem"] for one in refused}
    assert {one["code"] for one in said.values()} == {"not_found"}
    assert said.keys() == {theirs.item, nobodys.item}
    for path in (f"items/{theirs.item}/publish", f"/v1/accounts/{theirs.account}/items/{theirs.item}/publish"):
        assert stranger.call("POST", path)[0] == 404
    assert (world.queue, stranger.world.queue) == ([], [])
    world.settle()
    assert api.item(theirs.item) == before
    assert len(world.ledger().documents) == documents
