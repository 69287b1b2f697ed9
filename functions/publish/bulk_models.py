"""What callers send and see about bulk edits."""

from datetime import datetime
from typing import Any

from pydantic import Field, field_validator, model_validator

from functions.publish.values import Currency, Day, EntryRef, Id, MethodRef, Text
from shared.aws.http import Model, View
from shared.domain.bulk_edits import BulkEdit, BulkStatus, EditedItem
from shared.domain.connections import Destination, PublishAs, Slot
from shared.domain.items import ItemType, Place, Side, Stage
from shared.usecases.bulk_edit import MOST_ITEMS, Chosen, Preview


class BulkFilter(Model):
    """Items as they stand when the request arrives: open ones that fit everything given here, or those of `items`."""

    side: Side = Side.COSTS
    items: list[Id] | None = Field(None, min_length=1, max_length=MOST_ITEMS)
    stage: Stage | None = None
    place: Place | None = None
    type: ItemType | None = None
    contact: Id | None = Field(None, description="The supplier or customer")
    currency: Currency | None = None
    since: Day | None = Field(None, description="The earliest date of the document")
    until: Day | None = Field(None, description="The latest date of the document")

    @model_validator(mode="after")
    def _either(self) -> "BulkFilter":
        if self.items is not None and self.model_fields_set - {"items", "side"}:
            raise ValueError("name items, or say which fit")
        return self

    def chosen(self) -> Chosen:
        return Chosen(**{**self.model_dump(exclude={"items"}), "items": tuple(self.items or ())})


class BulkChanges(Model):
    """What to set on every item, category, tax rate, project and customer on each of its lines; null empties."""

    contact: Id | None = Field(None, description="A supplier or customer that the books have")
    payment_method: MethodRef | None = None
    category: EntryRef | None = None
    tax_rate: EntryRef | None = None
    project: EntryRef | None = None
    customer: EntryRef | None = None
    destination: Destination | None = None
    publish_as: PublishAs | None = None
    integration: Slot | None = None
    paid: bool | None = None
    reverse_charge: bool | None = None
    paid_on: Day | None = None
    due_date: Day | None = None
    description: Text | None = None

    @field_validator("paid")
    @classmethod
    def _never_empty(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("this field cannot be emptied")
        return value

    @model_validator(mode="after")
    def _something(self) -> "BulkChanges":
        if not self.model_fields_set:
            raise ValueError("give at least one field to change")
        return self

    def changes(self) -> dict[str, Any]:
        """The fields that were named; references as what they name."""
        named = {name: getattr(self, name) for name in sorted(self.model_fields_set)}
        return {
            name: value.reference() if isinstance(value, EntryRef | MethodRef) else value
            for name, value in named.items()
        }


class NewBulkEdit(Model):
    """With `dry_run` nothing is changed: the answer counts what would be."""

    filter: BulkFilter
    changes: BulkChanges
    dry_run: bool = False


class RefusedView(View):
    """An item that stays as it is, and the code that says why."""

    item: str
    code: str


class EditedView(View):
    """An item that was changed; `kept` are fields that others have changed since, which undoing left alone."""

    item: str
    before: dict[str, Any]
    after: dict[str, Any]
    undone: bool
    kept: list[str]


class BulkEditView(View):
    """A bulk edit, or with `dry_run` what one would do: `event` is null then.

    `stages` counts items that would change by the stage they would have. `edited` tells at most 200 of those changed.
    """

    event: str | None = Field(description="The event that undoes it")
    status: BulkStatus | None
    asked_by: str | None
    asked_at: datetime | None
    matched: int
    passed: int = Field(description="Items dealt with; while it is undone, items put back or left")
    changed: int
    unchanged: int
    stages: dict[str, int]
    refused: list[RefusedView]
    edited: list[EditedView]

    @classmethod
    def previewed(cls, seen: Preview) -> "BulkEditView":
        return cls(
            event=None,
            status=None,
            asked_by=None,
            asked_at=None,
            matched=seen.matched,
            passed=0,
            changed=seen.changed,
            unchanged=seen.unchanged,
            stages=dict(seen.stages),
            refused=[RefusedView(item=item, code=code) for item, code in seen.refused],
            edited=[],
        )

    @classmethod
    def of(cls, edit: BulkEdit, told: list[EditedItem]) -> "BulkEditView":
        changed = [one for one in told if one.before]
        return cls(
            event=edit.id,
            status=edit.status,
            asked_by=edit.asked_by,
            asked_at=edit.asked_at,
            matched=edit.items,
            passed=edit.passed,
            changed=len(changed),
            unchanged=sum(not one.before and one.refused is None for one in told),
            stages={},
            refused=[RefusedView(item=one.item, code=one.refused) for one in told if one.refused is not None],
            edited=[
                EditedView(item=one.item, before=one.before, after=one.after, undone=one.undone, kept=list(one.kept))
                for one in changed[:200]
            ],
        )
