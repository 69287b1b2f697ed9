"""The front door to a connected account."""

import pytest

from rehearsal.world import World
from tests.integration.rules_13.api import Api


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)
