"""An expense claim goes by the default of claims, whatever that of items says, and takes its items with it."""

from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.papers import XERO, Papers
from rehearsal.world import World
from shared.domain.approvals import Delivery
from tests.integration.rules_13.api import Api


@pytest.fixture
def world(world_of: Callable[[str], World], request: pytest.FixtureRequest) -> World:
    """An account on Xero with a secondary beside it."""
    return world_of(request.param)


def _defaults(api: Api, items: str, claims: str) -> None:
    wanted = {"publishing_integration": items, "expense_claims_integration": claims}
    api.ok("PATCH", "defaults", wanted, version=api.world.account.version)


def _claim(api: Api, papers: Papers, *items: str) -> dict[str, Any]:
    contact = {"name": papers.supplier}
    body = {"side": "costs", "type": "expense_claim", "currency": papers.currency, "date": "2026-03-31"}
    return api.make({**body, "number": "EXP-1", "contact": contact, "items": list(items)})


def _going_by(api: Api, item: str) -> tuple[str, str]:
    said = api.item(item)["integration"]
    return said["slot"], said["reason"]


@pytest.mark.parametrize("world", ["bill"], indirect=True)
def test_rule_06_a_claim_goes_by_the_default_of_claims(world: World, api: Api) -> None:
    _defaults(api, items="main", claims="main")
    items = [api.make(XERO.bill(type="receipt", due_date=None, paid=True))["id"] for _ in range(2)]
    named = api.make(XERO.bill(type="receipt", due_date=None, paid=True, integration="main"))["id"]
    _defaults(api, items="bill", claims="main")
    assert _going_by(api, items[0]) == ("bill", "default")
    claim = _claim(api, XERO, *items, named)
    assert (claim["integration"]["slot"], claim["integration"]["reason"]) == ("main", "default")
    assert (claim["stage"], claim["reasons"]) == ("ready", [])
    main = next(one["id"] for one in api.ok("GET", "connections")["connections"] if one["slot"] == "main")
    done = api.publish(claim["id"])
    assert (done["stage"], done["published"]["connection"]) == ("published", main)
    inside = [api.item(item)["published"] for item in (*items, named)]
    assert {(one["connection"], one["document_id"]) for one in inside} == {(main, done["published"]["document_id"])}
    assert len(world.ledger().documents) == 0, "nothing went to BILL"


@pytest.mark.parametrize("delivery", list(Delivery))
@pytest.mark.parametrize("world", ["approvalmax"], indirect=True)
def test_rule_06_or_to_a_secondary_where_items_go_to_the_main_one(world: World, api: Api, delivery: Delivery) -> None:
    settings = f"connections/{world.connection_id}/settings"
    api.ok("PATCH", settings, {"delivery": delivery}, version=world.connection.settings.version)
    _defaults(api, items="main", claims="approvalmax")
    paper = {"type": "receipt", "due_date": None, "paid": True, "publish_as": None}
    items = [api.make(world.papers.bill(**paper, integration=named))["id"] for named in (None, "main")]
    assert [_going_by(api, item)[0] for item in items] == ["main", "main"]
    claim = _claim(api, world.papers, *items)
    assert (claim["integration"]["slot"], claim["integration"]["reason"]) == ("approvalmax", "default")
    assert (claim["stage"], claim["reasons"]) == ("ready", [])
    done = api.publish(claim["id"])
    there = done["published"]
    assert (done["stage"], done["integration"]["connection"]) == ("published", world.connection_id)
    if delivery is Delivery.API:
        assert list(world.ledger().documents) == [there["document_id"]]
    else:  # in the books, where ApprovalMax finds what waits for approval
        assert (there["document_type"], there["status"], len(world.ledger().documents)) == ("Invoices", "SUBMITTED", 0)
    assert [api.item(item)["published"]["document_id"] for item in items] == [there["document_id"]] * 2
