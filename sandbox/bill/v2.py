"""The one v2 endpoint that v3 has no counterpart for: choosing a bill's approvers.

Source: developer.bill.com/v2, "Set approvers for a bill or vendor credit" (objectId, entity, approvers in their order:
an approver who has acted keeps his word and is left out of the new sequence, which replaces the others) and "Common
API error codes" (HTTP 200 always, response_status 1 for a refusal). That a session of a v3 log-in, by sync token too,
may call it is assumed.
"""

import json
from datetime import datetime

from sandbox.bill import approvals
from sandbox.bill.books import Books
from sandbox.bill.formats import Record, RefusedError, broken_rule

SET_APPROVERS = "/api/v2/SetApprovers.json"


def set_approvers(books: Books, data: str, now: datetime) -> Record:
    """`data` is the form field: {"objectId": "00n...", "entity": "Bill", "approvers": ["006...", ...]}.

    Answers v2's envelope.
    """
    try:
        wanted = json.loads(data)
        bill = books.get("bills", wanted.get("objectId"))
        if bill is None or not wanted.get("approvers"):
            raise broken_rule("objectId or approvers: does not exist")
        if wanted.get("entity", "Bill") != "Bill":
            raise broken_rule("entity: must be Bill")  # vendor credits have approvers as well, not here
        users = [approvals.approver(books, one) for one in wanted["approvers"]]
    except RefusedError as refused:
        problem = refused.problems[0]
        return failure(problem.code, problem.message)
    except (ValueError, TypeError, AttributeError):
        return failure("BDC_1002", "Unknown error occurred.")
    books.update("bills", {**bill, **approvals.replaced(bill, users, now)}, now)
    books.commit()
    return {"response_status": 0, "response_message": "Success", "response_data": {}}


def failure(code: str, message: str) -> Record:
    """v2's refusal."""
    data = {"error_code": code, "error_message": message}
    return {"response_status": 1, "response_message": "Error", "response_data": data}
