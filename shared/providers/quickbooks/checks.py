"""What can be known to be wrong with an item before QuickBooks is asked.

The rules are QuickBooks': its API reference page of each document, "Preferences", "Manage multiple currencies", and the
errors it answers with when they are broken.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from shared.domain.connections import Destination, PublishAs
from shared.domain.errors import Problem
from shared.domain.items import Item, ItemType, Side
from shared.domain.lists import Entry
from shared.providers.contract import Resolved, Target, amount_text
from shared.providers.quickbooks.amounts import figures
from shared.providers.quickbooks.entries import class_id
from shared.providers.quickbooks.line_checks import lines, too_long
from shared.providers.quickbooks.mapping import location_of
from shared.providers.quickbooks.profile import (
    CLASS_PER_DOCUMENT,
    CLASSES,
    MULTI_CURRENCY,
    NAME_LENGTH,
    NUMBER_LENGTH,
    PROFILE,
)
from shared.providers.sums import sum_problems

_CARD_CREDITS: Final = frozenset({"US", "CA"})  # where a refund to a credit card can be booked
_NOT_IN_NAMES: Final = frozenset(":\t\n")  # "Vendor"
_ACCOUNT_TYPES: Final = {
    Destination.BANK_ACCOUNTS: "bank",
    Destination.CHECKS: "bank",
    Destination.CREDIT_CARDS: "credit_card",
}


def check(item: Item, resolved: Resolved, target: Target) -> list[Problem]:
    """Every problem that can be known without a call, in the order of the item's fields."""
    offered = list(_destination(item, target))
    if offered:
        return offered
    return [
        *_contact(item, resolved, target),
        *_dates(item, target),
        *_number(item, target),
        *_currency(item, resolved),
        *_total(item, resolved),
        *lines(item, resolved, target),
        *_whole_document(item, resolved, target),
        *_account(item, resolved, target),
    ]


def _destination(item: Item, target: Target) -> Iterator[Problem]:
    """Whether QuickBooks has this destination and status for this kind of item; nothing else makes sense before."""
    destination = target.destination
    if destination not in PROFILE.destinations[item.side] or not _takes_credit(item, target):
        details = {"destination": destination.value, "type": item.type.value}
        yield Problem("destination_not_offered", "destination", details=details)
    elif PROFILE.lacks(target.organisation.plan, destination):
        yield Problem("plan_without_bills", "destination", details={"plan": target.organisation.plan or ""})
    elif not destination.moves_money and target.publish_as is not PublishAs.AWAITING_PAYMENT:
        yield Problem("destination_not_offered", "publish_as", details={"publish_as": target.publish_as.value})


def _takes_credit(item: Item, target: Target) -> bool:
    if item.type is not ItemType.CREDIT_NOTE or not target.destination.moves_money:
        return True
    return target.destination is Destination.CREDIT_CARDS and target.organisation.country in _CARD_CREDITS


def _contact(item: Item, resolved: Resolved, target: Target) -> Iterator[Problem]:
    contact = resolved.contact
    if contact is None:
        code = "supplier_missing" if item.contact is None else "entry_unresolved"
        yield Problem(code, "contact", details={"entry": item.contact} if item.contact else {})
        return
    if contact.survivor is not None:
        yield Problem("supplier_merged", "contact", details={"name": contact.name})
    elif not contact.usable:
        yield Problem("supplier_archived", "contact", details={"name": contact.name})
    elif contact.provider_id is None:
        yield from _new_contact(contact, target)
    if MULTI_CURRENCY in target.organisation.features and _currency_of(contact, target) != item.currency:
        details = {"name": contact.name, "currency": _currency_of(contact, target) or ""}
        yield Problem("currencies_differ", "contact", details=details)


def _new_contact(contact: Entry, target: Target) -> Iterator[Problem]:
    if len(contact.name) > NAME_LENGTH:
        yield too_long("contact", contact.name, NAME_LENGTH)
    if _NOT_IN_NAMES.intersection(contact.name):
        yield Problem("text_not_accepted", "contact", details={"name": contact.name})
    if contact.values.get("currency") and MULTI_CURRENCY not in target.organisation.features:
        yield Problem("feature_off", "contact", details={"feature": "multi-currency"})


def _currency_of(entry: Entry, target: Target) -> str | None:
    return entry.values.get("currency") or target.organisation.base_currency


def _dates(item: Item, target: Target) -> Iterator[Problem]:
    closed = target.organisation.period_lock_date
    if item.date is None:
        yield Problem("date_missing", "date")
        return
    if closed is not None and item.date <= closed:
        yield Problem("period_locked", "date", details={"lock_date": closed.isoformat()})
    due = item.type is not ItemType.CREDIT_NOTE and not target.destination.moves_money
    if due and item.due_date is not None and item.due_date < item.date:
        details = {"date": item.date.isoformat(), "due_date": item.due_date.isoformat()}
        yield Problem("due_date_before_date", "due_date", details=details)


def _number(item: Item, target: Target) -> Iterator[Problem]:
    """QuickBooks would make up a number for a sales document: the customer's copy must not get another than ours."""
    if target.destination is Destination.SALES and not (item.number or "").strip():
        yield Problem("number_missing", "number")
    if len(item.number or "") > NUMBER_LENGTH:
        yield too_long("number", item.number or "", NUMBER_LENGTH)


def _currency(item: Item, resolved: Resolved) -> Iterator[Problem]:
    if item.currency not in resolved.currencies:
        yield Problem("currency_not_enabled", "currency", details={"currency": item.currency})


def _total(item: Item, resolved: Resolved) -> Iterator[Problem]:
    """The figures as they would go out against those of the document."""
    if item.total < 0:
        yield Problem("total_negative", "total", details={"total": amount_text(item.total)})
    found = figures(item, resolved.tax_rates) if item.lines else None
    if found is None:
        return  # no lines, or a tax that is not known: the lines' own problems
    tax = sum(found.tax, Decimal(0))
    yield from sum_problems(item, sum(found.net, Decimal(0)) + tax, tax)


def _whole_document(item: Item, resolved: Resolved, target: Target) -> Iterator[Problem]:
    """What QuickBooks takes once for a document: its location, in some companies its class, of sales its project."""
    places = [location_of(line, resolved) for line in item.lines]
    if len(set(places)) > 1:
        yield _differing(places, "tracking", "locations")
    features = target.organisation.features
    classes = [
        next((found for value in line.tracking if (found := _class(value, resolved))), None) for line in item.lines
    ]
    if CLASS_PER_DOCUMENT in features and CLASSES not in features and len(set(classes)) > 1:
        yield _differing(classes, "tracking", "classes")
    projects = [line.project for line in item.lines]
    if item.side is Side.SALES and len(set(projects)) > 1:
        yield _differing(projects, "project", "projects")


def _class(value_id: str, resolved: Resolved) -> str | None:
    value = resolved.tracking.get(value_id)
    return class_id(value) if value is not None else None


def _differing(values: list[str | None], field: str, name: str) -> Problem:
    """The first line that names another value than the line before it."""
    at = next(place for place in range(1, len(values)) if values[place] != values[place - 1])
    return Problem("one_per_document", f"lines[{at}].{field}", details={"of": name})


def _account(item: Item, resolved: Resolved, target: Target) -> Iterator[Problem]:
    if not target.destination.moves_money:
        return
    account, wanted = resolved.bank_account, _ACCOUNT_TYPES[target.destination]
    if account is None:
        yield Problem("bank_account_not_linked" if item.payment_method else "payment_method_missing", "payment_method")
        return
    details = {"name": account.name, "code": account.code or ""}
    if not account.usable:
        yield Problem("bank_account_not_found", "payment_method", details=details)
    elif account.values.get("type") != wanted:
        yield Problem("account_type_of_destination", "payment_method", details={**details, "type": wanted})
    elif _currency_of(account, target) not in {item.currency, target.organisation.base_currency}:
        details = {"bank_account": account.name, "currency": _currency_of(account, target) or ""}
        yield Problem("currency_of_bank_account", "payment_method", details=details)
