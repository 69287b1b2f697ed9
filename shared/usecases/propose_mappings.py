"""Propose, list by list, what the old entries of a merge become, with what uses each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from shared.domain.accounts import Account
from shared.domain.ids import new_id
from shared.domain.lists import Book, Entry, EntryStatus, Kind, survivor_of
from shared.domain.mapping import Proposal, propose, propose_values
from shared.domain.merges import (
    ACCEPT_ALL,
    NOT_APPLICABLE,
    Choice,
    ListDecision,
    ListState,
    Merge,
    MergeList,
    Offered,
    Proposed,
    outcome,
)
from shared.storage.proposals import Used
from shared.usecases.merge_books import books_of, has_list
from shared.usecases.service import Service

_NOTHING: Final[Used] = (0, 0)
UNSAID: Final = Choice()


def propose_next(service: Service, account: Account, merge: Merge) -> Merge:
    """Propose the next list that has no proposals yet, and store them; the merge is not stored.

    Of dimensions' values this follows what was chosen, or is proposed, for their dimensions.
    """
    which = next(one for one in MergeList if merge.state_of(one) is None)
    uses = service.proposals.uses(merge)
    old, new = _entries(service, account, merge, which)
    also = _merged_into(old)
    relevant = _relevant(which, old, uses)
    offered = has_list(books_of(merge)[1], which.kind)
    if not offered or which is MergeList.PAYMENT_METHODS:
        proposals: Iterable[Proposed] = map(_alone, relevant)
    elif which is MergeList.DIMENSION_VALUES:
        proposals = _values(service, merge, relevant, new)
    else:
        proposals = map(_offered, _compared(which, relevant, old, new))
    found = [_with_uses(one, uses, also) for one in proposals]
    found.sort(key=lambda one: not one.used)  # what is used comes first, each part by name
    state = _state(service, merge, which, found, offered=offered)
    state = replace(state, place=new_id(service.clock.now()), new=sum(entry.usable for entry in new))
    service.proposals.put_proposals(merge, which, state.place or "", found)
    return replace(merge, lists={**merge.lists, which.value: state})


def default_choice(state: ListState) -> Choice:
    """What holds for a list of which nobody has said anything."""
    return ACCEPT_ALL if state.decision is ListDecision.BY_DEFAULT else UNSAID


def counted(which: MergeList, state: ListState, proposals: Iterable[Proposed], choice: Choice) -> ListState:
    """The counts of what a choice makes of a list's entries."""
    mapped = created = inapplicable = left = left_used = 0
    for one in proposals:
        became = outcome(which, one, choice)
        if became is None:
            left += 1
            left_used += one.used
        elif became == NOT_APPLICABLE:
            inapplicable += 1
        elif became == "create":
            created += 1
        else:
            mapped += 1
    return replace(state, mapped=mapped, created=created, not_applicable=inapplicable, left=left, left_used=left_used)


def _entries(service: Service, account: Account, merge: Merge, which: MergeList) -> tuple[list[Entry], list[Entry]]:
    """Every entry of the list in the old book, and in the new one; payment methods are in neither."""
    kind = which.kind
    if kind is Kind.PAYMENT_METHODS:
        own = Book.own(account.tenant, account.id)
        return list(service.lists.all(own, kind)), []
    old, new = books_of(merge)
    return list(service.lists.all(old, kind)), list(service.lists.all(new, kind))


def _relevant(which: MergeList, old: Iterable[Entry], uses: Mapping[str, Used]) -> list[Entry]:
    """The old entries that are to become something: active ones, and those that are used."""
    found = (entry for entry in old if entry.survivor is None)
    if which.kind is Kind.DIMENSIONS:
        of_values = which is MergeList.DIMENSION_VALUES
        found = (entry for entry in found if (entry.parent is not None) == of_values)
    return [entry for entry in found if entry.status is EntryStatus.ACTIVE or entry.id in uses]


def _merged_into(old: Iterable[Entry]) -> dict[str, list[str]]:
    """The entries that were merged into others, by the one they lead to: what that becomes, they do."""
    known = {entry.id: entry for entry in old}
    also: defaultdict[str, list[str]] = defaultdict(list)
    for entry in known.values():
        end = survivor_of(entry, known.get) if entry.survivor is not None else None
        if end is not None and end.id != entry.id:
            also[end.id].append(entry.id)
    return {one: sorted(merged) for one, merged in also.items()}


def _compared(
    which: MergeList, relevant: Sequence[Entry], old: Iterable[Entry], new: Iterable[Entry]
) -> Iterable[Proposal]:
    from rapidfuzz.fuzz import ratio

    if which is not MergeList.DIMENSIONS:
        return propose(which.kind, relevant, new, ratio)
    wanted = {entry.id for entry in relevant}
    with_values = [*relevant, *(entry for entry in old if entry.parent in wanted)]  # compared by their values as well
    return propose(which.kind, with_values, new, ratio)


def _values(service: Service, merge: Merge, old: Sequence[Entry], new: Sequence[Entry]) -> Iterable[Proposed]:
    """Proposals among the values of the dimension that each one's own becomes."""
    from rapidfuzz.fuzz import ratio

    became = dimensions_become(service, merge)
    by_dimension: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in old:
        by_dimension[entry.parent or ""].append(entry)
    for dimension, values in by_dimension.items():
        target = became.get(dimension)
        if target == NOT_APPLICABLE:
            yield from (replace(_alone(value), fixed=NOT_APPLICABLE) for value in values)
        elif target is None:
            yield from map(_alone, values)
        else:
            theirs = [entry for entry in new if entry.parent == target]
            yield from map(_offered, propose_values(values, theirs, ratio))


def dimensions_become(service: Service, merge: Merge) -> dict[str, str | None]:
    """What each old dimension becomes as chosen, or as proposed while nobody has chosen."""
    which = MergeList.DIMENSIONS
    choice = service.merges.choices(merge, [which]).get(which, ACCEPT_ALL)
    return {one.old: outcome(which, one, choice) for one in service.proposals.proposals(merge, which)}


def _state(service: Service, merge: Merge, which: MergeList, found: Sequence[Proposed], *, offered: bool) -> ListState:
    decision = None
    if which is MergeList.PAYMENT_METHODS:
        decision = ListDecision.KEPT
    elif not found:
        decision = ListDecision.NOTHING_TO_MAP
    elif not offered:
        decision = ListDecision.NOT_OFFERED
    elif which.of_contacts or _follow_their_dimensions(service, merge, which, found):
        decision = ListDecision.BY_DEFAULT
    accepted, used = sum(one.accepted is not None for one in found), sum(one.used for one in found)
    state = ListState(which, old=len(found), used=used, accepted=accepted, decision=decision)
    return counted(which, state, found, default_choice(state))


def _follow_their_dimensions(service: Service, merge: Merge, which: MergeList, found: Sequence[Proposed]) -> bool:
    """Whether somebody has chosen for the dimensions, and leaves nothing to choose for their values by that."""
    if which is not MergeList.DIMENSION_VALUES:
        return False
    chosen = service.merges.choices(merge, [MergeList.DIMENSIONS])
    became = dimensions_become(service, merge)
    return bool(chosen) and all(became.get(one.parent or "") in {None, NOT_APPLICABLE} for one in found)


def _alone(entry: Entry) -> Proposed:
    return Proposed(entry.id, entry.name, entry.code, entry.parent, entry.status is EntryStatus.ACTIVE)


def _offered(proposal: Proposal) -> Proposed:
    candidates = tuple(
        Offered(one.entry.id, one.entry.name, one.entry.code, one.score, tuple(why.value for why in one.reasons))
        for one in proposal.candidates
    )
    return replace(_alone(proposal.old), candidates=candidates)


def _with_uses(one: Proposed, uses: Mapping[str, Used], also: Mapping[str, Sequence[str]]) -> Proposed:
    rules, items = uses.get(one.old, _NOTHING)
    return replace(one, rules=rules, items=items, also=tuple(also.get(one.old, ())))
