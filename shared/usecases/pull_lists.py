"""Pull one request's lists from the provider, page by page, and write what differs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Final

from shared.domain.connections import ListHealth
from shared.domain.errors import Problem, fail
from shared.domain.lists import Book, Entry, Kind
from shared.domain.refresh_requests import Position
from shared.domain.refreshing import PAGES_PER_PASS, Counts, Pass
from shared.providers.contract import CallFailed, LimitReached, ListPage, Provider, Session
from shared.storage.lists import ListStore
from shared.usecases.sessions import OutOfTime

# Only these may hold entries that were made here and got the provider's id later.
ADOPTING: Final = frozenset({Kind.SUPPLIERS, Kind.CUSTOMERS})
_RETIRED_AT_ONCE: Final = 100  # entries read and written together, so that memory stays bounded


class Paused(Exception):
    """The pass stands still and can go on from `position`, at once or not before `until`."""

    def __init__(self, pulled: "Pulled", position: Position, until: datetime | None) -> None:
        super().__init__(f"paused at page {position.page} of {', '.join(position.kinds)}")
        self.pulled = pulled
        self.position = position
        self.until = until


@dataclass(slots=True)
class Pulled:
    """What came of one request's lists: the new health of each list that ended well, what went wrong with others."""

    counts: dict[Kind, Counts] = field(default_factory=dict)
    healths: dict[Kind, ListHealth] = field(default_factory=dict)
    problems: dict[Kind, Problem] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """Where lists come from and go to. `ask` runs one call with a valid token, or raises OutOfTime before it.

    `epoch` is the refresh lease's and fences the digest records. `announce` is told what changed, after the entries
    were written and before the digest records are: whatever depends on entries hears of a change at least once.
    """

    provider: Provider
    lists: ListStore
    book: Book
    epoch: int
    ask: Callable[[Callable[[Session], ListPage]], ListPage]
    announce: Callable[[dict[Kind, Counts]], None]


def pull_lists(source: Source, position: Position) -> Pulled:
    """Read the lists of `position.kinds` to the end; they come with the same requests.

    Raises Paused when a limit or the invocation's end comes first. A failed call, or an answer that cannot be
    right, leaves every status and the last cursor as they were and stands in `problems`. Raises ConflictError when
    another holder of the refresh lease has taken over.
    """
    passes = [_pass(source, kind, position) for kind in position.kinds]
    pulled = Pulled()
    page, cursor = position.page, position.cursor
    try:
        for answer in _pages(source, position):
            cursor = cursor or answer.cursor
            for one in passes:
                source.lists.write(source.book, one.kind, one.take(answer.entries))
                one.lose(_kept(source, one, answer))
            page = answer.next
    except (LimitReached, OutOfTime) as stop:
        for one in passes:
            source.lists.write(source.book, one.kind, one.settle())
        _keep(source, passes, pulled, unfinished=page is not None)
        until = stop.blocked.until if isinstance(stop, LimitReached) else None
        here = replace(position, page=page, cursor=cursor, epoch=source.epoch)
        raise Paused(pulled, here, until) from stop
    except CallFailed as failed:
        _keep(source, passes, pulled)
        pulled.problems = dict.fromkeys(position.kinds, failed.problem)
        return pulled
    for one in passes:
        _conclude(source, one, replace(position, cursor=cursor), pulled)
    _keep(source, passes, pulled)
    return pulled


def _pass(source: Source, kind: Kind, position: Position) -> Pass:
    adopted = source.lists.adopted(source.book, kind) if kind in ADOPTING else {}
    known = source.lists.digests(source.book, kind)
    return Pass(source.book, kind, known, adopted, resumed=position.page is not None)


def _kept(source: Source, one: Pass, answer: ListPage) -> Iterable[Entry]:
    """What is kept here of the entries that a page says are gone."""
    ids = [one.local_id(provider_id) for kind, provider_id in answer.gone if kind is one.kind]
    return source.lists.entries(source.book, [(one.kind, entry_id) for entry_id in ids]).values() if ids else ()


def _pages(source: Source, position: Position) -> Iterator[ListPage]:
    """The pages that are left. A provider that repeats a page or never ends is broken: CallFailed."""
    page, asked = position.page, set[str | None]()
    while page not in asked and len(asked) < PAGES_PER_PASS:
        asked.add(page)
        answer = source.ask(_asking(source.provider, position, page))
        yield answer
        page = answer.next
        if page is None:
            return
    raise CallFailed(Problem("provider_answer_broken", details={"page": page}), sent=True)


def _asking(provider: Provider, position: Position, page: str | None) -> Callable[[Session], ListPage]:
    return lambda session: provider.list_page(session, position.kinds, page, position.since)


def _conclude(source: Source, one: Pass, position: Position, pulled: Pulled) -> None:
    """The end of an unbroken pass: statuses follow, and after a full one what was absent is inactive.

    A contact that people deleted here returns while the software has it: to be rid of it, it is deleted there.
    """
    if position.full and not one.seen and one.was_active():
        pulled.problems[one.kind] = fail("list_suddenly_empty", entries=one.was_active()).problem
        return
    source.lists.write(source.book, one.kind, one.settle())
    _join_doubles(source, one)
    if position.full:
        absent = iter(one.absent())
        while some := list(islice(absent, _RETIRED_AT_ONCE)):
            entries = source.lists.entries(source.book, [(one.kind, entry_id) for entry_id in some])
            source.lists.write(source.book, one.kind, one.retire(entries.values()))
    if one.kind in ADOPTING:
        back = source.lists.restore_deleted(source.book, one.kind, one.is_active, position.began)
        one.counts += Counts(back=back)
    pulled.healths[one.kind] = ListHealth(
        kind=one.kind,
        last_good_at=position.began,
        last_full_at=position.began if position.full else None,
        cursor=position.cursor,
        entries=one.was_active(),
    )


def _join_doubles(source: Source, one: Pass) -> None:
    doubles = one.doubles()
    if not doubles:
        return
    entries = source.lists.entries(source.book, [(one.kind, double) for double in doubles])
    joined = [replace(entry, survivor=doubles[entry_id]) for entry_id, entry in entries.items()]
    source.lists.write(source.book, one.kind, joined)
    one.counts += Counts(changed=len(joined))


def _keep(source: Source, passes: Iterable[Pass], pulled: Pulled, *, unfinished: bool = False) -> None:
    """Write the digest records that moved; entries come first, so that a death in between only repeats their writing.

    An unfinished pass writes what it has seen as well, in every shard.
    """
    pulled.counts = {one.kind: one.counts for one in passes}
    source.announce(pulled.counts)
    for one in passes:
        for shard in one.known if unfinished else one.changed_shards:
            digests = one.digests(shard, unfinished=unfinished)
            source.lists.put_digest(source.book, one.kind, shard, digests, source.epoch)
