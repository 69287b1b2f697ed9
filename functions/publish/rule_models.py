"""What callers send and see of rules."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from functions.publish.values import ApproverRef, ContactRef, Currency, EntryRef, MethodRef, Name, Text, TrackingRef
from shared.aws.http import Model, View
from shared.domain.auto_publish import warns_without_category
from shared.domain.coding import DueDate, DueFrom, Split
from shared.domain.connections import Destination, PublishAs, Slot
from shared.domain.duplicates import DuplicateMode
from shared.domain.rule_drafts import KeywordDraft, ShareDraft, SplitDraft
from shared.domain.rules import AutoPublish, Rule, RuleKind, When

MOST_SHARES: Final = 20
MOST_KEYWORDS: Final = 50
MOST_DIMENSIONS: Final = 10
_PERCENT: Final = r"[0-9]{1,3}(\.[0-9]{1,4})?"


def _percent(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    whole, _, part = value.partition(".") if isinstance(value, str) else ("", "", "")
    digits = whole.isascii() and whole.isdigit() and len(whole) <= 3 and len(part) <= 4
    if not digits or (part and not (part.isascii() and part.isdigit())) or not 0 < Decimal(value) <= 100:
        raise ValueError('a percentage is a text such as "33.3333": above 0, at most 100 and 4 decimals')
    return Decimal(value)


Percent = Annotated[
    Decimal,
    BeforeValidator(_percent),
    WithJsonSchema({"type": "string", "pattern": f"^{_PERCENT}$", "examples": ["60"]}),
]


class DueDateBody(Model):
    """So many days after the document's date, or after the end of its month."""

    days: int = Field(ge=0, le=366)
    after: DueFrom = DueFrom.DATE

    def draft(self) -> DueDate:
        return DueDate(self.days, self.after)


class ShareBody(Model):
    """A line that takes a part of the document. What is left out is as all lines of the document have it."""

    percent: Percent
    description: Text | None = None
    category: EntryRef | None = None
    tax_rate: EntryRef | None = None
    dimensions: list[TrackingRef] = Field(default_factory=list, max_length=MOST_DIMENSIONS)
    project: EntryRef | None = None

    def draft(self) -> ShareDraft:
        return ShareDraft(
            percent=self.percent,
            description=self.description,
            category=self.category.reference() if self.category else None,
            tax_rate=self.tax_rate.reference() if self.tax_rate else None,
            dimensions=tuple(one.reference() for one in self.dimensions),
            project=self.project.reference() if self.project else None,
        )


class KeywordBody(Model):
    """The category of lines in whose description the word occurs, whatever its case; the first that occurs counts."""

    keyword: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    category: EntryRef

    def draft(self) -> KeywordDraft:
        return KeywordDraft(self.keyword, self.category.reference())


class SplitBody(Model):
    """Cut into `shares` that are 100 percent together (the last takes what rounding leaves), or coded by `keywords`."""

    shares: list[ShareBody] = Field(default_factory=list, max_length=MOST_SHARES)
    keywords: list[KeywordBody] = Field(default_factory=list, max_length=MOST_KEYWORDS)

    def draft(self) -> SplitDraft:
        return SplitDraft(tuple(one.draft() for one in self.shares), tuple(one.draft() for one in self.keywords))


class RuleFields(Model):
    """What a rule decides; its kind says which fields it may have."""

    category: EntryRef | None = None
    tax_rate: EntryRef | None = None
    due_date: DueDateBody | None = None
    payment_method: MethodRef | None = None
    payment_method_when: When | None = Field(None, description="Of a person's rule; `always` where left out")
    paid: bool | None = None
    reverse_charge: bool | None = Field(None, description="Whether the documents are under domestic reverse charge")
    description: Text | None = None
    currency: Currency | None = None
    dimensions: list[TrackingRef] | None = Field(None, max_length=MOST_DIMENSIONS)
    project: EntryRef | None = None
    customer: EntryRef | None = Field(None, description="Whom costs are charged on to")
    billable: bool | None = None
    destination: Destination | None = None
    publish_as: PublishAs | None = None
    approver: ApproverRef | None = Field(None, description="Of a supplier: who approves its bills first (BILL)")
    integration: Slot | None = Field(None, description="Which connection the documents are published through")
    supplier: ContactRef | None = Field(None, description="Whom a person's expense claims name where they name nobody")
    auto_publish: AutoPublish | None = Field(
        None, description="Suppliers and customers: yes, no. Payment methods: always, never, none (asks the next level)"
    )
    duplicate_mode: DuplicateMode | None = None
    split: SplitBody | None = None

    def decisions(self) -> dict[str, Any]:
        """The fields that were named, in the types of shared.domain.rule_drafts."""
        names = self.model_fields_set & RuleFields.model_fields.keys()
        return {name: _drafted(getattr(self, name)) for name in sorted(names)}


def _drafted(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(one.reference() for one in value)
    if isinstance(value, DueDateBody | SplitBody):
        return value.draft()
    return value.reference() if isinstance(value, EntryRef | ContactRef | MethodRef | ApproverRef) else value


class NewRule(RuleFields):
    """What holds for all documents of a supplier, customer, person or payment method."""

    kind: RuleKind = RuleKind.SUPPLIER
    subject: Name = Field(
        max_length=128,
        description="The id of the supplier, customer or payment method; of a person the `owner` that items name",
    )


class RulePatch(RuleFields):
    """The fields to change; null: the rule decides nothing about it."""


class DueDateView(View):
    days: int
    after: DueFrom


class ShareView(View):
    percent: Decimal
    description: str | None
    category: str | None
    tax_rate: str | None
    dimensions: list[str]
    project: str | None


class KeywordView(View):
    keyword: str
    category: str


class SplitView(View):
    shares: list[ShareView]
    keywords: list[KeywordView]

    @classmethod
    def maybe(cls, split: Split | None) -> "SplitView | None":
        if split is None:
            return None
        shares = [
            ShareView(
                percent=one.percent,
                description=one.description,
                category=one.category,
                tax_rate=one.tax_rate,
                dimensions=list(one.dimensions),
                project=one.project,
            )
            for one in split.shares
        ]
        return cls(
            shares=shares, keywords=[KeywordView(keyword=k.keyword, category=k.category) for k in split.keywords]
        )


class RuleWarning(StrEnum):
    """What is odd about a rule, and no reason to refuse it."""

    AUTO_PUBLISH_WITHOUT_CATEGORY = "auto_publish_without_category"  # most documents will wait for one after all


class RuleView(View):
    """A rule; entries are local ids, null where it decides nothing."""

    id: str
    kind: RuleKind
    subject: str
    category: str | None
    tax_rate: str | None
    due_date: DueDateView | None
    payment_method: str | None
    payment_method_when: When | None
    paid: bool | None
    reverse_charge: bool | None
    description: str | None
    currency: str | None
    dimensions: list[str]
    project: str | None
    customer: str | None
    billable: bool | None
    destination: Destination | None
    publish_as: PublishAs | None
    approver: str | None
    integration: Slot | None
    supplier: str | None
    auto_publish: AutoPublish | None
    duplicate_mode: DuplicateMode | None
    split: SplitView | None
    warnings: list[RuleWarning]
    created_at: datetime
    edited_at: datetime
    edited_by: str
    version: int

    @classmethod
    def of(cls, rule: Rule) -> Self:
        special = {"due_date", "split", "dimensions", "warnings"}
        due = rule.due_date
        return cls(
            **{name: getattr(rule, name) for name in RuleView.model_fields if name not in special},
            due_date=None if due is None else DueDateView(days=due.days, after=due.after),
            split=SplitView.maybe(rule.split),
            dimensions=list(rule.dimensions),
            warnings=[RuleWarning.AUTO_PUBLISH_WITHOUT_CATEGORY] if _waits(rule) else [],
        )


class DeletedRule(RuleView):
    """A rule that was taken away; `instead` is the one that applies to its subject now, where lists were merged."""

    instead: str | None = None


def _waits(rule: Rule) -> bool:
    publishes = rule.auto_publish is AutoPublish.YES
    return warns_without_category(auto_publish=publishes, category=rule.category, splits=rule.split is not None)


class ApplyBody(Model):
    dry_run: bool = Field(False, description="Count what would change, and change nothing")
    cursor: str | None = Field(
        None, max_length=4096, description="Of a dry run: `next_cursor` of the answer before, to count on from there"
    )


class ApplyView(View):
    """What applying a rule would change, as a dry run counts it; null where the worker was asked to do it.

    The counts are of all that was looked at so far, answers before this one included.
    """

    rule: str
    dry_run: bool
    looked_at: int | None = Field(description="Items of the account that were looked at")
    items: int | None = Field(description="Open items of the inbox that change")
    fields: int | None = Field(description="Fields on them that get another value")
    complete: bool | None = Field(description="false: there are more items; count on with `next_cursor`")
    next_cursor: str | None = Field(description="The `cursor` to ask with again; null once all items were looked at")


class RuleList(View):
    rules: list[RuleView]
    next_cursor: str | None
