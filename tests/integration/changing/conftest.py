"""Worlds whose account changes its software: connected to Xero or QuickBooks, with all others at hand."""

from collections.abc import Callable

import pytest

from rehearsal.world import World
from shared.domain.accounts import Tenant
from tests.integration.changing.driver import HOME, Changing, all_at_hand, with_removal_id

MakeChanging = Callable[[str], Changing]


@pytest.fixture
def changings(world_of: Callable[[str], World], monkeypatch: pytest.MonkeyPatch) -> MakeChanging:
    """Makes a world whenever it is called, connected to the software that is named."""

    def another(provider: str = "xero") -> Changing:
        monkeypatch.undo()
        world = world_of(provider)
        all_at_hand(world)
        with_removal_id(world)
        world.service.tenants.create(Tenant(world.tenant, "Product", (HOME,)))
        return Changing(world)

    return another


@pytest.fixture
def changing(changings: MakeChanging) -> Changing:
    """An account on Xero."""
    return changings("xero")
