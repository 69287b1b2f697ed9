"""Rules: what an account has decided once for all documents of a supplier, customer, person or payment method."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from shared.domain.coding import Coding, Source
from shared.domain.connections import Slot
from shared.domain.duplicates import DuplicateMode
from shared.domain.ids import derived_id
from shared.domain.items import Side


class RuleKind(StrEnum):
    """What a rule is keyed by: the entry of that list whose documents it is for, or the person they come from."""

    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    USER = "user"
    PAYMENT_METHOD = "payment_method"


class When(StrEnum):
    """When a person's payment method counts: over what was read from the document, or only where nothing was."""

    ALWAYS = "always"
    IF_BLANK = "if_blank"


class AutoPublish(StrEnum):
    """Whether documents publish themselves. `none` of a payment method leaves it to the next level."""

    ALWAYS = "always"
    NEVER = "never"
    NONE = "none"
    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Rule(Coding):
    """What holds for the documents of `subject`. A field of None decides nothing.

    `subject` is the local id of an entry, or a person as items name their owner. The id follows from what the rule is
    for: there is one rule for a supplier, found without a search. `supplier` is whom a person's expense claims name.
    """

    id: str
    kind: RuleKind
    subject: str
    created_at: datetime
    edited_at: datetime
    edited_by: str
    integration: Slot | None = None
    payment_method_when: When | None = None
    supplier: str | None = None
    auto_publish: AutoPublish | None = None
    duplicate_mode: DuplicateMode | None = None
    version: int = 0


_OF_CONTACTS: Final = frozenset(
    {
        "category", "tax_rate", "due_date", "payment_method", "paid", "description", "currency", "dimensions",
        "project", "destination", "publish_as", "integration", "auto_publish", "split", "reverse_charge",
    }
)  # fmt: skip
# What a rule of each kind may decide.
DECIDES: Final[Mapping[RuleKind, Collection[str]]] = {
    RuleKind.SUPPLIER: _OF_CONTACTS | {"customer", "billable", "approver", "duplicate_mode"},
    RuleKind.CUSTOMER: _OF_CONTACTS,
    RuleKind.USER: frozenset({"payment_method", "payment_method_when", "project", "dimensions", "supplier"}),
    RuleKind.PAYMENT_METHOD: frozenset({"destination", "auto_publish"}),
}
FIELDS: Final = tuple(sorted(frozenset().union(*DECIDES.values())))
_SOURCES: Final = {
    RuleKind.SUPPLIER: Source.SUPPLIER_RULE,
    RuleKind.CUSTOMER: Source.CUSTOMER_RULE,
    RuleKind.PAYMENT_METHOD: Source.PAYMENT_METHOD_RULE,
}
Words = Mapping[Source, Coding | None]


def rule_id(tenant: str, account: str, kind: RuleKind, subject: str) -> str:
    """The id of the rule for an entry or a person."""
    return derived_id(tenant, account, "rule", kind, subject)


def foremost(own: Rule | None, others: Iterable[Rule]) -> tuple[Rule | None, tuple[Rule, ...]]:
    """Which of several rules for what is one since lists were merged applies, and the others, newest first.

    That of the current books' own entry comes first, else the one that was edited last.
    """
    by_age = sorted(others, key=lambda rule: (rule.edited_at, rule.id), reverse=True)
    found = list({rule.id: rule for rule in ([own] if own is not None else []) + by_age}.values())
    return (found[0] if found else None), tuple(found[1:])


def contact_rule(side: Side) -> RuleKind:
    """The kind of rule that a document's contact has."""
    return RuleKind.SUPPLIER if side is Side.COSTS else RuleKind.CUSTOMER


def sources_of(kind: RuleKind) -> tuple[Source, ...]:
    """The sources that a rule of a kind speaks as."""
    if kind is RuleKind.USER:
        return (Source.USER_RULE, Source.USER_RULE_IF_BLANK)
    return (_SOURCES[kind],)


def words_of(kind: RuleKind, rule: Rule | None) -> Words:
    """What a rule says, by the rank it says it with; None everywhere where there is no such rule.

    A person's payment method may count only where none was read from the document; project and dimensions always do.
    """
    if rule is None:
        return dict.fromkeys(sources_of(kind))
    if kind is not RuleKind.USER:
        return {_SOURCES[kind]: rule}
    blank_only = rule.payment_method_when is When.IF_BLANK
    always = replace(rule, payment_method=None) if blank_only else rule
    if_blank = Coding(payment_method=rule.payment_method) if blank_only else None
    return {Source.USER_RULE: always, Source.USER_RULE_IF_BLANK: if_blank}


def decided(rule: Rule) -> dict[str, object]:
    """The fields that a rule decides, by name."""
    values = {name: getattr(rule, name) for name in FIELDS}
    return {name: value for name, value in values.items() if value is not None and value != ()}
