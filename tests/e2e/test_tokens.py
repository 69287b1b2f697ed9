"""Tokens under the deployed functions: one call whoever asks, and no pair lost on the way."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from local.api import Api
from tests.e2e import broken
from tests.e2e.tenants import ADVISER, Customer, World, wait_for
from tests.e2e.wire import Call, Wire, refusal

pytestmark = pytest.mark.soak
WORKERS: Final = 8  # with a publisher and a refresh, each a process of its own
LOOKING_ON: Final = 6  # callers of the API, the most that the emulator serves at once on two cores
SLOW: Final = 5  # seconds for a look, so that each of them needs a process of its own
SLOWER: Final = 8  # seconds that the token call takes (it may take 10), so that all of them meet it


@pytest.fixture(scope="module")
def customer(world: World) -> Customer:
    return world.tenant("Tokens").connected()


@pytest.fixture(autouse=True)
def _seen_anew(world: World, wire: Wire) -> Iterator[None]:
    wire.begin()
    yield


def token_ends(customer: Customer) -> None:
    """The access token is over at the provider; calls are counted from now on."""
    sandbox = customer.world.sandbox
    assert sandbox.tell("/xero/tokens", {"expire": "access", "user": ADVISER})["expired"] > 0
    sandbox.tell("/counts/clear")


def grants(customer: Customer) -> dict[str, int]:
    """Calls of the token endpoint, by grant type and how they ended."""
    found: dict[str, int] = customer.world.sandbox.read("/counts")["token_grants"].get("xero", {})
    return found


def test_eight_workers_find_the_token_expired_and_make_one_call(customer: Customer) -> None:
    sandbox = customer.world.sandbox
    first, item = (customer.item(number=f"EIGHT-{one}")["id"] for one in range(2))
    customer.post(f"/items/{first}/publish")
    customer.await_stage(first, "published")  # so that the publisher is warm as well

    # Xero takes five calls of an organisation at once: whoever is told so asks again.
    patient = Api(customer.world.stack.api_url, customer.product.token)

    def look(_: int) -> Any:
        offers = patient.call("GET", f"{customer.path}{customer.at}/organisations")["organisations"]
        return [offer["organisation"]["name"] for offer in offers]

    with ThreadPoolExecutor(LOOKING_ON) as pool:
        sandbox.fault("GET", "/connections", "latency", times=LOOKING_ON, seconds=SLOW)
        list(pool.map(look, range(LOOKING_ON)))  # all processes are warm now
        token_ends(customer)
        sandbox.fault("POST", "/connect/token", "latency", seconds=SLOWER)
        customer.post(f"{customer.at}/refresh", {})
        customer.post(f"/items/{item}/publish")
        looks = [pool.submit(look, one) for one in range(LOOKING_ON)]
        assert [look.result() for look in looks] == [[customer.organisation]] * LOOKING_ON
    customer.await_stage(item, "published")
    by_call = sandbox.read("/counts")["by_status"]["xero"]
    assert sum(statuses.get("401", 0) for statuses in by_call.values()) >= WORKERS, by_call
    assert grants(customer) == {"refresh_token 200": 1}


def test_a_lost_answer_to_a_token_call_is_made_good_within_the_grace(customer: Customer) -> None:
    item = customer.item(number="GRACE")["id"]
    token_ends(customer)
    customer.world.sandbox.fault("POST", "/connect/token", "commit_then_drop", times=2)
    customer.post(f"/items/{item}/publish")
    customer.await_stage(item, "published")
    assert customer.world.sandbox.fired() == 2
    assert customer.world.sandbox.calls()["POST /connect/token"] == 3
    assert customer.status() == "active"
    assert customer.events("connection.expired") == []


def test_a_pair_survives_a_failing_kms_and_a_failing_table(customer: Customer, wire: Wire) -> None:
    """From the moment the token call was made KMS answers nothing, and the vault's table only the seventh time."""
    first, second = (customer.item(number=f"KMS-{one}")["id"] for one in range(2))
    vault, made = customer.world.stack.outputs["VaultTableName"], threading.Event()
    refused: list[str] = []

    def kms(call: Call) -> bool:
        return made.is_set() and call.target.startswith("TrentService")

    def write_of_the_vault(call: Call) -> bool:
        return made.is_set() and call.target == "DynamoDB UpdateItem" and vault in call.body

    def fail(call: Call) -> Any:
        refused.append(call.target)
        return refusal(500, "InternalServerError")

    wire.after(lambda call: call.target == "POST /connect/token", lambda _: made.set())
    wire.before(kms, fail, times=None)
    wire.before(write_of_the_vault, fail, times=6)
    token_ends(customer)
    customer.post(f"/items/{first}/publish")
    wait_for("the pair to be stored at last", lambda: refused.count("DynamoDB UpdateItem") == 6)
    customer.await_stage(first, "published")

    wait_for("the worker to end", lambda: broken.queue_depth(customer.world.stack, "PublishQueueUrl") == 0)
    wire.begin()
    broken.renew_processes(customer.world.stack)  # another process knows only what was written down
    customer.post(f"/items/{second}/publish")
    customer.await_stage(second, "published")
    assert any(call.target == "TrentService Decrypt" and call.status == 200 for call in wire.calls)
    assert grants(customer) == {"refresh_token 200": 1}
