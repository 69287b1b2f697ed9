"""A world per test, of the provider that the test is run against: the parameter of `world`."""

from collections.abc import Callable

import pytest

from rehearsal.world import World
from shared.providers import registry

# Tests that name no provider are long ones: Xero stands for the machinery that all share, the others are swept.
EVERY = [name if name == "xero" else pytest.param(name, marks=pytest.mark.sweep) for name in registry.names()]


@pytest.fixture(params=EVERY)
def world(request: pytest.FixtureRequest, world_of: Callable[[str], World]) -> World:
    """An account connected to one provider: every registered one in turn unless the test names some."""
    return world_of(request.param)


@pytest.fixture(params=EVERY)
def worlds(
    request: pytest.FixtureRequest, world_of: Callable[[str], World], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], World]:
    """Makes a world whenever it is called: for tests that run many times and must not learn from each other."""

    def another() -> World:
        monkeypatch.undo()
        return world_of(request.param)

    return another
