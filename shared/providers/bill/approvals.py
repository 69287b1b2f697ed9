"""Who approves a bill first. v3 has no field for it; v2, which BILL still serves, has a call.

Sources: developer.bill.com/v2, "Set approvers for a bill or vendor credit" (objectId, entity, approvers in their order;
approvers who have acted are left out of the new sequence, the others are replaced) and "Common API error codes" (200
always, response_status 1 for a refusal); developer.bill.com, "New in the BILL v3 API: Bill Approvals" (a bill's
`approvers`: userId, status, approverOrder). That the session of a sync token's v3 login may call v2 is assumed.
"""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from shared.domain.errors import Problem
from shared.providers.bill import api
from shared.providers.bill.profile import API_V2
from shared.providers.contract import Session, Wanted
from shared.providers.transport import Call, broken

_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


def name_approver(session: Session, document: Wanted, approver_id: str) -> Problem | None:
    """Put a user before the approvers that BILL's policies gave the bill; None when that is so, else why it is not.

    Looked up first: one who is among the approvers stays where he is and gets no second mail. A policy's group cannot
    be told to v2, which would take it off the bill: such a bill is left as it is.
    """
    told = api.get(session, f"/bills/{api.segment(document.document_id)}")
    if not isinstance(told, Mapping):
        raise broken("a JSON object was expected")
    rows = api.records(told.get("approvers") or [])
    users = [row["userId"] for row in sorted(rows, key=_order) if isinstance(row.get("userId"), str)]
    if approver_id in users[:1]:
        return None
    if len(users) < len(rows):
        return Problem("approver_refused", "approver", details={"reason": "a group of approvers stands on the bill"})
    return _set(session, document.document_id, [approver_id, *(user for user in users if user != approver_id)])


def _order(row: Mapping[str, Any]) -> int:
    place = row.get("approverOrder")
    return place if isinstance(place, int) else 0


def _set(session: Session, bill_id: str, users: list[str]) -> Problem | None:
    """SetApprovers. Raises what v3 says by status for what v2 says by code: lost sessions, limits, passing failures."""
    opened = json.loads(session.access_token.reveal())
    data = json.dumps({"objectId": bill_id, "entity": "Bill", "approvers": users})
    form = urlencode({"devKey": opened["devKey"], "sessionId": opened["sessionId"], "data": data})
    answer = api.request(session, Call("POST", f"{API_V2}/SetApprovers.json", {}, _FORM, form.encode()))
    told = answer.json() if answer.status == 200 else None
    if not isinstance(told, Mapping) or told.get("response_status") not in {0, 1}:
        raise api.unexpected(answer)
    if told["response_status"] == 0:
        return None
    return api.v2_problem(session, answer, told.get("response_data"))
