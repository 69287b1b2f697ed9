"""What every document is checked for: period, contact, accounts, tax, analysis, currency, payments' accounts.

Sources: developer.sage.com/accounting guides and the published description; AutoEntry's and Dext's help for what
people meet. What Sage does not say is assumed: see the switches in `Rules` and the texts in `messages`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from sandbox.sage import charts, messages
from sandbox.sage.books import Books
from sandbox.sage.formats import Fields, Record, ref_id

Side = Literal["purchase", "sales"]
# Which area a ledger account must be visible in, by what is being recorded.
AREAS: Mapping[str, str] = {
    "purchase": "expenses",
    "sales": "sales",
    "OTHER_PAYMENT": "other_payments",
    "OTHER_RECEIPT": "other_receipts",
}
# Assumed: how much of its lines' VAT a document owes that has vat_reverse_charge. The description says what the flag is
# and nothing of totals; neither party pays the VAT to the other.
REVERSE_CHARGE_OWED = Decimal(0)
# Assumed: a line's tax may differ from its rate by this much (people correct pennies on receipts).
TAX_TOLERANCE = Decimal("0.05")


@dataclass
class Rules:
    """Switches for what Sage leaves unsaid. Refusing future dates and references used twice is what some help pages
    report; both are off unless a test asks for them (assumed)."""

    tax_tolerance: Decimal = TAX_TOLERANCE
    refuse_future_dates: bool = False
    refuse_duplicates: bool = False


@dataclass(frozen=True)
class Desk:
    """What a write needs to know beside its body."""

    books: Books
    rules: Rules
    now: datetime


def open_day(desk: Desk, fields: Fields, name: str = "date") -> date | None:
    """A day that can be booked on: after the lockdown date, the start date and submitted VAT returns."""
    day = fields.day(name, required=True)
    if day is None:
        return None
    settings = desk.books.settings
    locked, start, returned = (
        date.fromisoformat(settings[key]) if settings.get(key) else None
        for key in ("year_end_lockdown_date", "accounts_start_date", "_tax_return_until")
    )
    if start and day < start:
        fields.wrong(name, messages.BEFORE_START.format(day=start))
    elif locked and day <= locked:
        fields.wrong(name, messages.LOCKED.format(day=locked))
    elif returned and day <= returned:
        fields.wrong(name, messages.TAX_RETURN)
    elif desk.rules.refuse_future_dates and day > desk.now.date():
        fields.wrong(name, messages.FUTURE)
    return day


def contact(desk: Desk, fields: Fields, side: Side | None, *, required: bool = True) -> Record | None:
    """An active contact of the side's type (either type when None). The customer's text is Sage's."""
    key = fields.text("contact_id", required=required)
    if key is None:
        return None
    found = desk.books.live("contacts", key)
    wanted = {"purchase": "VENDOR", "sales": "CUSTOMER", None: None}[side]
    types = {ref_id(one) for one in found["contact_types"]} if found else set()
    if found is None or (wanted and wanted not in types):
        fields.wrong("contact_id", messages.NO_CUSTOMER if side == "sales" else messages.NO_VENDOR)
        return None
    if not found["is_active"]:
        fields.wrong("contact_id", messages.INACTIVE_CONTACT)
    return found


def ledger_account(desk: Desk, fields: Fields, area: str) -> str | None:
    """The id of a ledger account that can be chosen in an area; control accounts cannot."""
    key = fields.text("ledger_account_id", required=True)
    if key is None:
        return None
    found = desk.books.live("ledger_accounts", key)
    if found is None:
        fields.wrong("ledger_account_id", messages.UNKNOWN_REFERENCE.format(what="ledger account"))
        return None
    if found["is_control_account"]:
        fields.wrong("ledger_account_id", messages.CONTROL_ACCOUNT)
    elif not found[f"visible_in_{area}"]:
        fields.wrong("ledger_account_id", messages.LEDGER_ACCOUNT_HIDDEN)
    return key


def tax_rate(desk: Desk, fields: Fields, side: Side, day: date | None) -> Record | None:
    """A visible rate of the side that is in force on the day."""
    needed = desk.books.country in charts.TAX_RATE_REQUIRED
    key = fields.text("tax_rate_id", required=needed)
    if key is None:
        return None
    found = desk.books.live("tax_rates", key)
    if found is None:
        fields.wrong("tax_rate_id", messages.UNKNOWN_REFERENCE.format(what="tax rate"))
        return None
    usable = found["is_visible"] and found["_usage"] in (side, "both")
    if not usable or (day is not None and percentage_on(found, day) is None):
        fields.wrong("tax_rate_id", messages.TAX_RATE_HIDDEN)
        return None
    return found


def refused_rate(desk: Desk, fields: Fields) -> bool:
    """Whether a missing rate has been refused already, so that there is nothing to compare tax with."""
    return fields.given("tax_rate_id") is not None or desk.books.country in charts.TAX_RATE_REQUIRED


def percentage_on(rate: Record, day: date) -> Decimal | None:
    """The percentage of a rate on a day; None when it is not in force."""
    text = day.isoformat()
    for one in rate["percentages"]:
        if one["from_date"] <= text and (one.get("to_date") is None or text <= one["to_date"]):
            percentage: Decimal = one["percentage"]
            return percentage
    return None


def bank_account(desk: Desk, fields: Fields) -> Record | None:
    key = fields.text("bank_account_id", required=True)
    if key is None:
        return None
    found = desk.books.live("bank_accounts", key)
    if found is None:
        fields.wrong("bank_account_id", messages.UNKNOWN_REFERENCE.format(what="bank account"))
    elif not found["is_active"]:
        fields.wrong("bank_account_id", messages.INACTIVE_BANK_ACCOUNT)
    return found


def item(desk: Desk, fields: Fields) -> tuple[str | None, str | None]:
    """Ids of the product (or stock item) and the service of a line: at most one of them."""
    product, service = fields.text("product_id"), fields.text("service_id")
    if product and service:
        fields.wrong("service_id", messages.PRODUCT_OR_SERVICE)
    for name, key, tables in (
        ("product_id", product, ("products", "stock_items")),
        ("service_id", service, ("services",)),
    ):
        found = next((one for table in tables if (one := desk.books.live(table, key))), None)
        if key and found is None:
            fields.wrong(name, messages.UNKNOWN_REFERENCE.format(what=name.removesuffix("_id")))
        elif found is not None and not found["active"]:
            fields.wrong(name, messages.INACTIVE_ITEM)
    return product, service


def analysis(desk: Desk, fields: Fields) -> list[Record]:
    """The line's analysis categories, one of each type at most. A list of ids, as the description has it."""
    chosen: list[Record] = []
    for key in fields.rows("analysis_type_categories"):
        wanted = key.get("id") if isinstance(key, Mapping) else key
        found = desk.books.live("analysis_type_categories", wanted)
        if found is None:
            fields.wrong("analysis_type_categories", messages.UNKNOWN_REFERENCE.format(what="analysis type category"))
            return []
        chosen.append(found)
    types = [ref_id(one["analysis_type"]) for one in chosen]
    if len(set(types)) != len(types):
        fields.wrong("analysis_type_categories", messages.ONE_CATEGORY_A_TYPE)
    return [
        {"id": one["id"], "displayed_as": one["displayed_as"], "analysis_type": one["analysis_type"]} for one in chosen
    ]


@dataclass(frozen=True)
class Money:
    """A document's currency and what one unit of it is worth in the business's own."""

    currency: str
    rate: Decimal


def currency(desk: Desk, fields: Fields) -> Money:
    """The currency and rate of a document: sent, else the business's own, else the business's rate of it."""
    own = desk.books.base_currency
    wanted = fields.text("currency_id") or own
    if wanted == own:
        return Money(own, Decimal(1))
    if not desk.books.settings["multi_currency_enabled"]:
        fields.wrong("currency_id", messages.CURRENCY_OFF)
        return Money(own, Decimal(1))
    given, inverse = fields.number("exchange_rate"), fields.number("inverse_exchange_rate")
    known = desk.books.find("business_exchange_rates", lambda one: ref_id(one["currency"]) == wanted)
    rate = given or (1 / inverse if inverse else None) or (known["inverse_rate"] if known else None)
    if desk.books.get("currencies", wanted) is None or not rate or rate <= 0:
        fields.wrong("currency_id", messages.CURRENCY_UNKNOWN)
        return Money(own, Decimal(1))
    return Money(wanted, rate)


def reverse_charge(desk: Desk, fields: Fields) -> bool:
    """Whether a document is under domestic reverse charge; "Only used for a UK business".

    That it is passed over elsewhere is assumed. It has to be switched on in the business, which no resource of the API
    tells.
    """
    wanted = fields.flag("vat_reverse_charge") and desk.books.country == "GB"
    if wanted and not desk.books.settings.get("_reverse_charge", True):
        fields.wrong("vat_reverse_charge", messages.REVERSE_CHARGE_OFF)
    return wanted
