"""One deployed stack per test process; tests share it, so each makes accounts and tenants of its own."""

from collections.abc import Iterator

import pytest

from local.stack import Stack

# The sandbox's clock, ours and the limits between them run this much faster; 6 is the most at which pacing holds.
CLOCK_FACTOR = 6


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """template.yaml, deployed on an emulator of its own beside a sandbox of its own."""
    with Stack.started(clock_factor=CLOCK_FACTOR) as running:
        yield running
