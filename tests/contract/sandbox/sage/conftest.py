import pytest

from rehearsal.sandbox_process import SandboxClient
from tests.contract.sandbox.sage.sage_client import Connected, SageClient


@pytest.fixture
def sage(sandbox: SandboxClient) -> SageClient:
    """The sandbox's Sage with fresh books, no tokens and no faults."""
    return SageClient(sandbox)


@pytest.fixture
def owner(sage: SageClient) -> Connected:
    """The owner's consent, calls going to the British business."""
    return sage.connect()
