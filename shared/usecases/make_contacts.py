"""Make the suppliers and customers that a merge brings to the new book: the software gets them with a document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.domain.ids import new_id
from shared.domain.lists import Book, Entry, folded
from shared.domain.merges import CREATE, Choice, Merge, MergeList, outcome
from shared.usecases.merge_books import books_of
from shared.usecases.propose_mappings import default_choice
from shared.usecases.references import OTHER_CONTACTS, new_contact
from shared.usecases.service import Service

# What a contact brings along from the books before; a currency is the new software's to know.
_BROUGHT: Final = ("email", "tax_number", "address")


def choice_of(service: Service, merge: Merge, which: MergeList) -> Choice:
    """What was chosen of a list, or what holds for it without a choice."""
    state = merge.state_of(which)
    chosen = service.merges.choices(merge, [which]).get(which)
    return chosen or (default_choice(state) if state is not None else Choice())


def make_contacts(service: Service, merge: Merge, which: MergeList) -> dict[str, str]:
    """Make what CREATE was chosen for, and return old id -> new id; a repeat finds what the first made.

    A contact of that name that the new book has by now is taken instead. Raises ConflictError when somebody takes a
    name at this moment.
    """
    made = service.proposals.made(merge, which)
    if made is not None:
        return made
    planned = planned_contacts(service, merge, which)
    service.lists.write_own(books_of(merge)[1], [(entry, None) for entry in planned.new])
    return service.proposals.keep_made(merge, which, new_id(service.clock.now()), planned.ids)


@dataclass(frozen=True, slots=True)
class Planned:
    """Which contact each old one becomes that CREATE was chosen for, and those of them that are to be made."""

    ids: Mapping[str, str]
    new: Sequence[Entry]


def planned_contacts(service: Service, merge: Merge, which: MergeList) -> Planned:
    """What `make_contacts` would do now."""
    source, target = books_of(merge)
    choice = choice_of(service, merge, which)
    wanted = (one for one in service.proposals.proposals(merge, which) if outcome(which, one, choice) == CREATE)
    names = {one.old: folded(one.name) for one in wanted}
    held = service.lists.by_names(target, which.kind, set(names.values()))
    free = {old: name for old, name in names.items() if name not in held}
    before = service.lists.entries(source, [(which.kind, old) for old in free])
    entries = _new(service, target, which, {name: before[old] for old, name in sorted(free.items()) if old in before})
    there = service.lists.entries(target, [(which.kind, entry.id) for entry in entries.values()])
    by_name = {name: entry.id for name, entry in (held | entries).items()}
    ids = {old: by_name[name] for old, name in names.items() if name in by_name}
    return Planned(ids, [entry for entry in entries.values() if entry.id not in there])


def _new(service: Service, target: Book, which: MergeList, before: Mapping[str, Entry]) -> dict[str, Entry]:
    """The new entries by folded name, with what the old ones say of themselves."""
    known = service.lists.by_names(target, OTHER_CONTACTS[which.kind], before)
    made = {}
    for name, old in before.items():
        entry = new_contact(target, which.kind, old.name, known.get(name))
        if entry.provider_id is None:
            entry = replace(entry, values={field: old.values[field] for field in _BROUGHT if old.values.get(field)})
        made[name] = entry
    return made
