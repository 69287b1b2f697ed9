"""Whether a document publishes itself: decided once, when it has arrived, from what was settled before it did."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from shared.domain.auto_published import UNASKED, AutoPublished, Level, Reason
from shared.domain.item_approvals import ItemApprovalState
from shared.domain.items import ItemType

SURE_ENOUGH: Final = Decimal("0.90")  # how sure the amounts' reader has to be, where the account does not say


@dataclass(frozen=True, slots=True)
class AutoPublishing:
    """An account's wish. `exceptions` are types that never publish themselves, at whatever level it was wished.

    `since` is when the switch was turned on: documents that were there before wait for a person. `confidence` (0 to 1)
    is what an amount that was read from a document needs at least.
    """

    on: bool = False
    exceptions: tuple[ItemType, ...] = ()
    confidence: Decimal = SURE_ENOUGH
    since: datetime | None = None

    def acts_on(self, arrived: datetime) -> bool:
        """Whether the switch is meant for a document that arrived then."""
        return self.on and (self.since is None or self.since <= arrived)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All that the decision hangs on. `method` and `contact` are what rules say, None where they say nothing.

    `refusal` is the error code of a connection that takes nothing now, `never` that its software takes no document
    without a person.
    """

    approval: ItemApprovalState
    type: ItemType
    contact_level: Level  # SUPPLIER or CUSTOMER
    method: bool | None
    contact: bool | None
    account: bool
    exceptions: Collection[ItemType]
    ready: bool
    duplicate: bool
    new_contact: bool
    unsure: bool
    never: bool
    refusal: str | None


def decide(about: Circumstances) -> AutoPublished:
    """Whether an item publishes itself, the level that decided, and why.

    A person's approval comes first, then excluded types, the payment method's word, the supplier's or customer's rule,
    the account's switch; what is wished by one of these is stopped by the item itself or by its connection.
    """
    barred = _barred(about)
    if barred is not None:
        return barred
    wished = _wished(about)
    if not wished.decided:
        return wished
    return _stopped(about) or wished


def _said(decided: bool, level: Level, reason: Reason) -> AutoPublished:
    return AutoPublished(decided, level, reason.value)


def _barred(about: Circumstances) -> AutoPublished | None:
    if about.approval is ItemApprovalState.PENDING:
        return _said(False, Level.APPROVAL, Reason.APPROVAL_PENDING)
    if about.approval is ItemApprovalState.REJECTED:
        return _said(False, Level.APPROVAL, Reason.APPROVAL_REJECTED)
    if about.type in about.exceptions:
        return _said(False, Level.ITEM_TYPE, Reason.TYPE_EXCLUDED)
    return None


def _wished(about: Circumstances) -> AutoPublished:
    if about.method is not None:
        reason = Reason.METHOD_ALWAYS if about.method else Reason.METHOD_NEVER
        return _said(about.method, Level.PAYMENT_METHOD, reason)
    if about.contact is not None:
        return _said(about.contact, about.contact_level, Reason.RULE_YES if about.contact else Reason.RULE_NO)
    return _said(True, Level.ACCOUNT, Reason.ACCOUNT_ON) if about.account else UNASKED


def _stopped(about: Circumstances) -> AutoPublished | None:
    of_item = (
        (not about.ready, Reason.NOT_READY),
        (about.duplicate, Reason.DUPLICATE),
        (about.new_contact, Reason.NEW_CONTACT),
        (about.unsure, Reason.UNSURE_AMOUNT),
    )
    for stops, reason in of_item:
        if stops:
            return _said(False, Level.ITEM, reason)
    if about.never:
        return _said(False, Level.CONNECTION, Reason.PROVIDER_NEVER)
    return AutoPublished(False, Level.CONNECTION, about.refusal) if about.refusal is not None else None


_AMOUNTS: Final = frozenset({"total", "tax_total", "amount", "tax_amount", "unit_amount", "quantity"})


def unsure_amount(confidence: Mapping[str, Decimal], least: Decimal) -> bool:
    """Whether an amount was read with less confidence than is asked for; one that nothing is said of counts as sure.

    Keys are field paths as in problems: `total`, `lines[0].amount`.
    """
    return any(sure < least for path, sure in confidence.items() if path.rpartition(".")[2] in _AMOUNTS)


def warns_without_category(*, auto_publish: bool, category: str | None, splits: bool) -> bool:
    """Whether a rule lets documents publish themselves and says nothing of their category: most will wait after all."""
    return auto_publish and category is None and not splits
