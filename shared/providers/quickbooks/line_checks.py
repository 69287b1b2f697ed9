"""What can be known to be wrong with an item's lines before QuickBooks is asked; checks.py names the sources."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from shared.domain.errors import Problem
from shared.domain.items import Item, Line, Side, TaxMode
from shared.domain.lists import Entry
from shared.domain.money import rounded
from shared.domain.readiness import line_tax, rate_for
from shared.providers.contract import Resolved, Target, amount_text
from shared.providers.quickbooks.amounts import american, carries_tax, components, figures
from shared.providers.quickbooks.profile import BILLABLE, COST_CUSTOMERS, TEXT_LENGTH

# A document's tax may differ from its rate's by rounding, not by this share of the line: then it is a second tax.
_SECOND_TAX: Final = Decimal("0.01")


def lines(item: Item, resolved: Resolved, target: Target) -> Iterator[Problem]:
    """Every problem of every line, in their order."""
    if not item.lines:
        yield Problem("lines_missing", "lines")
        return
    for number, line in enumerate(item.lines):
        at = f"lines[{number}]"
        if len(line.description) > TEXT_LENGTH:
            yield too_long(f"{at}.description", line.description, TEXT_LENGTH)
        if line.quantity < 0:
            yield Problem("quantity_negative", f"{at}.quantity", details={"quantity": amount_text(line.quantity)})
        yield from _category(item, line, resolved, target, at)
        yield from _tax(item, line, resolved, target, at)
        yield from _product(item, line, resolved, at)
        yield from _tracking(line, resolved, at)
        yield from _customer(item, line, resolved, target, at)
    yield from _unknown_tax(item, resolved)


def too_long(field: str, text: str, most: int) -> Problem:
    """A text of more characters than QuickBooks takes."""
    return Problem("text_too_long", field, details={"length": len(text), "most": most})


def _category(item: Item, line: Line, resolved: Resolved, target: Target, at: str) -> Iterator[Problem]:
    field = f"{at}.category"
    entry = resolved.categories.get(line.category or "")
    if entry is None:
        yield _absent("category_missing", line.category, field)
        return
    details = {"name": entry.name, "code": entry.code or ""}
    base = target.organisation.base_currency
    if not entry.usable:
        yield Problem("account_archived", field, details=details)
    elif entry.values.get("postable") is False:
        yield Problem("account_not_valid", field, details=details)
    elif entry.values.get("currency", base) not in {base, item.currency}:
        yield Problem("currencies_differ", field, details={**details, "currency": entry.values["currency"]})


def _tax(item: Item, line: Line, resolved: Resolved, target: Target, at: str) -> Iterator[Problem]:
    """Outside the US every line of a company that uses tax has a code, of no tax where the document has none."""
    field = f"{at}.tax_rate"
    rate = resolved.tax_rates.get(line.tax_rate or "")
    if not american(target.organisation) and not carries_tax(item, target.organisation):
        return  # no codes are sent: the company does not use tax
    if rate is None:
        if line.tax_rate or not american(target.organisation):
            yield _absent("tax_rate_missing", line.tax_rate, field)
        return
    details = {"name": rate.name, "code": rate.code or ""}
    if not rate.usable:
        yield Problem("tax_rate_not_found", field, details=details)
    elif rate.values.get("on_lines") is False:
        yield Problem("tax_rate_not_on_lines", field, details=details)
    elif rate.values.get(item.side.value) is False:
        yield Problem("tax_wrong_side", field, details={"tax_rate": rate.name, "side": item.side.value})
    elif not american(target.organisation):
        yield from _amount_of_tax(item, line, rate, target, at)


def _amount_of_tax(item: Item, line: Line, rate: Entry, target: Target, at: str) -> Iterator[Problem]:
    """Whether the line's tax can be that of its code at all."""
    percent = rate_for(rate, item.side)
    tax = line_tax(line, item, {line.tax_rate or "": rate})
    if item.tax_mode is TaxMode.NONE and percent != 0:
        details = {"tax_rate": rate.name, "lines": "tax", "stated": "no tax"}
        yield Problem("lines_do_not_add_up", f"{at}.tax_rate", details=details)
        return
    parts = components(rate, item.side)
    if tax and not parts:
        details = {"lines": "0", "stated": amount_text(tax)}
        yield Problem("lines_do_not_add_up", f"{at}.tax_amount", details=details)
    elif target.organisation.country == "CA" and len(parts) == 1 and percent is not None and tax is not None:
        net = line.amount - tax if item.tax_mode is TaxMode.INCLUSIVE else line.amount
        beyond = tax - rounded(net * percent / 100, item.currency)
        if beyond > abs(net) * _SECOND_TAX:
            details = {"tax_rate": rate.name, "tax": amount_text(tax)}
            yield Problem("tax_rate_not_combined", f"{at}.tax_rate", details=details)


def _unknown_tax(item: Item, resolved: Resolved) -> Iterator[Problem]:
    """Where nothing tells a line's tax: it has no percentage (the US code TAX), and the document does not say."""
    if figures(item, resolved.tax_rates) is not None:
        return
    for number, line in enumerate(item.lines):
        known = line.tax_rate in resolved.tax_rates  # otherwise that has been said
        if known and line_tax(line, item, resolved.tax_rates) is None:
            yield Problem("tax_amount_missing", f"lines[{number}].tax_amount")


def _product(item: Item, line: Line, resolved: Resolved, at: str) -> Iterator[Problem]:
    """A product is booked to its own account, whatever the line's category says; sales have nothing but products."""
    field = f"{at}.product"
    if line.product is None:
        if item.side is Side.SALES:
            yield Problem("product_missing", field)
        return
    product = resolved.products.get(line.product)
    if product is None:
        yield _absent("product_not_found", line.product, field)
        return
    if not product.usable:
        yield Problem("product_not_found", field, details={"name": product.name})
    account = product.values.get("sales_account" if item.side is Side.SALES else "purchase_account")
    category = resolved.categories.get(line.category or "")
    if category is not None and category.provider_id != account:
        details = {"product": product.name, "category": category.name}
        tracked = item.side is Side.COSTS and product.values.get("tracked")
        yield Problem("inventory_account" if tracked else "product_account", f"{at}.category", details=details)


def _tracking(line: Line, resolved: Resolved, at: str) -> Iterator[Problem]:
    parents: list[str | None] = []
    for place, value_id in enumerate(line.tracking):
        field = f"{at}.tracking[{place}]"
        value = resolved.tracking.get(value_id)
        if value is None:
            yield _absent("tracking_not_found", value_id, field)
            continue
        dimension = resolved.dimensions.get(value.parent or "")
        if dimension is not None and not dimension.usable:
            yield Problem("feature_off", field, details={"feature": dimension.name})
        elif not value.usable or dimension is None:
            yield Problem("tracking_not_found", field, details={"name": value.name})
        if value.parent in parents:
            yield Problem("too_many_dimensions", field, details={"name": value.name, "most": 2})
        parents.append(value.parent)


def _customer(item: Item, line: Line, resolved: Resolved, target: Target, at: str) -> Iterator[Problem]:
    """Whom a cost is for, and whether it is charged on to them; a sales document has its own customer."""
    features = target.organisation.features
    for field, entry_id, found in (
        ("project", line.project, resolved.projects.get(line.project or "")),
        ("customer", line.customer, resolved.customers.get(line.customer or "")),
    ):
        if entry_id is None:
            continue
        if found is None:
            yield _absent("project_not_found", entry_id, f"{at}.{field}")
        elif not found.usable:
            code = "project_not_found" if field == "project" else "supplier_archived"
            yield Problem(code, f"{at}.{field}", details={"name": found.name})
        elif item.side is Side.COSTS and COST_CUSTOMERS not in features:
            yield Problem("feature_off", f"{at}.{field}", details={"feature": "customers on costs"})
    if item.side is Side.SALES:
        yield from _of_sale(item, line, resolved, at)
    elif line.billable:
        yield from _billable(line, resolved, target, at)


def _of_sale(item: Item, line: Line, resolved: Resolved, at: str) -> Iterator[Problem]:
    project = resolved.projects.get(line.project or "")
    if line.billable:
        yield Problem("billable_not_allowed", f"{at}.billable")
    if line.customer is not None and line.customer != item.contact:
        yield Problem("one_per_document", f"{at}.customer", details={"of": "customers"})
    if project is None or resolved.contact is None or project.values.get("level", 1) != 1:
        return  # a job below a job does not name its customer
    if project.values.get("customer") != resolved.contact.provider_id:
        yield Problem("one_per_document", f"{at}.project", details={"of": "customers"})


def _billable(line: Line, resolved: Resolved, target: Target, at: str) -> Iterator[Problem]:
    category = resolved.categories.get(line.category or "")
    if BILLABLE not in target.organisation.features:
        yield Problem("feature_off", f"{at}.billable", details={"feature": "billable costs"})
    if line.customer is None and line.project is None:
        yield Problem("customer_missing", f"{at}.customer")
    if category is not None and line.product is None and category.values.get("billable") is False:
        details = {"category": category.name, "type": category.values.get("type")}
        yield Problem("billable_not_allowed", f"{at}.billable", details=details)


def _absent(code: str, entry_id: str | None, field: str) -> Problem:
    """What is wrong with a reference that leads nowhere: nothing was chosen, or it is not in these books."""
    return Problem("entry_unresolved", field, details={"entry": entry_id}) if entry_id else Problem(code, field)
