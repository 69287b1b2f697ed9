"""One deployed stack per test process; tests share it, so each makes accounts and tenants of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.deployment import PROVIDER_APPS
from local.sandbox_client import SandboxControl
from local.stack import Stack
from tests.e2e.tenants import Secrets, World

# The sandbox's clock, ours and the limits between them run this much faster; 6 is the most at which pacing holds.
CLOCK_FACTOR = 6
MANY_CONTACTS = {"contacts": 1_100}  # of the first British organisation: two pages
# Which files share a process, and with it a stack (--dist loadgroup): two shares of about the same length.
FIRST = {"test_consent.py", "test_journey.py", "test_lost_and_doubled.py", "test_no_secrets.py"}
LAST = "test_no_secrets.py"  # it searches what the others of its process left behind
BARE = "test_stack_smoke.py"  # it starts stacks of its own


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Share the tests out, and put the search for secrets behind the others."""
    here = Path(__file__).parent
    mine = [item for item in items if item.path.parent == here]
    for item in mine:
        name = item.path.name
        group = "bare stack" if name == BARE else "stack 1" if name in FIRST else "stack 2"
        item.add_marker(pytest.mark.xdist_group(group))
    last = [item for item in mine if item.path.name == LAST]
    items[:] = [item for item in items if item not in last] + last


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """template.yaml, deployed on an emulator of its own beside a sandbox of its own."""
    with Stack.started(clock_factor=CLOCK_FACTOR) as running:
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


@pytest.fixture(autouse=True)
def _no_faults_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test broke is whole again for the next one."""
    yield
    if "world" in request.fixturenames:
        request.getfixturevalue("world").sandbox.mend()
