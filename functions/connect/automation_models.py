"""What callers send and see of what an account does by itself."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints

from functions.connect.fields import Patch, left_alone
from shared.aws.http import View
from shared.domain.accounts import Account
from shared.domain.items import ItemType
from shared.usecases.change_automation import MOST_HOURS
from shared.usecases.read_checklist import Check, Step

_Share = Annotated[str, StringConstraints(pattern=r"^(0(\.[0-9]{1,4})?|1(\.0{1,4})?)$")]


class AutomationView(View):
    """What an account does by itself; rules of suppliers, customers and payment methods say more about publishing."""

    auto_publish: bool = Field(description="Whether documents publish themselves where no rule says otherwise")
    auto_publish_exceptions: list[ItemType] = Field(description="Types that never do, whatever a rule says")
    auto_publish_confidence: Decimal = Field(
        description="How sure (0 to 1) every amount has to be that was read from a document"
    )
    refresh_hours: int | None = Field(description="Between regular refreshes; null leaves it to each software")

    @classmethod
    def of(cls, account: Account) -> Self:
        wish = account.auto_publish
        return cls(
            auto_publish=wish.on,
            auto_publish_exceptions=list(wish.exceptions),
            auto_publish_confidence=wish.confidence,
            refresh_hours=account.refresh_hours,
        )


class CheckView(View):
    step: Step
    done: bool
    lacking: list[str] = Field(description="What keeps it from being done: lists, settings")


class ChecklistView(View):
    """The steps of setting a connection up, in their order."""

    ready: bool = Field(description="All of them are done")
    steps: list[CheckView]

    @classmethod
    def of(cls, checks: Sequence[Check]) -> Self:
        steps = [CheckView(step=one.step, done=one.done, lacking=list(one.lacking)) for one in checks]
        return cls(ready=all(one.done for one in checks), steps=steps)


class AutomationPatch(Patch):
    auto_publish: bool = Field(
        default_factory=left_alone, description="Documents that are there already wait for a person as before"
    )
    auto_publish_exceptions: list[ItemType] = Field(default_factory=left_alone, max_length=len(ItemType))
    auto_publish_confidence: _Share = Field(default_factory=left_alone)
    refresh_hours: int | None = Field(None, ge=1, le=MOST_HOURS)

    def changes(self) -> dict[str, Any]:
        """The fields that were given, by name; the confidence as a Decimal."""
        given = super().changes()
        if "auto_publish_confidence" in given:
            given["auto_publish_confidence"] = Decimal(self.auto_publish_confidence)
        return given
