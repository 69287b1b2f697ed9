import pytest

from tests.contract.sandbox.approvalmax.kit import ApprovalMax
from tests.contract.sandbox_process import SandboxClient


@pytest.fixture
def approvals(sandbox: SandboxClient) -> ApprovalMax:
    """The account owner's connection to every organisation."""
    return ApprovalMax(sandbox).connect()
