"""A world per test, on moto and on the sandbox of this worker."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto import mock_aws

from rehearsal.founding import Template, main_of, new_world, template_of
from rehearsal.process import watch_calls
from rehearsal.sandbox_process import SandboxClient
from rehearsal.tables import local_client
from rehearsal.world import World
from shared.aws.clients import Clients


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    pretend_credentials(monkeypatch)
    with mock_aws():
        yield


def pretend_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.fixture
def world(
    sandbox_server: SandboxClient, aws: None, dynamodb_endpoint: str | None, monkeypatch: pytest.MonkeyPatch
) -> World:
    """A connected account."""
    made = make_world(sandbox_server, dynamodb_endpoint)
    watch_calls(made.running, monkeypatch)
    return made


@pytest.fixture
def worlds(
    sandbox_server: SandboxClient, aws: None, dynamodb_endpoint: str | None, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], World]:
    """Makes a world whenever it is called: for tests that run many times and must not learn from each other."""

    def another() -> World:
        monkeypatch.undo()
        pretend_credentials(monkeypatch)
        made = make_world(sandbox_server, dynamodb_endpoint)
        watch_calls(made.running, monkeypatch)
        return made

    return another


_templates: dict[tuple[str, str], Template] = {}
_made: dict[str | None, dict[str, Any]] = {}


def clients_on(endpoint: str | None) -> Clients:
    """The clients of a world; making them takes longer than most of what a test does, so a process makes them once."""
    clients = Clients()
    if endpoint not in _made:
        if endpoint is not None:
            clients.__dict__["dynamodb"] = local_client(endpoint)
        services = ("dynamodb", "sqs", "s3", "kms", "secretsmanager")
        _made[endpoint] = {name: getattr(clients, name) for name in services}
    clients.__dict__.update(_made[endpoint])
    return clients


def make_world(sandbox: SandboxClient, endpoint: str | None, provider: str = "xero") -> World:
    """A world in fresh tables; the first of this process pulls the lists, later ones have them from it."""
    sandbox.reset()
    clients = clients_on(endpoint)
    world = new_world(sandbox, clients, _templates.get((sandbox.base, provider)), provider)
    if (sandbox.base, provider) not in _templates:
        _templates[sandbox.base, provider] = template_of(world, main_of(world))
    return world
