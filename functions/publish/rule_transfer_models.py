"""Rules as they travel between accounts: JSON objects, or rows of CSV, without any id of ours."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator

from functions.publish.rule_models import (
    MOST_DIMENSIONS,
    MOST_KEYWORDS,
    MOST_SHARES,
    DueDateBody,
    Percent,
)
from functions.publish.values import Currency, Name, Text
from shared.aws.http import Model, PageQuery, View
from shared.domain.coding import DueDate
from shared.domain.connections import Destination, PublishAs, Slot
from shared.domain.csv_text import read_csv, write_csv
from shared.domain.duplicates import DuplicateMode
from shared.domain.item_drafts import Reference
from shared.domain.rule_drafts import KeywordDraft, ShareDraft, SplitDraft
from shared.domain.rule_transfer import PortableRule
from shared.domain.rules import AutoPublish, RuleKind, When
from shared.usecases.transfer_rules import MOST_AT_ONCE, Exported, Imported, RefusedRow

Format = Literal["csv", "json"]


class NamedBody(Model):
    """An entry by code and name; where both are there the code is looked for first."""

    code: Name | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _named(self) -> "NamedBody":
        if self.code is None and self.name is None:
            raise ValueError("name the entry by its code or its name")
        return self

    def reference(self) -> Reference:
        return Reference(code=self.code, name=self.name)

    @classmethod
    def maybe(cls, reference: Reference | None) -> "NamedBody | None":
        return None if reference is None else cls.of(reference)

    @classmethod
    def of(cls, reference: Reference) -> "NamedBody":
        """An entry as its books call it, which may be in words that no import takes."""
        return cls.model_construct(code=reference.code, name=reference.name)


def _reference(named: NamedBody | None) -> Reference | None:
    return None if named is None else named.reference()


class ValueBody(Model):
    """A dimension's value, within its dimension."""

    dimension: Name
    name: Name

    def reference(self) -> Reference:
        return Reference(dimension=self.dimension, name=self.name)


def _values(references: tuple[Reference, ...]) -> list[ValueBody]:
    return [ValueBody.model_construct(dimension=one.dimension or "", name=one.name or "") for one in references]


class PortableShare(Model):
    percent: Percent
    description: Text | None = None
    category: NamedBody | None = None
    tax_rate: NamedBody | None = None
    dimensions: list[ValueBody] = Field(default_factory=list, max_length=MOST_DIMENSIONS)
    project: NamedBody | None = None

    def draft(self) -> ShareDraft:
        return ShareDraft(
            percent=self.percent,
            description=self.description,
            category=_reference(self.category),
            tax_rate=_reference(self.tax_rate),
            dimensions=tuple(one.reference() for one in self.dimensions),
            project=_reference(self.project),
        )

    @classmethod
    def of(cls, share: ShareDraft) -> "PortableShare":
        return cls(
            percent=share.percent,
            description=share.description,
            category=NamedBody.maybe(share.category),
            tax_rate=NamedBody.maybe(share.tax_rate),
            dimensions=_values(share.dimensions),
            project=NamedBody.maybe(share.project),
        )


class PortableKeyword(Model):
    keyword: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    category: NamedBody

    def draft(self) -> KeywordDraft:
        return KeywordDraft(self.keyword, self.category.reference())


class PortableSplit(Model):
    shares: list[PortableShare] = Field(default_factory=list, max_length=MOST_SHARES)
    keywords: list[PortableKeyword] = Field(default_factory=list, max_length=MOST_KEYWORDS)

    def draft(self) -> SplitDraft:
        return SplitDraft(tuple(one.draft() for one in self.shares), tuple(one.draft() for one in self.keywords))

    @classmethod
    def of(cls, split: SplitDraft) -> "PortableSplit":
        keywords = [PortableKeyword(keyword=one.keyword, category=NamedBody.of(one.category)) for one in split.keywords]
        return cls(shares=[PortableShare.of(share) for share in split.shares], keywords=keywords)


class PortableRuleBody(Model):
    """A rule without ids. Null or left out: nothing is said of it, and an import leaves it as it is."""

    kind: RuleKind
    subject: NamedBody = Field(description="The supplier, customer or payment method; a person by `name`")
    category: NamedBody | None = None
    tax_rate: NamedBody | None = None
    due_date: DueDateBody | None = None
    payment_method: NamedBody | None = None
    payment_method_when: When | None = None
    paid: bool | None = None
    reverse_charge: bool | None = None
    description: Text | None = None
    currency: Currency | None = None
    dimensions: list[ValueBody] | None = Field(None, max_length=MOST_DIMENSIONS)
    project: NamedBody | None = None
    customer: NamedBody | None = None
    billable: bool | None = None
    destination: Destination | None = None
    publish_as: PublishAs | None = None
    approver: NamedBody | None = None
    integration: Slot | None = None
    supplier: NamedBody | None = None
    auto_publish: AutoPublish | None = None
    duplicate_mode: DuplicateMode | None = None
    split: PortableSplit | None = None

    def portable(self) -> PortableRule:
        names = type(self).model_fields.keys() - {"kind", "subject"}
        said = {name: getattr(self, name) for name in sorted(names)}
        decisions = {name: _drafted(value) for name, value in said.items() if value is not None}
        return PortableRule(self.kind, self.subject.reference(), decisions)

    @classmethod
    def of(cls, rule: PortableRule) -> "PortableRuleBody":
        said = {name: _shown(value) for name, value in rule.decisions.items()}
        return cls.model_construct(kind=rule.kind, subject=NamedBody.of(rule.subject), **said)


def _drafted(value: Any) -> Any:
    if isinstance(value, NamedBody):
        return value.reference()
    if isinstance(value, list):
        return tuple(one.reference() for one in value)
    return value.draft() if isinstance(value, DueDateBody | PortableSplit) else value


def _shown(value: Any) -> Any:
    if isinstance(value, Reference):
        return NamedBody.maybe(value)
    if isinstance(value, tuple):
        return _values(value)
    if isinstance(value, DueDate):
        return DueDateBody(days=value.days, after=value.after)
    return PortableSplit.of(value) if isinstance(value, SplitDraft) else value


# --- CSV: an entry is a column of its name and one of its code; what is a list or an object is a cell of JSON
_ENTRIES: Final = ("subject", "category", "tax_rate", "project", "customer", "supplier")
_NAMED: Final = ("payment_method", "approver")  # they have no codes
_JSON: Final = ("dimensions", "split")
_TEXTS: Final = (
    "kind", "payment_method_when", "description", "currency", "destination", "publish_as", "integration",
    "auto_publish", "duplicate_mode",
)  # fmt: skip
_FLAGS: Final = ("paid", "reverse_charge", "billable")
_TRUE, _FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
COLUMNS: Final = (
    "kind", "subject", "subject_code", "category", "category_code", "tax_rate", "tax_rate_code", "due_days",
    "due_after", "payment_method", "payment_method_when", "paid", "description", "currency", "dimensions", "project",
    "project_code", "customer", "customer_code", "billable", "destination", "publish_as", "approver", "integration",
    "supplier", "supplier_code", "auto_publish", "duplicate_mode", "split", "reverse_charge",
)  # fmt: skip


def as_csv(rules: list[PortableRuleBody]) -> str:
    """The rules as rows; reading them back gives the same rules."""
    return write_csv(COLUMNS, (_cells(rule.model_dump(mode="json")) for rule in rules))


def _cells(said: dict[str, Any]) -> dict[str, str | None]:
    cells: dict[str, str | None] = {name: said[name] for name in _TEXTS}
    for name in (*_ENTRIES, *_NAMED):
        entry = said[name] or {}
        cells |= {name: entry.get("name"), f"{name}_code": entry.get("code")}
    due = said["due_date"] or {}
    cells |= {"due_days": None if not due else str(due["days"]), "due_after": due.get("after")}
    cells |= {name: None if said[name] is None else str(said[name]).lower() for name in _FLAGS}
    return cells | {name: json.dumps(said[name], ensure_ascii=False) if said[name] else None for name in _JSON}


def _said(cells: dict[str, str]) -> dict[str, Any]:
    """A row as the JSON object that it stands for; what cannot be read stays as it is, for the model to refuse."""
    said: dict[str, Any] = {name: cells[name] for name in _TEXTS if name in cells}
    for name in (*_ENTRIES, *_NAMED):
        entry = {"name": cells.get(name), "code": cells.get(f"{name}_code")}
        if any(entry.values()):
            said[name] = entry
    if "due_days" in cells or "due_after" in cells:
        days = cells.get("due_days", "")
        said["due_date"] = {"days": int(days) if days.isascii() and days.isdigit() else days}
        said["due_date"] |= {"after": cells["due_after"]} if "due_after" in cells else {}
    for name in _FLAGS:
        word = cells.get(name, "").casefold()
        if word:
            said[name] = word in _TRUE if word in _TRUE | _FALSE else word
    return said | {name: _parsed(cells[name]) for name in _JSON if name in cells}


def _parsed(cell: str) -> Any:
    try:
        return json.loads(cell)
    except ValueError:
        return cell


class RulesImport(Model):
    """Rules to take over. A row that does not fit is refused whole and named; the others are made or changed."""

    format: Format
    rules: str | list[dict[str, Any]] = Field(
        description=f"csv: the text, as exported. json: the list of rules. At most {MOST_AT_ONCE}"
    )
    dry_run: bool = False

    @model_validator(mode="after")
    def _as_the_format_says(self) -> "RulesImport":
        if isinstance(self.rules, str) is not (self.format == "csv"):
            raise ValueError("rules is a text where the format is csv, a list where it is json")
        return self

    def rows(self) -> tuple[list[tuple[int, PortableRule]], list[RefusedRow]]:
        """The rows that can be read, and why others cannot; raises invalid_request for a text that is no CSV."""
        taken, refused = [], []
        for number, said in self._said():
            try:
                row = PortableRuleBody.model_validate_json(json.dumps(said))
            except ValidationError as error:
                refused += [RefusedRow(number, _place(one["loc"]), one["msg"]) for one in error.errors()]
            else:
                taken.append((number, row.portable()))
        return taken, refused

    def _said(self) -> Iterator[tuple[int, Any]]:
        if not isinstance(self.rules, str):
            yield from enumerate(self.rules, start=1)
            return
        table = read_csv(self.rules, dict.fromkeys(COLUMNS, ()), most=MOST_AT_ONCE, field="rules")
        yield from ((row.line, _said(dict(row.cells))) for row in table.rows)


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc)


class RuleExportQuery(PageQuery):
    """Which form; a page of the rules at a time."""

    format: Format = "json"
    limit: int = Field(MOST_AT_ONCE, ge=1, le=MOST_AT_ONCE, description="Rules per page")


class UnnamedView(View):
    """What an export had to leave out: the entry is in none of the current books."""

    rule: str
    field: str


class RulesExport(View):
    """Rules without ids, as an import takes them."""

    rules: list[PortableRuleBody]
    left_out: list[UnnamedView]
    next_cursor: str | None

    @classmethod
    def of(cls, found: Exported, next_cursor: str | None) -> "RulesExport":
        return cls(
            rules=[PortableRuleBody.of(rule) for rule in found.rules],
            left_out=[UnnamedView(rule=one.rule, field=one.field) for one in found.unnamed],
            next_cursor=next_cursor,
        )


class RefusedRuleView(View):
    """Why a row was refused. `row`: in CSV the line it begins on (the header is 1), in JSON its place from 1."""

    row: int
    field: str
    reason: str


class RulesImported(View):
    created: int
    changed: int
    unchanged: int
    refused: list[RefusedRuleView]
    dry_run: bool

    @classmethod
    def of(cls, done: Imported, unread: list[RefusedRow], *, dry_run: bool) -> "RulesImported":
        refused = sorted([*unread, *done.refused], key=lambda one: one.row)
        return cls(
            created=done.created,
            changed=done.changed,
            unchanged=done.unchanged,
            refused=[RefusedRuleView(row=one.row, field=one.field, reason=one.reason) for one in refused],
            dry_run=dry_run,
        )
