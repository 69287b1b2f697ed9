"""Choose what the entries of one list become: one by one, the proposed ones, or none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.domain.accounts import Account
from shared.domain.errors import ConflictError, fail
from shared.domain.lists import Entry
from shared.domain.mapping_fit import why_not
from shared.domain.merges import (
    CREATE,
    MOST_MAPPINGS,
    NOT_APPLICABLE,
    Choice,
    ListDecision,
    ListState,
    Merge,
    MergeList,
    MergeStatus,
    MergeStep,
    Proposed,
    Rest,
)
from shared.usecases.ask_merge import guard_merge, send_merge
from shared.usecases.begin_merge import found_merge
from shared.usecases.merge_books import books_of
from shared.usecases.propose_mappings import counted, dimensions_become
from shared.usecases.service import Service

TRIES: Final = 8  # against the worker, which proposes other lists meanwhile
_FIXED: Final = frozenset({ListDecision.KEPT, ListDecision.NOT_OFFERED})


@dataclass(frozen=True, slots=True)
class Mapped:
    """One thing a person says: an old entry becomes a new one, NOT_APPLICABLE, CREATE, or stays as it is (None)."""

    old: str
    new: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of a list, all at once: earlier choices of it are replaced."""

    mappings: Sequence[Mapped] = ()
    rest: Rest = Rest.LEAVE
    skip: bool = False


def choose_mappings(service: Service, account: Account, merge_id: str, which: MergeList, said: Said) -> Merge:
    """Store what a person says of a list of a draft.

    The values of dimensions are proposed anew when what was said of their dimensions changes. Raises not_found,
    merge_not_open, merge_not_proposed, invalid_request and mapping_does_not_fit naming the mapping, ConflictError.
    """
    for _ in range(TRIES):
        merge = found_merge(service, account, merge_id)
        state = _open_list(merge, which)
        choice = _checked(service, merge, which, said)
        counts = counted(which, state, service.proposals.proposals(merge, which), choice)
        decision = ListDecision.SKIPPED if said.skip else ListDecision.CHOSEN
        if state.decision is not None and state.decision in _FIXED:
            decision = state.decision
        after = replace(merge, lists={**merge.lists, which.value: replace(counts, decision=decision)})
        again = which is MergeList.DIMENSIONS and _dimensions_change(service, merge, choice)
        if again:
            after = _values_anew(after)
            guard_merge(service, after)
        try:
            stored = service.merges.choose(after, which, choice)
        except ConflictError:
            continue
        if again:
            send_merge(service, stored)
        return stored
    raise ConflictError("the merge is being changed by others all the time")


def _open_list(merge: Merge, which: MergeList) -> ListState:
    if merge.status is not MergeStatus.DRAFT:
        raise fail("merge_not_open", status=merge.status.value)
    state = merge.state_of(which)
    if state is None:
        raise fail("merge_not_proposed", field="kind", list=which.value)
    return state


def _dimensions_change(service: Service, merge: Merge, choice: Choice) -> bool:
    """Whether the values were not proposed for these pairs of dimensions, or followed from them by themselves."""
    before = service.merges.choices(merge, [MergeList.DIMENSIONS]).get(MergeList.DIMENSIONS)
    if before is None or merge.state_of(MergeList.DIMENSION_VALUES) is None:
        return True
    return before != choice


def _values_anew(merge: Merge) -> Merge:
    lists = {name: state for name, state in merge.lists.items() if name != MergeList.DIMENSION_VALUES.value}
    return replace(merge, lists=lists, step=merge.step or MergeStep.PROPOSE)


def _checked(service: Service, merge: Merge, which: MergeList, said: Said) -> Choice:
    """What was said as a choice, every mapping of it checked."""
    if said.skip:
        return Choice(skipped=True)
    state = merge.state_of(which)
    if state is not None and state.decision in _FIXED:
        if said.mappings:
            reason = "these entries stay" if state.decision is ListDecision.KEPT else "the new books have no such list"
            raise fail("invalid_request", field="mappings", reason=reason)
        return Choice(skipped=True)
    if len(said.mappings) > MOST_MAPPINGS:
        raise fail("invalid_request", field="mappings", reason=f"at most {MOST_MAPPINGS} are said one by one")
    proposed = {one.old: one for one in service.proposals.proposals(merge, which)} if said.mappings else {}
    known = _Known.of(service, merge, which, said.mappings)
    taken: dict[str, str | None] = {}
    for number, one in enumerate(said.mappings):
        if one.old in taken:
            raise fail("invalid_request", field=f"mappings[{number}].old", reason="it is mapped twice")
        _check(which, one, f"mappings[{number}]", proposed, known)
        taken[one.old] = one.new
    return Choice(said.rest, taken)


@dataclass(frozen=True, slots=True)
class _Known:
    """The entries that mappings name, and what dimensions become where the list is of their values."""

    old: Mapping[str, Entry]
    new: Mapping[str, Entry]
    dimensions: Mapping[str, str | None]

    @classmethod
    def of(cls, service: Service, merge: Merge, which: MergeList, mappings: Iterable[Mapped]) -> "_Known":
        named = [one for one in mappings if one.new not in {None, CREATE, NOT_APPLICABLE}]
        old, new = books_of(merge)
        return cls(
            service.lists.entries(old, [(which.kind, one.old) for one in named]),
            service.lists.entries(new, [(which.kind, one.new) for one in named if one.new is not None]),
            dimensions_become(service, merge) if which is MergeList.DIMENSION_VALUES and named else {},
        )


def _check(which: MergeList, one: Mapped, place: str, proposed: Mapping[str, Proposed], known: _Known) -> None:
    """Raises invalid_request or mapping_does_not_fit."""
    if one.old not in proposed:
        raise fail("invalid_request", field=f"{place}.old", reason="the old books' list has no such entry to map")
    if one.new == CREATE and not which.of_contacts:
        raise fail("invalid_request", field=f"{place}.new", reason="only suppliers and customers are made")
    if one.new in {None, CREATE, NOT_APPLICABLE}:
        return
    old, new = known.old.get(one.old), known.new.get(one.new or "")
    if old is None or new is None:
        raise fail("invalid_request", field=f"{place}.new", reason="the new books' list has no such entry")
    reason = why_not(which.kind, old, new)
    if reason is None and which is MergeList.DIMENSION_VALUES and known.dimensions.get(old.parent or "") != new.parent:
        reason = "it is a value of another dimension than the one that was chosen"
    if reason is None and which is MergeList.DIMENSIONS and new.parent is not None:
        reason = "a dimension is mapped onto a dimension"
    if reason is not None:
        raise fail("mapping_does_not_fit", field=f"{place}.new", reason=reason, old=old.name, new=new.name)
