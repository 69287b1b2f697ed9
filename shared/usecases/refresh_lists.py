"""Bring a connection's lists up to date: one refresh at a time, list by list, in as many turns as it takes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from shared.aws.log import count
from shared.aws.queues import LONGEST_DELAY
from shared.domain.catalogue import kind_of
from shared.domain.connections import Connection, ConnectionStatus, ListHealth
from shared.domain.errors import Handling, LedgerbridgeError, Problem, fail
from shared.domain.ids import new_id
from shared.domain.limits import Work
from shared.domain.lists import Kind
from shared.domain.refresh_requests import HOPS, Position, RefreshRequest
from shared.domain.refreshing import Counts, already_covered, needs_full_pass
from shared.providers.contract import AccessLost, CallFailed, LimitReached, Provider, Session
from shared.usecases.access_token import Access, access_token
from shared.usecases.pull_lists import Paused, Pulled, Source, pull_lists
from shared.usecases.read_bank_lines import read_bank_lines
from shared.usecases.read_payments import read_payments
from shared.usecases.record_refresh import (
    ask_recheck,
    plan_next,
    record_begun,
    record_change,
    record_facts,
    record_lists,
    report_done,
)
from shared.usecases.service import Service
from shared.usecases.sessions import OutOfTime, settle_calls, with_token

T = TypeVar("T")

# The longest a provider call may take (transport.HTTP_DEADLINE), and what writing the page it brings needs.
CALL_DEADLINE: Final = timedelta(seconds=20)
AFTER_CALL: Final = timedelta(seconds=20)
LEASE_BEYOND_DEADLINE: Final = timedelta(seconds=15)
WAIT_FOR_LEASE: Final = timedelta(seconds=20)  # until a second wake-up looks again
TRY_AGAIN: Final = timedelta(seconds=30)  # after a failure of ours or the token endpoint's that passes by itself
NOW: Final = timedelta(0)
REFRESHABLE: Final = frozenset({ConnectionStatus.IMPORTING, ConnectionStatus.ACTIVE})


class Outcome(StrEnum):
    """How a turn ended: everything brought, to be continued, behind another refresh, or nothing to refresh."""

    DONE = "done"
    CONTINUES = "continues"
    WAITS = "waits"
    NOT_CONNECTED = "not_connected"


@dataclass(slots=True)
class _Turn:
    """One invocation's share of a refresh, under the connection's refresh lease."""

    service: Service
    request: RefreshRequest
    connection: Connection
    provider: Provider
    epoch: int
    deadline: datetime
    touched: bool = False
    access: Access | None = None

    def ask(self, call: Callable[[Session], T]) -> T:
        if self.service.clock.now() + CALL_DEADLINE + AFTER_CALL >= self.deadline:
            raise OutOfTime
        self.request = replace(self.request, calls=self.request.calls + 1)
        return with_token(
            self.service, self.connection, call, deadline=self.deadline, token=self.token, work=Work.REFRESH
        )

    def token(self, refused: int | None) -> Access:
        """One token over many calls: the vault is asked again only for a newer one."""
        held = self.access
        if held is None or refused is not None or not held.is_fresh(self.service.clock.now()):
            grant = self.connection.grant
            if grant is None:
                raise fail("connection_expired")
            tenant = self.connection.tenant
            held = access_token(self.service, tenant, grant, refused_version=refused, deadline=self.deadline)
            self.access = held
        return held

    def announce(self, counts: dict[Kind, Counts]) -> None:
        self.touched |= record_change(self.service, self.connection, counts)


def refresh_lists(service: Service, request: RefreshRequest, deadline: datetime) -> Outcome:
    """Serve a request until its lists are in, a limit is reached, or the invocation ends at `deadline` (UTC).

    A request that meets another refresh of the same connection waits its turn and then asks only for what that one
    had not begun to read when the request was made. Raises what storage raises; the queue then delivers again.
    """
    connection = service.connections.get(request.tenant, request.account, request.connection)
    if connection is None or connection.status not in REFRESHABLE:
        return Outcome.NOT_CONNECTED
    now = service.clock.now()
    name, owner = f"refresh#{request.tenant}#{connection.id}", new_id(now)
    epoch = service.leases.acquire(name, owner, deadline + LEASE_BEYOND_DEADLINE, now)
    if epoch is None:
        continue_later(service, request.again(request.position), WAIT_FOR_LEASE)
        return Outcome.WAITS
    try:
        provider = service.provider(connection.provider)
        standing = service.standing.get()
        outcome = _serve(_Turn(service, request, connection, provider, standing.epoch(epoch), deadline))
        settle_calls(service, connection.provider, connection.pinned.id, Work.REFRESH)
    finally:
        service.leases.release(name, owner, epoch)
    return outcome


def _serve(turn: _Turn) -> Outcome:
    groups = _groups_left(turn)
    bare = not turn.provider.list_groups()  # software that works with the lists of the main connection
    if (groups or bare) and turn.request.kinds is None and turn.request.position is None:
        plan_next(turn.service, turn.connection)
    turn.connection = record_begun(turn.service, turn.connection, turn.request)
    lost = facts_problem = None
    try:
        facts_problem = _bring_facts(turn) if groups or bare else None
        if bare and facts_problem is None:
            _note(turn, Pulled())
        for group in groups:
            _bring(turn, group)
        if turn.request.kinds is None and groups:
            read_payments(turn.service, turn.connection, turn.provider, turn.ask)
        if turn.request.kinds is None or Kind.BANK_ACCOUNTS in turn.request.kinds:
            asked_at = turn.request.requested_at
            read_bank_lines(turn.service, turn.connection, turn.provider, turn.ask, asked_at=asked_at)
    except Paused as paused:
        _note(turn, paused.pulled)
        return _pause(turn, paused.position, paused.until)
    except LimitReached as limit:
        return _pause(turn, None, limit.blocked.until)
    except OutOfTime:
        return _pause(turn, None, None)
    except AccessLost as failed:
        lost = _why_lost(turn) or failed.problem
    except LedgerbridgeError as failed:
        if kind_of(failed.problem).handling is not Handling.ASK_USER:
            return _pause(turn, None, turn.service.clock.now() + TRY_AGAIN)
        lost = failed.problem
    _end(turn, lost or facts_problem)
    return Outcome.DONE


def _why_lost(turn: _Turn) -> Problem | None:
    """What the connection was taken out of service for: a withdrawn consent may look like a lost organisation."""
    stored = turn.service.connections.get(turn.request.tenant, turn.request.account, turn.request.connection)
    return stored.problem if stored is not None else None


def _end(turn: _Turn, problem: Problem | None) -> None:
    if turn.touched:
        ask_recheck(turn.service, turn.request.tenant, turn.request.account)
    report_done(turn.service, turn.connection, turn.request, problem)
    count("lists_refreshed")


def _groups_left(turn: _Turn) -> list[tuple[Kind, ...]]:
    """The lists asked for, those that come together side by side, without what another refresh has brought."""
    wanted = turn.request.kinds
    groups = [
        group
        for group in turn.provider.list_groups()
        if (wanted is None or wanted.intersection(group))
        and not all(
            already_covered(_health(turn.connection, kind), turn.request.requested_at, full=turn.request.full)
            for kind in group
        )
    ]
    if turn.provider.profile.delta_together:
        groups = _joined(turn, groups)
    position = turn.request.position
    if position is None:
        return groups
    # Where the last turn stopped comes first; what its group brings is not read once more by another.
    others = [group for group in groups if not set(group) & set(position.kinds)]
    return others if len(others) == len(groups) else [position.kinds, *others]


def _joined(turn: _Turn, groups: list[tuple[Kind, ...]]) -> list[tuple[Kind, ...]]:
    """The groups with those in one whose changes come with one request; lists due for a full pass stay apart."""
    now = turn.service.clock.now()
    changes = [group for group in groups if not _is_full(turn, group, now)]
    if len(changes) < 2:
        return groups
    together = tuple(kind for group in changes for kind in group)
    return [together, *(group for group in groups if group not in changes)]


def _bring_facts(turn: _Turn) -> Problem | None:
    """The organisation's own facts come first: lock dates and base currency decide what may be published.

    A request for a few lists leaves them alone; when they cannot be read, the lists are read nevertheless.
    """
    if turn.request.kinds is not None or turn.request.position is not None:
        return None
    subject = turn.token(None).grant.subject
    try:
        facts = turn.ask(lambda session: turn.provider.organisation(session, subject))
    except CallFailed as failed:
        return failed.problem
    turn.connection, changed = record_facts(turn.service, turn.connection, facts)
    turn.touched |= changed
    return None


def _bring(turn: _Turn, group: tuple[Kind, ...]) -> None:
    source = Source(turn.provider, turn.service.lists, turn.connection.book, turn.epoch, turn.ask, turn.announce)
    _note(turn, pull_lists(source, _start(turn, group)))


def _start(turn: _Turn, group: tuple[Kind, ...]) -> Position:
    """Where to begin: where the last turn stopped, if nobody has held the lease since, else at the first page."""
    stopped = turn.request.position
    if stopped is not None and stopped.kinds == group and stopped.epoch + 1 == turn.epoch:
        return stopped
    now = turn.service.clock.now()
    full = _is_full(turn, group, now)
    since = None if full else min(_health(turn.connection, kind).cursor or "" for kind in group)
    return Position(group, page=None, full=full, began=now, epoch=turn.epoch, since=since)


def _is_full(turn: _Turn, group: tuple[Kind, ...], now: datetime) -> bool:
    healths = [_health(turn.connection, kind) for kind in group]
    has_delta = turn.provider.profile.delta_kinds.issuperset(group)
    return turn.request.full or needs_full_pass(healths, has_delta=has_delta, now=now)


def _health(connection: Connection, kind: Kind) -> ListHealth:
    return connection.lists.get(kind) or ListHealth(kind)


def _note(turn: _Turn, pulled: Pulled) -> None:
    """Write down how the lists ended, and count what changed for the report."""
    counts = dict(turn.request.counts)
    for kind, more in pulled.counts.items():
        counts[kind] = counts.get(kind, Counts()) + more
    turn.request = replace(turn.request, counts=counts)
    turn.connection, activated = record_lists(turn.service, turn.connection, pulled, turn.request)
    turn.touched |= activated


def _pause(turn: _Turn, position: Position | None, until: datetime | None) -> Outcome:
    if turn.touched:
        ask_recheck(turn.service, turn.request.tenant, turn.request.account)
    wait = until - turn.service.clock.now() if until else NOW
    continue_later(turn.service, turn.request.again(position), max(wait, NOW))
    return Outcome.CONTINUES


def continue_later(service: Service, request: RefreshRequest, wait: timedelta) -> None:
    """Send the request on to a later turn: by the queue where it can wait that long, else by the agenda."""
    seconds = -int(-wait.total_seconds() // 1)  # rounded up: a turn a moment too early only meets the limit again
    if seconds <= LONGEST_DELAY and request.hops <= HOPS:
        service.refresh_queue.send(request.body(), group=request.tenant, delay_seconds=seconds)
        return
    at = service.clock.now() + timedelta(seconds=max(seconds, LONGEST_DELAY))
    service.agenda.put("refresh", at, request.connection, replace(request, hops=0).body())
