"""Approval of an item before it is published: whether people are asked for it, and what they said."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.errors import Problem


class ItemApprovalState(StrEnum):
    """`none`: nobody is asked. `pending` and `rejected` keep an item from being published in any way."""

    NONE = "none"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ItemApproval:
    """What was said last, by whom and when. An approval is of the item's `version`: an edit leaves it pending."""

    state: ItemApprovalState
    version: int
    at: datetime
    by: str


def approval_of(approval: ItemApproval | None, version: int) -> ItemApprovalState:
    """How the approval of an item in this version stands."""
    if approval is None:
        return ItemApprovalState.NONE
    if approval.state is ItemApprovalState.APPROVED and approval.version != version:
        return ItemApprovalState.PENDING
    return approval.state


def approval_problem(approval: ItemApproval | None, version: int) -> Problem | None:
    """Why an item in this version may not be published yet, or None."""
    match approval_of(approval, version):
        case ItemApprovalState.PENDING:
            return Problem("approval_pending", "approval")
        case ItemApprovalState.REJECTED:
            return Problem("approval_rejected", "approval")
        case _:
            return None
