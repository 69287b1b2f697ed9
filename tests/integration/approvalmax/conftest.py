"""A world per test: Xero as the main connection, ApprovalMax beside it, bills going through the books."""

from dataclasses import replace

import pytest

from rehearsal.process import watch_calls
from rehearsal.sandbox_process import SandboxClient
from rehearsal.world import World
from shared.domain.approvals import Delivery
from shared.domain.connections import PublishAs
from tests.integration.publishing.conftest import aws, make_world

__all__ = ["aws"]


@pytest.fixture
def world(
    sandbox_server: SandboxClient, aws: None, dynamodb_endpoint: str | None, monkeypatch: pytest.MonkeyPatch
) -> World:
    made = make_world(sandbox_server, dynamodb_endpoint, "approvalmax")
    connection = made.connection
    settings = replace(connection.settings, delivery=Delivery.LEDGER, publish_as=PublishAs.AWAITING_APPROVAL)
    made.service.connections.update(replace(connection, settings=settings))
    watch_calls(made.running, monkeypatch)
    return made
