"""Filters, sorting and pages of BILL's lists.

Source: developer.bill.com, "Search operations with lists" (format, operators, times), the change log of 18 February
2025 (classification fields), reference pages (max, page). Which fields can be filtered and sorted by is on a page we
have not seen: _COMMON, _OWN and SORTABLE hold what other pages show, the rest is refused (assumed).
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.bill.formats import Record, bad_field, instant, visible

LARGEST_PAGE = 100  # 0 and 101 are answered 400, as recorded from the live service
DEFAULT_PAGE = 20  # assumed: the reference says 20, the guide 100
_TIMES = ("createdTime", "updatedTime")
_COMMON = ("id", "archived", *_TIMES)
_CLASSIFIED = tuple(
    f"classifications.{name}"
    for name in ("chartOfAccountId", "accountingClassId", "departmentId", "locationId", "itemId")
)
_OWN: Mapping[str, Sequence[str]] = {
    "vendors": ("name", "accountType", "billCurrency"),
    "bills": ("vendorId", "dueDate", "payFromChartOfAccountId", *_CLASSIFIED),
    "vendor-credits": ("vendorId", "creditDate"),
    "customers": ("name", "invoiceCurrency", "accountType"),
    "users": ("email", "roleId"),
    "roles": ("type",),
    "employees": ("lastName",),
}
SORTABLE = (*_TIMES, "archived", "name", "dueDate")  # assumed but for the times and archived
_FILTER = re.compile(r'([A-Za-z][\w.]*):([a-z]+):("[^"]*"|[^",]*)(?:,|$)')
_EQUALITY_ONLY = ("eq", "ne", "in")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: bool(a == b),
    "ne": lambda a, b: bool(a != b),
    "gt": lambda a, b: bool(a > b),
    "gte": lambda a, b: bool(a >= b),
    "lt": lambda a, b: bool(a < b),
    "lte": lambda a, b: bool(a <= b),
    "sw": lambda a, b: str(a).casefold().startswith(str(b).casefold()),
}
_Predicate = Callable[[Record], bool]


def listed(table: str, records: Sequence[Record], query: Mapping[str, str]) -> Record:
    """{"results": [...], "nextPage"?, "prevPage"?}. Raises RefusedError (400)."""
    for name in query:
        if name not in ("max", "page", "sort", "filters"):
            raise bad_field(f"{name}: unknown query parameter")
    size = _size(query)
    kept = [one for one in records if all(holds(one) for holds in _predicates(table, query.get("filters", "")))]
    ordered = _ordered(kept, query.get("sort", ""))
    start = _start(query, size)
    page: Record = {"results": [visible(one) for one in ordered[start : start + size]]}
    if start + size < len(ordered):
        page["nextPage"] = _cursor(query, size, start + size)
    if start > 0:
        page["prevPage"] = _cursor(query, size, max(0, start - size))
    return page


def _size(query: Mapping[str, str]) -> int:
    raw = query.get("max", str(DEFAULT_PAGE))
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw[:6]) <= LARGEST_PAGE:
        raise bad_field(f"max: must be between 1 and {LARGEST_PAGE}")
    return int(raw)


def _bound(query: Mapping[str, str], size: int) -> list[object]:
    """What a cursor belongs to: the same list with another question is another list (assumed)."""
    return [query.get("filters", ""), query.get("sort", ""), size]


def _cursor(query: Mapping[str, str], size: int, start: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([start, *_bound(query, size)]).encode()).decode()


def _start(query: Mapping[str, str], size: int) -> int:
    if not query.get("page"):
        return 0
    try:
        start, *bound = json.loads(base64.urlsafe_b64decode(query["page"]))
    except (ValueError, TypeError, binascii.Error):
        raise bad_field("page: is not a page of this list") from None
    if bound != _bound(query, size) or not isinstance(start, int):
        raise bad_field("page: is not a page of this list")
    return start


def _predicates(table: str, filters: str) -> list[_Predicate]:
    found: list[_Predicate] = []
    at = 0
    while at < len(filters):
        match = _FILTER.match(filters, at)
        if match is None:
            raise bad_field(f"filters: cannot be read at '{filters[at : at + 40]}'")
        found.append(_predicate(table, *match.groups()))
        at = match.end()
    return found


def _predicate(table: str, field: str, operator: str, raw: str) -> _Predicate:
    if field not in (*_COMMON, *_OWN.get(table, ("name",))):
        raise bad_field(f"filters: {field} is not a filterable field")
    if operator not in _COMPARE and operator not in ("in", "nin"):
        raise bad_field(f"filters: {operator} is not an operator")
    if (field in _CLASSIFIED or field == "payFromChartOfAccountId") and operator not in _EQUALITY_ONLY:
        raise bad_field(f"filters: {field} takes {', '.join(_EQUALITY_ONLY)}")
    text = raw.strip('"')
    if operator in ("in", "nin"):
        wanted = {_value(field, part) for part in text.split(",")}
        return lambda record: (_of(record, field) in wanted) == (operator == "in")
    compare, against = _COMPARE[operator], _value(field, text)

    def holds(record: Record) -> bool:
        value = _of(record, field)
        return operator == "ne" if value is None else compare(value, against)

    return holds


def _value(field: str, text: str) -> Any:
    """A filter's value as the field's type."""
    try:
        if field in _TIMES:
            return instant(text)
    except ValueError:
        raise bad_field(f"filters: {field} must be an ISO 8601 date-time") from None
    if field == "archived":
        if text not in ("true", "false"):
            raise bad_field("filters: archived must be true or false")
        return text == "true"
    return text


def _of(record: Mapping[str, Any], field: str) -> Any:
    value: Any = record
    for name in field.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return instant(value) if field in _TIMES and value is not None else value


def _ordered(records: list[Record], sort: str) -> list[Record]:
    """`createdTime:desc,name:asc`; without it in order of creation (assumed)."""
    for part in reversed([part for part in sort.split(",") if part]):
        field, _, direction = part.partition(":")
        if field not in SORTABLE or direction not in ("asc", "desc"):
            raise bad_field(f"sort: {part} is not a sortable field with asc or desc")
        records = sorted(records, key=lambda one: _sortable(_of(one, field)), reverse=direction == "desc")
    return records


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is not None, value.casefold() if isinstance(value, str) else value or 0)
