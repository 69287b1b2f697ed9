"""Which new entry is proposed for each old one when lists are merged after a change of software."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.domain.lists import Entry, Kind, folded
from shared.domain.mapping_contacts import contact, email, tax_number, words_of_firm
from shared.domain.mapping_index import Index
from shared.domain.mapping_scores import (
    ACCEPTED,
    Named,
    Reason,
    Score,
    account,
    bank_account,
    by_words,
    product,
    tax_rate,
)
from shared.domain.mapping_words import Likeness, Words, words_of

MOST_CANDIDATES: Final = 5  # shown for an old entry; a person may choose any other of the list
_LEAST: Final = 20  # points below which a likeness is chance
_BY_VALUES: Final = 92  # points of a dimension all of whose values the other has


@dataclass(frozen=True, slots=True)
class Candidate:
    """A new entry that may stand for an old one, with a score of 0 to 100 and why."""

    entry: Entry
    score: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An old entry and up to five new ones that may stand for it, the proposed one first."""

    old: Entry
    candidates: tuple[Candidate, ...]

    @property
    def proposed(self) -> Candidate | None:
        return self.candidates[0] if self.candidates else None

    @property
    def accepted(self) -> bool:
        """Whether the proposal is taken over unless a person says otherwise."""
        return self.proposed is not None and self.proposed.score >= ACCEPTED


@dataclass(frozen=True, slots=True)
class _List:
    """How the entries of a kind are compared, what their names say, and the keys by which equals find each other."""

    score: Callable[[Named, Named, Likeness], Score | None]
    words: Callable[[str], Words] = words_of
    keys: Callable[[Entry], Iterable[str | None]] = lambda entry: (entry.code,)


def _contact_keys(entry: Entry) -> Iterable[str | None]:
    number, address = tax_number(entry), email(entry)
    return (f"tax {number}" if number else None, f"email {address}" if address else None)


def _bank_keys(entry: Entry) -> Iterable[str | None]:
    number = entry.values.get("number")
    return (entry.code, f"number {number}" if number else None)


def _rate_keys(entry: Entry) -> Iterable[str | None]:
    rates = (entry.values.get(name) for name in ("rate", "costs_rate", "sales_rate"))
    return (entry.code, *(f"rate {rate}" for rate in rates if rate is not None))


_CONTACTS: Final = _List(contact, words_of_firm, _contact_keys)
# In the order in which people go through them; suppliers and customers are proposed beside that.
LISTS: Final[Mapping[Kind, _List]] = {
    Kind.CATEGORIES: _List(account),
    Kind.TAX_RATES: _List(tax_rate, keys=_rate_keys),
    Kind.BANK_ACCOUNTS: _List(bank_account, keys=_bank_keys),
    Kind.PAYMENT_METHODS: _List(by_words),
    Kind.PRODUCTS: _List(product),
    Kind.PROJECTS: _List(by_words),
    Kind.DIMENSIONS: _List(by_words),
    Kind.SUPPLIERS: _CONTACTS,
    Kind.CUSTOMERS: _CONTACTS,
}


def propose(kind: Kind, old: Iterable[Entry], new: Iterable[Entry], alike: Likeness) -> tuple[Proposal, ...]:
    """A proposal for each old entry of a list, ordered by name; only new entries that are used are proposed.

    Several old entries may get one new one. Where candidates of one are equally good, the one that no other old entry
    is proposed for comes first. The order of what is given changes nothing. Of dimensions this is about those
    themselves; their values follow with `propose_values`. Raises KeyError for a kind that is not merged.
    """
    olds, news = list(old), list(new)
    compared = LISTS[kind]
    if kind is Kind.DIMENSIONS:
        return _dimensions(olds, news, alike)
    return _proposals(compared, olds, news, alike)


def propose_values(old: Iterable[Entry], new: Iterable[Entry], alike: Likeness) -> tuple[Proposal, ...]:
    """Proposals for the values of one dimension among the values of the dimension that was chosen for it."""
    return _proposals(LISTS[Kind.DIMENSIONS], list(old), list(new), alike)


def _proposals(compared: _List, old: Sequence[Entry], new: Sequence[Entry], alike: Likeness) -> tuple[Proposal, ...]:
    offered = sorted((entry for entry in new if entry.usable and entry.visible), key=_place)
    named_new = [(Named(entry, compared.words(entry.name)), _keys(compared, entry)) for entry in offered]
    index = Index(named_new, asked=len(old))
    found = []
    for entry in sorted(old, key=_place):
        named = Named(entry, compared.words(entry.name))
        scored = (
            (other.entry, compared.score(named, other, alike)) for other in index.near(named, _keys(compared, entry))
        )
        candidates = [Candidate(one, score.points, score.reasons) for one, score in scored if score is not None]
        found.append(Proposal(entry, _best(candidates)))
    return _apart(found)


def _keys(compared: _List, entry: Entry) -> list[str]:
    return [f"name {folded(entry.name)}", *(f"key {folded(key)}" for key in compared.keys(entry) if key)]


def _place(entry: Entry) -> tuple[str, str, str]:
    return folded(entry.name), entry.code or "", entry.id


def _best(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    likely = (one for one in candidates if one.score >= _LEAST)
    return tuple(sorted(likely, key=lambda one: (-one.score, _place(one.entry)))[:MOST_CANDIDATES])


def _apart(proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """Of candidates that are equally good the first is one that no surer proposal has taken: only ties are decided."""
    surest = sorted(
        proposals, key=lambda one: (-(one.proposed.score if one.proposed else 0), _ties(one), _place(one.old))
    )
    taken: set[str] = set()
    decided = {}
    for one in surest:
        tied = one.candidates[: _ties(one)]
        free = [candidate for candidate in tied if candidate.entry.id not in taken]
        first = (free or list(tied))[:1]
        taken.update(candidate.entry.id for candidate in first)
        rest = (candidate for candidate in one.candidates if candidate not in first)
        decided[one.old.id] = replace(one, candidates=(*first, *rest))
    return tuple(decided[one.old.id] for one in proposals)


def _ties(proposal: Proposal) -> int:
    """How many candidates are as good as the best."""
    best = proposal.candidates[0].score if proposal.candidates else 0
    return sum(one.score == best for one in proposal.candidates)


def _dimensions(old: Sequence[Entry], new: Sequence[Entry], alike: Likeness) -> tuple[Proposal, ...]:
    """Dimensions belong together that are named alike, or whose values are: software names its own kinds of them."""
    old_values, new_values = _values_of(old), _values_of(new)
    offered = [entry for entry in new if entry.parent is None and entry.usable and entry.visible]
    found = []
    for entry in sorted((one for one in old if one.parent is None), key=_place):
        named = Named(entry, words_of(entry.name))
        candidates = []
        for other in offered:
            score = by_words(named, Named(other, words_of(other.name)), alike)
            mine, theirs = old_values[entry.id], new_values[other.id]
            shared = round(_BY_VALUES * len(mine & theirs) / len(mine)) if mine else 0
            reasons = (*score.reasons, Reason.SAME_VALUES) if shared else score.reasons
            candidates.append(Candidate(other, max(shared, score.points), reasons))
        found.append(Proposal(entry, _best(candidates)))
    return _apart(found)


def _values_of(entries: Iterable[Entry]) -> defaultdict[str, set[str]]:
    """The folded names of the values in use, by their dimension's id."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.parent is not None and entry.usable:
            found[entry.parent].add(folded(entry.name))
    return found
