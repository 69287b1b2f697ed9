import pytest

from rehearsal.sandbox_process import SandboxClient


@pytest.fixture
def sandbox(sandbox_server: SandboxClient) -> SandboxClient:
    """The sandbox with fresh books, no tokens, no faults and its clock at factor 1."""
    sandbox_server.reset()
    return sandbox_server
