"""The figures of a large organisation: the real connector and the sandbox's Xero, moto's tables between them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rehearsal.sandbox_process import SandboxClient, running_sandbox
from shared.aws.clock import Clock
from shared.domain.ids import new_id
from shared.domain.lists import Kind
from shared.domain.refresh_requests import RefreshRequest
from shared.providers.xero.calls import PROVIDER
from shared.usecases.refresh_lists import Outcome, refresh_lists
from tests.contract.xero.kit import connected
from tests.integration.refresh.conftest import World, connect
from tests.integration.refresh.test_refresh_lists import writes_of

SMALL = {"accounts": 60, "contacts": 2_300, "items": 40}
LARGE = {"accounts": 500, "contacts": 20_000, "items": 5_000}
BIG_FOUR = ("GET /Accounts", "GET /Contacts", "GET /TaxRates", "GET /Items")


@pytest.fixture(scope="module")
def sandbox_server() -> Iterator[SandboxClient]:
    """A sandbox whose clock is everybody's."""
    with running_sandbox() as client:
        yield client


def at_xero(world: World, sandbox: SandboxClient, seed: dict[str, int]) -> None:
    """Put a freshly consented, freshly seeded organisation behind the world's account."""
    sandbox.control("/clock", {"anew": True})
    sandbox.control("/reset", {"seed": seed})
    there = connected(sandbox, pull=False)
    world.time.at = datetime.now(UTC)
    service = world.service
    service.clock = Clock(source=lambda: datetime.fromisoformat(sandbox.read("/clock")["now"]))
    service.settings = replace(service.settings, provider_urls={"xero": sandbox.xero})
    service.provider = lambda name: PROVIDER  # type: ignore[method-assign,assignment,return-value]
    world.account_id, world.connection_id = new_id(world.time.at), new_id(world.time.at + timedelta(seconds=1))
    connect(world, there.organisation, there.told.pair)
    sandbox.control("/counts/clear")


def bring(world: World, **more: Any) -> None:
    """A refresh to its end in one turn; moto, in this very process, takes longer than the table it stands for."""
    now = world.service.clock.now()
    request = RefreshRequest(new_id(now), world.tenant, world.account_id, world.connection_id, "test", now, **more)
    assert refresh_lists(world.service, request, now + timedelta(minutes=20)) is Outcome.DONE


def begin_anew(sandbox: SandboxClient) -> None:
    """A minute later, with its own share of the limit: three refreshes in one come to more than 60 calls."""
    sandbox.control("/clock", {"advance_seconds": 61})
    sandbox.control("/counts/clear")


def calls(sandbox: SandboxClient) -> Counter[str]:
    return Counter(sandbox.read("/counts")["calls"]["xero"])


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(SMALL, id="small"),
        pytest.param(LARGE, id="25,550 records", marks=[pytest.mark.soak, pytest.mark.timeout(900)]),
    ],
)
def test_few_calls_and_no_needless_write(world: World, sandbox_server: SandboxClient, seed: dict[str, int]) -> None:
    at_xero(world, sandbox_server, seed)
    bring(world)
    first = calls(sandbox_server)
    pages = -(-seed["contacts"] // 1000)
    assert first["GET /Contacts"] == pages
    assert sum(first[endpoint] for endpoint in BIG_FOUR) == 1 + pages + 1 + 1
    lists = world.connection.lists
    assert not [health.problem for health in lists.values() if health.problem]
    assert lists[Kind.PRODUCTS].entries == seed["items"]

    begin_anew(sandbox_server)
    rows = writes_of(world)
    bring(world, full=True)
    assert calls(sandbox_server) == first
    assert rows == Counter()

    begin_anew(sandbox_server)
    bring(world)
    assert sum(calls(sandbox_server)[endpoint] for endpoint in BIG_FOUR) == 4
    assert rows == Counter()
