"""What can be known to be wrong with an item before ApprovalMax, or the books it approves for, are asked.

What it takes at all stands on support.approvalmax.com ("How can I publish documents"). Where the bill is delivered
through the books, the rest is checked by the main connection's own rules; what follows `_offered` is for its API.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from shared.domain.approvals import Delivery
from shared.domain.errors import Problem
from shared.domain.items import Item, ItemType, Line, TaxMode
from shared.domain.lists import Entry
from shared.providers.approvalmax.mapping import FAMILIES, figures
from shared.providers.approvalmax.profile import NUMBER_LENGTH, PROFILE, PUBLISHING, TEXT_LENGTH
from shared.providers.contract import Resolved, Target, amount_text
from shared.providers.sums import sum_problems


def check(item: Item, resolved: Resolved, target: Target) -> list[Problem]:
    """Every problem that can be known without a call, in the order of the item's fields."""
    offered = list(_offered(item, target))
    if offered:
        return offered
    found = list(_file(item))
    if target.settings.delivery is not Delivery.API:
        return found
    return [
        *_ledger(target),
        *_contact(item, resolved),
        *_dates(item),
        *_texts(item),
        *_currency(item, resolved, target),
        *_total(item, resolved),
        *_lines(item, resolved),
        *found,
    ]


def _offered(item: Item, target: Target) -> Iterator[Problem]:
    """Bills of costs that wait for approval, and nothing else."""
    if target.destination not in PROFILE.destinations.get(item.side, ()):
        yield Problem("destination_not_offered", "destination", details={"destination": target.destination.value})
    elif item.type is ItemType.CREDIT_NOTE:
        details = {"destination": target.destination.value, "type": item.type.value}
        yield Problem("destination_not_offered", "destination", details=details)
    elif target.publish_as not in PROFILE.publish_as[target.destination]:
        yield Problem("destination_not_offered", "publish_as", details={"publish_as": target.publish_as.value})


def _file(item: Item) -> Iterator[Problem]:
    if item.document is not None and item.document.size > PUBLISHING.file_bytes:
        details = {"size": item.document.size, "largest": PUBLISHING.file_bytes}
        yield Problem("file_too_large", "document", details=details)


def _ledger(target: Target) -> Iterator[Problem]:
    """Requests are of one software's books: it is known which since the company was chosen."""
    ledger = target.organisation.ledger
    if ledger is None or ledger.provider not in FAMILIES:
        yield Problem("organisation_not_of_main", "integration")


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
        yield Problem("supplier_not_in_books", "contact", details={"name": contact.name})


def _dates(item: Item) -> Iterator[Problem]:
    if item.date is None:
        yield Problem("date_missing", "date")
    if item.due_date is None and item.type is ItemType.INVOICE and not item.paid:
        yield Problem("due_date_missing", "due_date")


def _texts(item: Item) -> Iterator[Problem]:
    if len(item.number or "") > NUMBER_LENGTH:
        yield _too_long("number", item.number or "", NUMBER_LENGTH)


def _currency(item: Item, resolved: Resolved, target: Target) -> Iterator[Problem]:
    if item.currency not in resolved.currencies and item.currency != target.organisation.base_currency:
        yield Problem("currency_not_enabled", "currency", details={"currency": item.currency})


def _total(item: Item, resolved: Resolved) -> Iterator[Problem]:
    """The document's figures against those of the request, which carries neither amounts nor tax."""
    if item.total < 0:
        yield Problem("total_negative", "total", details={"total": amount_text(item.total)})
    found = figures(item, resolved.tax_rates) if item.lines else None
    if found is None:
        return
    total, tax = found
    told = [line.tax_amount for line in item.lines if line.tax_amount is not None]
    stated = item.tax_total if item.tax_total is not None or len(told) < len(item.lines) else sum(told, Decimal(0))
    yield from sum_problems(replace(item, tax_total=stated), total, tax)


def _lines(item: Item, resolved: Resolved) -> Iterator[Problem]:
    if not item.lines:
        yield Problem("lines_missing", "lines")
    for number, line in enumerate(item.lines):
        at = f"lines[{number}]"
        if len(line.description) > TEXT_LENGTH:
            yield _too_long(f"{at}.description", line.description, TEXT_LENGTH)
        if line.quantity < 0:
            yield Problem("quantity_negative", f"{at}.quantity", details={"quantity": amount_text(line.quantity)})
        yield from _found(
            line.category, resolved.categories, f"{at}.category", "account_archived", missing="category_missing"
        )
        if item.tax_mode is not TaxMode.NONE:
            rates = resolved.tax_rates
            yield from _found(line.tax_rate, rates, f"{at}.tax_rate", "tax_rate_not_found", missing="tax_rate_missing")
        yield from _found(line.product, resolved.products, f"{at}.product", "product_not_found")
        for place, value in enumerate(line.tracking):
            yield from _found(value, resolved.tracking, f"{at}.tracking[{place}]", "tracking_not_found")
        yield from _not_carried(line, at)


def _found(
    entry_id: str | None, entries: Mapping[str, Entry], field: str, code: str, *, missing: str | None = None
) -> Iterator[Problem]:
    """What is wrong with a reference: nothing was chosen, it is not in these books, or no longer active."""
    if entry_id is None:
        if missing is not None:
            yield Problem(missing, field)
        return
    entry = entries.get(entry_id)
    if entry is None:
        yield Problem("entry_unresolved", field, details={"entry": entry_id})
    elif not entry.usable or entry.provider_id is None:
        yield Problem(code, field, details={"name": entry.name, "code": entry.code or ""})


def _not_carried(line: Line, at: str) -> Iterator[Problem]:
    """What would be lost on the way: the API's lines have no field for it."""
    for name in ("project", "customer"):
        if getattr(line, name) is not None:
            yield Problem("field_not_carried", f"{at}.{name}")


def _too_long(field: str, text: str, most: int) -> Problem:
    return Problem("text_too_long", field, details={"length": len(text), "most": most})
