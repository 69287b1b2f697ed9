"""What can be known to be wrong with an item's lines before Sage is asked; checks.py names the sources."""

from collections.abc import Iterator
from typing import Final

from shared.domain.connections import Destination
from shared.domain.errors import Problem
from shared.domain.items import Item, Line, Side, TaxMode
from shared.domain.readiness import line_tax, rate_for
from shared.providers.contract import Resolved, Target, amount_text
from shared.providers.sage.amounts import figures, shown, unstated_tax
from shared.providers.sage.profile import SMALL_PLANS

# Where a line's ledger account must be visible, by destination and side.
_AREAS: Final = {
    (Destination.PURCHASES, Side.COSTS): "purchases",
    (Destination.QUICK_ENTRIES, Side.COSTS): "purchases",
    (Destination.BANK_ACCOUNTS, Side.COSTS): "other_payments",
    (Destination.SALES, Side.SALES): "sales",
    (Destination.QUICK_ENTRIES, Side.SALES): "sales",
    (Destination.BANK_ACCOUNTS, Side.SALES): "other_receipts",
}


def lines(item: Item, resolved: Resolved, target: Target) -> Iterator[Problem]:
    """Every problem of every line, in their order; then what is wrong with all of them together."""
    if not item.lines:
        yield Problem("lines_missing", "lines")
        return
    quick = target.destination is Destination.QUICK_ENTRIES
    for number, line in enumerate(item.lines):
        at = f"lines[{number}]"
        yield from _amounts(line, at)
        yield from _category(item, line, resolved, target, at)
        yield from _tax(item, line, resolved, at)
        yield from _product(line, resolved, at, quick=quick)
        yield from _tracking(line, resolved, target, at)
        if quick and number:
            yield from _like_the_first(item, line, at)
    yield from _sums(item, resolved)


def too_long(field: str, text: str, most: int) -> Problem:
    """A text of more characters than Sage takes."""
    return Problem("text_too_long", field, details={"length": len(text), "most": most})


def _amounts(line: Line, at: str) -> Iterator[Problem]:
    if line.quantity < 0:
        yield Problem("quantity_negative", f"{at}.quantity", details={"quantity": amount_text(line.quantity)})
    if line.tax_amount is not None and abs(line.tax_amount) > abs(line.amount):
        details = {"tax": shown(line.tax_amount), "amount": shown(line.amount)}
        yield Problem("tax_exceeds_line", f"{at}.tax_amount", details=details)


def _category(item: Item, line: Line, resolved: Resolved, target: Target, at: str) -> Iterator[Problem]:
    field = f"{at}.category"
    entry = resolved.categories.get(line.category or "")
    if entry is None:
        yield _absent("category_missing", line.category, field)
        return
    details = {"name": entry.name, "code": entry.code or ""}
    area = _AREAS[target.destination, item.side]
    if not entry.usable:
        yield Problem("account_archived", field, details=details)
    elif area not in entry.values.get("areas", [area]):
        yield Problem("account_not_valid", field, details={**details, "not_visible_in": area})


def _tax(item: Item, line: Line, resolved: Resolved, at: str) -> Iterator[Problem]:
    """A document without tax may name rates of no tax; one with tax names a rate that is in force on its day."""
    field = f"{at}.tax_rate"
    rate = resolved.tax_rates.get(line.tax_rate or "")
    if rate is None:
        if line.tax_rate or item.tax_mode is not TaxMode.NONE:
            yield _absent("tax_rate_missing", line.tax_rate, field)
        return
    percent = rate_for(rate, item.side, item.date)
    details = {"name": rate.name, "code": rate.code or ""}
    if not rate.usable or percent is None:
        yield Problem("tax_rate_not_found", field, details=details)
    elif item.tax_mode is TaxMode.NONE and percent:
        yield Problem("lines_do_not_add_up", field, details={**details, "lines": "tax", "stated": "no tax"})
    elif not percent and line_tax(line, item, resolved.tax_rates):
        stated = shown(line.tax_amount) if line.tax_amount is not None else ""
        yield Problem("lines_do_not_add_up", f"{at}.tax_amount", details={**details, "lines": "0", "stated": stated})


def _sums(item: Item, resolved: Resolved) -> Iterator[Problem]:
    """The lines as they would go out against the totals that the paper states."""
    found = figures(item, resolved.tax_rates)
    if found is None:
        return  # a rate that is missing, or not in force: said above
    if found.total != item.total:
        details = {"lines": shown(found.total), "stated": shown(item.total)}
        yield Problem("lines_do_not_add_up", "total", details=details)
    elif rest := unstated_tax(item, found):
        details = {"lines": shown((item.tax_total or rest) - rest), "stated": shown(item.tax_total or rest)}
        yield Problem("lines_do_not_add_up", "tax_total", details=details)


def _product(line: Line, resolved: Resolved, at: str, *, quick: bool) -> Iterator[Problem]:
    """Products stand on the lines of invoices and credit notes; a quick entry has no lines."""
    if line.product is None:
        return
    product = resolved.products.get(line.product)
    if product is None:
        yield _absent("product_not_found", line.product, f"{at}.product")
    elif not product.usable:
        yield Problem("product_not_found", f"{at}.product", details={"name": product.name, "code": product.code or ""})
    elif quick:
        yield Problem("destination_not_offered", f"{at}.product", details={"product": product.name})


def _tracking(line: Line, resolved: Resolved, target: Target, at: str) -> Iterator[Problem]:
    parents: list[str | None] = []
    for place, value_id in enumerate(line.tracking):
        field = f"{at}.tracking[{place}]"
        value = resolved.tracking.get(value_id)
        if value is None:
            yield _absent("tracking_not_found", value_id, field)
            continue
        dimension = resolved.dimensions.get(value.parent or "")
        if target.organisation.plan in SMALL_PLANS:
            yield Problem("plan_lacks_feature", field, details={"plan": target.organisation.plan})
        elif not value.usable or dimension is None or not dimension.usable:
            yield Problem("tracking_not_found", field, details={"name": value.name, "code": value.code or ""})
        elif target.destination is Destination.QUICK_ENTRIES:
            # The description's form of them for quick entries names a type and no value of it.
            yield Problem("too_many_dimensions", field, details={"name": value.name, "most": 0})
        if value.parent in parents:
            yield Problem("too_many_dimensions", field, details={"name": value.name, "most": 1})
        parents.append(value.parent)


def _like_the_first(item: Item, line: Line, at: str) -> Iterator[Problem]:
    """A quick entry is one total: its lines share category and tax rate."""
    first = item.lines[0]
    if line.category != first.category:
        yield Problem("one_per_document", f"{at}.category", details={"of": "categories"})
    if line.tax_rate != first.tax_rate:
        yield Problem("one_per_document", f"{at}.tax_rate", details={"of": "tax rates"})


def _absent(code: str, entry_id: str | None, field: str) -> Problem:
    """What is wrong with a reference that leads nowhere: nothing was chosen, or it is not in these books."""
    return Problem("entry_unresolved", field, details={"entry": entry_id}) if entry_id else Problem(code, field)
