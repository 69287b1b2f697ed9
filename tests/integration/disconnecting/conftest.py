"""Worlds to disconnect: an account on Xero, and one with BILL beside it."""

from collections.abc import Callable

import pytest

from rehearsal.world import World


@pytest.fixture
def with_bill(world_of: Callable[[str], World]) -> World:
    """`connection` is BILL's, which is in the account's secondary place."""
    return world_of("bill")
