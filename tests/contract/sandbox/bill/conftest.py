import pytest

from rehearsal.sandbox_process import SandboxClient
from tests.contract.sandbox.bill.kit import Bill


@pytest.fixture
def bill(sandbox: SandboxClient) -> Bill:
    """Maple Street Bakery Inc, logged in to by its sync token."""
    organization = sandbox.read("/bill/organisations")[0]["organisation_id"]
    client = Bill(sandbox, organization)
    assert client.log_in().status_code == 200
    return client
