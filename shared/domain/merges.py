"""Merging the lists of two books: what each old entry becomes, who decided it, and how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from shared.domain.lists import Kind
from shared.domain.mapping_scores import ACCEPTED

MOST_MAPPINGS: Final = 5000  # said one by one of one list; its other entries follow `rest`
MOST_APPLIED: Final = 40  # merges in force at once: their ids stand on the account's row


class MergeStatus(StrEnum):
    """A draft is being proposed and chosen; one that is undone or discarded has come to its end."""

    DRAFT = "draft"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDONE = "undone"
    DISCARDED = "discarded"


class MergeStep(StrEnum):
    """What the worker has to do next for a merge; none while it is a person's turn."""

    COUNT = "count"  # which old entries rules and open items use
    PROPOSE = "propose"
    PREPARE = "prepare"  # make the contacts that the new book does not have
    WRITE = "write"  # aliases and mirrors
    COMMIT = "commit"
    RECOUNT = "recount"
    REPORT = "report"  # which entries were left unmapped although something uses them


class MergeList(StrEnum):
    """The lists in the order in which people go through them; values of dimensions follow their dimensions."""

    CATEGORIES = "categories"
    TAX_RATES = "tax_rates"
    BANK_ACCOUNTS = "bank_accounts"
    PAYMENT_METHODS = "payment_methods"
    PRODUCTS = "products"
    PROJECTS = "projects"
    DIMENSIONS = "dimensions"
    DIMENSION_VALUES = "dimension_values"
    SUPPLIERS = "suppliers"
    CUSTOMERS = "customers"

    @property
    def kind(self) -> Kind:
        return Kind.DIMENSIONS if self is MergeList.DIMENSION_VALUES else Kind(self.value)

    @property
    def of_contacts(self) -> bool:
        """Whether its entries are matched without anybody going through them."""
        return self in {MergeList.SUPPLIERS, MergeList.CUSTOMERS}


class Rest(StrEnum):
    """What becomes of the entries of which nothing was said one by one."""

    ACCEPT = "accept"  # the proposed entry, where its score suffices; contacts in use are made in the new book
    LEAVE = "leave"
    NOT_APPLICABLE = "not_applicable"


# What an old entry becomes, where that is not an entry of the new book. None: it is left as it is.
NOT_APPLICABLE: Final = "not_applicable"
CREATE: Final = "create"


@dataclass(frozen=True, slots=True)
class Offered:
    """A new entry that may stand for an old one: score 0 to 100, and why."""

    entry: str
    name: str
    code: str | None
    score: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposed:
    """An old entry, what uses it, and what may stand for it, the proposed one first.

    `also` are the entries that were merged into it in its own book; `parent` is a value's dimension, `fixed` what it
    becomes because its dimension does.
    """

    old: str
    name: str
    code: str | None = None
    parent: str | None = None
    active: bool = True
    rules: int = 0
    items: int = 0
    also: tuple[str, ...] = ()
    candidates: tuple[Offered, ...] = ()
    fixed: str | None = None

    @property
    def used(self) -> bool:
        return bool(self.rules or self.items)

    @property
    def accepted(self) -> str | None:
        """The entry that is taken over unless a person says otherwise."""
        first = self.candidates[0] if self.candidates else None
        return first.entry if first is not None and first.score >= ACCEPTED else None


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person decided of one list: old entry -> new entry, NOT_APPLICABLE, CREATE or None (left as it is)."""

    rest: Rest = Rest.LEAVE
    mappings: Mapping[str, str | None] = field(default_factory=dict)
    skipped: bool = False


ACCEPT_ALL: Final = Choice(Rest.ACCEPT)


def outcome(which: MergeList, proposed: Proposed, choice: Choice) -> str | None:
    """What an old entry becomes by a choice: a new entry's id, NOT_APPLICABLE, CREATE, or None: nothing."""
    if choice.skipped:
        return None
    if proposed.old in choice.mappings:
        return choice.mappings[proposed.old]
    if proposed.fixed is not None:
        return proposed.fixed
    if choice.rest is Rest.NOT_APPLICABLE:
        return NOT_APPLICABLE
    if choice.rest is Rest.LEAVE:
        return None
    missing = CREATE if which.of_contacts and proposed.used else None
    return proposed.accepted or missing


class ListDecision(StrEnum):
    """How a list was decided. KEPT: the account's own, they stay; NOT_OFFERED: the new software has no such list."""

    CHOSEN = "chosen"
    SKIPPED = "skipped"
    BY_DEFAULT = "by_default"
    NOTHING_TO_MAP = "nothing_to_map"
    KEPT = "kept"
    NOT_OFFERED = "not_offered"


@dataclass(frozen=True, slots=True)
class ListState:
    """Counts of one list, as proposed and as chosen. `old` are its entries in use or active, `new` the usable ones.

    `used` of the old ones stand in a rule or an open item; `accepted` have a proposal that is good enough. `left_used`
    are left as they are although they are used.
    """

    list: MergeList
    place: str | None = None  # where its proposals lie
    old: int = 0
    new: int = 0
    used: int = 0
    accepted: int = 0
    decision: ListDecision | None = None
    mapped: int = 0
    created: int = 0
    not_applicable: int = 0
    left: int = 0
    left_used: int = 0


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge of the lists of one book into those of another. Books as "provider:organisation" or "own:<account>".

    `step` and `position` are the worker's; `lists` holds the lists that were proposed, by name. From `begun_at` on
    choices are frozen, and so are the merges in force: what is written follows from both. `left_used` counts the
    entries in use that nothing was said of, as the report found them.
    """

    id: str
    tenant: str
    account: str
    source: str
    target: str
    created_at: datetime
    created_by: str
    status: MergeStatus = MergeStatus.DRAFT
    step: MergeStep | None = MergeStep.COUNT
    position: str | None = None
    uses: str | None = None  # where the counts of uses lie
    lists: dict[str, ListState] = field(default_factory=dict)
    workflow: str | None = None
    sources: tuple[str, ...] = ()  # the books of what has been written so far: the source, and those led to it before
    begun_at: datetime | None = None  # when somebody had it applied
    begun_by: str | None = None
    applied_at: datetime | None = None
    ended_at: datetime | None = None  # undone or discarded
    ended_by: str | None = None
    left_used: int | None = None
    version: int = 0

    def state_of(self, which: MergeList) -> ListState | None:
        """How a list stands; None before it is proposed."""
        return self.lists.get(which.value)

    @property
    def proposed(self) -> bool:
        """Whether every list has its proposals."""
        return all(which.value in self.lists for which in MergeList)

    @property
    def undecided(self) -> tuple[MergeList, ...]:
        """The lists that nobody has decided on, or that are not proposed yet, in their order."""
        states = ((which, self.state_of(which)) for which in MergeList)
        return tuple(which for which, state in states if state is None or state.decision is None)

    @property
    def working(self) -> bool:
        """Whether the worker has something to do for it."""
        return self.step is not None and self.status not in {MergeStatus.UNDONE, MergeStatus.DISCARDED}
