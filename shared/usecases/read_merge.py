"""What people see of a merge: its outline, and the entries of one list with what they become."""

from dataclasses import dataclass
from itertools import islice

from shared.domain.errors import fail
from shared.domain.merges import CREATE, NOT_APPLICABLE, Merge, MergeList, Proposed, outcome
from shared.usecases.merge_books import books_of
from shared.usecases.propose_mappings import default_choice
from shared.usecases.service import Service


@dataclass(frozen=True, slots=True)
class Chosen:
    """An old entry and what it becomes as things stand: `became` as `outcome` says, its name and code if an entry."""

    proposed: Proposed
    became: str | None
    name: str | None = None
    code: str | None = None


def chosen_page(
    service: Service, merge: Merge, which: MergeList, *, position: int, limit: int
) -> tuple[list[Chosen], int | None]:
    """Up to `limit` old entries of a list, those in use first, and where to go on (None at the end).

    Raises merge_not_proposed.
    """
    state = merge.state_of(which)
    if state is None:
        raise fail("merge_not_proposed", field="kind", list=which.value)
    choice = service.merges.choices(merge, [which]).get(which) or default_choice(state)
    some = list(islice(service.proposals.proposals(merge, which, position), limit + 1))
    became = {one.old: outcome(which, one, choice) for one in some[:limit]}
    names = {offer.entry: (offer.name, offer.code) for one in some for offer in one.candidates}
    names |= _named_elsewhere(service, merge, which, set(became.values()) - names.keys())
    page = [Chosen(one, became[one.old], *names.get(became[one.old] or "", (None, None))) for one in some[:limit]]
    return page, position + limit if len(some) > limit else None


def _named_elsewhere(
    service: Service, merge: Merge, which: MergeList, became: set[str | None]
) -> dict[str, tuple[str, str | None]]:
    """The names of entries that a person chose beside the proposals."""
    wanted = [(which.kind, one) for one in became if one is not None and one not in {CREATE, NOT_APPLICABLE}]
    found = service.lists.entries(books_of(merge)[1], wanted) if wanted else {}
    return {entry.id: (entry.name, entry.code) for entry in found.values()}
