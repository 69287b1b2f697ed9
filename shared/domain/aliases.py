"""Which entry of a book stands for an entry of another book: aliases and mirrors of merges, never chained.

A merge says of each entry of its source book which entry of its target book stands for it. It writes an alias for each
(source entry -> target entry), and a mirror (target entry -> source entries); for entries that an earlier merge had led
to its sources it writes both as well, resting on all those merges. What is in force follows from the merges that are
applied at the moment, and from nothing else: undone in any order, they leave what never applying them would have.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from shared.domain.lists import Kind


@dataclass(frozen=True, slots=True)
class AppliedMerge:
    """A merge in force; the account holds them in the order of their application.

    `target` and `sources` are books (`Book.key`): of the sources it leads entries to the target.
    """

    id: str
    target: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AliasWay:
    """Where an entry leads while all the merges in `rests_on` (oldest first) are applied.

    `target` None: what the entry says does not apply in the target book. `unmapped`: the entry had been led to another
    that this merge left without a target: while that is so, the merge says nothing of it, whatever its later ways say.
    """

    rests_on: tuple[str, ...]
    target: str | None = None
    unmapped: bool = False


@dataclass(frozen=True, slots=True)
class AliasRow:
    """What one merge says of one entry of the book `book`: the first way that is in force counts."""

    kind: Kind
    book: str
    entry: str
    merge: str
    ways: tuple[AliasWay, ...]


@dataclass(frozen=True, slots=True)
class MirrorWay:
    """An entry (`source`, of `book`) that leads to the mirror's while all the merges in `rests_on` are applied."""

    book: str
    source: str
    rests_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MirrorRow:
    """Everything that one merge leads to one entry of its target book."""

    kind: Kind
    entry: str
    merge: str
    ways: tuple[MirrorWay, ...]


Letter = Literal["A", "R"]
ALIAS: Final[Letter] = "A"
MIRROR: Final[Letter] = "R"


class RowKey(NamedTuple):
    """Which row of aliases: what `merge` says of `entry`, an alias or a mirror."""

    letter: Letter
    kind: Kind
    entry: str
    merge: str


@dataclass(frozen=True, slots=True)
class Led:
    """What stands for an entry in a book: `entry`, or nothing; `applies` is False where it does not apply there."""

    entry: str | None = None
    applies: bool = True


NOWHERE: Final = Led()
NOT_APPLICABLE: Final = Led(applies=False)
Merges = Sequence[AppliedMerge]


# --- what to read
def leading(kind: Kind, entry: str, book: str, merges: Merges) -> Iterator[RowKey]:
    """The rows that `lead` wants for an entry that the book does not have itself."""
    for merge in merges:
        if merge.target == book:
            yield RowKey(ALIAS, kind, entry, merge.id)
        elif book in merge.sources:
            yield RowKey(MIRROR, kind, entry, merge.id)


def doubtful(merges: Merges, mirrors: Iterable[MirrorRow]) -> set[RowKey]:
    """The aliases to read before a mirror is believed: a source may lead elsewhere by now, or over another way.

    That takes two applied merges into one book: mostly there is nothing to read.
    """
    return {
        RowKey(ALIAS, row.kind, way.source, merge.id)
        for row in mirrors
        for way in row.ways
        if in_force(merges, way.rests_on) and _rivalled(merges, way.rests_on)
        for merge in _from(merges, row.merge)
    }


# --- what is so
def in_force(merges: Merges, rests_on: Iterable[str]) -> bool:
    """Whether all these merges are applied."""
    return {merge.id for merge in merges}.issuperset(rests_on)


def lead(entry: str, book: str, merges: Merges, aliases: Iterable[AliasRow], mirrors: Iterable[MirrorRow]) -> Led:
    """What stands in `book` for an entry of another book; rows of other entries do no harm.

    The newest alias into the book counts. Without any, the way back: an entry of the book that was led to this one,
    where there is exactly one. Give the aliases in `doubtful` as well where there are mirrors.
    """
    rows = list(aliases)
    forward = _forward(entry, book, merges, rows)
    if forward is not None:
        return forward
    back = {way.source for way in led_to(entry, merges, rows, mirrors) if way.book == book}
    return Led(back.pop()) if len(back) == 1 else NOWHERE


def led_to(
    entry: str, merges: Merges, aliases: Iterable[AliasRow], mirrors: Iterable[MirrorRow]
) -> tuple[MirrorWay, ...]:
    """The entries of other books that this one stands for, newest merge first, each once."""
    rows = list(aliases)
    own = [row for row in mirrors if row.entry == entry]
    found: dict[str, MirrorWay] = {}
    for merge in reversed(merges):
        for row in own:
            if row.merge == merge.id:
                ways = sorted(row.ways, key=lambda way: (way.book, way.source))
                found |= {way.source: way for way in ways if _leads(way, entry, merge, merges, rows)}
    return tuple(found.values())


def _leads(way: MirrorWay, entry: str, merge: AppliedMerge, merges: Merges, aliases: Sequence[AliasRow]) -> bool:
    if not in_force(merges, way.rests_on):
        return False
    if not _rivalled(merges, way.rests_on):
        return True
    return _forward(way.source, merge.target, merges, aliases) == Led(entry)


def _forward(entry: str, book: str, merges: Merges, aliases: Sequence[AliasRow]) -> Led | None:
    """Where the newest alias into the book leads; None where there is none in force."""
    own = {row.merge: row for row in aliases if row.entry == entry}
    for merge in reversed(merges):
        row = own.get(merge.id) if merge.target == book else None
        way = next((way for way in row.ways if in_force(merges, way.rests_on)), None) if row is not None else None
        if way is not None and not way.unmapped:
            return Led(way.target, applies=way.target is not None)
    return None


def _rivalled(merges: Merges, rests_on: Sequence[str]) -> bool:
    """Whether another merge may say otherwise of an entry: a newer one into the same book, at any step of its way."""
    place = {merge.id: number for number, merge in enumerate(merges)}
    for one, following in zip(rests_on, [*rests_on[1:], None], strict=True):
        until = place[following] if following is not None else len(merges)
        if any(merge.target == merges[place[one]].target for merge in merges[place[one] + 1 : until]):
            return True
    return False


def _from(merges: Merges, first: str) -> list[AppliedMerge]:
    """A merge and those after it into the same book."""
    place = next(number for number, merge in enumerate(merges) if merge.id == first)
    return [merge for merge in merges[place:] if merge.target == merges[place].target]


class RowsAtHand:
    """Rows that were read, found by their entries: many entries are led without going through all rows for each."""

    def __init__(self) -> None:
        self._aliases: dict[str, list[AliasRow]] = defaultdict(list)
        self._mirrors: dict[str, list[MirrorRow]] = defaultdict(list)

    def add(self, aliases: Iterable[AliasRow], mirrors: Iterable[MirrorRow]) -> None:
        for alias in aliases:
            self._aliases[alias.entry].append(alias)
        for mirror in mirrors:
            self._mirrors[mirror.entry].append(mirror)

    def lead(self, entry: str, book: str, merges: Merges) -> Led:
        """As the function of this name, of the rows at hand."""
        return lead(entry, book, merges, self._about(entry), self._mirrors.get(entry, ()))

    def led_to(self, entry: str, merges: Merges) -> tuple[MirrorWay, ...]:
        """As the function of this name, of the rows at hand."""
        return led_to(entry, merges, self._about(entry), self._mirrors.get(entry, ()))

    def home(self, entry: str, merges: Merges) -> str | None:
        """The book of an entry, as far as its rows tell."""
        targets = {merge.id: merge.target for merge in merges}
        books = [row.book for row in self._aliases.get(entry, ())]
        books += [targets[row.merge] for row in self._mirrors.get(entry, ()) if row.merge in targets]
        return next(iter(books), None)

    def _about(self, entry: str) -> list[AliasRow]:
        sources = {way.source for row in self._mirrors.get(entry, ()) for way in row.ways}
        return [row for one in (entry, *sorted(sources)) for row in self._aliases.get(one, ())]


# --- what a merge writes
def rows_of(
    merge: AppliedMerge,
    kind: Kind,
    book: str,
    mapping: Mapping[str, str | None],
    *,
    merges: Merges,
    earlier: Iterable[MirrorRow],
) -> tuple[list[AliasRow], list[MirrorRow]]:
    """The rows that applying a merge writes for one list: one for each entry, in the order of entries.

    `mapping` says what stands for each entry of the source book `book` (None: does not apply there); `merges` are those
    applied before, `earlier` the mirrors that they wrote for all entries of the list, unmapped ones as well. Only what
    is in force now is followed. `merge.sources` is not asked: it is the books of all the aliases that come of this.
    """
    ways = {entry: [(book, AliasWay((merge.id,), target))] for entry, target in mapping.items()}
    derived: dict[str, list[tuple[str, AliasWay]]] = defaultdict(list)
    for row in earlier:
        unmapped = row.entry not in mapping
        for way in row.ways:
            # An entry of the target book is itself there.
            if way.book != merge.target and in_force(merges, way.rests_on):
                rests_on = (*way.rests_on, merge.id)
                derived[way.source].append((way.book, AliasWay(rests_on, mapping.get(row.entry), unmapped)))
    place = {one.id: number for number, one in enumerate(merges)}
    for entry, found in derived.items():
        if not all(way.unmapped for _, way in found):
            newest_first = sorted(found, key=lambda one: _rank(place, one[1].rests_on), reverse=True)
            ways[entry] = [*ways.get(entry, []), *newest_first]
    aliases = []
    for entry, found in sorted(ways.items()):
        aliases.append(AliasRow(kind, found[0][0], entry, merge.id, tuple(way for _, way in found)))
    return aliases, _mirrors(kind, merge, aliases)


def _rank(place: Mapping[str, int], rests_on: Sequence[str]) -> list[int]:
    """Which of several ways of one entry is newer: the last merges before this one decide."""
    return [place[one] for one in reversed(rests_on[:-1])]


def _mirrors(kind: Kind, merge: AppliedMerge, aliases: Iterable[AliasRow]) -> list[MirrorRow]:
    """The same, seen from the targets; several sources of one target are one row."""
    ways: dict[str, list[MirrorWay]] = defaultdict(list)
    for row in aliases:
        for way in row.ways:
            if way.target is not None:
                ways[way.target].append(MirrorWay(row.book, row.entry, way.rests_on))
    return [MirrorRow(kind, target, merge.id, tuple(ways[target])) for target in sorted(ways)]
