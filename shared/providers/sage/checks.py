"""What can be known to be wrong with an item before Sage is asked.

The rules are Sage's: the API description's required fields, lengths and plans ("Endpoint Availability"), "Financial
settings", "Payments and receipts", "Analysis types", and the messages it answers with when they are broken.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from shared.domain.connections import Destination, PublishAs
from shared.domain.errors import Problem
from shared.domain.items import Item, Side
from shared.domain.lists import Entry
from shared.providers.contract import Resolved, Target, amount_text
from shared.providers.sage.amounts import exchange_rate
from shared.providers.sage.line_checks import lines, too_long
from shared.providers.sage.mapping import (
    OTHER_PAYMENTS,
    QUICK_ENTRIES,
    is_credit,
    resource_of,
    takes_reverse_charge,
)
from shared.providers.sage.profile import (
    MULTI_CURRENCY,
    NAME_LENGTH,
    PROFILE,
    SMALL_PLANS,
    VENDOR_REFERENCE_LENGTH,
)

# What the small plans lack ("Endpoint Availability": no Accounting Start).
_NOT_ON_SMALL_PLANS: Final = frozenset({"purchase_invoices", "purchase_credit_notes", *QUICK_ENTRIES})


def check(item: Item, resolved: Resolved, target: Target) -> list[Problem]:
    """Every problem that can be known without a call, in the order of the item's fields."""
    offered = list(_destination(item, target))
    if offered:
        return offered
    return [
        *_contact(item, resolved, target),
        *_dates(item, target),
        *_number(item, target),
        *_currency(item, target),
        *_reverse_charge(item, target),
        *_total(item),
        *lines(item, resolved, target),
        *_bank_account(item, resolved, target),
    ]


def _destination(item: Item, target: Target) -> Iterator[Problem]:
    """Whether Sage has this destination and status for this kind of item; nothing else makes sense before."""
    destination = target.destination
    money = destination.moves_money
    if destination not in PROFILE.destinations[item.side] or (money and is_credit(item)):
        details = {"destination": destination.value, "type": item.type.value}
        yield Problem("destination_not_offered", "destination", details=details)
    elif target.organisation.plan in SMALL_PLANS and resource_of(item, destination) in _NOT_ON_SMALL_PLANS:
        code = "plan_without_bills" if item.side is Side.COSTS else "plan_lacks_feature"
        yield Problem(code, "destination", details={"plan": target.organisation.plan})
    elif not money and target.publish_as not in PROFILE.publish_as[destination]:
        yield Problem("destination_not_offered", "publish_as", details={"publish_as": target.publish_as.value})


def _contact(item: Item, resolved: Resolved, target: Target) -> Iterator[Problem]:
    contact = resolved.contact
    if contact is None:
        code = "supplier_missing" if item.contact is None else "entry_unresolved"
        yield Problem(code, "contact", details={"entry": item.contact} if item.contact else {})
    elif contact.survivor is not None:
        yield Problem("supplier_merged", "contact", details={"name": contact.name})
    elif not contact.usable:
        yield Problem("supplier_archived", "contact", details={"name": contact.name, "code": contact.code or ""})
    elif contact.provider_id is None:
        if len(contact.name) > NAME_LENGTH:
            yield too_long("contact", contact.name, NAME_LENGTH)
        currency = contact.values.get("currency")
        if currency not in {None, target.organisation.base_currency} and not _takes_foreign(target):
            yield Problem("currency_not_enabled", "contact", details={"currency": currency})


def _dates(item: Item, target: Target) -> Iterator[Problem]:
    if item.date is None:
        yield Problem("date_missing", "date")
        return
    if target.publish_as is not PublishAs.DRAFT or target.destination.moves_money:  # a draft is in no ledger yet
        yield from _locks(item, target)
    due = not is_credit(item) and target.destination in {Destination.PURCHASES, Destination.SALES}
    if due and item.due_date is not None and item.due_date < item.date:
        details = {"date": item.date.isoformat(), "due_date": item.due_date.isoformat()}
        yield Problem("due_date_before_date", "due_date", details=details)


def _locks(item: Item, target: Target) -> Iterator[Problem]:
    """The lockdown date is taken for the last locked day; the last day before the accounts' start comes as a lock."""
    lockdown, before_start = target.organisation.year_end_lock_date, target.organisation.period_lock_date
    if item.date is None:
        return
    if lockdown is not None and item.date <= lockdown:
        yield Problem("year_locked", "date", details={"lock_date": lockdown.isoformat()})
    elif before_start is not None and item.date <= before_start:
        starts = before_start + timedelta(days=1)
        yield Problem("before_accounts_start", "date", details={"starts": starts.isoformat()})


def _number(item: Item, target: Target) -> Iterator[Problem]:
    """A supplier's number has a field of its own on invoices and credit notes; elsewhere it is part of a text."""
    number = item.number or ""
    if target.destination is Destination.PURCHASES and len(number) > VENDOR_REFERENCE_LENGTH:
        yield too_long("number", number, VENDOR_REFERENCE_LENGTH)


def _takes_foreign(target: Target) -> bool:
    return MULTI_CURRENCY in target.organisation.features


def _currency(item: Item, target: Target) -> Iterator[Problem]:
    base = target.organisation.base_currency
    if item.currency != base and not _takes_foreign(target):
        yield Problem("currency_not_enabled", "currency", details={"currency": item.currency})
    rate = exchange_rate(item) if item.exchange_rate else None
    if item.currency != base and rate is not None and rate <= 0:
        yield Problem("invalid_request", "exchange_rate", details={"exchange_rate": str(item.exchange_rate)})


def _reverse_charge(item: Item, target: Target) -> Iterator[Problem]:
    """Invoices and credit notes of a British business have the switch; whether it is on in the business, Sage tells.

    Nothing that can be read says so: neither "Financial settings" nor "Business settings" has a field for it.
    """
    if not item.reverse_charge:
        return
    if not takes_reverse_charge(target.organisation):
        details = {"country": target.organisation.country}
        yield Problem("field_not_carried", "reverse_charge", details=details)
    elif resource_of(item, target.destination) in {OTHER_PAYMENTS, *QUICK_ENTRIES}:
        yield Problem("field_not_carried", "reverse_charge", details={"destination": target.destination.value})


def _total(item: Item) -> Iterator[Problem]:
    if item.total < 0:
        yield Problem("total_negative", "total", details={"total": amount_text(item.total)})


def _bank_account(item: Item, resolved: Resolved, target: Target) -> Iterator[Problem]:
    """Money, and the payment of a paper that arrives paid, need the bank account of the item's payment method."""
    money = resource_of(item, target.destination) == OTHER_PAYMENTS
    if not money and not _is_to_be_paid(item, target):
        return
    account = resolved.bank_account
    if account is None:
        yield Problem("bank_account_not_linked" if item.payment_method else "payment_method_missing", "payment_method")
    elif not account.usable:
        details = {"name": account.name, "code": account.code or ""}
        yield Problem("bank_account_not_found", "payment_method", details=details)
    elif _currency_of(account, target) not in _payable_from(item, target, money=money):
        details = {"bank_account": account.name, "currency": _currency_of(account, target) or ""}
        yield Problem("currency_of_bank_account", "payment_method", details=details)


def _is_to_be_paid(item: Item, target: Target) -> bool:
    """Whether a payment is wanted. Where none can be made Sage's paid items are refused, not published unpaid."""
    settings = target.settings
    wanted = item.publish_as or (settings.publish_as if item.side is Side.COSTS else settings.sales_publish_as)
    return item.paid and wanted is PublishAs.PAID


def _currency_of(account: Entry, target: Target) -> str | None:
    return account.values.get("currency") or target.organisation.base_currency


def _payable_from(item: Item, target: Target, *, money: bool) -> set[str | None]:
    """Money moves in the bank account's currency; a foreign paper may be paid from the business's own as well."""
    return {item.currency} if money else {item.currency, target.organisation.base_currency}
