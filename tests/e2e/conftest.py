"""One deployed stack per test process; tests share it, so each makes accounts and tenants of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.deployment import PROVIDER_APPS
from local.sandbox_client import SandboxControl
from local.stack import Stack
from tests.e2e.tenants import Secrets, World
from tests.e2e.wire import Wire, on_wires

# The sandbox's clock, ours and the limits between them run this much faster; 6 is the most at which pacing holds.
CLOCK_FACTOR = 6
PATIENT = {"ApiTimeout": "29"}  # seconds: a cold start here shares its processor with other tests
MANY_CONTACTS = {"contacts": 1_100}  # of the first British organisation: two pages
LAST = "test_no_secrets.py"  # it searches what the others of its process left behind


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The search for secrets comes behind the others."""
    last = [item for item in items if item.path == Path(__file__).with_name(LAST)]
    items[:] = [item for item in items if item not in last] + last


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """template.yaml, deployed on an emulator of its own beside a sandbox of its own."""
    with Stack.started(clock_factor=CLOCK_FACTOR, parameters=PATIENT) as running:
        yield running


@pytest.fixture(scope="session")
def world(stack: Stack) -> World:
    """The shared stack as tenants see it."""
    known = Secrets()
    for name in ("client_secret", "webhook_key"):
        known.keep(f"provider app's {name}", PROVIDER_APPS["xero"][name])
    sandbox = SandboxControl(stack.sandbox_url)
    sandbox.tell("/reset", {"seed": MANY_CONTACTS})
    return World(stack, sandbox, known)


@pytest.fixture(scope="module")
def wire(world: World) -> Iterator[Wire]:
    """The publish worker's lines to AWS and to the provider, in a module's hands."""
    with on_wires(world.stack) as wire:
        yield wire


@pytest.fixture(autouse=True)
def _no_faults_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test broke is whole again for the next one."""
    yield
    if "world" in request.fixturenames:
        request.getfixturevalue("world").sandbox.mend()
