"""What callers send and see about merges of lists."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from shared.aws.http import Model, View
from shared.domain.merges import (
    CREATE,
    MOST_MAPPINGS,
    NOT_APPLICABLE,
    ListDecision,
    ListState,
    Merge,
    MergeList,
    MergeStatus,
    MergeStep,
    Proposed,
    Rest,
)
from shared.usecases.choose_mappings import Mapped, Said
from shared.usecases.preview_merge import Preview
from shared.usecases.read_merge import Chosen

EntryId = Annotated[str, StringConstraints(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
BookName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}(:[^\x00-\x1f\x7f]{1,200})?$")]
Became = Literal["entry", "not_applicable", "create", "left"]
_WORDS: Final[dict[str | None, Became]] = {None: "left", CREATE: "create", NOT_APPLICABLE: "not_applicable"}


class NewMerge(Model):
    """The books whose lists are merged: `provider:organisation`, or `own` for the lists kept by hand."""

    from_: BookName | None = Field(None, alias="from", description="The books before; those of the last connection")
    to: BookName | None = Field(None, description="Books in use: the account's current ones where left out")


class MappingBody(Model):
    """What one old entry becomes. `new` null leaves it as it is."""

    old: EntryId
    new: EntryId | Literal["not_applicable", "create"] | None = Field(
        description="An entry of the new books; `not_applicable`: the field is dropped there; `create`: suppliers and "
        "customers that the new software gets with the first document"
    )


class ListBody(Model):
    """What becomes of a list, all of it: what was said before is replaced."""

    mappings: list[MappingBody] = Field(default=[], max_length=MOST_MAPPINGS)
    rest: Annotated[Rest, Field(strict=False)] = Field(
        Rest.LEAVE,
        description="The entries without a mapping: `accept` what is proposed with 75 or more points, `leave` them, "
        "or `not_applicable`",
    )
    skip: bool = Field(False, description="Leave the whole list as it is")

    @model_validator(mode="after")
    def _either(self) -> "ListBody":
        if self.skip and self.model_fields_set - {"skip"}:
            raise ValueError("skip a list, or say what becomes of it")
        return self

    def said(self) -> Said:
        return Said(tuple(Mapped(one.old, one.new) for one in self.mappings), self.rest, self.skip)


class CandidateView(View):
    """A new entry that may stand for the old one, and why."""

    entry: str
    name: str
    code: str | None
    score: int = Field(description="0 to 100; 75 or more is accepted unless a person says otherwise")
    reasons: list[str]


class MappingView(View):
    """An old entry, what uses it, what may stand for it, and what it becomes as things stand."""

    old: str
    name: str
    code: str | None
    dimension: str | None = Field(description="Of a value: its dimension")
    active: bool
    rules: int = Field(description="Rules that name it")
    items: int = Field(description="Open items that name it")
    candidates: list[CandidateView]
    becomes: Became
    new: str | None = Field(description="The new entry, where it becomes one")
    new_name: str | None
    new_code: str | None

    @classmethod
    def of(cls, one: Chosen) -> "MappingView":
        became = _WORDS.get(one.became, "entry")
        return cls(
            **_old(one.proposed),
            candidates=[
                CandidateView(entry=c.entry, name=c.name, code=c.code, score=c.score, reasons=list(c.reasons))
                for c in one.proposed.candidates
            ],
            becomes=became,
            new=one.became if became == "entry" else None,
            new_name=one.name,
            new_code=one.code,
        )


def _old(one: Proposed) -> dict[str, object]:
    return {
        "old": one.old,
        "name": one.name,
        "code": one.code,
        "dimension": one.parent,
        "active": one.active,
        "rules": one.rules,
        "items": one.items,
    }


class MappingPage(View):
    """Entries of one list, those in use first."""

    entries: list[MappingView]
    next_cursor: str | None


class MergeListView(View):
    """How one list of a merge stands. `proposed` false: its entries are still being compared."""

    list: MergeList
    proposed: bool
    decided: bool
    decision: ListDecision | None = Field(
        description="How: `by_default` for contacts, which nobody needs to go through; `kept`: the account's own, they "
        "stay; `not_offered`: the new software has no such list, its fields are dropped there"
    )
    old: int = Field(description="Old entries that are active or in use")
    new: int = Field(description="New entries that may be used")
    used: int = Field(description="Old entries that stand in a rule or an open item")
    accepted: int = Field(description="Old entries with a proposal that is good enough")
    mapped: int
    created: int
    not_applicable: int
    left: int
    left_used: int = Field(description="Old entries in use that are left as they are")

    @classmethod
    def of(cls, which: MergeList, state: ListState | None) -> "MergeListView":
        found = state or ListState(which)
        return cls(
            list=which,
            proposed=state is not None,
            decided=found.decision is not None,
            decision=found.decision,
            old=found.old,
            new=found.new,
            used=found.used,
            accepted=found.accepted,
            mapped=found.mapped,
            created=found.created,
            not_applicable=found.not_applicable,
            left=found.left,
            left_used=found.left_used,
        )


class UnmappedView(View):
    """An old entry that rules or open items use and that was left as it is."""

    list: MergeList
    old: str
    name: str
    code: str | None
    rules: int
    items: int


class MergeView(View):
    """The outline of a merge. Its lists are in the order in which people go through them.

    Applying writes neither rules nor items: what they name is found in the new books by what was mapped. Published
    documents stay as they are. `doing` is what the service is at; null while it is a person's turn, or at the end.
    """

    id: str
    status: MergeStatus
    doing: MergeStep | None
    from_: str = Field(alias="from")
    to: str
    workflow: str | None
    lists: list[MergeListView]
    undecided: list[MergeList] = Field(description="Lists without which it cannot be applied")
    unmapped_used: int | None = Field(description="After applying: entries in use that were left as they are")
    unmapped: list[UnmappedView] = Field(description="At most 200 of them, the most used first")
    created_at: datetime
    created_by: str
    applied_at: datetime | None
    applied_by: str | None
    ended_at: datetime | None = Field(description="Undone or discarded")
    ended_by: str | None

    @classmethod
    def of(cls, merge: Merge, unmapped: list[tuple[MergeList, Proposed]] | None = None) -> "MergeView":
        shown = [
            UnmappedView(list=which, old=one.old, name=one.name, code=one.code, rules=one.rules, items=one.items)
            for which, one in unmapped or ()
        ]
        said = {
            "id": merge.id,
            "status": merge.status,
            "doing": merge.step,
            "from": merge.source,
            "to": merge.target,
            "workflow": merge.workflow,
            "lists": [MergeListView.of(which, merge.state_of(which)) for which in MergeList],
            "undecided": list(merge.undecided) if merge.status is MergeStatus.DRAFT else [],
            "unmapped_used": merge.left_used,
            "unmapped": shown,
            "created_at": merge.created_at,
            "created_by": merge.created_by,
            "applied_at": merge.applied_at,
            "applied_by": merge.begun_by,
            "ended_at": merge.ended_at,
            "ended_by": merge.ended_by,
        }
        return cls.model_validate(said)


class EffectProblemView(View):
    """One thing that would be wrong with an item."""

    code: str
    field: str | None
    details: dict[str, Any]


class EffectView(View):
    """An open item that would become ready, stay unresolved, or be ready no more."""

    item: str
    was_ready: bool
    is_ready: bool
    problems: list[EffectProblemView] = Field(description="What would be wrong with it")


class ShadowedView(View):
    """A rule that would give way to another: both would be for one entry."""

    rule: str
    subject: str
    by: str


class MergePreviewView(View):
    """What applying the merge would do, as it is chosen now."""

    items: dict[str, int] = Field(
        description="Open items looked at: `becomes_ready`, `stays_ready`, `stays_unresolved`, `needs_review` for "
        "another reason, `ready_no_more`"
    )
    shown: list[EffectView] = Field(description="At most 50 of those that change or stay unresolved")
    shadowed: list[ShadowedView] = Field(description="The rule of the new books' own entry counts, else the newest")
    complete: bool = Field(description="False where there are more than the 500 newest items, or time ran out")

    @classmethod
    def of(cls, found: Preview) -> "MergePreviewView":
        shown = [
            EffectView(
                item=one.item,
                was_ready=one.was_ready,
                is_ready=one.is_ready,
                problems=[
                    EffectProblemView(code=problem.code, field=problem.field, details=problem.details)
                    for problem in one.problems
                ],
            )
            for one in found.shown
        ]
        shadowed = [ShadowedView(rule=one.rule.id, subject=one.rule.subject, by=one.by.id) for one in found.shadowed]
        return cls(items=dict(found.items), shown=shown, shadowed=shadowed, complete=found.complete)


class MergePage(View):
    """Merges of an account, the newest first."""

    merges: list[MergeView]
    next_cursor: str | None
