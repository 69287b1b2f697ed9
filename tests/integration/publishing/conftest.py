"""A world per test, on moto and on the sandbox of this worker."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from shared.aws.clients import Clients
from tests.contract.sandbox_process import SandboxClient, running_sandbox
from tests.integration.conftest import local_client
from tests.integration.publishing.process import watch_calls
from tests.integration.publishing.world import World, new_world


@pytest.fixture(scope="session")
def publishing_sandbox() -> Iterator[SandboxClient]:
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


@pytest.fixture
def world(publishing_sandbox: SandboxClient, aws: None, monkeypatch: pytest.MonkeyPatch) -> World:
    """A connected account on moto's tables."""
    return make_world(publishing_sandbox, monkeypatch)


@pytest.fixture
def local_world(
    publishing_sandbox: SandboxClient, aws: None, local_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> World:
    """The same on DynamoDB Local, where units are counted and conditions are DynamoDB's own."""
    return make_world(publishing_sandbox, monkeypatch, local_client(local_endpoint))


def make_world(sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch, dynamodb: Any = None) -> World:
    sandbox.reset()
    sandbox.http.delete(f"{sandbox.base}/__control/faults")
    clients = Clients()
    if dynamodb is not None:
        clients.__dict__["dynamodb"] = dynamodb
    world = new_world(sandbox, clients)
    watch_calls(world.running, monkeypatch)
    return world
