"""What can be known to be wrong with an item before BILL is asked.

The rules are BILL's: "Create a bill", "Create a vendor" of developer.bill.com, and what its profile says it cannot do.
"""

from collections.abc import Iterator
from decimal import Decimal

from shared.domain.connections import PublishAs
from shared.domain.errors import Problem
from shared.domain.items import Item, ItemType, Line
from shared.domain.lists import Entry
from shared.providers.bill.amounts import line_amounts
from shared.providers.bill.entries import ADDRESS
from shared.providers.bill.profile import BASE_CURRENCY, NUMBER_LENGTH, PROFILE, TEXT_LENGTH, VENDOR_NAME_LENGTH
from shared.providers.contract import Resolved, Target, amount_text
from shared.providers.sums import sum_problems


def check(item: Item, resolved: Resolved, target: Target) -> list[Problem]:
    """Every problem that can be known without a call, in the order of the item's fields."""
    offered = list(_destination(item, target))
    if offered:
        return offered
    return [
        *_contact(item, resolved),
        *_dates(item),
        *_number(item),
        *_currency(item, resolved, target),
        *_total(item),
        *_lines(item, resolved),
        *_bank_account(resolved),
        *_found(item.approver, resolved.approver, "entry_inactive", "approver"),
    ]


def _destination(item: Item, target: Target) -> Iterator[Problem]:
    """Bills of costs, and nothing else: no sales, no credit notes, no drafts, no payments."""
    if target.destination not in PROFILE.destinations.get(item.side, ()):
        yield Problem("destination_not_offered", "destination", details={"destination": target.destination.value})
    elif item.type is ItemType.CREDIT_NOTE:
        details = {"destination": target.destination.value, "type": item.type.value}
        yield Problem("destination_not_offered", "destination", details=details)
    elif target.publish_as not in PROFILE.publish_as[target.destination]:
        yield Problem("destination_not_offered", "publish_as", details={"publish_as": target.publish_as.value})
    elif item.paid and item.publish_as is PublishAs.PAID:  # BILL pays what is open there: money would go out twice
        yield Problem("destination_not_offered", "publish_as", details={"publish_as": item.publish_as.value})


def _contact(item: Item, resolved: Resolved) -> Iterator[Problem]:
    contact = resolved.contact
    if contact is None:
        code = "supplier_missing" if item.contact is None else "entry_unresolved"
        yield Problem(code, "contact", details={"entry": item.contact} if item.contact else {})
    elif contact.survivor is not None:
        yield Problem("supplier_merged", "contact", details={"name": contact.name})
    elif not contact.usable:
        yield Problem("supplier_archived", "contact", details={"name": contact.name, "code": contact.code or ""})
    elif contact.provider_id is None:
        yield from _new_vendor(contact)


def _new_vendor(contact: Entry) -> Iterator[Problem]:
    """BILL takes no vendor without an address ("Create a vendor": address is required)."""
    if len(contact.name) > VENDOR_NAME_LENGTH:
        yield _too_long("contact", contact.name, VENDOR_NAME_LENGTH)
    address = contact.values.get("address") or {}
    lacking = [name for name in ADDRESS if not str(address.get(name) or "").strip()]
    if lacking:
        yield Problem("supplier_address_missing", "contact", details={"name": contact.name, "missing": lacking})


def _dates(item: Item) -> Iterator[Problem]:
    if item.date is None:
        yield Problem("date_missing", "date")
    due_at_once = item.type is ItemType.RECEIPT or item.paid
    if item.due_date is None and not due_at_once:
        yield Problem("due_date_missing", "due_date")


def _number(item: Item) -> Iterator[Problem]:
    """A bill has the number of its invoice; an item without one cannot become a bill."""
    if not (item.number or "").strip():
        yield Problem("number_missing", "number")
    elif len(item.number or "") > NUMBER_LENGTH:
        yield _too_long("number", item.number or "", NUMBER_LENGTH)


def _currency(item: Item, resolved: Resolved, target: Target) -> Iterator[Problem]:
    """Bills are in the vendor's currency; those abroad are not sent (see the profile's `cannot`)."""
    base = target.organisation.base_currency or BASE_CURRENCY
    if item.currency != base:
        yield Problem("currency_not_enabled", "currency", details={"currency": item.currency})
    vendors = resolved.contact.values.get("currency") if resolved.contact is not None else None
    if vendors is not None and vendors != item.currency:
        yield Problem("currencies_differ", "currency", details={"currency": item.currency, "supplier": vendors})


def _total(item: Item) -> Iterator[Problem]:
    if item.total < 0:
        yield Problem("total_negative", "total", details={"total": amount_text(item.total)})
    if item.lines:
        yield from sum_problems(item, sum(line_amounts(item), Decimal(0)), None)


def _lines(item: Item, resolved: Resolved) -> Iterator[Problem]:
    if not item.lines:
        yield Problem("lines_missing", "lines")
    for number, line in enumerate(item.lines):
        at = f"lines[{number}]"
        if len(line.description) > TEXT_LENGTH:
            yield _too_long(f"{at}.description", line.description, TEXT_LENGTH)
        if line.quantity < 0:
            yield Problem("quantity_negative", f"{at}.quantity", details={"quantity": amount_text(line.quantity)})
        yield from _category(line, resolved, at)
        yield from _found(line.product, resolved.products.get(line.product or ""), "product_not_found", f"{at}.product")
        yield from _found(
            line.customer, resolved.customers.get(line.customer or ""), "entry_inactive", f"{at}.customer"
        )
        yield from _tracking(line, resolved, at)


def _category(line: Line, resolved: Resolved, at: str) -> Iterator[Problem]:
    field = f"{at}.category"
    entry = resolved.categories.get(line.category or "")
    if line.category is None:
        yield Problem("category_missing", field)
    elif entry is not None and entry.usable and entry.values.get("postable") is False:
        yield Problem("account_not_valid", field, details={"name": entry.name, "code": entry.code or ""})
    else:
        yield from _found(line.category, entry, "account_archived", field)


def _found(entry_id: str | None, entry: Entry | None, code: str, field: str) -> Iterator[Problem]:
    """What is wrong with a reference: it is not in these books, or its entry is no longer active."""
    if entry_id is None:
        return
    if entry is None:
        yield Problem("entry_unresolved", field, details={"entry": entry_id})
    elif not entry.usable or entry.provider_id is None:
        yield Problem(code, field, details={"name": entry.name, "code": entry.code or ""})


def _tracking(line: Line, resolved: Resolved, at: str) -> Iterator[Problem]:
    dimensions = []
    for place, value_id in enumerate(line.tracking):
        field = f"{at}.tracking[{place}]"
        value = resolved.tracking.get(value_id)
        yield from _found(value_id, value, "tracking_not_found", field)
        if value is None:
            continue
        if value.parent in dimensions:
            yield Problem("too_many_dimensions", field, details={"name": value.name})
        dimensions.append(value.parent)


def _bank_account(resolved: Resolved) -> Iterator[Problem]:
    account = resolved.bank_account
    if account is not None and not account.usable:
        details = {"name": account.name, "code": account.code or ""}
        yield Problem("bank_account_not_found", "payment_method", details=details)


def _too_long(field: str, text: str, most: int) -> Problem:
    return Problem("text_too_long", field, details={"length": len(text), "most": most})
