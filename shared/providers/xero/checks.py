"""What can be known to be wrong with an item before Xero is asked.

The rules are Xero's: "Invoices", "Credit notes", "Bank transactions" and "Tracking categories" of its developer pages,
and Xero Central on lock dates.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from shared.domain.connections import Destination, PublishAs
from shared.domain.errors import Problem
from shared.domain.items import Item, ItemType, Line, Side, TaxMode
from shared.domain.lists import Entry
from shared.providers.contract import Resolved, Target, amount_text
from shared.providers.sums import sum_problems
from shared.providers.xero.amounts import cents, document_tax, document_total
from shared.providers.xero.profile import NUMBER_LENGTH, PROFILE, TEXT_LENGTH, TRACKING_PER_LINE

# Neither is in the ledger until somebody approves it: lock dates do not hold them back.
_NOT_IN_LEDGER: Final = frozenset({PublishAs.DRAFT, PublishAs.AWAITING_APPROVAL})


def check(item: Item, resolved: Resolved, target: Target) -> list[Problem]:
    """Every problem that can be known without a call, in the order of the item's fields."""
    offered = list(_destination(item, target))
    if offered:
        return offered
    return [
        *_contact(item, resolved),
        *_dates(item, target),
        *_number(item, target),
        *_currency(item, resolved),
        *_total(item, resolved),
        *_lines(item, resolved, target),
        *_payment(item, resolved, target),
    ]


def _destination(item: Item, target: Target) -> Iterator[Problem]:
    """Whether Xero has this destination and status for this kind of item; nothing else makes sense before."""
    destination = target.destination
    bank = destination is Destination.BANK_ACCOUNTS
    if destination not in PROFILE.destinations[item.side]:
        yield Problem("destination_not_offered", "destination", details={"destination": destination.value})
    elif bank and item.type is ItemType.CREDIT_NOTE:
        details = {"destination": destination.value, "type": item.type.value}
        yield Problem("destination_not_offered", "destination", details=details)
    elif PROFILE.lacks(target.organisation.plan, destination):
        yield Problem("plan_without_bills", "destination", details={"plan": target.organisation.plan or ""})
    elif not bank and target.publish_as not in PROFILE.publish_as[destination]:
        yield Problem("destination_not_offered", "publish_as", details={"publish_as": target.publish_as.value})


def _contact(item: Item, resolved: Resolved) -> Iterator[Problem]:
    contact = resolved.contact
    if contact is None:
        code = "supplier_missing" if item.contact is None else "entry_unresolved"
        yield Problem(code, "contact", details={"entry": item.contact} if item.contact else {})
    elif contact.survivor is not None:
        yield Problem("supplier_merged", "contact", details={"name": contact.name})
    elif not contact.usable:
        yield Problem("supplier_archived", "contact", details={"name": contact.name, "code": contact.code or ""})
    elif contact.provider_id is None and len(contact.name) > NUMBER_LENGTH:
        yield _too_long("contact", contact.name, NUMBER_LENGTH)


def in_ledger(target: Target) -> bool:
    """Whether the document enters the ledger at once; spend and receive money always do."""
    return target.destination is Destination.BANK_ACCOUNTS or target.publish_as not in _NOT_IN_LEDGER


def _dates(item: Item, target: Target) -> Iterator[Problem]:
    if item.date is None:
        yield Problem("date_missing", "date")
    elif in_ledger(target):
        yield from _locks(item, target)
    invoice = target.destination is not Destination.BANK_ACCOUNTS and item.type is not ItemType.CREDIT_NOTE
    # Xero asks for a due date from "awaiting approval" on; a receipt or a paid bill was due the day it was made.
    due_at_once = item.type is ItemType.RECEIPT or item.paid
    if invoice and target.publish_as is not PublishAs.DRAFT and item.due_date is None and not due_at_once:
        yield Problem("due_date_missing", "due_date")


def _locks(item: Item, target: Target) -> Iterator[Problem]:
    """Lock dates are plain dates in the organisation's own time zone. Only the period lock spares advisers."""
    organisation = target.organisation
    year_end, period = organisation.year_end_lock_date, organisation.period_lock_date
    if item.date is None:
        return
    if year_end is not None and item.date <= year_end:
        yield Problem("year_locked", "date", details={"lock_date": year_end.isoformat()})
    elif period is not None and item.date <= period and not organisation.lock_exempt:
        yield Problem("period_locked", "date", details={"lock_date": period.isoformat()})


def _number(item: Item, target: Target) -> Iterator[Problem]:
    """Xero would make up a number for a sales document: the customer's copy must not get another than ours."""
    if target.destination is Destination.SALES and not (item.number or "").strip():
        yield Problem("number_missing", "number")
    if len(item.number or "") > NUMBER_LENGTH:
        yield _too_long("number", item.number or "", NUMBER_LENGTH)


def _currency(item: Item, resolved: Resolved) -> Iterator[Problem]:
    if item.currency not in resolved.currencies:
        yield Problem("currency_not_enabled", "currency", details={"currency": item.currency})


def _total(item: Item, resolved: Resolved) -> Iterator[Problem]:
    if item.total < 0:
        yield Problem("total_negative", "total", details={"total": amount_text(item.total)})
    if item.lines:
        yield from sum_problems(item, document_total(item, resolved.tax_rates), document_tax(item, resolved.tax_rates))


def _lines(item: Item, resolved: Resolved, target: Target) -> Iterator[Problem]:
    if not item.lines:
        yield Problem("lines_missing", "lines")
    for number, line in enumerate(item.lines):
        at = f"lines[{number}]"
        if len(line.description) > TEXT_LENGTH:
            yield _too_long(f"{at}.description", line.description, TEXT_LENGTH)
        yield from _line_amounts(line, at)
        yield from _category(line, resolved, at)
        if item.tax_mode is not TaxMode.NONE:
            yield from _tax(item.side, line, resolved, at)
        yield from _product(item, line, resolved, target, at)
        yield from _tracking(line, resolved, at)


def _line_amounts(line: Line, at: str) -> Iterator[Problem]:
    if line.quantity < 0:
        yield Problem("quantity_negative", f"{at}.quantity", details={"quantity": amount_text(line.quantity)})
    if line.unit_amount is not None and cents(line.quantity * line.unit_amount) != cents(line.amount):
        details = {"lines": amount_text(cents(line.quantity * line.unit_amount)), "stated": amount_text(line.amount)}
        yield Problem("lines_do_not_add_up", f"{at}.amount", details=details)
    if line.tax_amount is not None and abs(line.tax_amount) > abs(line.amount):
        details = {"tax": amount_text(line.tax_amount), "amount": amount_text(line.amount)}
        yield Problem("tax_exceeds_line", f"{at}.tax_amount", details=details)


def _category(line: Line, resolved: Resolved, at: str) -> Iterator[Problem]:
    field = f"{at}.category"
    entry = resolved.categories.get(line.category or "")
    if entry is None:
        yield _absent("category_missing", line.category, field)
    elif not entry.usable:
        yield Problem("account_archived", field, details={"name": entry.name, "code": entry.code or ""})
    elif entry.values.get("postable") is False:
        yield Problem("account_not_valid", field, details={"name": entry.name, "code": entry.code or ""})


def _tax(side: Side, line: Line, resolved: Resolved, at: str) -> Iterator[Problem]:
    field = f"{at}.tax_rate"
    rate = resolved.tax_rates.get(line.tax_rate or "")
    category = resolved.categories.get(line.category or "")
    if rate is None:
        yield _absent("tax_rate_missing", line.tax_rate, field)
    elif not rate.usable:
        yield Problem("tax_rate_not_found", field, details={"name": rate.name, "code": rate.code or ""})
    elif rate.values.get(side.value) is False:
        yield Problem("tax_wrong_side", field, details={"tax_rate": rate.name, "side": side.value})
    elif category is not None and category.usable and not _fits(rate, category):
        details = {"tax_rate": rate.name, "category": category.name, "code": category.code or ""}
        yield Problem("tax_not_for_account", field, details=details)


def _fits(rate: Entry, category: Entry) -> bool:
    classes = rate.values.get("classes")
    return classes is None or category.values.get("class") is None or category.values["class"] in classes


def _product(item: Item, line: Line, resolved: Resolved, target: Target, at: str) -> Iterator[Problem]:
    """A tracked product is bought into its inventory account, nowhere else."""
    if line.product is None:
        return
    product = resolved.products.get(line.product)
    if product is None:
        yield _absent("product_not_found", line.product, f"{at}.product")
        return
    if not product.usable or not product.code:
        yield Problem("product_not_found", f"{at}.product", details={"name": product.name, "code": product.code or ""})
    category = resolved.categories.get(line.category or "")
    inventory = product.values.get("inventory_account")
    bought = item.side is Side.COSTS and target.destination is not Destination.SALES
    if bought and product.values.get("tracked") and inventory and category and category.code != inventory:
        yield Problem("inventory_account", f"{at}.category", details={"code": inventory, "product": product.code or ""})


def _tracking(line: Line, resolved: Resolved, at: str) -> Iterator[Problem]:
    if len(line.tracking) > TRACKING_PER_LINE:
        yield Problem("too_many_dimensions", f"{at}.tracking", details={"most": TRACKING_PER_LINE})
    parents = []
    for place, value_id in enumerate(line.tracking):
        field = f"{at}.tracking[{place}]"
        value = resolved.tracking.get(value_id)
        if value is None:
            yield _absent("tracking_not_found", value_id, field)
            continue
        dimension = resolved.dimensions.get(value.parent or "")
        if not value.usable or dimension is None or not dimension.usable:
            yield Problem("tracking_not_found", field, details={"name": value.name, "code": value.code or ""})
        if value.parent in parents:
            yield Problem("too_many_dimensions", field, details={"name": value.name})
        parents.append(value.parent)


def _payment(item: Item, resolved: Resolved, target: Target) -> Iterator[Problem]:
    bank = target.destination is Destination.BANK_ACCOUNTS
    if not bank and not target.records_payment:
        return
    account = resolved.bank_account
    if account is None:
        code = "bank_account_not_linked" if item.payment_method else "payment_method_missing"
        yield Problem(code, "payment_method")
        return
    if not account.usable:
        details = {"name": account.name, "code": account.code or ""}
        yield Problem("bank_account_not_found", "payment_method", details=details)
    elif _currency_of(account, target) not in _payable_from(item, target, bank=bank):
        details = {"bank_account": account.name, "currency": _currency_of(account, target) or ""}
        yield Problem("currency_of_bank_account", "payment_method", details=details)


def _currency_of(account: Entry, target: Target) -> str | None:
    return account.values.get("currency") or target.organisation.base_currency


def _payable_from(item: Item, target: Target, *, bank: bool) -> Iterable[str | None]:
    """Money is spent in the bank account's currency; a foreign bill may be paid from the organisation's own as well."""
    return (item.currency,) if bank else (item.currency, target.organisation.base_currency)


def _absent(code: str, entry_id: str | None, field: str) -> Problem:
    """What is wrong with a reference that leads nowhere: nothing was chosen, or it is not in these books."""
    return Problem("entry_unresolved", field, details={"entry": entry_id}) if entry_id else Problem(code, field)


def _too_long(field: str, text: str, most: int) -> Problem:
    return Problem("text_too_long", field, details={"length": len(text), "most": most})
