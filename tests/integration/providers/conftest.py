"""A world per test, of the provider that the test is run against: the parameter of `world`."""

from collections.abc import Callable

import pytest

from rehearsal.process import watch_calls
from rehearsal.sandbox_process import SandboxClient
from rehearsal.world import World
from shared.providers import registry
from tests.integration.publishing.conftest import (
    aws,
    make_world,
    pretend_credentials,
)

__all__ = ["aws"]

# Tests that name no provider are long ones: Xero stands for the machinery that all share, the others are swept.
EVERY = [name if name == "xero" else pytest.param(name, marks=pytest.mark.sweep) for name in registry.names()]


@pytest.fixture(params=EVERY)
def world(
    request: pytest.FixtureRequest,
    sandbox_server: SandboxClient,
    aws: None,
    dynamodb_endpoint: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """An account connected to one provider: every registered one in turn unless the test names some."""
    made = make_world(sandbox_server, dynamodb_endpoint, request.param)
    watch_calls(made.running, monkeypatch)
    return made


@pytest.fixture(params=EVERY)
def worlds(
    request: pytest.FixtureRequest,
    sandbox_server: SandboxClient,
    aws: None,
    dynamodb_endpoint: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], World]:
    """Makes a world whenever it is called: for tests that run many times and must not learn from each other."""

    def another() -> World:
        monkeypatch.undo()
        pretend_credentials(monkeypatch)
        made = make_world(sandbox_server, dynamodb_endpoint, request.param)
        watch_calls(made.running, monkeypatch)
        return made

    return another
