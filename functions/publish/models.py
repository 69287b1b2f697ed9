"""What callers send about items."""

from decimal import Decimal
from typing import Any, Final, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from functions.publish.arrival_models import Arriving, FileUrl, PersonId
from functions.publish.values import (
    Amount,
    ApproverRef,
    Currency,
    Day,
    EntryRef,
    ExchangeRate,
    ExternalId,
    Id,
    MethodRef,
    Name,
    NewContactRef,
    Number,
    Text,
    TrackingRef,
)
from shared.aws.http import Model, PageQuery
from shared.domain.arrival import fits_side
from shared.domain.coding import Source
from shared.domain.connections import Destination, PublishAs, Slot
from shared.domain.item_approvals import ItemApprovalState
from shared.domain.item_drafts import ItemDraft, LineDraft
from shared.domain.items import KEPT_TYPES, ItemType, Place, Side, Stage, TaxMode
from shared.usecases.accept_publication import MOST_ITEMS as MOST_PUBLISHED
from shared.usecases.accept_publication import Chosen
from shared.usecases.resolve_item import Outcome
from shared.usecases.unarchive_item import Mode

MOST_ITEMS: Final = 100  # per request
MOST_LINES: Final = 200
MOST_TRACKING: Final = 10
ONE_DECIMAL: Final = "1"
MOST_INSIDE: Final = 200
_OF_CLAIM: Final = "Left out of an expense claim: it follows from its items"
_INSIDE: Final = (
    "Of an expense claim: the cost items that it is for, by id. They are published with it and not alone; an item that "
    "is taken out of the list is free again"
)
_SOURCE: Final = (
    "Who says the fields of this body: a person, whose word no rule changes, or a reader of the paper, whom rules "
    "correct. Of a person's body the fields in `confidence` were read"
)
_FILE_URL: Final = (
    "Have the item's file fetched from this address; the one that could not be fetched is named again to have it tried "
    "once more. Null gives up a file that did not come"
)
_QUARANTINE: Final = "Empty, to let go of all that was put aside; a field that is given a value leaves it by itself"
_REVERSE_CHARGE: Final = (
    "Whether the document is under domestic reverse charge (United Kingdom): the buyer accounts for its VAT, and "
    "`total` is without it. Null says nothing, so that a rule may"
)
_INTEGRATION: Final = (
    "Which connection the item is published through, by its slot; its coding is of that connection's lists. Null "
    "leaves it to the supplier's rule and the account's defaults. Sales go through the main connection only"
)
_APPROVER: Final = (
    "Of a cost: who approves its bill first, where the software has approvers (BILL). It is kept, and does not apply, "
    "while the item goes elsewhere"
)


class LineBody(Model):
    """One line. `amount` is the line's total in the item's tax mode."""

    description: Text
    amount: Amount
    quantity: Amount = Field(ONE_DECIMAL, validate_default=True)
    unit_amount: Amount | None = None
    tax_amount: Amount | None = None
    category: EntryRef | None = None
    tax_rate: EntryRef | None = None
    product: EntryRef | None = None
    tracking: list[TrackingRef] = Field(default_factory=list, max_length=MOST_TRACKING)
    project: EntryRef | None = None
    customer: EntryRef | None = Field(None, description="Whom a cost is for")
    billable: bool = Field(False, description="To be charged on to the customer or project")

    def draft(self) -> LineDraft:
        return LineDraft(
            description=self.description,
            amount=self.amount,
            quantity=self.quantity,
            unit_amount=self.unit_amount,
            tax_amount=self.tax_amount,
            category=self.category.reference() if self.category else None,
            tax_rate=self.tax_rate.reference() if self.tax_rate else None,
            product=self.product.reference() if self.product else None,
            tracking=tuple(one.reference() for one in self.tracking),
            project=self.project.reference() if self.project else None,
            customer=self.customer.reference() if self.customer else None,
            billable=self.billable,
        )


class SuggestionBody(Model):
    """What somebody guesses of the document: used where neither a person, nor paper, nor a rule says anything.

    Category, tax rate, project, customer and dimensions are for each of its lines.
    """

    category: EntryRef | None = None
    tax_rate: EntryRef | None = None
    payment_method: MethodRef | None = None
    description: Text | None = None
    project: EntryRef | None = None
    customer: EntryRef | None = None
    reverse_charge: bool | None = None
    dimensions: list[TrackingRef] = Field(default_factory=list, max_length=MOST_TRACKING)

    def draft(self) -> dict[str, Any]:
        named = {"category", "tax_rate", "payment_method", "project", "customer"}
        values = {name: getattr(self, name) for name in type(self).model_fields if name != "dimensions"}
        said = {name: one.reference() if name in named else one for name, one in values.items() if one is not None}
        return said | ({"dimensions": tuple(one.reference() for one in self.dimensions)} if self.dimensions else {})


class NewItem(Arriving):
    """An item. Sums that do not add up are taken in and shown as a reason, so that a person can correct them."""

    side: Side
    type: ItemType
    currency: Currency
    tax_mode: TaxMode | None = Field(None, validate_default=True, description=_OF_CLAIM)
    total: Amount | None = Field(None, validate_default=True, description=_OF_CLAIM)
    lines: list[LineBody] = Field(default_factory=list, max_length=MOST_LINES, description=_OF_CLAIM)
    items: list[Id] = Field(default_factory=list, max_length=MOST_INSIDE, description=_INSIDE)
    contact: NewContactRef | None = None
    date: Day | None = None
    due_date: Day | None = None
    number: Number | None = None
    description: Text | None = None
    tax_total: Amount | None = None
    exchange_rate: ExchangeRate | None = None
    paid: bool = False
    reverse_charge: bool | None = Field(None, description=_REVERSE_CHARGE)
    paid_on: Day | None = None
    payment_method: MethodRef | None = None
    destination: Destination | None = None
    publish_as: PublishAs | None = None
    integration: Slot | None = Field(None, description=_INTEGRATION)
    approver: ApproverRef | None = Field(None, description=_APPROVER)
    external_id: ExternalId | None = Field(None, description="Your own id: a repeat finds the item again")
    source: Literal["manual", "extracted"] = Field("manual", description=_SOURCE)
    suggested: SuggestionBody | None = None
    approval: Literal[ItemApprovalState.NONE, ItemApprovalState.PENDING] = Field(
        ItemApprovalState.NONE, description="`pending`: it is not published before an admin has approved it"
    )

    @field_validator("tax_mode", "total")
    @classmethod
    def _needed(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None and info.data.get("type") is not ItemType.EXPENSE_CLAIM:
            raise ValueError("only an expense claim is without this field")
        return value

    @model_validator(mode="after")
    def _lines_or_items(self) -> "NewItem":
        if not fits_side(self.type, self.side):
            raise ValueError("sales are invoices, credit notes and receipts")
        if self.type is not ItemType.EXPENSE_CLAIM:
            if ("lines" not in self.model_fields_set and self.type not in KEPT_TYPES) or self.items:
                raise ValueError("an item has `lines`; `items` is for expense claims")
        elif self.side is not Side.COSTS or self.lines or self.paid or self.total is not None:
            raise ValueError("an expense claim is an unpaid cost; its total and lines follow from its `items`")
        elif self.reverse_charge is not None:
            raise ValueError("an expense claim is under no reverse charge")
        return self

    def draft(self) -> ItemDraft:
        named = {"contact", "payment_method", "approver", "lines", "items", "suggested"}
        plain = self.model_dump(exclude=named | {"tax_mode", "total", "source"})
        return ItemDraft(
            **plain,
            tax_mode=self.tax_mode or TaxMode.INCLUSIVE,
            total=Decimal(0) if self.total is None else self.total,
            items=tuple(dict.fromkeys(self.items)),
            file=self.file_draft(),
            lines=tuple(line.draft() for line in self.lines),
            contact=self.contact.reference() if self.contact else None,
            payment_method=self.payment_method.reference() if self.payment_method else None,
            approver=self.approver.reference() if self.approver else None,
            source=Source(self.source),
            says_paid="paid" in self.model_fields_set,
            suggested=self.suggested.draft() if self.suggested else {},
        )


class NewItems(Model):
    """1 to 100 items: {"items": [...]}. One item may also be sent bare; its fields are then named items[0]..."""

    items: list[NewItem] = Field(min_length=1, max_length=MOST_ITEMS)

    @model_validator(mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        bare = isinstance(value, dict) and ("items" not in value or "type" in value)  # a claim has items of its own
        return {"items": [value]} if bare else value


class ItemChange(Model):
    """What to change of an item; absent fields stay, null empties a field, lines are replaced as a whole."""

    side: Side | None = None
    type: ItemType | None = None
    currency: Currency | None = None
    tax_mode: TaxMode | None = None
    total: Amount | None = None
    lines: list[LineBody] | None = Field(None, max_length=MOST_LINES)
    items: list[Id] | None = Field(None, max_length=MOST_INSIDE, description=_INSIDE)
    contact: NewContactRef | None = None
    date: Day | None = None
    due_date: Day | None = None
    number: Number | None = None
    description: Text | None = None
    tax_total: Amount | None = None
    exchange_rate: ExchangeRate | None = None
    paid: bool | None = None
    reverse_charge: bool | None = Field(None, description=_REVERSE_CHARGE)
    paid_on: Day | None = None
    payment_method: MethodRef | None = None
    destination: Destination | None = None
    publish_as: PublishAs | None = None
    integration: Slot | None = Field(None, description=_INTEGRATION)
    approver: ApproverRef | None = Field(None, description=_APPROVER)
    owner: PersonId | None = None
    file_url: FileUrl | None = Field(None, description=_FILE_URL)
    quarantine: list[str] | None = Field(None, max_length=0, description=_QUARANTINE)

    @field_validator("side", "type", "currency", "tax_mode", "total", "lines", "items", "paid")
    @classmethod
    def _never_empty(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("this field cannot be emptied")
        return value

    def changes(self) -> dict[str, Any]:
        """The fields that were named, in the types of ItemDraft."""
        changed: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        if self.lines is not None:
            changed["lines"] = tuple(line.draft() for line in self.lines)
        if "quarantine" in changed:
            changed["quarantine"] = ()
        if self.items is not None:
            changed["items"] = tuple(dict.fromkeys(self.items))
        named = (("contact", self.contact), ("payment_method", self.payment_method), ("approver", self.approver))
        changed |= {name: one.reference() for name, one in named if one is not None}
        return changed


class NewDocument(Model):
    """A file about to be sent. `size` in bytes; with `sha256` (hexadecimal) the arrival is compared with it."""

    file_name: Name
    size: int = Field(ge=1)
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")


class CompleteDocument(Model):
    """`upload` as POST answered it."""

    upload: str = Field(min_length=1, max_length=8192)


class UnarchiveMode(Model):
    """keep: back to the inbox, still published. clear: forget the publication, so that publishing makes a new one."""

    mode: Mode


class Resolution(Model):
    """published: it is in the accounting software, as the document of this id there. absent: it is not there."""

    outcome: Outcome
    document_id: str | None = Field(
        None,
        min_length=1,
        max_length=128,
        pattern=r"^[\x21-\x7e]+$",
        description="The provider's own id of the document, as its address in the accounting software has it",
        examples=["0d6ef8ba-0d8c-4b5f-9d5d-6a0f7f1d3c11"],
    )

    @model_validator(mode="after")
    def _names_a_document(self) -> "Resolution":
        if (self.outcome is Outcome.PUBLISHED) != (self.document_id is not None):
            raise ValueError("name the document with `published`, and only then")
        return self


class PublicationFilter(Model):
    """Items as they stand when the request arrives: those that are ready, unless another stage is named.

    With `error_code` all that failed for that cause, whatever their stage unless one is named: documents that were
    refused, or kept by it from publishing themselves, and published ones whose payment or file failed.
    """

    stage: Stage = Stage.READY
    side: Side | None = None
    place: Place | None = None
    error_code: str | None = Field(None, pattern=r"^[a-z][a-z0-9_]{1,63}$", description="Their `last_error.code`")

    @field_validator("stage")
    @classmethod
    def _open(cls, value: Stage) -> Stage:
        if value not in {Stage.READY, Stage.NEEDS_REVIEW}:
            raise ValueError("only ready items and items that need review can be asked for")
        return value


class NewPublication(Model):
    """A bulk request: `items` by id, or a `filter`. `dry_run` counts and sums without queueing anything."""

    items: list[Id] | None = Field(None, min_length=1, max_length=MOST_PUBLISHED)
    filter: PublicationFilter | None = None
    dry_run: bool = False

    @model_validator(mode="after")
    def _either(self) -> "NewPublication":
        if (self.items is None) == (self.filter is None):
            raise ValueError("name either items or a filter")
        return self

    def chosen(self) -> Chosen:
        if self.filter is None:
            return Chosen(items=tuple(self.items or ()))
        named = self.filter.error_code is None or "stage" in self.filter.model_fields_set
        return Chosen(
            stage=self.filter.stage if named else None,
            side=self.filter.side,
            place=self.filter.place,
            error_code=self.filter.error_code,
        )


class ItemQuery(PageQuery):
    """Filters of the list of items. `queued` and `publishing` are found among the items that wait to be sent."""

    stage: Stage | None = None
    side: Side | None = None
    place: Place | None = None
    integration: Slot | None = None
    external_id: ExternalId | None = Field(None, description="Your own id: the one item that you know by it, if any")
