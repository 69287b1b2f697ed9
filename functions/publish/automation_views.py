"""What callers see and say of an item's approval, and see of its publishing by itself."""

from datetime import datetime

from pydantic import Field

from shared.aws.http import Model, View
from shared.domain.auto_published import UNASKED, Level
from shared.domain.item_approvals import ItemApprovalState, approval_of
from shared.domain.items import Item, ItemState


class ItemApprovalView(View):
    """Whether people have to agree before the item is published, and who said what last."""

    state: ItemApprovalState = Field(description="`pending` and `rejected` keep it from being published in any way")
    at: datetime | None
    by: str | None
    lapsed: bool = Field(description="It was approved, and edited since: it waits for another approval")

    @classmethod
    def of(cls, item: Item) -> "ItemApprovalView":
        said, state = item.approval, approval_of(item.approval, item.version)
        return cls(
            state=state,
            at=said.at if said else None,
            by=said.by or None if said else None,
            lapsed=said is not None and said.state is not state,
        )


class AutoPublishView(View):
    """Whether the item publishes itself: decided once, when it had arrived (or was approved)."""

    decided: bool
    level: Level
    reason: str = Field(description="Why; of a connection that takes nothing, its error code")

    @classmethod
    def of(cls, state: ItemState) -> "AutoPublishView":
        said = state.auto_publish or UNASKED
        return cls(decided=said.decided, level=said.level, reason=said.reason)


class ApprovalBody(Model):
    """What is said of an item. With `version` it is refused where the item has changed since it was looked at."""

    approval: ItemApprovalState
    version: int | None = Field(None, ge=0)
