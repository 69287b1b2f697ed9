"""What is done to the deployed stack from outside: workers stopped or killed, time moved on, messages lost."""

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from local.stack import Stack
from shared.storage.agenda import AgendaStore
from shared.storage.codec import time_text
from shared.storage.keys import queue_key
from shared.storage.states import StateStore
from shared.storage.table import Table
from tests.e2e.tenants import Customer

SWITCHED_WITHIN: Final = 30.0  # seconds
_STEP: Final = 0.1


@contextmanager
def deaf(stack: Stack, worker: str = "PublishWorkerFunction") -> Iterator[None]:
    """The worker's queue is not read meanwhile."""
    _listen(stack, worker, wanted=False)
    try:
        yield
    finally:
        _listen(stack, worker, wanted=True)


def _listen(stack: Stack, worker: str, *, wanted: bool) -> None:
    client = stack.client("lambda")
    name = stack.outputs[f"{worker}Name"]
    [mapping] = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=wanted)
    end = time.monotonic() + SWITCHED_WITHIN
    state = "Enabled" if wanted else "Disabled"
    while client.get_event_source_mapping(UUID=mapping["UUID"])["State"] != state:
        assert time.monotonic() < end, f"the event source is not {state}"
        time.sleep(_STEP)


def wake_up(customer: Customer) -> dict[str, Any]:
    """The message that says: look at this organisation."""
    body = {"schema": 1, "tenant": customer.product.id, "account": customer.id, "provider": "xero"}
    return {**body, "organisation": customer.organisation_id, "hops": 0}


def wake(customer: Customer, times: int = 1) -> None:
    """Deliver an organisation's wake-up, at once as often as asked."""
    stack, text, group = customer.world.stack, json.dumps(wake_up(customer)), customer.product.id
    entries = [{"Id": str(one), "MessageBody": text, "MessageGroupId": group} for one in range(times)]
    sent = stack.client("sqs").send_message_batch(QueueUrl=stack.outputs["PublishQueueUrl"], Entries=entries)
    assert len(sent["Successful"]) == times


def kill_worker(stack: Stack, function: str = "PublishWorkerFunction", *, but: int = 0) -> int:
    """Kill a function's processes as a lost machine would, but for some; returns how many, once they are gone."""
    doomed = _processes(stack, function)[but:]
    for one in doomed:
        with suppress(ProcessLookupError):  # it has just ended by itself
            os.kill(one, signal.SIGKILL)
    while set(doomed) & set(_processes(stack, function)):
        time.sleep(0.02)  # the emulator must not give work to one that it takes for alive
    return len(doomed)


def signal_worker(stack: Stack, number: int, function: str = "PublishWorkerFunction") -> list[int]:
    """Send a function's processes a signal; returns their ids."""
    found = _processes(stack, function)
    for one in found:
        with suppress(ProcessLookupError):
            os.kill(one, number)
    return found


def _processes(stack: Stack, function: str) -> list[int]:
    listed = subprocess.run(["ps", "-ewwo", "pid=,sess=,args="], capture_output=True, text=True, check=True, timeout=10)
    lines = (line.split(maxsplit=2) for line in listed.stdout.splitlines())
    return [int(one) for one, session, call in lines if int(session) in stack.sessions and f"-{function}-" in call]


def renew_processes(stack: Stack, function: str = "PublishWorkerFunction") -> None:
    """A function's processes end and new ones serve it, as after any change of its configuration."""
    client, name = stack.client("lambda"), stack.outputs[f"{function}Name"]
    client.update_function_configuration(
        FunctionName=name, Environment=client.get_function_configuration(FunctionName=name)["Environment"]
    )
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def lease_passes(customer: Customer) -> None:
    """The time comes at which the lease on a customer's organisation ends, its holder being dead or held up."""
    stack = customer.world.stack
    client, name = stack.client("dynamodb"), f"LEASE#publish#xero#{customer.organisation_id}"
    try:
        client.update_item(
            TableName=stack.outputs["ClaimsTableName"],
            Key={"pk": {"S": name}, "sk": {"S": "LEASE"}},
            UpdateExpression="SET #until = :past",
            ConditionExpression="attribute_exists(#until)",
            ExpressionAttributeNames={"#until": "until"},
            ExpressionAttributeValues={":past": {"S": time_text(datetime.now(UTC) - timedelta(seconds=1))}},
        )
    except client.exceptions.ConditionalCheckFailedException:
        return  # nobody holds it


def left_to_do(customer: Customer) -> list[str]:
    """What the publisher has not brought to its end for a customer: markers and open batches, by key."""
    stack = customer.world.stack
    rows = stack.client("dynamodb").query(
        TableName=stack.outputs["ItemsTableName"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": queue_key(customer.product.id, "xero", customer.organisation_id)}},
        ConsistentRead=True,
    )["Items"]
    return [row["sk"]["S"] for row in rows if row["sk"]["S"].startswith(("M#", "OB#"))]


def agenda_comes_due(customer: Customer, kind: str) -> int:
    """Let the time come at which the account's agenda rows of a kind are due, and run the agenda; its rows' number."""
    stack = customer.world.stack
    agenda = AgendaStore(Table(stack.client("dynamodb"), stack.outputs["AgendaTableName"]))
    now = datetime.now(UTC)
    moved = 0
    for row in agenda.due(kind, now + timedelta(days=1), 1000):
        if row.payload.get("account") == customer.id and row.at > now:
            agenda.put(kind, now, row.key, row.payload)
            moved += agenda.clear(row)
    stack.invoke("AgendaFunction")
    return moved


def queue_depth(stack: Stack, queue: str) -> int:
    """Messages in a queue, those being worked on and those that wait for their time included."""
    names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    answer: dict[str, Any] = stack.client("sqs").get_queue_attributes(
        QueueUrl=stack.outputs[queue], AttributeNames=names
    )["Attributes"]
    return sum(int(answer[name]) for name in names)


def a_quarter_of_an_hour_passes(stack: Stack, state: str) -> None:
    """An OAuth state's time is over: it is stored again with an end in the past."""
    states = StateStore(Table(stack.client("dynamodb"), stack.outputs["ClaimsTableName"]))
    now = datetime.now(UTC)
    known = states.take(hashlib.sha256(state.encode()).hexdigest(), now)
    assert known is not None
    states.put(replace(known, expires_at=now - timedelta(seconds=1)))
