"""After everything else: no token, code or secret that ever existed lies anywhere outside the vault, nor open in it."""

import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx
import pytest

from local.stack import Stack
from tests.e2e import broken
from tests.e2e.tenants import ADVISER, Customer, World, wait_for

QUEUES: Final = (
    "PublishQueueUrl",
    "RefreshQueueUrl",
    "DeliverQueueUrl",
    "PublishDeadLettersUrl",
    "RefreshDeadLettersUrl",
    "DeliverDeadLettersUrl",
)
OF_THE_SANDBOX: Final = {
    "codes": "authorisation code",
    "access_tokens": "access token of Xero",
    "refresh_tokens": "refresh token of Xero",
}
CODE: Final = "ledgerbridge-artifacts"  # the bucket of the deploy: what is in it is in the repository
SHORTEST: Final = 12  # a secret shorter than this would be found by chance

Pieces = Iterator[tuple[str, bytes]]  # where, and what is there


@pytest.fixture(scope="module")
def customer(world: World) -> Customer:
    """A run of its own with everything that touches a secret: consent, renewal, failures on the way, a file."""
    customer = world.tenant("Secrets").connected()
    sandbox = world.sandbox
    httpx.get(f"{world.stack.api_url}/oauth/xero/callback", params={"state": "f" * 43, "code": "f" * 43}, timeout=30)
    item = customer.item(number="SECRET-1")["id"]
    customer.attach(item)
    sandbox.tell("/xero/tokens", {"expire": "access", "user": ADVISER})
    sandbox.fault("POST", "/connect/token", "html", times=1)
    sandbox.fault("PUT", "/Invoices", "commit_then_drop")
    customer.post(f"/items/{item}/publish")
    customer.await_stage(item, "published")
    assert customer.reconnect().status_code == 200
    return customer


@pytest.fixture(scope="module")
def secrets(world: World, customer: Customer) -> dict[str, str]:
    """Every secret value there is, by what it is."""
    known = dict(world.secrets.values)
    world.sandbox.tell("/snapshot")
    snapshot = json.loads((world.stack.home / "sandbox.json").read_text("utf-8"))
    known |= {value: what for what, value in _of_snapshot(snapshot)}
    manager = world.stack.client("secretsmanager")
    for name in ("SigningSecretArn", "ProviderAppsSecretArn"):
        text = manager.get_secret_value(SecretId=world.stack.outputs[name])["SecretString"]
        for value in _texts(text):
            known.setdefault(value, f"value of {name}")
    public = {"sandbox-xero-app"}  # a client id stands in every authorize URL
    found = {value: what for value, what in known.items() if len(value) >= SHORTEST and value not in public}
    kinds = set(found.values())
    assert kinds >= {*OF_THE_SANDBOX.values(), "result code", "OAuth state", "client secret"}, kinds
    assert "value of SigningSecretArn" in kinds
    return found


def _of_snapshot(part: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(part, dict):
        return
    for name, value in part.items():
        if name in OF_THE_SANDBOX:
            yield from ((OF_THE_SANDBOX[name], token) for token in value)
        else:
            yield from _of_snapshot(value)


def _texts(text: str) -> Iterator[str]:
    """The texts in a secret's value, which may be JSON or plain."""
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            todo += one.values()
        elif isinstance(one, list):
            todo += one


def tables(stack: Stack) -> Pieces:
    dynamodb = stack.client("dynamodb")
    for name in dynamodb.get_paginator("list_tables").paginate().search("TableNames"):
        for row in dynamodb.get_paginator("scan").paginate(TableName=name).search("Items"):
            yield f"table {name}", json.dumps(row, default=_opened, ensure_ascii=False).encode()


def _opened(raw: bytes) -> str:
    """Binary attributes as text; compressed ones unpacked."""
    for window in (zlib.MAX_WBITS, zlib.MAX_WBITS | 16):
        try:
            return zlib.decompress(raw, window).decode("utf-8", "replace")
        except zlib.error:
            continue
    return raw.decode("utf-8", "replace")


def logs(stack: Stack) -> Pieces:
    client = stack.client("logs")
    for group in client.get_paginator("describe_log_groups").paginate().search("logGroups[].logGroupName"):
        pages = client.get_paginator("filter_log_events").paginate(logGroupName=group)
        for message in pages.search("events[].message"):
            yield f"log {group}", message.encode()
    yield "the emulator's log", (stack.home / "emulator.log").read_bytes()


def files(stack: Stack) -> Pieces:
    s3 = stack.client("s3")
    for bucket in (one["Name"] for one in s3.list_buckets()["Buckets"]):
        if bucket != CODE:
            for listed in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket).search("Contents[]"):
                if listed is not None:
                    content = s3.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read()
                    yield f"file {bucket}/{listed['Key']}", listed["Key"].encode() + content


def workflows(stack: Stack) -> Pieces:
    client = stack.client("stepfunctions")
    for machine in client.list_state_machines()["stateMachines"]:
        for run in client.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]:
            history = client.get_execution_history(executionArn=run["executionArn"])
            yield f"workflow {run['name']}", json.dumps(history, default=str).encode()


def environments(stack: Stack) -> Pieces:
    for one in stack.client("lambda").get_paginator("list_functions").paginate().search("Functions"):
        yield f"environment of {one['FunctionName']}", json.dumps(one.get("Environment", {})).encode()


def assert_clean(pieces: Pieces, secrets: dict[str, str], *there: str) -> None:
    """No secret is in any of the pieces; what must be `there` shows that the search reads what it searches."""
    unseen = {text.encode() for text in there}
    wanted = {value.encode(): what for value, what in secrets.items()}
    for where, content in pieces:
        unseen -= {text for text in unseen if text in content}
        found = [what for value, what in wanted.items() if value in content]
        assert not found, f"{where}: {', '.join(found)}"
    assert not unseen, f"the search did not come by {unseen}"


@pytest.mark.parametrize("place", [tables, logs, files, workflows, environments], ids=lambda one: one.__name__)
def test_no_secret_lies_about(
    world: World, customer: Customer, secrets: dict[str, str], place: Callable[[Stack], Pieces]
) -> None:
    there = {
        "tables": [customer.id, "SECRET-1", "token_version"],
        "logs": [customer.id, "tokens_refreshed", "refused"],
        "files": ["%PDF-1.4"],
        "environments": [world.stack.outputs["ConnectionsTableName"]],
    }
    assert_clean(place(world.stack), secrets, *there.get(place.__name__, []))


def test_no_secret_travels_in_a_message(world: World, customer: Customer, secrets: dict[str, str]) -> None:
    stack = world.stack
    with broken.deaf(stack), broken.deaf(stack, "RefreshWorkerFunction"):
        item = customer.item(number="SECRET-2")["id"]
        customer.post(f"/items/{item}/publish")
        customer.publish([customer.item(number="SECRET-3")["id"]])
        customer.post(f"{customer.at}/refresh", {})
        assert_clean(_messages(stack), secrets, customer.id, customer.connection, '"kind"')
    wait_for("the queues to be worked off", lambda: customer.seen(item)["stage"] == "published")


def _messages(stack: Stack) -> Pieces:
    """What is in the queues and stays there, dead letters included."""
    sqs = stack.client("sqs")
    for queue in QUEUES:
        found = sqs.receive_message(
            QueueUrl=stack.outputs[queue],
            MaxNumberOfMessages=10,
            VisibilityTimeout=1,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        for message in found.get("Messages", []):
            yield queue, json.dumps(message).replace('\\"', '"').encode()


def test_the_search_would_find_a_secret(world: World, customer: Customer) -> None:
    with pytest.raises(AssertionError, match="planted"):
        assert_clean(tables(world.stack), {customer.id: "planted"})
    with pytest.raises(AssertionError, match="did not come by"):
        assert_clean(tables(world.stack), {}, "nowhere to be found")
