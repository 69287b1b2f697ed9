"""Clients of simulated DynamoDB and tables with the keys that every table of the template has."""

import importlib
import secrets
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from botocore.config import Config
from botocore.session import get_session

CREDENTIALS: Final = {
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing",
    "region_name": "eu-west-1",
}


@cache
def session() -> Any:
    """One session, so that the service's description is read once; made after moto has put its handlers in place."""
    importlib.import_module("moto")
    return get_session()


@cache
def local_client(endpoint: str) -> Any:
    """A client of DynamoDB Local at this endpoint."""
    return session().create_client(
        "dynamodb",
        endpoint_url=endpoint,
        config=Config(max_pool_connections=32, retries={"mode": "standard", "total_max_attempts": 4}),
        **CREDENTIALS,
    )


def create_table(client: Any) -> str:
    """A new table; returns its name."""
    name = f"test-{secrets.token_hex(6)}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    return name


def rows_of(client: Any, table: str) -> Iterator[dict[str, Any]]:
    """Every row of a table, as attribute values."""
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]
