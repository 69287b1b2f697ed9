"""The whole connect area on moto and the sandbox: requests enter where API Gateway would hand them over."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from functions.connect import oauth_routes, routes
from local.person import Person
from rehearsal.founding import vault_key
from rehearsal.sandbox_process import CLIENT_ID, CLIENT_SECRET, SandboxClient, running_sandbox
from rehearsal.tables import create_table
from rehearsal.worlds import clients_on, simulated_aws
from shared.aws.clients import Clients
from shared.aws.clock import Clock
from shared.aws.entry import entry
from shared.aws.settings import Settings
from shared.domain.accounts import Event, Tenant
from shared.domain.connections import Connection
from shared.domain.ids import new_id
from shared.usecases.gate import GATE
from shared.usecases.service import Service

TABLES = ("connections", "claims", "organisations", "agenda", "vault", "lists", "items", "rules")
QUEUES = ("publish", "refresh", "deliver")
API = "http://localhost:5173"
HOME = "https://app.example"
ALL_SCOPES = "ledgerbridge/read ledgerbridge/work ledgerbridge/manage"


@dataclass
class Time:
    """Real time, moved by what a test adds."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        return str(self.json["code"])


@dataclass
class World:
    """One deployment with two tenants, and a caller to speak with it."""

    service: Service
    sandbox: SandboxClient
    time: Time
    tenant: str
    other_tenant: str
    caller: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        gate = replace(GATE, service=lambda: self.service)
        self.app = entry([*routes.ROUTES, *oauth_routes.ROUTES], gate)
        self.caller = self.machine(self.tenant)

    def machine(self, tenant: str, scopes: str = ALL_SCOPES, subject: str = "client-1") -> dict[str, str]:
        return {"tenant": tenant, "subject": subject, "is_machine": "true", "scopes": scopes}

    def person(self, user: str, tenant: str | None = None) -> dict[str, str]:
        return {"tenant": tenant or self.tenant, "subject": user, "is_machine": "false", "scopes": ""}

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: dict[str, str] | None = None,
        raw: str | None = None,
        **headers: str,
    ) -> Reply:
        """One request, as API Gateway's payload format 2.0 has it; header names with _ for -."""
        parts = urlsplit(path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        event = {
            "version": "2.0",
            "rawPath": parts.path,
            "rawQueryString": parts.query,
            "queryStringParameters": query or None,
            "headers": {name.replace("_", "-"): value for name, value in headers.items()},
            "requestContext": {
                "requestId": "request-1",
                "stage": "$default",
                "http": {"method": method, "path": parts.path},
                "authorizer": {"lambda": self.caller if by is None else by},
            },
            "body": raw if raw is not None else json.dumps(body) if body is not None else None,
            "isBase64Encoded": False,
        }
        answer = self.app(event, None)
        reply = {name.lower(): str(value) for name, value in (answer.get("headers") or {}).items()}
        return Reply(answer["statusCode"], reply, answer.get("body") or "")

    # --- steps that many tests share
    def account(self, **body: Any) -> str:
        made = self.call("POST", "/v1/accounts", {"name": "Bakery", **body})
        assert made.status == 201, made.text
        return str(made.json["id"])

    def started(self, account: str, **more: Any) -> dict[str, Any]:
        body = {"provider": "xero", "return_url": f"{HOME}/back?x=1"}
        made = self.call("POST", f"/v1/accounts/{account}/connections", body, **more)
        assert made.status == 201, made.text
        return dict(made.json)

    def consented(self, authorize_url: str, decision: str = "allow", user: str | None = None) -> dict[str, str]:
        """A person goes through the pages; the callback is called as the browser would; returns the answer's query."""
        person = Person(user) if user else Person()
        back = person.consent(authorize_url, home=API, decision=decision)
        return self.came_back(back)

    def came_back(self, back: dict[str, str]) -> dict[str, str]:
        reply = self.call("GET", f"/oauth/xero/callback?{urlencode(back)}", by={})
        assert reply.status == 302, reply.text
        assert reply.headers["location"].startswith(f"{HOME}/back?")
        return dict(parse_qsl(urlsplit(reply.headers["location"]).query))

    def connected(self, account: str) -> Connection:
        """A connection whose organisation has been chosen."""
        begun = self.started(account)
        answer = self.consented(begun["authorize_url"])
        path = f"/v1/accounts/{account}/connections/{begun['id']}"
        redeemed = self.call("POST", f"{path}/redeem", {"result_code": answer["result_code"]})
        assert redeemed.status == 200, redeemed.text
        offers = self.call("GET", f"{path}/organisations").json["organisations"]
        chosen = self.call("PUT", f"{path}/organisation", {"organisation_id": offers[0]["organisation"]["id"]})
        assert chosen.status == 200, chosen.text
        return self.connection(account, begun["id"])

    def connection(self, account: str, connection: str, tenant: str | None = None) -> Connection:
        found = self.service.connections.get(tenant or self.tenant, account, connection)
        assert found is not None
        return found

    def events(self, account: str) -> list[Event]:
        return self.service.events.page(self.tenant, account, None, 200)[0]

    def messages(self) -> list[dict[str, Any]]:
        """What waits in the refresh queue; taken out."""
        url = self.service.settings.queue("refresh")
        found = self.service.clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            self.service.clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in found]


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxClient]:
    """A sandbox for these tests alone, whose clock nobody else moves."""
    with running_sandbox() as client:
        yield client


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    """One AWS for a file's tests: each test makes its own tables, queues and secrets in it."""
    with simulated_aws():
        yield


@pytest.fixture
def world(aws: None, sandbox_server: SandboxClient) -> World:
    """A deployment on moto with the sandbox as Xero."""
    sandbox_server.reset()
    time, clients = Time(), clients_on(None)
    service = Service(_settings(clients, sandbox_server), Clock(source=time), clients)
    tenant, other = (new_id(time()) for _ in range(2))
    for one in (tenant, other):
        service.tenants.create(Tenant(one, "Product", (HOME,)))
    return World(service, sandbox_server, time, tenant, other)


def _settings(clients: Clients, sandbox: SandboxClient) -> Settings:
    apps = {"xero": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "webhook_key": "hook-key"}}
    secrets = clients.secretsmanager
    run = token_hex(4)
    app_secret = secrets.create_secret(Name=f"apps-{run}", SecretString=json.dumps(apps))["ARN"]
    signing = secrets.create_secret(Name=f"signing-{run}", SecretString="a signing key of some length")["ARN"]
    queues = {name: clients.sqs.create_queue(QueueName=f"{name}-{run}")["QueueUrl"] for name in QUEUES}
    return Settings(
        stage="local",
        tables={name: create_table(clients.dynamodb) for name in TABLES},
        queues=queues,
        texts={
            "vault_key_arn": vault_key(clients),
            "provider_apps_secret": app_secret,
            "signing_secret": signing,
            "api_base_url": API,
            "default_issuer": "https://issuer.example",
            "default_jwks_uri": "https://issuer.example/jwks.json",
        },
        provider_urls={"xero": sandbox.xero},
    )
