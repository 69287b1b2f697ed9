"""Which of an account's connections an item is published through, and why."""

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.accounts import Account
from shared.domain.connections import Slot
from shared.domain.errors import Problem
from shared.domain.items import Item, ItemType, Side, Summary


class Because(StrEnum):
    """Why an item goes where it goes; the first that says anything decides, in this order."""

    SALES = "sales"  # sales go to the main connection
    ITEM = "item"  # the item names it
    SUPPLIER_RULE = "supplier_rule"
    DEFAULT = "default"  # the account's, of the item's kind
    MAIN = "main"  # nothing says otherwise
    # What was decided before, where anything above says otherwise by now:
    QUEUED = "queued"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Integration:
    """A connection's slot, and what chose it."""

    slot: Slot
    reason: Because


def integration_of(item: Item | Summary, account: Account, rule: Slot | None) -> Integration:
    """The integration of an item that is not queued; `rule` is what the rule for its supplier names, if anything."""
    if item.side is Side.SALES:
        return Integration(Slot.MAIN, Because.SALES)
    if item.integration is not None:
        return Integration(item.integration, Because.ITEM)
    if rule is not None:
        return Integration(rule, Because.SUPPLIER_RULE)
    default = default_for(item, account)
    return Integration(Slot.MAIN, Because.MAIN) if default is None else Integration(default, Because.DEFAULT)


def default_for(item: Item | Summary, account: Account) -> Slot | None:
    """The account's default for items of this kind: expense claims have one of their own."""
    claim = item.type is ItemType.EXPENSE_CLAIM
    slot = account.expense_claims_integration if claim else account.publishing_integration
    return None if slot is None else Slot(slot)


def asks_rule(item: Item | Summary) -> bool:
    """Whether the rule for its supplier has a say in the item's integration."""
    return item.side is Side.COSTS and item.integration is None and item.contact is not None


def sales_problem(side: Side, integration: Slot | None) -> Problem | None:
    """What is wrong with a secondary connection that is named for a sales item; None where nothing is."""
    if side is Side.COSTS or integration in {None, Slot.MAIN}:
        return None
    return Problem("integration_not_for_sales", "integration", details={"integration": integration})
