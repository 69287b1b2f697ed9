"""Webhooks in both formats, as Intuit's webhooks page and its announcement of CloudEvents have them."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rehearsal.sandbox_process import SandboxClient
from sandbox.quickbooks.webhooks import signature
from tests.contract.sandbox.quickbooks.desk import US, american_bill, connect
from tests.contract.sandbox.quickbooks.receiver import Receiver

VERIFIER = "verifier-token"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    target = Receiver()
    yield target
    target.close()


def subscribe(sandbox: SandboxClient, receiver: Receiver, format_: str = "cloudevents") -> None:
    sandbox.control("/quickbooks/webhooks", {"url": receiver.url, "verifier_token": VERIFIER, "format": format_})


def until(sandbox: SandboxClient, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    end = time.monotonic() + 10
    while not wanted(state := sandbox.read("/quickbooks/webhooks")):
        assert time.monotonic() < end, state
        time.sleep(0.02)
    found: dict[str, Any] = state
    return found


def answered(attempts: int) -> Callable[[dict[str, Any]], bool]:
    """The first delivery has been tried that often, and the last answer is in: the wait for the next has begun."""

    def wanted(state: dict[str, Any]) -> bool:
        (one,) = state["deliveries"]
        return (one["attempts"], one["status"] is not None) == (attempts, True)

    return wanted


def test_cloud_events_come_as_a_signed_array(sandbox: SandboxClient, receiver: Receiver) -> None:
    desk = connect(sandbox, US)
    subscribe(sandbox, receiver)
    rows = desk.batch(*({"operation": "create", "Bill": american_bill()} for _ in range(2)))
    headers, body = receiver.received.get(timeout=5)
    assert headers["intuit-signature"] == signature(VERIFIER, body)
    first, second = json.loads(body)
    assert (first["type"], first["intuitaccountid"], first["specversion"]) == ("qbo.bill.created.v1", US, "1.0")
    assert [first["intuitentityid"], second["intuitentityid"]] == [row["Bill"]["Id"] for row in rows]
    assert first["id"] != second["id"]


def test_the_old_format_names_the_company_once(sandbox: SandboxClient, receiver: Receiver) -> None:
    desk = connect(sandbox, US)
    made = desk.post("Bill", american_bill())
    subscribe(sandbox, receiver, "old")
    desk.post("Bill", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")
    _, body = receiver.received.get(timeout=5)
    (note,) = json.loads(body)["eventNotifications"]
    (entity,) = note["dataChangeEvent"]["entities"]
    assert (note["realmId"], entity["name"], entity["operation"]) == (US, "Bill", "Delete")


def test_a_change_by_a_person_is_told_too(sandbox: SandboxClient, receiver: Receiver) -> None:
    desk = connect(sandbox, US)
    subscribe(sandbox, receiver)
    desk.edit(merge={"entity": "Vendor", "from": "56", "to": "55"})
    (event,) = json.loads(receiver.received.get(timeout=5)[1])
    assert (event["type"], event["intuitentityid"]) == ("qbo.vendor.merged.v1", "55")


def test_refusals_of_a_call_send_nothing(sandbox: SandboxClient, receiver: Receiver) -> None:
    desk = connect(sandbox, US)
    subscribe(sandbox, receiver)
    desk.refused("Bill", american_bill(VendorRef={"value": "999"}))
    assert sandbox.read("/quickbooks/webhooks")["deliveries"] == []


def test_a_busy_target_is_tried_again_and_then_given_up(sandbox: SandboxClient, receiver: Receiver) -> None:
    desk = connect(sandbox, US)
    receiver.status = 503
    subscribe(sandbox, receiver)
    desk.post("Bill", american_bill())
    for attempts, pause in ((1, 1_200), (2, 1_800), (3, 3_000)):
        until(sandbox, answered(attempts))
        sandbox.control("/clock", {"advance_seconds": pause + 1})
    assert until(sandbox, lambda state: state["status"] == "blacklisted")["deliveries"][0]["attempts"] == 4


def test_an_answer_that_is_not_retried(sandbox: SandboxClient, receiver: Receiver) -> None:
    desk = connect(sandbox, US)
    receiver.status = 401
    subscribe(sandbox, receiver)
    desk.post("Bill", american_bill())
    state = until(sandbox, lambda state: state["deliveries"][0]["status"] == 401)
    assert (state["status"], state["deliveries"][0]["accepted"]) == ("active", False)
