"""Approval policies, the approvers a bill gets from them, and their decisions.

Source: developer.bill.com, "Bill approvals", "Create a bill approval policy", change logs of 22 September and
5 November 2025. The v3 API has no field to choose a bill's approvers: policies do, or v2's SetApprovers ("Set approvers
for a bill or vendor credit").
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.bill.books import Books
from sandbox.bill.formats import (
    Record,
    bad_field,
    broken_rule,
    known_only,
    read_amount,
    read_object,
    read_text,
    stamp,
)  # fmt: skip

APPROVER_ROLES = ("ADMINISTRATOR", "ACCOUNTANT", "APPROVER")
ACTIONS = {"APPROVE": "APPROVED", "DENY": "DENIED"}  # assumed names, with the body's billId, action and comment
_RULE_KEYS = ("BILL_AMOUNT",)
_COMPARE: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "eq": lambda a, b: a == b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


def assigned(books: Books, bill: Record, wanted: bool, now: datetime) -> Record:
    """approvalStatus, and approvers when a policy matches and the request asked for them (`billApprovals`)."""
    policy = next((one for one in books.policies.values() if wanted and _matches(one, bill["amount"])), None)
    return waiting(policy["approvers"], now) if policy else {"approvalStatus": "UNASSIGNED"}


def waiting(user_ids: Sequence[str], now: datetime) -> Record:
    """approvalStatus and approvers of a bill that waits for these users, in their order."""
    rows = [
        {"userId": user_id, "status": "WAITING", "approverOrder": order, "statusChangedTime": stamp(now)}
        for order, user_id in enumerate(user_ids)
    ]
    return {"approvalStatus": "ASSIGNED", "approvers": rows}


def replaced(bill: Record, user_ids: Sequence[str], now: datetime) -> Record:
    """approvalStatus and approvers once SetApprovers has named these users: those who have acted come first."""
    acted = [one for one in bill.get("approvers", ()) if one["status"] != "WAITING"]
    known = {one["userId"] for one in acted}
    fresh = waiting([one for one in user_ids if one not in known], now)
    rows = [{**one, "approverOrder": order} for order, one in enumerate([*acted, *fresh["approvers"]])]
    return {"approvalStatus": bill["approvalStatus"] if acted else "ASSIGNED", "approvers": rows}


def save_policy(books: Books, policy_id: str | None, body: object) -> Record:
    """POST and PUT of a policy. Raises RefusedError."""
    given = read_object(body)
    known_only(given, ("policyName", "rules", "approvers"))
    rules, approvers = given.get("rules"), given.get("approvers")
    if not isinstance(rules, list) or not rules or not isinstance(approvers, list) or not approvers:
        raise bad_field("rules and approvers: must not be empty")
    policy: Record = {
        "id": policy_id or f"{books.organization_id}-{books.new_id('pol')[3:]}",
        "policyName": read_text(given.get("policyName"), "policyName", 100, required=True),
        "rules": [_rule(read_object(one, "rules")) for one in rules],
        "approvers": [approver(books, one) for one in approvers],
    }
    books.policies[policy["id"]] = policy
    return policy


def approver(books: Books, user_id: object) -> str:
    """The id of a user who may approve. Raises RefusedError (422, wording assumed)."""
    user = books.get("users", user_id)
    if user is None or user["archived"] or books.tables["roles"][user["roleId"]]["type"] not in APPROVER_ROLES:
        raise broken_rule(f"approvers: {user_id} is not a user who can approve bills")
    return str(user["id"])


def decide(books: Books, user_id: str, body: object, now: datetime) -> Record:
    """POST /v3/bill-approvals/actions: one approver's word on a bill. Raises RefusedError."""
    given = read_object(body)
    known_only(given, ("billId", "action", "comment"))
    bill = books.get("bills", given.get("billId"))
    if bill is None:
        raise broken_rule(f"billId: {given.get('billId')} does not exist")
    if given.get("action") not in ACTIONS:
        raise bad_field(f"action: must be one of {', '.join(ACTIONS)}")
    return decided(books, bill, user_id, ACTIONS[given["action"]], now)


def decided(books: Books, bill: Record, user_id: str, status: str, now: datetime) -> Record:
    """The bill after that approver's APPROVED or DENIED.

    All have approved: APPROVED; some: APPROVING (assumed name); one has denied: DENIED.
    """
    rows: list[dict[str, Any]] = list(bill.get("approvers", ()))
    if not any(one["userId"] == user_id and one["status"] == "WAITING" for one in rows):
        raise broken_rule("The user is not an approver of the bill, or has acted on it.")  # assumed wording
    rows = [
        {**one, "status": status, "statusChangedTime": stamp(now)} if one["userId"] == user_id else one for one in rows
    ]
    words = {one["status"] for one in rows}
    overall = "DENIED" if "DENIED" in words else "APPROVED" if words == {"APPROVED"} else "APPROVING"
    return books.update("bills", {**bill, "approvers": rows, "approvalStatus": overall}, now)


def pending(books: Books, user_id: str) -> list[Record]:
    """Bills that wait for that user."""
    return [
        bill
        for bill in books.tables["bills"].values()
        if not bill["archived"]
        and any(one["userId"] == user_id and one["status"] == "WAITING" for one in bill.get("approvers", ()))
    ]


def _rule(given: Record) -> Record:
    known_only(given, ("key", "op", "values"), "rules.")
    values = given.get("values")
    if given.get("key") not in _RULE_KEYS or given.get("op") not in _COMPARE:
        raise bad_field(f"rules: key must be {_RULE_KEYS[0]} and op one of {', '.join(_COMPARE)}")
    if not isinstance(values, list) or len(values) != 1:
        raise bad_field("rules.values: one value is needed")
    read_amount(values[0], "rules.values")
    return given


def _matches(policy: Record, amount: Decimal) -> bool:
    return all(_COMPARE[rule["op"]](amount, Decimal(rule["values"][0])) for rule in policy["rules"])
