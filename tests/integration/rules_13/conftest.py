"""A connected account, and the front door to it."""

import pytest

from rehearsal.world import World
from tests.integration.publishing.conftest import aws, world
from tests.integration.rules_13.api import Api

__all__ = ["aws", "world"]


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)
