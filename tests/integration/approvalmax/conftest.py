"""A world per test: Xero as the main connection, ApprovalMax beside it, bills going through the books."""

from dataclasses import replace

import pytest

from rehearsal.process import watch_calls
from rehearsal.sandbox_process import SandboxClient
from rehearsal.world import World
from shared.domain.approvals import Delivery
from shared.domain.connections import PublishAs
from tests.integration.publishing.conftest import aws, dynamodb_endpoint, make_world, publishing_sandbox

__all__ = ["aws", "dynamodb_endpoint", "publishing_sandbox"]


@pytest.fixture
def world(
    publishing_sandbox: SandboxClient, aws: None, dynamodb_endpoint: str | None, monkeypatch: pytest.MonkeyPatch
) -> World:
    made = make_world(publishing_sandbox, dynamodb_endpoint, "approvalmax")
    connection = made.connection
    settings = replace(connection.settings, delivery=Delivery.LEDGER, publish_as=PublishAs.AWAITING_APPROVAL)
    made.service.connections.update(replace(connection, settings=settings))
    watch_calls(made.running, monkeypatch)
    return made
