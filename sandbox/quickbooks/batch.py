"""POST /batch: up to 30 operations of one call, each with its own answer by bId.

Source: the Batch reference page. Elements are independent: none sees what another one makes.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.quickbooks import queries, writes
from sandbox.quickbooks.books import Company
from sandbox.quickbooks.documents import Wish
from sandbox.quickbooks.entities import BY_NAME
from sandbox.quickbooks.errors import RefusedError, invalid_choice, required
from sandbox.quickbooks.formats import answer_time
from sandbox.quickbooks.wire import EntityEvent, Record

MOST_ITEMS = 30
# "The maximum number of objects that can be returned in a response": over all queries of a batch together.
MOST_OBJECTS = 1_000


def answer(company: Company, body: Mapping[str, Any], now: datetime) -> tuple[Record, tuple[EntityEvent, ...]]:
    """The whole answer and its events. Raises RefusedError when the batch as such cannot be read."""
    items = body.get("BatchItemRequest")
    if not isinstance(items, list) or not items or not all(isinstance(one, dict) for one in items):
        raise required("BatchItemRequest")
    if len(items) > MOST_ITEMS:
        # Code and wording are assumed.
        detail = f"The batch has {len(items)} items. The maximum number of batch items is {MOST_ITEMS}."
        raise RefusedError("1040", "Batch Items Exceeded", detail)
    if any(not one.get("bId") for one in items):
        raise required("bId")
    rows: list[Record] = []
    events: list[EntityEvent] = []
    room = MOST_OBJECTS
    company.one_at_a_time(True)
    try:
        for item in items:
            row, event = _item(company, item, now, room)
            room -= int(row.get("QueryResponse", {}).get("maxResults", 0))
            rows.append({"bId": str(item["bId"]), **row})
            events.extend(event)
    finally:
        company.one_at_a_time(False)
    return {"BatchItemResponse": rows, "time": answer_time(now)}, tuple(events)


def has_query(body: Mapping[str, Any]) -> bool:
    """Whether a batch looks anything up."""
    items = body.get("BatchItemRequest")
    return isinstance(items, list) and any(isinstance(one, dict) and "Query" in one for one in items)


def _item(company: Company, item: Record, now: datetime, room: int) -> tuple[Record, list[EntityEvent]]:
    mark = company.mark()
    try:
        if "Query" in item:
            return {"QueryResponse": queries.answer(company, str(item["Query"]), room)}, []
        entity = next((BY_NAME[name] for name in item if name in BY_NAME), None)
        if entity is None:
            raise required("BatchItemRequest entity")
        verb = item.get("operation")
        if verb not in {"create", "update", "delete", "void"}:
            raise invalid_choice("operation", verb)
        include = frozenset(str(item.get("optionsData", "")).lower().split(","))
        made, event = writes.write(company, entity, verb, Wish(item[entity.name], now, include))
    except RefusedError as refused:
        company.undo_to(mark)
        return {"Fault": refused.fault()}, []
    return {entity.name: made}, [event]
