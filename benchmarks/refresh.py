"""The refresh of a large organisation: calls, CPU seconds and peak memory of the worker's own process.

AWS is simulated in this process and served over HTTP, Xero in another: what is measured holds our code alone.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast
from unittest.mock import patch

from botocore.session import Session, get_session
from moto import mock_aws

from benchmarks.result import ROOT, show, write
from rehearsal import founding
from rehearsal.aws_over_http import aws_over_http
from rehearsal.process import Running
from rehearsal.sandbox_process import CLIENT_ID, CLIENT_SECRET, SandboxClient, running_sandbox
from rehearsal.world import Time, World
from shared.aws.clients import Clients
from shared.aws.settings import Settings
from shared.domain.ids import new_id

SEED: Final = {"accounts": 500, "contacts": 20_000, "items": 5_000}  # and Xero's 50 tax rates
LARGE_LISTS: Final = ("GET /Accounts", "GET /Contacts", "GET /Items", "GET /TaxRates")
MOST_MEMORY_MB: Final = 120
PASSES: Final = (("first", False), ("full, unchanged", True), ("incremental", False))
_CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
}
_LONGEST: Final = 900  # seconds for one pass, most of it in the simulated tables


@dataclass(frozen=True)
class Connected:
    """The account whose lists are refreshed, and the environment of the worker."""

    tenant: str
    account: str
    connection: str
    variables: dict[str, str]


def _resources(session: Session) -> dict[str, str]:
    names = ("dynamodb", "sqs", "secretsmanager", "kms")
    dynamodb, sqs, secrets, kms = (cast(Any, session.create_client(name)) for name in names)
    for name in founding.TABLES:
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        )
    app = {"xero": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "webhook_key": "none"}}
    secrets.create_secret(Name="apps", SecretString=json.dumps(app))
    queues = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("publish", "refresh")}
    return {
        **{f"{name.upper()}_TABLE": name for name in founding.TABLES},
        **{f"{name.upper()}_QUEUE_URL": url for name, url in queues.items()},
        "VAULT_KEY_ARN": kms.create_key()["KeyMetadata"]["Arn"],
        "PROVIDER_APPS_SECRET": "apps",
    }


@contextmanager
def _account(sandbox: SandboxClient) -> Iterator[Connected]:
    """A freshly connected account on simulated AWS."""
    with patch.dict(os.environ, _CREDENTIALS), mock_aws():
        session = get_session()
        with aws_over_http(session, {}) as address:
            own = {"STAGE": "local", "AWS_ENDPOINT_URL": address, "LEDGERBRIDGE_XERO_URL": sandbox.xero}
            variables = {**_CREDENTIALS, **_resources(session), **own}
            ids = [new_id(datetime.now(UTC)) for _ in range(4)]
            made = Connected(ids[0], ids[1], ids[2], variables)
            settings = Settings.read(variables)
            world = World(
                sandbox,
                Time(sandbox),
                settings,
                Clients(),
                Running(),
                tenant=ids[0],
                account_id=ids[1],
                connection_id=ids[2],
                grant_id=ids[3],
            )
            xero = founding.Party(world.software, world.connection_id, world.grant_id)
            founding.found_account(world)
            founding.consent(world, xero)
            founding.connect(world, xero)
            yield made


def _one_pass(sandbox: SandboxClient, account: Connected, number: int, *, full: bool) -> dict[str, Any]:
    sandbox.control("/counts/clear")
    asked = {
        "tenant": account.tenant,
        "account": account.account,
        "connection": account.connection,
        "full": full,
        "minutes_ahead": 2 * number,  # every pass has a fresh minute of Xero's limits
    }
    if number:
        sandbox.control("/clock", {"advance_seconds": 120})
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.refresh_worker", json.dumps(asked)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **account.variables},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=_LONGEST,
    )
    calls: dict[str, int] = sandbox.read("/counts")["calls"]["xero"]
    large = sum(calls.get(endpoint, 0) for endpoint in LARGE_LISTS)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**found, "calls": sum(calls.values()), "calls_of_large_lists": large, "calls_by_endpoint": calls}


def measure(seed: Mapping[str, int] = SEED) -> dict[str, dict[str, Any]]:
    """Figures of each of PASSES, one after the other on one account; raises when a pass does not come off."""
    with running_sandbox("--seed", json.dumps(seed)) as sandbox, _account(sandbox) as account:
        return {name: _one_pass(sandbox, account, number, full=full) for number, (name, full) in enumerate(PASSES)}


def main() -> None:
    found = measure()
    write("refresh", {"seed": SEED, "most_memory_mb": MOST_MEMORY_MB, "passes": found})
    show(
        "Refresh of 25,550 records (500 accounts, 20,000 contacts, 50 tax rates, 5,000 items)",
        ["pass", "calls", "of these the four large lists", "CPU s", "peak MB", "entries written", "wall s"],
        [
            (
                name,
                one["calls"],
                one["calls_of_large_lists"],
                one["cpu_seconds"],
                one["peak_mb"],
                one["rows_written"],
                one["seconds"],
            )
            for name, one in found.items()
        ],
    )
    peak = max(one["peak_mb"] for one in found.values())
    if peak > MOST_MEMORY_MB:
        raise SystemExit(f"the refresh took {peak:.0f} MB, more than {MOST_MEMORY_MB}")


if __name__ == "__main__":
    main()
