"""Lists as Sage pages and filters them.

Source: developer.sage.com/accounting, guides "Pagination" and "Efficient use"; query parameters of the published
description. `items_per_page` is 20 unless said and at most 200; a page beyond the end is the last page again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode

from sandbox.sage import messages
from sandbox.sage.books import Books
from sandbox.sage.checks import percentage_on
from sandbox.sage.formats import Record, instant, invalid, ref_id

PAGE = 20
LARGEST_PAGE = 200  # asked for more, 200 are given (assumed)
BASE = ("id", "displayed_as", "$path")
# Where "search" looks; that it finds any part of the text, in any case, is assumed.
_SEARCHED: Mapping[str, tuple[str, ...]] = {
    "contacts": ("name", "reference"),
    "ledger_accounts": ("displayed_as",),
    "products": ("item_code", "description"),
    "services": ("item_code", "description"),
    "stock_items": ("item_code", "description"),
    "analysis_types": ("name",),
    **dict.fromkeys(
        ("purchase_invoices", "sales_invoices", "purchase_credit_notes", "sales_credit_notes"),
        ("reference", "contact_name"),
    ),
    **dict.fromkeys(("purchase_quick_entries", "sales_quick_entries"), ("reference", "contact_name")),
}
# Lists that say what was deleted since; the others never do.
_DELETED_SINCE = frozenset(
    {"contacts", "bank_accounts", "products", "services", "stock_items", "attachments", "contact_payments"}
    | {"purchase_invoices", "sales_invoices", "purchase_credit_notes", "sales_credit_notes"}
    | {"purchase_quick_entries", "sales_quick_entries", "other_payments"}
)
_UNDATED = frozenset({"currencies", "payment_methods", "contact_types", "transaction_types", "artefact_statuses"})
_BY_REFERENCE = {
    "contact_id": "contact",
    "status_id": "status",
    "transaction_type_id": "transaction_type",
    "bank_account_id": "bank_account",
    "ledger_account_type_id": "ledger_account_type",
    "transaction_id": "transaction",
    "ledger_account_id": "ledger_account",
    "attachment_context_id": "attachment_context",
    "attachment_context_type_id": "attachment_context_type",
}

Test = Callable[[Record], bool]


def listed(books: Books, table: str, query: Mapping[str, str]) -> Record:
    """One page of a list in Sage's envelope. Raises RefusedError (422) for parameters that are none."""
    wanted = _tests(books, table, query)
    found = list(books.rows(table))
    for test in wanted:
        found = [one for one in found if test(one)]
    if "sort" in query:
        found = _sorted(found, query["sort"])
    size = min(_whole(query, "items_per_page", PAGE), LARGEST_PAGE)
    pages = max(1, -(-len(found) // size))
    page = min(_whole(query, "page", 1), pages)
    shown = found[(page - 1) * size : page * size]
    attributes = asked_for(query)
    return {
        "$total": len(found),
        "$page": page,
        "$next": _link(table, query, page + 1, size) if page < pages else None,
        "$back": _link(table, query, page - 1, size) if page > 1 else None,
        "$itemsPerPage": size,
        "$items": [render(books, table, one, attributes) for one in shown],
    }


def asked_for(query: Mapping[str, str]) -> frozenset[str] | None:
    """The attributes of a query: None for all; base attributes always come along."""
    text = query.get("attributes", "")
    return None if text.strip() == "all" else frozenset(part.strip() for part in text.split(",") if part.strip())


def render(books: Books, table: str, record: Record, attributes: frozenset[str] | None) -> Record:
    """A record as Sage answers it: the base attributes, and those asked for (None: all)."""
    base = {"id": record["id"], "displayed_as": record["displayed_as"], "$path": f"/{table}/{record['id']}"}
    if table == "business_exchange_rates":  # found by their currency: the description gives them no id
        del base["id"]
    deleted = {"deleted_at": record["deleted_at"]} if record.get("deleted_at") else {}
    if attributes is not None and not attributes:
        return base | deleted
    chosen = {
        key: value
        for key, value in record.items()
        if not key.startswith("_") and key not in BASE and (attributes is None or key in attributes)
    }
    written: Record = books.written(chosen)
    return base | deleted | written


def _tests(books: Books, table: str, query: Mapping[str, str]) -> list[Test]:
    tests: list[Test] = [_deleted(table, query)]
    if "updated_or_created_since" in query and table not in _UNDATED:
        tests.append(_since(query, "updated_or_created_since", "updated_at"))
    if query.get("search") and table in _SEARCHED:
        tests.append(_search(_SEARCHED[table], query["search"].casefold()))
    for name, stored in _BY_REFERENCE.items():
        if query.get(name):
            tests.append(_refers(stored, query[name]))
    if "from_date" in query or "to_date" in query:
        first, last = query.get("from_date", ""), query.get("to_date", "9999")
        tests.append(lambda one: first <= one.get("date", "") <= last)
    if "has_attachments" in query:
        tests.append(_with_files(books, query["has_attachments"].lower() == "true"))
    special = _SPECIAL.get(table)
    return tests + (special(query) if special else [])


def _deleted(table: str, query: Mapping[str, str]) -> Test:
    if "deleted_since" in query and table in _DELETED_SINCE:
        return _since(query, "deleted_since", "deleted_at")
    return lambda one: not one.get("deleted_at")


def _since(query: Mapping[str, str], name: str, stored: str) -> Test:
    """At or after: Sage counts the instant itself in. Stored instants are in whole seconds."""
    since: datetime = instant(query[name], name).replace(microsecond=0)
    text = f"{since:%Y-%m-%dT%H:%M:%SZ}"
    return lambda one: (one.get(stored) or "") >= text


def _search(names: tuple[str, ...], text: str) -> Test:
    return lambda one: any(text in str(one.get(name) or "").casefold() for name in names)


def _refers(stored: str, wanted: str) -> Test:
    return lambda one: ref_id(one.get(stored)) == wanted


def _with_files(books: Books, wanted: bool) -> Test:
    owners = {ref_id(one["attachment_context"]) for one in books.rows("attachments") if not one["deleted_at"]}
    return lambda one: (one["id"] in owners) == wanted


def _contact_tests(query: Mapping[str, str]) -> list[Test]:
    tests: list[Test] = []
    if kind := query.get("contact_type_id"):
        tests.append(lambda one: any(ref_id(held) == kind for held in one["contact_types"]))
    if email := query.get("email"):
        tests.append(lambda one: (one["email"] or "").casefold() == email.casefold())
    if query.get("filter_inactive_contacts", "").lower() == "true":
        tests.append(lambda one: bool(one["is_active"]))
    return tests


def _ledger_account_tests(query: Mapping[str, str]) -> list[Test]:
    tests: list[Test] = []
    if area := query.get("visible_in"):
        tests.append(lambda one: bool(one.get(f"visible_in_{area}")))
    if hidden := query.get("not_visible_in"):
        tests.append(lambda one: not one.get(f"visible_in_{hidden}"))
    if "show_control_accounts" in query:
        control = query["show_control_accounts"].lower() == "true"
        tests.append(lambda one: one["is_control_account"] == control)
    return tests


def _tax_rate_tests(query: Mapping[str, str]) -> list[Test]:
    """`usage` and `date` narrow the list; without them hidden and ended rates are listed too (assumed)."""
    tests: list[Test] = []
    if usage := query.get("usage"):
        tests.append(lambda one: one["_usage"] in ({"purchase": "purchase", "sales": "sales"}.get(usage), "both"))
    if query.get("date"):
        day = instant(query["date"], "date").date()
        tests.append(lambda one: percentage_on(one, day) is not None)
    return tests


def _active_tests(query: Mapping[str, str]) -> list[Test]:
    if "active" not in query:
        return []
    wanted = query["active"].lower() == "true"
    return [lambda one: one["active"] == wanted]


def _bank_account_tests(query: Mapping[str, str]) -> list[Test]:
    hide = query.get("filter_inactive_bank_accounts", "").lower() == "true"
    return [lambda one: bool(one["is_active"])] if hide else []


_SPECIAL: Mapping[str, Callable[[Mapping[str, str]], list[Test]]] = {
    "contacts": _contact_tests,
    "ledger_accounts": _ledger_account_tests,
    "tax_rates": _tax_rate_tests,
    "products": _active_tests,
    "services": _active_tests,
    "stock_items": _active_tests,
    "bank_accounts": _bank_account_tests,
}


def _sorted(found: list[Record], order: str) -> list[Record]:
    """ "date:desc" and the like (assumed form); a field that is none leaves the order as it is."""
    name, _, direction = order.partition(":")
    return sorted(found, key=lambda one: str(one.get(name) or ""), reverse=direction.lower() == "desc")


def _whole(query: Mapping[str, str], name: str, usual: int) -> int:
    text = query.get(name)
    if text is None:
        return usual
    if not text.isdigit() or int(text) < 1:
        raise invalid(messages.BAD_PAGING, name)
    return int(text)


def _link(table: str, query: Mapping[str, str], page: int, size: int) -> str:
    """The other parameters go along (assumed: Sage's samples have none)."""
    rest = {key: value for key, value in query.items() if key not in ("page", "items_per_page")}
    return f"/{table}?{urlencode({'page': page, 'items_per_page': size, **rest})}"
