import pytest

from rehearsal.sandbox_process import SandboxClient
from tests.contract.sage.kit import World, connected
from tests.contract.sandbox.sage.sage_client import SageClient


@pytest.fixture
def sage(sandbox: SandboxClient) -> SageClient:
    """The sandbox's Sage with fresh books, no tokens and no faults."""
    return SageClient(sandbox)


@pytest.fixture
def world(sage: SageClient) -> World:
    """The owner's British business, connected, its lists pulled."""
    return connected(sage)
