"""An expense claim goes by the default of claims, whatever that of items says, and takes its items with it."""

from typing import Any

import pytest

from rehearsal.papers import XERO, Papers
from rehearsal.process import watch_calls
from rehearsal.sandbox_process import SandboxClient
from rehearsal.world import World
from tests.integration.publishing.conftest import make_world
from tests.integration.rules_13.api import Api


@pytest.fixture
def world(
    publishing_sandbox: SandboxClient, aws: None, dynamodb_endpoint: str | None, monkeypatch: pytest.MonkeyPatch
) -> World:
    """An account on Xero with BILL beside it."""
    made = make_world(publishing_sandbox, dynamodb_endpoint, "bill")
    watch_calls(made.running, monkeypatch)
    return made


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
