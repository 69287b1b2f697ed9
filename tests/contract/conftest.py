from collections.abc import Iterator

import pytest

from rehearsal.sandbox_process import SandboxClient, running_sandbox


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxClient]:
    """A sandbox for contract tests alone: those of whole worlds let days pass in theirs."""
    with running_sandbox() as client:
        yield client


@pytest.fixture
def sandbox(sandbox_server: SandboxClient) -> SandboxClient:
    """The sandbox with fresh books, no tokens, no faults and its clock at factor 1."""
    sandbox_server.reset()
    return sandbox_server
