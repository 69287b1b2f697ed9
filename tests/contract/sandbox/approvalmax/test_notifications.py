"""ApprovalMax's webhook: validated, thin, signed by the assumed scheme."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.approvalmax.notifications import SIGNATURE_HEADER, signature
from tests.contract.sandbox.approvalmax.kit import ApprovalMax, submit
from tests.contract.sandbox.quickbooks.receiver import Receiver

KEY = "portal-key"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    target = Receiver()
    yield target
    target.close()


def test_a_webhook_is_validated_before_events_flow(approvals: ApprovalMax, receiver: Receiver) -> None:
    receiver.status = 401
    approvals.sandbox.control("/approvalmax/webhooks", {"url": receiver.url, "key": KEY})
    until(approvals, lambda state: state["status"] == "refused")
    receiver.status = 200
    approvals.sandbox.control("/approvalmax/webhooks", {"url": receiver.url, "key": KEY})
    until(approvals, lambda state: state["status"] == "active")
    bodies = [json.loads(receiver.received.get(timeout=5)[1]) for _ in range(2)]
    assert [one["Events"] for one in bodies] == [[], []]
    assert len({one["Entropy"] for one in bodies}) == 2


def test_pulls_and_decisions_are_told_signed_and_thin(approvals: ApprovalMax, receiver: Receiver) -> None:
    order = {"url": receiver.url, "key": KEY, "validate": False}
    approvals.sandbox.control("/approvalmax/webhooks", order)
    submit(approvals.sandbox.connect(), "W-1")
    approvals.pull()
    headers, body = receiver.received.get(timeout=5)
    assert headers[SIGNATURE_HEADER] == signature(KEY, body)
    [event] = json.loads(body)["Events"]
    assert set(event) == {"EventType", "EventSubType", "RequestType", "RequestId", "CompanyId", "TimeStamp"}
    assert (event["RequestType"], event["CompanyId"]) == ("XeroBill", approvals.company())
    approvals.decide("approve")
    [event] = json.loads(receiver.received.get(timeout=5)[1])["Events"]
    assert (event["EventType"], event["EventSubType"]) == ("Approved", "ApprovedByApprover")


def test_the_hourly_pull_comes_by_itself(approvals: ApprovalMax, receiver: Receiver) -> None:
    """Time alone does it: nothing calls ApprovalMax between the submission and the delivery."""
    order = {"url": receiver.url, "key": KEY, "validate": False}
    approvals.sandbox.control("/approvalmax/webhooks", order)
    submit(approvals.sandbox.connect(), "W-2")
    approvals.sandbox.control("/clock", {"advance_seconds": 3_600})
    assert json.loads(receiver.received.get(timeout=5)[1])["Events"][0]["RequestType"] == "XeroBill"


def until(approvals: ApprovalMax, wanted: Callable[[dict[str, Any]], bool]) -> None:
    end = time.monotonic() + 10
    while not wanted(state := approvals.sandbox.read("/approvalmax/webhooks")):
        assert time.monotonic() < end, state
        time.sleep(0.02)
