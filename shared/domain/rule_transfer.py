"""Rules as they travel between accounts: entries by code and name, never by ids of ours."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.domain.coding import Split
from shared.domain.item_drafts import Reference
from shared.domain.lists import Kind
from shared.domain.rule_drafts import Decisions, KeywordDraft, ShareDraft, SplitDraft
from shared.domain.rules import Rule, RuleKind, decided

SUBJECTS: Final = {
    RuleKind.SUPPLIER: Kind.SUPPLIERS,
    RuleKind.CUSTOMER: Kind.CUSTOMERS,
    RuleKind.PAYMENT_METHOD: Kind.PAYMENT_METHODS,
}
ENTRIES: Final = {
    "category": Kind.CATEGORIES,
    "tax_rate": Kind.TAX_RATES,
    "project": Kind.PROJECTS,
    "customer": Kind.CUSTOMERS,
    "supplier": Kind.SUPPLIERS,
    "payment_method": Kind.PAYMENT_METHODS,
    "approver": Kind.APPROVERS,
}
# How an entry is called elsewhere; None where it cannot be told.
Names = Callable[[Kind, str], Reference | None]


@dataclass(frozen=True, slots=True)
class PortableRule:
    """A rule without ids: `subject` by code and name (a person by name), `decisions` with a Reference for an entry."""

    kind: RuleKind
    subject: Reference
    decisions: Decisions


@dataclass(frozen=True, slots=True)
class Unnamed:
    """What of a rule could not be told without ids: its entry is in none of the current books."""

    rule: str
    field: str


def refs_of(rule: Rule) -> Iterator[tuple[Kind, str]]:
    """Every entry that a rule names, its subject first."""
    if rule.kind in SUBJECTS:
        yield SUBJECTS[rule.kind], rule.subject
    for name, value in decided(rule).items():
        if name in ENTRIES:
            yield ENTRIES[name], str(value)
    yield from ((Kind.DIMENSIONS, value) for value in rule.dimensions)
    for share in rule.split.shares if rule.split else ():
        named = [(Kind.CATEGORIES, share.category), (Kind.TAX_RATES, share.tax_rate), (Kind.PROJECTS, share.project)]
        yield from ((kind, one) for kind, one in named if one is not None)
        yield from ((Kind.DIMENSIONS, value) for value in share.dimensions)
    for keyword in rule.split.keywords if rule.split else ():
        yield Kind.CATEGORIES, keyword.category


def portable(rule: Rule, names: Names) -> tuple[PortableRule | None, list[Unnamed]]:
    """The rule without ids, and its fields that were left out; None where its subject has no name here."""
    subject = names(SUBJECTS[rule.kind], rule.subject) if rule.kind in SUBJECTS else Reference(name=rule.subject)
    if subject is None:
        return None, [Unnamed(rule.id, "subject")]
    decisions: dict[str, Any] = {}
    unnamed = []
    for name, value in decided(rule).items():
        try:
            decisions[name] = _named(name, value, names)
        except LookupError:
            unnamed.append(Unnamed(rule.id, name))
    return PortableRule(rule.kind, subject, decisions), unnamed


def _named(name: str, value: Any, names: Names) -> Any:
    if name in ENTRIES:
        return _one(ENTRIES[name], value, names)
    if name == "dimensions":
        return _values(value, names)
    return _split(value, names) if isinstance(value, Split) else value


def _one(kind: Kind, entry: str | None, names: Names) -> Reference | None:
    if entry is None:
        return None
    found = names(kind, entry)
    if found is None:
        raise LookupError(entry)
    return found


def _values(values: tuple[str, ...], names: Names) -> tuple[Reference, ...]:
    found = (_one(Kind.DIMENSIONS, value, names) for value in values)
    return tuple(one for one in found if one is not None)


def _split(split: Split, names: Names) -> SplitDraft:
    shares = tuple(
        ShareDraft(
            percent=share.percent,
            description=share.description,
            category=_one(Kind.CATEGORIES, share.category, names),
            tax_rate=_one(Kind.TAX_RATES, share.tax_rate, names),
            dimensions=_values(share.dimensions, names),
            project=_one(Kind.PROJECTS, share.project, names),
        )
        for share in split.shares
    )
    keywords = []
    for one in split.keywords:
        category = _one(Kind.CATEGORIES, one.category, names)
        if category is not None:
            keywords.append(KeywordDraft(one.keyword, category))
    return SplitDraft(shares, tuple(keywords))


Choice = Callable[[Kind, Reference], Reference]


def chosen(name: str, value: Any, choose: Choice) -> Any:
    """A decision in which each reference was replaced by what `choose` makes of it for its list."""
    if isinstance(value, Reference):
        return choose(ENTRIES[name], value)
    if isinstance(value, SplitDraft):
        shares = tuple(
            replace(
                share,
                category=share.category and choose(Kind.CATEGORIES, share.category),
                tax_rate=share.tax_rate and choose(Kind.TAX_RATES, share.tax_rate),
                project=share.project and choose(Kind.PROJECTS, share.project),
            )
            for share in value.shares
        )
        keywords = tuple(replace(one, category=choose(Kind.CATEGORIES, one.category)) for one in value.keywords)
        return SplitDraft(shares, keywords)
    return value
