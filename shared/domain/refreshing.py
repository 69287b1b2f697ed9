"""What a pass over a provider's list changes here: pure, so that every order of pages can be tried."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from shared.domain.connections import ListHealth
from shared.domain.limits import window_start
from shared.domain.lists import Book, Entry, EntryStatus, Kind, shard_of

FULL_PASS_EVERY: Final = timedelta(days=7)  # hard deletions never show in a delta
REFRESH_EVERY: Final = timedelta(hours=24)
RETRY_AFTER: Final = timedelta(minutes=5)  # doubled with every try, until the next regular refresh is nearer
PAGES_PER_PASS: Final = 2000  # a provider that never ends its list is broken, not large

# A digest record says per entry id what was last written. The endings tell what the eight characters cannot:
# whether the entry is inactive, and whether a pass that was interrupted had already seen it.
_INACTIVE: Final = "-"
_SEEN: Final = "+"


@dataclass(frozen=True, slots=True)
class Counts:
    """What a refresh did to one list: entries new to us, altered, gone inactive, and active again."""

    added: int = 0
    changed: int = 0
    inactive: int = 0
    back: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.added + other.added,
            self.changed + other.changed,
            self.inactive + other.inactive,
            self.back + other.back,
        )

    @property
    def touched_known(self) -> bool:
        """Whether an entry changed that items may already refer to."""
        return bool(self.changed or self.inactive or self.back)

    def as_dict(self) -> dict[str, int]:
        return {"added": self.added, "changed": self.changed, "inactive": self.inactive, "back": self.back}


@dataclass(slots=True)
class Pass:
    """One pass over one kind of a book.

    `known` is the digest record per shard, `adopted` maps a provider's id to the local id of an entry that was made
    here before the provider had it. `resumed` keeps what an interrupted pass had seen; otherwise that is forgotten.
    """

    book: Book
    kind: Kind
    known: dict[int, dict[str, str]]
    adopted: Mapping[str, str] = field(default_factory=dict)
    resumed: bool = False
    counts: Counts = Counts()
    seen: set[str] = field(default_factory=set)
    changed_shards: set[int] = field(default_factory=set)
    held: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        for digests in self.known.values():
            for entry_id, mark in digests.items():
                if mark.endswith(_SEEN):
                    digests[entry_id] = mark[:-1]
                    if self.resumed:
                        self.seen.add(entry_id)

    def local_id(self, provider_id: str) -> str:
        return self.adopted.get(provider_id) or self.book.entry_id(self.kind, provider_id)

    def take(self, from_provider: Iterable[Entry]) -> Iterator[Entry]:
        """The entries of a page that must be written, with local ids; the counts and digests move along.

        An entry whose status would change is held until the pass has come to its end: see `settle`.
        """
        for raw in from_provider:
            if raw.kind is not self.kind or not raw.provider_id:
                continue
            entry = self._localised(raw)
            self.seen.add(entry.id)
            before = self.known.get(shard_of(entry.id), {}).get(entry.id)
            if before is not None and _is_inactive(before) != _is_inactive(_mark(entry)):
                self.held.append(entry)
            elif self._differs(entry):
                yield entry

    def lose(self, gone: Iterable[Entry]) -> None:
        """Entries, as they are kept here, that the provider says are gone: inactive from the end of the pass on."""
        self.held += [replace(entry, status=EntryStatus.INACTIVE) for entry in gone]

    def settle(self) -> Iterator[Entry]:
        """The entries whose status the pages changed; asked for only when the pass did not break."""
        held, self.held = self.held, []
        return (entry for entry in held if self._differs(entry))

    def _localised(self, entry: Entry) -> Entry:
        return replace(
            entry,
            id=self.local_id(entry.provider_id or ""),
            parent=self.local_id(entry.parent) if entry.parent else None,
            survivor=self.local_id(entry.survivor) if entry.survivor else None,
        )

    def _differs(self, entry: Entry) -> bool:
        digests = self.known.setdefault(shard_of(entry.id), {})
        before, after = digests.get(entry.id), _mark(entry)
        if before == after:
            return False
        digests[entry.id] = after
        self.changed_shards.add(shard_of(entry.id))
        self.counts += _counted(before, after)
        return True

    def was_active(self) -> int:
        """How many entries this kind had active when the digest records were read or last moved along."""
        return sum(not _is_inactive(mark) for digests in self.known.values() for mark in digests.values())

    def is_active(self, entry_id: str) -> bool:
        """Whether the provider has an entry as active, as far as the passes until now tell."""
        mark = self.known.get(shard_of(entry_id), {}).get(entry_id)
        return mark is not None and not _is_inactive(mark)

    def absent(self) -> list[str]:
        """The active entries that no page brought. Meaningful only after a full, complete, unbroken pass."""
        return [
            entry_id
            for digests in self.known.values()
            for entry_id, mark in digests.items()
            if entry_id not in self.seen and not _is_inactive(mark)
        ]

    def retire(self, absent: Iterable[Entry]) -> Iterator[Entry]:
        """The entries that a full pass did not bring, inactive: they are never deleted, items still point at them."""
        gone = (replace(entry, status=EntryStatus.INACTIVE) for entry in absent)
        return (entry for entry in gone if self._differs(entry))

    def doubles(self) -> dict[str, str]:
        """Entries that came from the provider before we knew that they were made here: their id -> the first one's.

        They leave the digest records, since the provider's id stands for the first one from now on.
        """
        found = {}
        for provider_id, local_id in self.adopted.items():
            derived = self.book.entry_id(self.kind, provider_id)
            digests = self.known.get(shard_of(derived), {})
            if derived != local_id and digests.pop(derived, None) is not None:
                self.changed_shards.add(shard_of(derived))
                found[derived] = local_id
        return found

    def digests(self, shard: int, *, unfinished: bool = False) -> dict[str, str]:
        """The digest record of a shard; `unfinished` adds what this pass has seen, for the one that resumes it."""
        digests = self.known.get(shard, {})
        if not unfinished:
            return digests
        return {entry_id: mark + _SEEN if entry_id in self.seen else mark for entry_id, mark in digests.items()}


def _mark(entry: Entry) -> str:
    return entry.digest() + (_INACTIVE if entry.status is EntryStatus.INACTIVE else "")


def _is_inactive(mark: str) -> bool:
    return mark.endswith(_INACTIVE)


def _counted(before: str | None, after: str) -> Counts:
    inactive = _is_inactive(after)
    if before is None:
        return Counts(added=1)
    if inactive != _is_inactive(before):
        return Counts(inactive=1) if inactive else Counts(back=1)
    return Counts(changed=1)


def needs_full_pass(healths: Iterable[ListHealth], *, has_delta: bool, now: datetime) -> bool:
    """Whether a request's lists are read whole: no delta is offered, none is possible yet, or a week has passed."""
    return not has_delta or any(
        health.cursor is None or health.last_full_at is None or now - health.last_full_at >= FULL_PASS_EVERY
        for health in healths
    )


def next_refresh(now: datetime, every: timedelta, connection: str) -> datetime:
    """When a connection is refreshed next: in the slot that its id gives it, so that not all come at once.

    Never sooner than half of `every` and never later than one and a half of it.
    """
    place = int.from_bytes(hashlib.sha256(connection.encode()).digest()[:8], "big") / 2**64
    start = window_start(now + every / 2 - every * place, every)
    return start + every + every * place


def retry_wait(tries: int) -> timedelta | None:
    """How long until lists that failed are asked for again, or None when the next regular refresh will do."""
    wait = RETRY_AFTER * 2 ** min(tries, 12)
    return wait if wait < REFRESH_EVERY / 2 else None


def already_covered(health: ListHealth, requested_at: datetime, *, full: bool) -> bool:
    """Whether a pass that began after the request has already brought what it asks for: two refreshes are one."""
    began = health.last_full_at if full else health.last_good_at
    return began is not None and began >= requested_at
