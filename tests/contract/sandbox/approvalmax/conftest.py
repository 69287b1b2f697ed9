import pytest

from rehearsal.sandbox_process import SandboxClient
from tests.contract.sandbox.approvalmax.kit import ApprovalMax


@pytest.fixture
def approvals(sandbox: SandboxClient) -> ApprovalMax:
    """The account owner's connection to every organisation."""
    return ApprovalMax(sandbox).connect()
