"""What was decided about an item that might publish itself, as its state keeps it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """What decided, in the order in which they are asked."""

    APPROVAL = "approval"
    ITEM_TYPE = "item_type"
    PAYMENT_METHOD = "payment_method"
    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    ACCOUNT = "account"
    ITEM = "item"  # what it says, and how it looks beside the others
    CONNECTION = "connection"


class Reason(StrEnum):
    """Why it was decided so. A connection that takes nothing is named by its own error code instead."""

    APPROVAL_PENDING = "approval_pending"
    APPROVAL_REJECTED = "approval_rejected"
    TYPE_EXCLUDED = "type_excluded"
    METHOD_ALWAYS = "payment_method_always"
    METHOD_NEVER = "payment_method_never"
    RULE_YES = "rule_yes"
    RULE_NO = "rule_no"
    ACCOUNT_ON = "account_on"
    ACCOUNT_OFF = "account_off"
    NOT_READY = "item_not_ready"
    DUPLICATE = "duplicate_suspected"
    NEW_CONTACT = "contact_not_in_books"
    UNSURE_AMOUNT = "amount_not_sure"
    PROVIDER_NEVER = "provider_never_automatic"


@dataclass(frozen=True, slots=True)
class AutoPublished:
    """What was decided for an item: whether it publishes itself, by which level, and why (a `Reason` or error code)."""

    decided: bool
    level: Level
    reason: str


# Nobody wished that it publishes itself: kept nowhere, as it goes for most items of most accounts.
UNASKED: Final = AutoPublished(False, Level.ACCOUNT, Reason.ACCOUNT_OFF.value)
