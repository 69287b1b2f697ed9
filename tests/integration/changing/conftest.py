"""Worlds whose account changes its software: connected to Xero or QuickBooks, with all others at hand."""

from collections.abc import Callable

import pytest

from rehearsal.process import watch_calls
from rehearsal.sandbox_process import SandboxClient
from shared.domain.accounts import Tenant
from tests.integration.changing.driver import HOME, Changing, all_at_hand, with_removal_id
from tests.integration.publishing.conftest import aws, make_world, pretend_credentials

__all__ = ["aws"]

MakeChanging = Callable[[str], Changing]


@pytest.fixture
def changings(
    sandbox_server: SandboxClient, aws: None, dynamodb_endpoint: str | None, monkeypatch: pytest.MonkeyPatch
) -> MakeChanging:
    """Makes a world whenever it is called, connected to the software that is named."""

    def another(provider: str = "xero") -> Changing:
        monkeypatch.undo()
        pretend_credentials(monkeypatch)
        world = make_world(sandbox_server, dynamodb_endpoint, provider)
        watch_calls(world.running, monkeypatch)
        all_at_hand(world)
        with_removal_id(world)
        world.service.tenants.create(Tenant(world.tenant, "Product", (HOME,)))
        return Changing(world)

    return another


@pytest.fixture
def changing(changings: MakeChanging) -> Changing:
    """An account on Xero."""
    return changings("xero")
