"""A handler as it is often written: everything it might ever need is imported, and every client made, at the top."""

import pkgutil
from importlib import import_module
from typing import Any

import authlib.integrations.httpx_client
import boto3
import httpx
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.utilities import batch, idempotency, parser

import functions
import shared

_TOOLS = {"functions.openapi", "shared.storage.patterns"}  # run at a desk, not in a function
for _room in (functions, shared):
    for _module in pkgutil.walk_packages(_room.__path__, f"{_room.__name__}."):
        if _module.name not in _TOOLS:
            import_module(_module.name)

logger = Logger(service="eager")
metrics = Metrics(namespace="eager", service="eager")
app = APIGatewayHttpResolver(enable_validation=True)
tables = boto3.resource("dynamodb")
clients = {name: boto3.client(name) for name in ("dynamodb", "sqs", "s3", "kms", "secretsmanager")}
http = httpx.Client()
oauth = authlib.integrations.httpx_client.OAuth2Client()  # type: ignore[no-untyped-call]
kept = (batch, idempotency, parser)


def handler(event: dict[str, Any], context: Any) -> Any:
    return app.resolve(event, context)
