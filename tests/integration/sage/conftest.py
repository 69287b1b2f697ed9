"""A world per test, on the sandbox and the DynamoDB of this process."""

import pytest

from rehearsal.process import watch_calls
from rehearsal.sandbox_process import SandboxClient
from rehearsal.worlds import clients_on
from tests.integration.sage.world import SageWorld, new_world


@pytest.fixture
def world(
    sandbox_server: SandboxClient, aws: None, world_dynamodb: str | None, monkeypatch: pytest.MonkeyPatch
) -> SageWorld:
    """A connected account."""
    sandbox_server.reset()
    made = new_world(sandbox_server, clients_on(world_dynamodb))
    watch_calls(made.running, monkeypatch)
    return made
