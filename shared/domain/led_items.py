"""What becomes of an item's lines where its entries stand for others in the books that it goes to."""

from collections.abc import Callable, Collection
from dataclasses import replace

from shared.domain.aliases import Led
from shared.domain.items import Item, Line
from shared.domain.lists import Kind

LedOf = Callable[[Kind, str], Led]


def as_led(item: Item, led: LedOf) -> Item:
    """The item without what does not apply in those books; of tracking values that became one, the first is kept."""
    lines = tuple(_line(line, led) for line in item.lines)
    gone = item.approver is not None and not led(Kind.APPROVERS, item.approver).applies
    item = replace(item, approver=None) if gone else item
    return item if lines == item.lines else replace(item, lines=lines)


def without_tax(before: Item, after: Item) -> Collection[int]:
    """The numbers of the lines whose tax rate does not apply: `after` is the item as it goes, `before` as it came."""
    pairs = enumerate(zip(before.lines, after.lines, strict=True))
    return frozenset(number for number, (old, new) in pairs if old.tax_rate is not None and new.tax_rate is None)


def _line(line: Line, led: LedOf) -> Line:
    def kept(kind: Kind, entry: str | None) -> str | None:
        return entry if entry is not None and led(kind, entry).applies else None

    values: dict[str, str] = {}
    for value in line.tracking:
        found = led(Kind.DIMENSIONS, value)
        if found.applies:
            values.setdefault(found.entry or value, value)
    return replace(
        line,
        category=kept(Kind.CATEGORIES, line.category),
        tax_rate=kept(Kind.TAX_RATES, line.tax_rate),
        product=kept(Kind.PRODUCTS, line.product),
        project=kept(Kind.PROJECTS, line.project),
        customer=kept(Kind.CUSTOMERS, line.customer),
        tracking=tuple(values.values()),
    )
