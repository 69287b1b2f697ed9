"""A connection's default tax rate is for lines of which nobody says anything, before and after the lists are new."""

from rehearsal.founding import refresh
from rehearsal.world import World
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.coding import entry, read, rule


def _default(api: Api, rate: str) -> None:
    version = api.world.connection.settings.version
    path = f"connections/{api.world.connection_id}/settings"
    api.ok("PATCH", path, {"default_costs_tax_rate": rate}, version=version)


def _taxes(api: Api, item: str) -> tuple[str | None, str | None]:
    view = api.item(item)
    return view["lines"][0]["tax_rate"], view["sources"].get("lines[0].tax_rate")


def test_rule_07_the_default_never_replaces_a_rules_or_a_persons_tax(world: World, api: Api) -> None:
    supplier = entry(api, "suppliers", world.papers.supplier)["id"]
    usual, zero, none = (_rate(api, code) for code in ("INPUT2", "ZERORATEDINPUT", "EXEMPTINPUT"))
    _default(api, usual)
    by_nobody = api.make(read(world))["id"]
    rule(api, "supplier", supplier, tax_rate={"code": "ZERORATEDINPUT"}, category={"code": "429"})
    by_rule = api.make(read(world, total="40.00"))["id"]
    line = {"description": "Sundries", "amount": "40.00", "category": {"code": "429"}, "tax_rate": {"id": none}}
    by_hand = api.make(world.papers.bill(total="40.00", lines=[line]))["id"]
    said = {by_nobody: (None, "connection_default"), by_rule: (zero, "supplier_rule"), by_hand: (none, "manual")}
    assert {item: _taxes(api, item) for item in said} == said
    _default(api, none)
    refresh(world, full=True)
    assert {item: _taxes(api, item) for item in said} == said
    assert [api.publish(item)["stage"] for item in (by_rule, by_hand)] == ["published", "published"]
    lines = [document["LineItems"][0]["TaxType"] for document in world.ledger().documents.values()]
    assert sorted(lines) == ["EXEMPTINPUT", "ZERORATEDINPUT"]


def _rate(api: Api, code: str) -> str:
    found = api.ok("GET", "lists/tax_rates", limit="200")["entries"]
    rate: str = next(one["id"] for one in found if one["code"] == code)
    return rate
