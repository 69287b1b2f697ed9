"""Whether an item may be published, as far as it can be told from the item and its entries alone."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from shared.domain.arrival import arrival_problems
from shared.domain.coding import Source
from shared.domain.connections import Destination, PublishAs, Settings
from shared.domain.errors import Problem
from shared.domain.item_approvals import ItemApprovalState, approval_of, approval_problem
from shared.domain.items import Item, ItemState, ItemType, Line, Side, Stage, Summary, TaxMode
from shared.domain.lists import Entry, Kind
from shared.domain.money import rounded
from shared.domain.reverse_charge import owed

# A state is at most 1 KB as stored: what fits of the reasons is kept, reading one item works them out anew.
STORED_REASONS: Final = 4
STORED_TEXT: Final = 160  # characters of a provider's message
# Reasons that no look at the item can find or end: they stay until a person changes it, or it is sent.
_STANDING: Final = frozenset({"connection_disconnected", "connection_changed"})


def coded(item: Item, settings: Settings) -> Item:
    """The item as the connection's defaults complete it: whether it was paid, and the tax rate of lines without one.

    What anybody has said is never replaced.

    A document on which no tax was found takes the rate for such documents, where the settings name one, whatever its
    tax mode: some software wants a code on every line. Else a document without tax (`tax_mode` none) takes no rate.
    """
    if is_paid(item, settings) is not item.paid:
        item = replace(item, paid=not item.paid)
    default = _default_tax_rate(item, settings)
    if default is None:
        return item
    lines = tuple(line if line.tax_rate else replace(line, tax_rate=default) for line in item.lines)
    return item if lines == item.lines else replace(item, lines=lines)


def is_paid(item: Item, settings: Settings) -> bool:
    """Whether the item counts as paid: as somebody says, a rule among them, else as the connection takes its side."""
    if item.sources.get("paid") is not Source.CONNECTION_DEFAULT:
        return item.paid
    return settings.costs_paid if item.side is Side.COSTS else settings.sales_paid


def applicable(item: Item, kinds: Collection[Kind]) -> Item:
    """The item without what the software has no lists of: such a field does not apply there, whatever it holds."""
    lines = tuple(_applicable(line, kinds) for line in item.lines)
    approver = item.approver if Kind.APPROVERS in kinds else None
    same = lines == item.lines and approver == item.approver
    return item if same else replace(item, lines=lines, approver=approver)


def _applicable(line: Line, kinds: Collection[Kind]) -> Line:
    return replace(
        line,
        tax_rate=line.tax_rate if Kind.TAX_RATES in kinds else None,
        product=line.product if Kind.PRODUCTS in kinds else None,
        project=line.project if Kind.PROJECTS in kinds else None,
        customer=line.customer if Kind.CUSTOMERS in kinds else None,
    )


def _default_tax_rate(item: Item, settings: Settings) -> str | None:
    if item.side is Side.COSTS:
        usual, without = settings.default_costs_tax_rate, settings.default_costs_tax_rate_without_tax
    else:
        usual, without = settings.default_sales_tax_rate, settings.default_sales_tax_rate_without_tax
    if item.tax_mode is TaxMode.NONE:
        return without
    return without if without is not None and not _tax_found(item) else usual


def _tax_found(item: Item) -> bool:
    """Whether the document states tax anywhere; one that says nothing of tax is taken to have some."""
    stated = [line.tax_amount for line in item.lines if line.tax_amount is not None]
    if item.tax_total is not None:
        stated.append(item.tax_total)
    return not stated or any(stated)


def destination_of(item: Item, settings: Settings) -> Destination:
    """Where the item goes: its own wish, else the connection's for its side.

    Expense claims are bills. Cash from a machine is money spent from the bank account that it was drawn from.
    """
    if item.type is ItemType.EXPENSE_CLAIM:
        return Destination.PURCHASES
    if item.destination is not None:
        return item.destination
    if item.type is ItemType.ATM:
        return Destination.BANK_ACCOUNTS
    if matched_account(item, settings) is not None:
        return Destination.BANK_ACCOUNTS
    return settings.costs_destination if item.side is Side.COSTS else settings.sales_destination


def matched_account(item: Item, settings: Settings) -> str | None:
    """The bank account that a matched item was paid from, where the connection's settings let it decide."""
    return item.bank_account if settings.bank_match and is_paid(item, settings) else None


def publish_as_of(
    item: Item, settings: Settings, bank_account: Entry | None, offered: Collection[PublishAs]
) -> PublishAs:
    """The status to publish with. `paid` holds only for a paid item whose payment method is linked to a bank account,
    where software records payments: `offered` are its statuses of the destination, none where those count for nothing.

    Otherwise `paid` means awaiting payment, as "paid where possible" promises. What is to be less than that, a draft
    or waiting for approval, never becomes more: software without it refuses the item.
    """
    matched = PublishAs.PAID if matched_account(item, settings) is not None else None
    wanted = (
        item.publish_as or matched or (settings.publish_as if item.side is Side.COSTS else settings.sales_publish_as)
    )
    records = not offered or PublishAs.PAID in offered
    if wanted is PublishAs.PAID and not (records and is_paid(item, settings) and bank_account is not None):
        return PublishAs.AWAITING_PAYMENT
    return wanted


def signed_total(summary: Summary) -> Decimal:
    """The total as it counts in a control total: credit notes are subtracted."""
    return -summary.total if summary.type is ItemType.CREDIT_NOTE else summary.total


def summary_of(item: Item) -> Summary:
    """What the item's state shows of it in a list."""
    return Summary(
        side=item.side,
        type=item.type,
        currency=item.currency,
        total=item.total,
        contact=item.contact,
        date=item.date,
        number=item.number,
        has_document=item.document is not None,
        integration=item.integration,
    )


def own_problems(
    item: Item, tax_rates: Mapping[str, Entry], *, has_tax_rates: bool = True, without_tax: Collection[int] = ()
) -> list[Problem]:
    """What any accounting software would object to, in the order of the item's fields.

    `item` has its defaults filled in (`coded`); `tax_rates` are the entries its lines name, as far as they were found.
    Lines need none where the software has no tax rates, nor those of the numbers in `without_tax`: what they name does
    not apply in these books.
    """
    unapproved = approval_problem(item.approval, item.version)
    problems = [unapproved] if unapproved is not None else []
    if item.contact is None:
        problems.append(Problem("supplier_missing", "contact"))
    if item.date is None:
        problems.append(Problem("date_missing", "date"))
    problems += arrival_problems(item)
    if not item.lines:
        return [*problems, Problem("lines_missing", "lines")]
    for number, line in enumerate(item.lines):
        needs_rate = has_tax_rates and number not in without_tax
        problems += _line_problems(item, number, line, has_tax_rates=needs_rate)
    return problems + sum_problems(item, tax_rates)


def _line_problems(item: Item, number: int, line: Line, *, has_tax_rates: bool) -> Iterable[Problem]:
    if line.category is None:
        yield Problem("category_missing", f"lines[{number}].category")
    if has_tax_rates and line.tax_rate is None and item.tax_mode is not TaxMode.NONE:
        yield Problem("tax_rate_missing", f"lines[{number}].tax_rate")
    if line.unit_amount is not None and rounded(line.quantity * line.unit_amount, item.currency) != line.amount:
        expected = rounded(line.quantity * line.unit_amount, item.currency)
        yield _mismatch(f"lines[{number}].amount", expected, line.amount)


def rate_for(entry: Entry, side: Side, on: date | None = None) -> Decimal | None:
    """A tax rate's percentage on one side; the same on both where the provider does not tell them apart.

    Where the provider gives the periods of a rate, the one that the day `on` lies in counts; None outside of them all.
    """
    periods = entry.values.get("periods")
    if periods and on is not None:
        day = on.isoformat()
        within = (one["rate"] for one in periods if one.get("from", "") <= day <= one.get("to", "9999-12-31"))
        percent = next(within, None)
    else:
        percent = entry.values.get(f"{side.value}_rate", entry.values.get("rate"))
    return None if percent is None else Decimal(str(percent))


def line_tax(line: Line, item: Item, tax_rates: Mapping[str, Entry]) -> Decimal | None:
    """The tax of a line: the document's own figure, else worked out from its rate and rounded per line.

    None where neither is known: the rate is missing or its percentage is.
    """
    if item.tax_mode is TaxMode.NONE:
        return Decimal(0)
    if line.tax_amount is not None:
        return line.tax_amount
    entry = tax_rates.get(line.tax_rate or "")
    percent = rate_for(entry, item.side, item.date) if entry is not None else None
    if percent is None:
        return None
    rate = percent / 100
    if item.tax_mode is TaxMode.INCLUSIVE:
        return rounded(line.amount - line.amount / (1 + rate), item.currency)
    return rounded(line.amount * rate, item.currency)


def sum_problems(item: Item, tax_rates: Mapping[str, Entry]) -> list[Problem]:
    """Whether the lines give the document's total, and their tax its tax, to the currency's smallest unit.

    The total of a document under reverse charge is without tax.
    """
    taxes = [line_tax(line, item, tax_rates) for line in item.lines]
    known = None if None in taxes else sum((tax for tax in taxes if tax is not None), Decimal(0))
    total = owed(item, taxes)
    if total is not None and total != item.total:
        return [_mismatch("total", total, item.total)]
    stated = all(line.tax_amount is not None for line in item.lines) or item.tax_mode is TaxMode.EXCLUSIVE
    if item.tax_total is not None and known is not None and stated and known != item.tax_total:
        return [_mismatch("tax_total", known, item.tax_total)]
    return []


def _mismatch(field: str, lines: Decimal, stated: Decimal) -> Problem:
    return Problem("lines_do_not_add_up", field, details={"lines": format(lines, "f"), "stated": format(stated, "f")})


def without_repeats(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once: the service's own checks and a provider's may both find the same thing."""
    seen: dict[tuple[str, str | None], Problem] = {}
    for problem in problems:
        seen.setdefault((problem.code, problem.field), problem)
    return list(seen.values())


def lapses(item: Item) -> bool:
    """Whether the next version of an item is not approved although this one is."""
    now, then = (approval_of(item.approval, version) for version in (item.version, item.version + 1))
    return now is ItemApprovalState.APPROVED and then is ItemApprovalState.PENDING


def set_back(state: ItemState, problem: Problem) -> ItemState:
    """The state of an item that a person is to look at again; published and unknown items stay as they are."""
    if state.stage in {Stage.PUBLISHED, Stage.UNKNOWN}:
        return state
    reasons = without_repeats([problem, *state.reasons])[:STORED_REASONS]
    return replace(state, stage=Stage.NEEDS_REVIEW, reasons=tuple(reasons))


def with_standing(state: ItemState, problems: Iterable[Problem]) -> list[Problem]:
    """What is wrong with an item now, behind what it was set back for before and what it seems to repeat."""
    standing = (reason for reason in state.reasons if reason.code in _STANDING)
    return without_repeats([*standing, *repeated(state), *problems])


def repeated(state: ItemState) -> list[Problem]:
    """Why an item that looks like another may not be published: a person has to decide, or has."""
    problem = state.duplicate.problem() if state.duplicate is not None else None
    return [] if problem is None else [problem]


def judged(state: ItemState, problems: Iterable[Problem], coding_version: int) -> ItemState:
    """The state after its readiness was worked out. Published and unknown items keep their stage and reasons.

    What it was set back for stays; who changes the item as a person hands over a state without reasons.
    """
    if state.stage in {Stage.PUBLISHED, Stage.UNKNOWN}:
        return replace(state, coding_version=coding_version)
    found = with_standing(state, problems)
    stage = Stage.NEEDS_REVIEW if found else Stage.READY
    reasons = tuple(shortened(problem) for problem in found[:STORED_REASONS])
    return replace(state, stage=stage, reasons=reasons, coding_version=coding_version)


def shortened(problem: Problem) -> Problem:
    """A problem as a state may keep it: the provider's text cut, the values worth naming left to the full answer."""
    text = problem.provider_text
    if text is not None and len(text) > STORED_TEXT:
        text = text[: STORED_TEXT - 3] + "..."
    return replace(problem, provider_text=text, details={})
