"""What concerns a person rather than a business: /businesses, /businesses/{id}, /businesses/lead and /user.

Source: developer.sage.com/accounting, guides "Best practices" and "Authentication"; the published description of the
two endpoints. They take no X-Business.
"""

from typing import Any

from sandbox.sage import messages
from sandbox.sage.books import Books
from sandbox.sage.endpoints import collection
from sandbox.sage.formats import RefusedError, not_found, refused, stamp
from sandbox.sage.seed import SEEDED_AT
from sandbox.sage.state import SageState
from sandbox.sage.wire import ApiAnswer, ApiCall, answered, refusal

NO_PAGES = 2_147_483_647  # "$items_per_page" of Sage's sample: the list is not paged


def concerns_person(path: str) -> bool:
    return collection(path) in ("businesses", "user")


def answer(state: SageState, call: ApiCall) -> ApiAnswer:
    try:
        return _routed(state, call)
    except RefusedError as no:
        return refusal(no)


def _routed(state: SageState, call: ApiCall) -> ApiAnswer:
    parts = call.path.strip("/").split("/")
    if len(parts) > 2 or (parts[0] == "user" and len(parts) > 1):
        raise not_found()
    if call.method != "GET":
        raise refused(405, messages.METHOD_CODE, messages.METHOD)
    if parts[0] == "user":
        return answered(200, _user(call))
    theirs = state.businesses_of(call.user.user_id)
    if len(parts) == 1:
        return answered(200, _all(list(theirs.values())))
    lead = next(iter(theirs.values()), None)
    found = lead if parts[1] == "lead" else theirs.get(parts[1].lower())
    if found is None:
        raise not_found()
    return answered(200, {**found.written(found.business), "$path": f"/businesses/{found.business_id}"})


def _all(theirs: list[Books]) -> dict[str, Any]:
    rows = [
        {"id": one.business_id, "displayed_as": one.business["name"], "$path": f"/businesses/{one.business_id}"}
        for one in theirs
    ]
    envelope = {"$total": len(rows), "$page": 1, "$next": None, "$back": None, "$items_per_page": NO_PAGES}
    return {**envelope, "$items": rows}


def _user(call: ApiCall) -> dict[str, Any]:
    first, _, last = call.user.name.partition(" ")
    at = stamp(SEEDED_AT)
    return {
        "id": call.user.user_id,
        "displayed_as": call.user.name,
        "first_name": first,
        "last_name": last,
        "initials": f"{first[:1]}{last[:1]}",
        "email": call.user.email,
        "locale": "en-GB",
        "created_at": at,
        "updated_at": at,
    }
