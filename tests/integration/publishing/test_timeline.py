"""An item's history: when it arrived, which rules coded it, who had it published, and where it went."""

from typing import Any

import pytest

from rehearsal.world import World
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.automation import automation
from tests.integration.rules_13.coding import entry, read, rule


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


def history(api: Api, item: str) -> list[dict[str, Any]]:
    """An item's history, oldest first."""
    lines: list[dict[str, Any]] = api.ok("GET", f"items/{item}/timeline")["lines"]
    return lines[::-1]


def of_supplier(world: World, api: Api) -> dict[str, Any]:
    supplier = entry(api, "suppliers", world.papers.supplier)["id"]
    return rule(api, "supplier", supplier, category={"code": "429"}, tax_rate={"code": "INPUT2"}, auto_publish="no")


def test_it_says_when_it_arrived_who_coded_it_who_published_it_and_where(world: World, api: Api) -> None:
    made = of_supplier(world, api)
    item = api.make(read(world, external_id="paper-1"))["id"]
    api.ok("POST", f"items/{item}/publish")
    queued = history(api, item)[-1]
    assert (queued["what"], queued["actor"]) == ("item.queued", "client-1")
    assert queued["details"]["connection"] == world.connection_id
    world.settle()
    lines = history(api, item)
    assert [line["what"] for line in lines] == ["item.received", "item.coded", "item.auto_publish.no", "item.published"]
    arrived, coded, _, published = lines
    assert arrived["details"] == {"external_id": "paper-1"}
    assert coded["details"]["rules"] == {"supplier_rule": made["id"]}
    assert coded["details"]["fields"] == dict.fromkeys(["lines[0].category", "lines[0].tax_rate"], "supplier_rule")
    (there,) = world.books()["Invoices"]
    assert published["actor"] == "client-1"
    organisation = world.connection.pinned
    said = published["details"]
    assert (said["connection"], said["provider"]) == (world.connection_id, "xero")
    assert (said["organisation"], said["destination"]) == (organisation.name, "purchases")
    assert (said["document_type"], said["document_id"], said["status"]) == (
        "Invoices",
        there["InvoiceID"],
        "AUTHORISED",
    )
    assert there["InvoiceID"] in said["url"]


def test_what_published_itself_and_what_many_were_asked_for_at_once(world: World, api: Api) -> None:
    together = api.make(world.papers.bill())["id"]
    api.ok("POST", "publications", {"items": [together]})
    automation(api, auto_publish=True)
    alone = api.make(world.papers.bill())["id"]
    world.settle()
    actors = {item: history(api, item)[-1] for item in (together, alone)}
    assert {line["what"] for line in actors.values()} == {"item.published"}
    assert (actors[together]["actor"], actors[alone]["actor"]) == ("client-1", "automatic")


def test_a_rule_that_is_applied_later_is_named_too(world: World, api: Api) -> None:
    item = api.make(read(world))["id"]
    made = of_supplier(world, api)
    api.ok("POST", f"rules/{made['id']}/apply", {})
    world.settle()
    coded = history(api, item)[-1]
    assert (coded["what"], coded["actor"]) == ("item.coded", "client-1")
    assert coded["details"]["rules"] == {"supplier_rule": made["id"]}
    assert coded["details"]["fields"] == dict.fromkeys(["lines[0].category", "lines[0].tax_rate"], "supplier_rule")
    version = api.item(item)["version"]
    api.ok("PATCH", f"items/{item}", {"description": "Mine"}, version=version)
    edited = history(api, item)[-1]
    assert edited["details"] == {"fields": ["description"], "rules": {"supplier_rule": made["id"]}}
