"""Worlds to disconnect: an account on Xero, and one with BILL beside it."""

import pytest

from rehearsal.process import watch_calls
from rehearsal.sandbox_process import SandboxClient
from rehearsal.world import World
from tests.integration.publishing.conftest import (
    aws,
    make_world,
    world,
    worlds,
)

__all__ = ["aws", "world", "worlds"]


@pytest.fixture
def with_bill(
    sandbox_server: SandboxClient, aws: None, dynamodb_endpoint: str | None, monkeypatch: pytest.MonkeyPatch
) -> World:
    """`connection` is BILL's, which is in the account's secondary place."""
    made = make_world(sandbox_server, dynamodb_endpoint, "bill")
    watch_calls(made.running, monkeypatch)
    return made
