"""A deployment on moto with one connected account, whose functions serve requests in processes of their own."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import jwt
from botocore.session import get_session
from cryptography.hazmat.primitives.asymmetric import ec
from moto import mock_aws

from local import artifact, template
from rehearsal.aws_over_http import aws_over_http
from shared.aws.settings import Settings
from shared.domain.accounts import Account, Event, Tenant
from shared.domain.connections import Connection, ConnectionStatus, Organisation, Slot
from shared.domain.ids import new_id
from shared.usecases.service import Service

ROOT: Final = Path(__file__).resolve().parents[2]
TEMPLATE: Final = template.load(ROOT / "template.yaml")
FUNCTIONS: Final = {function.logical_id: function for function in template.functions(TEMPLATE)}
ISSUER: Final = "https://issuer.example"
SCOPES: Final = "ledgerbridge/read ledgerbridge/work ledgerbridge/manage"
_TABLES: Final = ("connections", "lists", "rules", "items", "vault", "claims", "agenda", "organisations")
_AWS: Final = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}
_ALWAYS: Final = (*_AWS, "AWS_ENDPOINT_URL", "STAGE")  # what Lambda and the template's globals give to every function
_HOOK_KEY: Final = "webhook key"
_APPS: Final = {"xero": {"client_id": "id", "client_secret": "secret", "webhook_key": _HOOK_KEY}}
_XERO: Final[dict[str, Any]] = {
    "/xero/api.xro/2.0/Organisation/Actions": {"Actions": []},
    "/xero/api.xro/2.0/Organisation": {"Organisations": [{"OrganisationID": "organisation", "Name": "Bakery"}]},
    "/connect/token": {"access_token": "access", "refresh_token": "refresh", "expires_in": 1800},
}
_MACHINE_ARN: Final = "arn:aws:states:eu-west-1:123456789012:stateMachine:{name}"
Json = dict[str, Any]


@dataclass(frozen=True)
class Deployment:
    """`connected` is an account with an active connection, `bare` are two without.

    `artifacts` are what is shipped for each area, built for this machine; `variables` are by environment name.
    """

    artifacts: dict[str, Path]

    tenant: str
    connected: str
    bare: tuple[str, str]
    token: str
    variables: dict[str, str]

    def serve(self, function: str, *events: Json, then: Sequence[str] = ()) -> Json:
        """Have a fresh process serve events, in the environment that the template gives the function."""
        given = TEMPLATE["Resources"][function]["Properties"]["Environment"]["Variables"]
        always = {name: self.variables[name] for name in _ALWAYS}
        handler = FUNCTIONS[function].handler
        shipped = self.artifacts[FUNCTIONS[function].area]
        asked = {"artifact": str(shipped), "handler": handler, "events": events, "then": then}
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(ROOT / "tests" / "rules" / "first_request.py")],
            input=json.dumps(asked),
            env={**{name: self.variables[name] for name in given}, **always},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answer: Json = json.loads(done.stdout.splitlines()[-1])
        return answer

    def request(self, method: str, path: str, body: Any = None) -> Json:
        """An API Gateway event (payload format 2.0) of a machine client with every scope."""
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        caller = {"tenant": self.tenant, "subject": "client-1", "is_machine": "true", "scopes": SCOPES}
        return {
            "version": "2.0",
            "rawPath": parts.path,
            "rawQueryString": parts.query,
            "queryStringParameters": query or None,
            "headers": {"content-type": "application/json", "authorization": f"Bearer {self.token}"},
            "pathParameters": {"provider": "xero"},
            "requestContext": {
                "requestId": "request-1",
                "stage": "$default",
                "http": {"method": method, "path": parts.path},
                "authorizer": {"lambda": caller},
            },
            "body": json.dumps(body) if body is not None else None,
            "isBase64Encoded": False,
        }

    def webhook(self) -> Json:
        """A notice of Xero's, signed with our key."""
        event = {"tenantId": "organisation", "tenantType": "ORGANISATION", "eventCategory": "CONTACT"}
        found = self.request("POST", "/v1/webhooks/xero", {"events": [event]})
        digest = hmac.digest(_HOOK_KEY.encode(), found["body"].encode(), hashlib.sha256)
        return {**found, "headers": {"x-xero-signature": base64.b64encode(digest).decode()}}

    def task(self, action: str, **more: Any) -> Json:
        """A task of a state machine's run."""
        workflow = "01KKKKKKKKKKKKKKKKKKKKKKKK"
        run = {"tenant": self.tenant, "account": self.connected, "workflow": workflow, "attempt": 1}
        return {"action": action, "run": run, **more}

    def message(self, body: Json) -> Json:
        """An event of a queue with one message."""
        record = {
            "messageId": "message-1",
            "receiptHandle": "handle",
            "body": json.dumps(body),
            "attributes": {"SentTimestamp": "1789000000000", "ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:queue",
            "awsRegion": "eu-west-1",
        }
        return {"Records": [record]}


@contextmanager
def deployed(folder: Path) -> Iterator[Deployment]:
    """Build the artifacts in a folder, make resources and records, and serve them over HTTP."""
    areas = {function.area for function in FUNCTIONS.values()}
    artifacts = {area: folder / area for area in areas}
    for area in areas:
        artifact.build_area(area, artifacts[area], artifact.Target.of_this_machine())
    token, keys = _token()
    pages = {path: json.dumps(page).encode() for path, page in {**_XERO, "/jwks.json": keys}.items()}
    session = get_session()
    with patch.dict(os.environ, _AWS), mock_aws(), aws_over_http(session, pages) as address:
        variables = {**_made(session), **_own(address)}
        tenant, connected, bare = _records(variables)
        yield Deployment(artifacts, tenant, connected, bare, token, variables)


def _own(address: str) -> dict[str, str]:
    return {
        **_AWS,
        "AWS_ENDPOINT_URL": address,
        "STAGE": "local",
        "API_BASE_URL": "http://localhost:8000",
        "DEFAULT_ISSUER": ISSUER,
        "DEFAULT_JWKS_URI": f"{address}/jwks.json",
        "LEDGERBRIDGE_SANDBOX_URL": address,
    }


def _made(session: Any) -> dict[str, str]:
    """The resources of the template that functions are given, by the variable that names each."""
    dynamodb, sqs, secrets = (session.create_client(name) for name in ("dynamodb", "sqs", "secretsmanager"))
    keys = [("pk", "HASH"), ("sk", "RANGE")]
    for name in _TABLES:
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
        )
    secrets.create_secret(Name="apps", SecretString=json.dumps(_APPS))
    secrets.create_secret(Name="signing", SecretString="a signing key of some length")
    return {
        **{f"{name.upper()}_TABLE": name for name in _TABLES},
        **{
            f"{name.upper()}_QUEUE_URL": sqs.create_queue(QueueName=name)["QueueUrl"]
            for name in ("publish", "refresh", "deliver")
        },
        "VAULT_KEY_ARN": session.create_client("kms").create_key()["KeyMetadata"]["Arn"],
        "PROVIDER_APPS_SECRET": "apps",
        "SIGNING_SECRET": "signing",
        "DOCUMENTS_BUCKET": "documents",
        **{f"{name.upper()}_MACHINE_ARN": _MACHINE_ARN.format(name=name) for name in ("change", "merge")},
    }


def _token() -> tuple[str, Json]:
    """A token of our own issuer for client-1, and the issuer's public keys."""
    key = ec.generate_private_key(ec.SECP256R1())
    claims = {"iss": ISSUER, "sub": "client-1", "client_id": "client-1", "token_use": "access", "scope": SCOPES}
    until = datetime.now(UTC) + timedelta(hours=1)
    token = jwt.encode({**claims, "exp": until}, key, algorithm="ES256", headers={"kid": "key-1"})
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    return token, {"keys": [{**public, "kid": "key-1", "alg": "ES256", "use": "sig"}]}


def _records(variables: dict[str, str]) -> tuple[str, str, tuple[str, str]]:
    service = Service(Settings.read(variables))
    now = service.clock.now()
    tenant, connected, *bare = (new_id(now) for _ in range(4))
    service.tenants.create(Tenant(tenant, "Product", ("https://app.example",)))
    service.tenants.put_client(ISSUER, "client-1", tenant, frozenset(SCOPES.split()))
    event = Event(new_id(now), connected, now, "test", "account.created")
    for account in (connected, *bare):
        made = Account(account, tenant, "Bakery", now)
        service.accounts.create(made, None, replace(event, id=new_id(now), account=account))
    connection = Connection(
        id=new_id(now),
        tenant=tenant,
        account=connected,
        provider="xero",
        slot=Slot.MAIN,
        status=ConnectionStatus.ACTIVE,
        created_at=now,
        created_by="test",
        grant=new_id(now),
        organisation=Organisation("organisation", "Bakery Ltd", country="GB", base_currency="GBP"),
    )
    service.connections.create(connection, replace(event, id=new_id(now)))
    return tenant, connected, (bare[0], bare[1])
