"""The front door's edges on the deployed stack: what the gateway answers itself, versions, and a person's last word."""

from dataclasses import replace

import httpx
import pytest

from shared.domain.errors import Problem
from shared.domain.items import Stage
from shared.storage.items import ItemStore
from shared.storage.table import Table
from tests.e2e.tenants import Customer, World


@pytest.fixture(scope="module")
def customer(world: World) -> Customer:
    return world.tenant().connected()


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [({}, 401, "Unauthorized"), ({"authorization": "Bearer nobody.knows.this"}, 403, "Forbidden")],
)
def test_a_token_that_is_missing_or_refused_is_the_gateways_to_answer(
    world: World, headers: dict[str, str], status: int, message: str
) -> None:
    """As the API's description says: HTTP APIs have no gateway responses of our own."""
    answer = httpx.get(f"{world.stack.api_url}/v1/accounts", headers=headers, timeout=30)
    assert (answer.status_code, answer.json()) == (status, {"message": message})


def test_a_list_entry_is_changed_as_it_was_read(customer: Customer) -> None:
    path = f"/lists/categories/{customer.entry('categories', '493')['id']}"
    read = customer.send("GET", path)
    etag = {"If-Match": read.headers["etag"]}
    assert customer.refused("PATCH", path, {"visible": False}) == (428, "precondition_required")
    assert customer.send("PATCH", path, {"visible": False}, **etag).json()["visible"] is False
    assert customer.refused("PATCH", path, {"visible": True}, **etag) == (412, "precondition_failed")
    assert customer.get(path)["visible"] is False


def forget(customer: Customer, item: str) -> None:
    """Make what became of an item unknown, as after two matches: the item's own record is all that says so."""
    stack = customer.world.stack
    store = ItemStore(Table(stack.client("dynamodb"), stack.outputs["ItemsTableName"]))
    state = store.state(customer.product.id, customer.id, item)
    assert state is not None
    unknown = replace(state, stage=Stage.UNKNOWN, published=None, last_error=Problem("outcome_unknown"))
    store.update_state(customer.product.id, customer.id, unknown)


def test_a_person_says_which_document_an_unknown_item_is(customer: Customer) -> None:
    first, second = (customer.item(number=f"EDGE-{one}")["id"] for one in range(2))
    customer.publish([first, second])
    settled = customer.settled([first, second])
    ours, other = (settled[one]["published"]["document_id"] for one in (first, second))
    before = len(customer.documents())
    forget(customer, first)
    assert customer.refused("POST", f"/items/{first}/publish") == (409, "outcome_unknown")

    customer.post(f"/items/{first}/resolve", {"outcome": "published", "document_id": other})
    refused = customer.await_stage(first, "unknown")
    assert refused["last_error"]["code"] == "document_of_another_item"
    customer.post(f"/items/{first}/resolve", {"outcome": "published", "document_id": ours})
    found = customer.await_stage(first, "published")
    assert found["published"]["document_id"] == ours
    assert len(customer.documents()) == before


def test_a_person_says_that_an_unknown_item_is_not_there(customer: Customer) -> None:
    item = customer.item(number="EDGE-9")["id"]
    forget(customer, item)
    resolved = customer.post(f"/items/{item}/resolve", {"outcome": "absent"})
    assert (resolved["stage"], resolved["generation"]) == ("ready", 2)
    customer.publish([item])
    assert customer.await_stage(item, "published")["published"]
    assert [event["subject"] for event in customer.events("item.resolved")][:1] == [item]
