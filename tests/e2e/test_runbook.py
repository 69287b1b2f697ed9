"""The procedures of docs/runbook.md on the deployed stack: an operator's commands, and what becomes of the items."""

import json
import re

import httpx
import pytest

from local.api import machine_token
from ops.__main__ import main
from tests.e2e.tenants import ADVISER, Customer, World, wait_for

pytestmark = pytest.mark.soak
AGENDA_LOOKS = 300  # seconds after which the agenda comes back to a held queue: a test must not owe its success to it


def test_held_publishing_and_dead_letters(world: World) -> None:
    customer = world.tenant().connected()
    item = customer.item(number="HELD-1")["id"]
    stack = world.stack
    assert main(["hold", "on"], world.target) == 0
    try:
        customer.publish([item])
        wait_for("the item to be queued", lambda: customer.seen(item)["stage"] == "queued")
        wait_for("the worker to look", lambda: any("wake_ups_while_held" in one for one in worker_log(world)))
        assert customer.seen(item)["stage"] == "queued"
        assert numbered(customer, "HELD-1") == 0
    finally:
        assert main(["hold", "off"], world.target) == 0

    # What five failures in a row leave behind is the wake-up itself.
    wake = {
        "schema": 1,
        "tenant": customer.product.id,
        "account": customer.id,
        "provider": "xero",
        "organisation": customer.organisation_id,
        "hops": 0,
    }
    dead = stack.outputs["PublishDeadLettersUrl"]
    stack.client("sqs").send_message(QueueUrl=dead, MessageBody=json.dumps(wake), MessageGroupId=customer.product.id)
    assert main(["redrive", "publish"], world.target) == 0
    customer.await_stage(item, "published", seconds=AGENDA_LOOKS / 3)
    assert numbered(customer, "HELD-1") == 1


def numbered(customer: Customer, number: str) -> int:
    """How many documents of this number are in the provider's books."""
    return sum(1 for one in customer.documents() if one.get("InvoiceNumber") == number)


def worker_log(world: World) -> list[str]:
    return world.stack.logs("PublishWorkerFunction")


def test_a_provider_that_is_down_and_comes_back(world: World) -> None:
    customer = world.tenant().connected()
    item = customer.item(number="DOWN-1")["id"]
    endpoint = ("PUT", "/Invoices")
    world.sandbox.fault(*endpoint, "status", status=503, times=None)
    world.sandbox.fault("GET", "/Invoices", "status", status=503, times=None)
    try:
        customer.publish([item])
        down = wait_for("the connection to say so", lambda: customer.get(customer.at)["problem"], 90)
        assert down["code"] == "provider_unavailable"
        assert customer.seen(item)["stage"] in {"queued", "publishing", "unknown"}
    finally:
        world.sandbox.mend()
    customer.post(f"{customer.at}/resume")
    customer.await_stage(item, "published", seconds=120)
    assert numbered(customer, "DOWN-1") == 1


def test_access_withdrawn_and_given_again(world: World) -> None:
    product = world.tenant()
    customer = product.connected()
    item = customer.item(number="AGAIN-1")["id"]
    world.sandbox.tell("/xero/revoke", {"user": ADVISER, "organisation": customer.organisation})
    customer.publish([item])
    wait_for("the connection to be out of service", lambda: customer.status() != "active")
    waiting = product.api.call("GET", "/v1/accounts?attention=true")["accounts"]
    assert customer.id in {one["id"] for one in waiting}

    assert customer.reconnect().status_code == 200
    customer.await_lists()
    customer.await_stage(item, "published", seconds=120)
    assert numbered(customer, "AGAIN-1") == 1


def test_a_leaked_machine_client_is_replaced(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tenant", "create", "--name", "Leaky"], world.target) == 0
    old = shown(capsys.readouterr().out)
    assert main(["client", "add", "--tenant", old["tenant"], "--name", "Leaky, next"], world.target) == 0
    new = shown(capsys.readouterr().out)
    for one in (old, new):
        world.secrets.keep("client secret", one["client secret"])
    assert main(["client", "remove", "--tenant", old["tenant"], "--client-id", old["client id"]], world.target) == 0

    token_url = world.stack.outputs["TokenUrl"]
    with pytest.raises(httpx.HTTPStatusError):
        machine_token(token_url, old["client id"], old["client secret"])
    token = machine_token(token_url, new["client id"], new["client secret"])
    world.secrets.keep("access token of a machine", token)
    answer = httpx.get(f"{world.stack.api_url}/v1/tenant", headers={"authorization": f"Bearer {token}"}, timeout=30)
    assert answer.status_code == 200


def shown(printed: str) -> dict[str, str]:
    return dict(re.findall(r"^(tenant|client id|client secret) +(\S+)", printed, re.M))
