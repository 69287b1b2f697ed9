"""A world per test, on the sandbox and the DynamoDB of this process."""

import pytest

from rehearsal.process import watch_calls
from rehearsal.sandbox_process import SandboxClient
from tests.integration.bill.world import BillWorld, new_world


@pytest.fixture
def world(
    sandbox_server: SandboxClient, aws: None, world_dynamodb: str | None, monkeypatch: pytest.MonkeyPatch
) -> BillWorld:
    """A connected account."""
    made = new_world(sandbox_server, world_dynamodb)
    watch_calls(made.running, monkeypatch)
    return made
