"""A world per test, on moto and on the sandbox of this worker."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from rehearsal import dynamodb_local
from rehearsal.process import watch_calls
from rehearsal.sandbox_process import SandboxClient, running_sandbox
from rehearsal.tables import local_client
from shared.aws.clients import Clients
from tests.integration.bill.world import BillWorld, new_world


@pytest.fixture(scope="session")
def bill_sandbox() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        yield client


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


@pytest.fixture(scope="session")
def dynamodb_endpoint() -> Iterator[str | None]:
    """DynamoDB Local where it is there: it is faster than moto for this many rows. None means moto."""
    if dynamodb_local.why_missing():
        yield None
        return
    with dynamodb_local.running() as endpoint:
        yield endpoint


@pytest.fixture
def world(
    bill_sandbox: SandboxClient, aws: None, dynamodb_endpoint: str | None, monkeypatch: pytest.MonkeyPatch
) -> BillWorld:
    """A connected account."""
    bill_sandbox.reset()
    clients = Clients()
    if dynamodb_endpoint is not None:
        clients.__dict__["dynamodb"] = local_client(dynamodb_endpoint)
    made = new_world(bill_sandbox, clients)
    watch_calls(made.running, monkeypatch)
    return made
