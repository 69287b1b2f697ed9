"""An account that was on Xero and went to QuickBooks, with rules and items of the time before; not merged yet."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from rehearsal.founding import Template, new_world, template_of
from rehearsal.process import watch_calls
from rehearsal.sandbox_process import SandboxClient
from rehearsal.world import World
from rehearsal.worlds import clients_on, make_world
from tests.integration.merging.kit import move_to, work
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.automation import entry_id, rule

RULED = {"Severn Power": "429", "Tidewater Fuel": "449"}  # suppliers and the category of the rule of each


@dataclass(frozen=True)
class Before:
    """What was made before the move: items by what they are."""

    template: Template
    items: dict[str, str]


_before: dict[str, Before] = {}


def items_before(api: Api) -> dict[str, str]:
    """Rules of two suppliers, and items coded with Xero's lists."""
    for supplier, category in RULED.items():
        rule(api, "supplier", entry_id(api, "suppliers", supplier), category={"code": category})
    papers = api.world.papers
    tracked = papers.line(tracking=[{"dimension": "Department", "name": "Retail"}])
    bodies = {
        "plain": papers.bill(),
        "other": papers.bill(contact={"name": "Tidewater Fuel"}),
        "tracked": papers.bill(lines=[tracked]),
        "bank": papers.spend_money(),
        "sale": papers.sales_invoice(),
    }
    return {name: api.make(body)["id"] for name, body in bodies.items()}


@pytest.fixture
def moved(
    sandbox_server: SandboxClient, aws: None, dynamodb_endpoint: str | None, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], World]:
    """The account on QuickBooks, in fresh tables whenever it is called; the items of before are in `world.items`."""

    def another() -> World:
        if sandbox_server.base not in _before:
            made = make_world(sandbox_server, dynamodb_endpoint)
            items = items_before(Api(made))
            move_to(made, "quickbooks")
            work(made)
            _before[sandbox_server.base] = Before(template_of(made), items)
        before = _before[sandbox_server.base]
        sandbox_server.reset()
        made = new_world(sandbox_server, clients_on(dynamodb_endpoint), before.template, "quickbooks")
        made.items.update({name: {"id": item} for name, item in before.items.items()})
        watch_calls(made.running, monkeypatch)
        return made

    return another


@pytest.fixture
def quickbooks(moved: Callable[[], World]) -> World:
    return moved()


@pytest.fixture
def api(quickbooks: World) -> Api:
    return Api(quickbooks)


@pytest.fixture
def with_bill(
    sandbox_server: SandboxClient, aws: None, dynamodb_endpoint: str | None, monkeypatch: pytest.MonkeyPatch
) -> World:
    """An account on Xero with BILL beside it; `connection` is BILL's."""
    made = make_world(sandbox_server, dynamodb_endpoint, "bill")
    watch_calls(made.running, monkeypatch)
    return made
