"""A new consent for the same organisation leaves rules, settings and codings as they were, and goes on publishing."""

from rehearsal.world import World
from shared.domain.connections import ConnectionStatus
from tests.integration.approvalmax.kit import refresh_messages, work
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.automation import entry_id, method_rule, supplier_rule
from tests.integration.rules_13.coding import read, rule
from tests.integration.rules_13.consenting import agree, kept, returns_home


def _coded(world: World, api: Api) -> list[str]:
    """Rules of every kind, settings that are not the usual ones, and items that each has coded."""
    supplier_rule(api, "no", category={"code": "429"}, tax_rate={"code": "INPUT2"})
    method_rule(api, "never")
    rule(
        api,
        "user",
        "anna",
        payment_method=entry_id(api, "payment_methods", "New card 2222"),
        payment_method_when="if_blank",
    )
    settings = f"connections/{world.connection_id}/settings"
    changes = {"publish_as": "draft", "default_costs_tax_rate": _rate(api), "locked_period": "draft"}
    api.ok("PATCH", settings, changes, version=world.connection.settings.version)
    api.ok("PATCH", "defaults", {"duplicate_mode": "flag"}, version=world.account.version)
    bodies = (
        read(world, owner="anna"),
        world.papers.paid_bill(),
        world.papers.bill(lines=[{"description": "?", "amount": "40.00"}]),
    )
    return [api.make(body)["id"] for body in bodies]


def _rate(api: Api) -> str:
    found = api.ok("GET", "lists/tax_rates", limit="200")["entries"]
    return str(next(one["id"] for one in found if one["code"] == "ZERORATEDINPUT"))


def _lose_access(world: World) -> None:
    """Xero's user takes the consent back, and the connection knows it: what is queued waits."""
    world.withdraw()
    world.service.connections.update(world.connection.moved(ConnectionStatus.EXPIRED))
    world.deliver_due()
    assert len(world.markers()) == 1


def test_rule_02_a_reconnect_to_the_same_organisation_changes_nothing(world: World, api: Api) -> None:
    returns_home(world)
    items = _coded(world, api)
    before = kept(api, *items)
    waiting = api.make(world.papers.bill())["id"]
    api.ok("POST", f"items/{waiting}/publish")
    _lose_access(world)
    offered = agree(api, world.connection_id)
    chosen = {"organisation_id": offered[world.software.organisation]}
    again = api.ok("PUT", f"connections/{world.connection_id}/organisation", chosen)
    assert again["id"] == world.connection_id
    assert kept(api, *items) == before
    for message in refresh_messages(world):
        work(world, message)
    world.settle()
    assert kept(api, *items) == before
    assert (world.connection.status, api.item(waiting)["stage"]) == (ConnectionStatus.ACTIVE, "published")
