"""A rule in the terms of other books than those that it was made in."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from shared.domain.aliases import Led
from shared.domain.coding import Keyword, Share, Split
from shared.domain.lists import Kind
from shared.domain.rules import Rule

_ENTRIES: Final = {
    "category": Kind.CATEGORIES,
    "tax_rate": Kind.TAX_RATES,
    "project": Kind.PROJECTS,
    "customer": Kind.CUSTOMERS,
    "supplier": Kind.SUPPLIERS,
}
LedOf = Callable[[Kind, str], Led]


def led_rule(rule: Rule, led: LedOf) -> tuple[Rule, Collection[str]]:
    """The rule with each entry replaced by what stands for it, and the fields that name one which nothing stands for.

    What does not apply there is left out. Fields that lead nowhere stay as they are. Payment methods are the account's
    own and stay too. `led` leads an entry of the books themselves to itself.
    """
    leading = _Leading(led)
    values: dict[str, Any] = {name: leading.one(kind, getattr(rule, name), name) for name, kind in _ENTRIES.items()}
    values["dimensions"] = leading.dimensions(rule.dimensions, "dimensions")
    values["split"] = leading.split(rule.split) if rule.split is not None else None
    return replace(rule, **values), tuple(leading.nowhere)


@dataclass(slots=True)
class _Leading:
    led: LedOf
    nowhere: dict[str, None] = field(default_factory=dict)  # fields, in the order they were met

    def one(self, kind: Kind, entry: str | None, name: str) -> str | None:
        if entry is None:
            return None
        found = self.led(kind, entry)
        if found.entry is None and found.applies:
            self.nowhere[name] = None
            return entry
        return found.entry

    def dimensions(self, values: Iterable[str], name: str) -> tuple[str, ...]:
        found = (self.one(Kind.DIMENSIONS, value, name) for value in values)
        return tuple(dict.fromkeys(value for value in found if value is not None))

    def split(self, split: Split) -> Split:
        keywords = ((one, self.one(Kind.CATEGORIES, one.category, "split")) for one in split.keywords)
        return Split(
            tuple(self._share(share) for share in split.shares),
            tuple(Keyword(one.keyword, category) for one, category in keywords if category is not None),
        )

    def _share(self, share: Share) -> Share:
        return replace(
            share,
            category=self.one(Kind.CATEGORIES, share.category, "split"),
            tax_rate=self.one(Kind.TAX_RATES, share.tax_rate, "split"),
            dimensions=self.dimensions(share.dimensions, "split"),
            project=self.one(Kind.PROJECTS, share.project, "split"),
        )
