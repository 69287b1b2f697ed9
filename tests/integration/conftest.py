"""DynamoDB for integration tests: moto for speed, and AWS's own DynamoDB Local where Java and npm are; whole worlds."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto import mock_aws

from rehearsal.process import watch_calls
from rehearsal.sandbox_process import SandboxClient
from rehearsal.tables import CREDENTIALS, create_table, local_client, session
from rehearsal.world import World
from rehearsal.worlds import make_world, simulated_aws
from shared.aws import entry
from shared.aws.http import Answer, Route
from shared.storage import agenda
from shared.storage.table import Consumed, Table


@pytest.fixture(autouse=True)
def one_agenda_shard(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every shard of the agenda costs a query, whether anything is due or not. Storage's own tests have them all."""
    with pytest.MonkeyPatch.context() as patch:  # a test's own monkeypatch may be undone in its middle
        if "storage" not in request.path.parts:
            patch.setattr(agenda, "SHARDS", 1)
        yield


@pytest.fixture(scope="session", autouse=True)
def every_status_is_described() -> Iterator[None]:
    """No route answers with a status that OpenAPI does not give it."""
    plain = entry._response

    def response(route: Route, answer: Answer) -> Any:
        described = {None, route.status, route.other_status}
        assert answer.status in described or (answer.status or 0) >= 400, (route.path, answer.status)
        return plain(route, answer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entry, "_response", response)
        yield


@pytest.fixture
def local_dynamodb(local_endpoint: str) -> Any:
    """A client of DynamoDB Local: for tests of concurrent writers and of consumed units, which moto cannot show."""
    return local_client(local_endpoint)


@pytest.fixture(params=["moto", pytest.param("dynamodb_local", marks=[pytest.mark.dynamodb_local, pytest.mark.soak])])
def dynamodb(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A DynamoDB client; every test that asks for it runs on moto, and in the long suites on DynamoDB Local too."""
    if request.param == "dynamodb_local":
        yield local_client(request.getfixturevalue("local_endpoint"))
        return
    with mock_aws():
        yield session().create_client("dynamodb", **CREDENTIALS)


@pytest.fixture
def table(dynamodb: Any) -> Table:
    """A table of its own for the test, on each DynamoDB."""
    return Table(dynamodb, create_table(dynamodb))


class Units:
    """What calls consumed, summed; `reset` begins anew."""

    def __init__(self) -> None:
        self.read = 0.0
        self.written = 0.0

    def __call__(self, consumed: Consumed) -> None:
        self.read += consumed.read_units
        self.written += consumed.write_units

    def reset(self) -> None:
        self.read = self.written = 0.0


@pytest.fixture
def units() -> Units:
    return Units()


@pytest.fixture
def local_table(local_dynamodb: Any, units: Units) -> Table:
    """A table on DynamoDB Local alone, whose calls are counted in `units`."""
    return Table(local_dynamodb, create_table(local_dynamodb), observer=units)


@pytest.fixture
def world_dynamodb(request: pytest.FixtureRequest) -> str | None:
    """Where a world has its tables: None, in this process, or DynamoDB Local where units are counted."""
    on_local = request.node.get_closest_marker("dynamodb_local") is not None
    endpoint: str | None = request.getfixturevalue("dynamodb_endpoint") if on_local else None
    return endpoint


@pytest.fixture
def aws() -> Iterator[None]:
    """An AWS of its own, empty, for one test."""
    with simulated_aws():
        yield


@pytest.fixture
def world_of(
    sandbox_server: SandboxClient, aws: None, world_dynamodb: str | None, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], World]:
    """Makes an account connected to the named provider (a secondary beside its main one), its calls watched.

    One world at a time: making another resets the sandbox.
    """

    def made(provider: str) -> World:
        world = make_world(sandbox_server, world_dynamodb, provider)
        watch_calls(world.running, monkeypatch)
        return world

    return made


@pytest.fixture
def world(world_of: Callable[[str], World]) -> World:
    """An account connected to Xero; packages that stand on another world have their own."""
    return world_of("xero")


@pytest.fixture
def worlds(world_of: Callable[[str], World], monkeypatch: pytest.MonkeyPatch) -> Callable[[], World]:
    """Makes a world whenever it is called: for tests that run many times and must not learn from each other."""

    def another() -> World:
        monkeypatch.undo()
        return world_of("xero")

    return another
