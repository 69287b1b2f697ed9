"""DynamoDB for integration tests: moto for speed, and AWS's own DynamoDB Local where Java and npm are."""

import importlib
import secrets
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from botocore.config import Config
from botocore.session import get_session

from shared.storage.table import Consumed, Table
from tests.integration import dynamodb_local

_CREDENTIALS = {
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing",
    "region_name": "eu-west-1",
}


@pytest.fixture(scope="session")
def local_endpoint() -> Iterator[str]:
    """The endpoint of a running DynamoDB Local; skips where there is none."""
    missing = dynamodb_local.why_missing()
    if missing:
        pytest.skip(missing)
    with dynamodb_local.running() as endpoint:
        yield endpoint


@cache
def _session() -> Any:
    """One session, so that the service's description is read once; made after moto has put its handlers in place."""
    importlib.import_module("moto")
    return get_session()


@cache
def local_client(endpoint: str) -> Any:
    return _session().create_client(
        "dynamodb",
        endpoint_url=endpoint,
        config=Config(max_pool_connections=32, retries={"mode": "standard", "total_max_attempts": 4}),
        **_CREDENTIALS,
    )


@pytest.fixture
def local_dynamodb(local_endpoint: str) -> Any:
    """A client of DynamoDB Local: for tests of concurrent writers and of consumed units, which moto cannot show."""
    return local_client(local_endpoint)


@pytest.fixture(params=["moto", pytest.param("dynamodb_local", marks=pytest.mark.dynamodb_local)])
def dynamodb(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A DynamoDB client; every test that asks for it runs on moto and on DynamoDB Local."""
    if request.param == "dynamodb_local":
        yield local_client(request.getfixturevalue("local_endpoint"))
        return
    from moto import mock_aws

    with mock_aws():
        yield _session().create_client("dynamodb", **_CREDENTIALS)


def create_table(client: Any) -> str:
    """A new table with the keys that every table of the template has; returns its name."""
    name = f"test-{secrets.token_hex(6)}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    return name


@pytest.fixture
def table(dynamodb: Any) -> Table:
    """A table of its own for the test, on moto and on DynamoDB Local."""
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
