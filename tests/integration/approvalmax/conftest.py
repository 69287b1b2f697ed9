"""A world per test: Xero as the main connection, ApprovalMax beside it, bills going through the books."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from rehearsal.world import World
from shared.domain.approvals import Delivery
from shared.domain.connections import PublishAs


@pytest.fixture
def world(world_of: Callable[[str], World]) -> World:
    made = world_of("approvalmax")
    connection = made.connection
    settings = replace(connection.settings, delivery=Delivery.LEDGER, publish_as=PublishAs.AWAITING_APPROVAL)
    made.service.connections.update(replace(connection, settings=settings))
    return made
