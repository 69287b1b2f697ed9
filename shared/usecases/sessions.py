"""Sessions: what a provider call needs, paid for from the organisation's windows."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from secrets import token_hex
from threading import Lock, get_ident
from time import sleep
from typing import Final, TypeVar

from shared.aws.log import logger
from shared.domain.connections import Connection
from shared.domain.errors import LedgerbridgeError, Problem, fail
from shared.domain.limits import (
    SLICE_CALLS,
    Ask,
    Blocked,
    LimitFigures,
    LimitReading,
    LimitScope,
    Paying,
    Report,
    Work,
    window_start,
)
from shared.domain.secrets import Secret
from shared.providers.contract import AccessLost, LimitReached, Session, TokenRefused
from shared.storage.windows import PATIENCE, class_of
from shared.usecases.access_token import Access, access_token
from shared.usecases.lost_access import access_lost
from shared.usecases.service import Service

T = TypeVar("T")

MINUTE: Final = timedelta(minutes=1)
# A process's first slice; who uses up a slice is given twice as many the next time, so that little lapses unused.
_FIRST_CALLS: Final = {Work.PUBLISH: 10, Work.REFRESH: 5, Work.INTERACTIVE: 2}
_APP_LOW: Final = 100  # one of so many calls of the app's minute: with fewer left, all wait, for many are on their way
_APP_PAUSES: Final = 6  # in a minute: how often to look whether the app's minute has begun anew


class OutOfTime(Exception):
    """The invocation is too near its end for another call; the work goes on in the next one."""


class Allowance:
    """Calls one process may make to an organisation: slices of up to 20, taken from its windows as they are used up.

    Threads share it. Each call of a slice has its turn, when a call of a minute ago stops counting. Where a worker
    goes at the pace of that minute it waits for next to nothing; what would take longer is refused, never slept
    through. What became of the calls is reported with the next slice, or with `settle`.
    """

    def __init__(self, service: Service, provider: str, organisation: str, work: Work, of_class: str = "") -> None:
        """With `of_class` these are calls of one class, which the provider counts apart as well."""
        self._service = service
        self._provider = provider
        self._organisation = class_of(organisation, of_class) if of_class else organisation
        self._work = work
        self._class = of_class
        self._owner = token_hex(4)
        self._lock = Lock()
        self._turns: deque[datetime] = deque()
        self._last_turn = service.clock.now()
        self._ends_at: datetime | None = None
        self._granted = 0
        self._next_calls = _FIRST_CALLS[work]
        self._in_flight: dict[int, datetime] = {}  # by thread: when its call's turn was
        self._answered: list[datetime] = []
        self._reading, self._reading_at = LimitReading(), service.clock.now()
        self._paused = timedelta()
        self._own_block: Blocked | None = None

    @property
    def _figures(self) -> LimitFigures:
        from shared.providers import registry

        limits = registry.profile(self._provider).limits
        return limits.of_class(self._class) if self._class else limits

    @property
    def _window(self) -> timedelta:
        return self._service.clock.scale(MINUTE)

    def permit(self) -> None:
        """Pay for one call, and wait for its turn, a moment at most.

        Raises LimitReached where none may be made before some time. `observe` must follow, whatever became of it.
        """
        turn = self.turn()
        wait = (turn - self._service.clock.now()).total_seconds()
        if wait > 0:
            sleep(wait)

    def turn(self) -> datetime:
        """Pay for one call; returns when it may be made: now, or in a moment. Raises LimitReached."""
        with self._lock:
            now = self._service.clock.now()
            if not self._has_turn(now):
                self._take(now)
            self._paused += self._wait(now)
            turn = self._last_turn = max(now, self._turns.popleft())
            self._in_flight[get_ident()] = turn
            return turn

    def _has_turn(self, now: datetime) -> bool:
        """Whether the slice has a call left whose turn has come, or comes before patience runs out."""
        if not self._turns or self._ends_at is None or now >= self._ends_at:
            return False
        return self._paused + self._wait(now) <= 2 * self._window / PATIENCE

    def _wait(self, now: datetime) -> timedelta:
        """What waiting for the next turn adds to the waiting for the one before, which another thread may be at."""
        return max(timedelta(), self._turns[0] - max(now, self._last_turn))

    def _take(self, now: datetime) -> None:
        used_up = bool(self._granted) and not self._turns
        self._next_calls = min(2 * self._next_calls, SLICE_CALLS) if used_up else _FIRST_CALLS[self._work]
        ask = Ask(self._work, self._next_calls, self._report(now))
        taken = self._service.windows.take_slice(self._provider, self._organisation, ask, self._figures)
        self._reported()
        if isinstance(taken, Blocked):
            self._own_block = replace(taken, scope=LimitScope.CLASS) if self._class else taken
            raise LimitReached(self._own_block)
        self._turns.extend(taken.turns)
        self._ends_at, self._granted = taken.ends_at, len(taken.turns)

    def _report(self, now: datetime) -> Report:
        fresh = self._reading_at > now - self._window
        return Report(
            self._owner,
            now,
            self._window,
            tuple(self._answered),
            len(self._in_flight),
            self._reading if fresh else LimitReading(),
            self._reading_at if fresh else None,
            self._pace(),
        )

    def _pace(self) -> timedelta | None:
        """The time between two calls of a slice that is used up, without the pauses for turns."""
        if self._turns or len(self._answered) < SLICE_CALLS // 2:
            return None
        taken = self._answered[-1] - self._answered[0] - self._paused
        return max(timedelta(), taken) / (len(self._answered) - 1)

    def _reported(self) -> None:
        self._answered.clear()
        self._turns.clear()
        self._ends_at, self._granted = None, 0
        self._reading, self._paused = LimitReading(), timedelta()

    def observe(self, reading: LimitReading) -> None:
        """Take in that a call has ended, and what its answer's headers said (nothing where there was no answer).

        The provider is believed where it grants less than we thought: other programs share its limits with us.
        """
        with self._lock:
            now = self._service.clock.now()
            turn = self._in_flight.pop(get_ident(), now)
            self._answered.append(now)
            if reading != LimitReading():
                self._reading, self._reading_at = reading, turn
            due = sum(one <= turn for one in self._turns)
            if reading.minute_left is not None and reading.minute_left < due:
                # Calls still on their way may not be counted in what the provider says is left.
                self._keep(max(0, reading.minute_left - len(self._in_flight)))
        of_app = self._figures.app_per_minute
        if reading.app_minute_left is not None and of_app and reading.app_minute_left < of_app // _APP_LOW:
            self._pause_app(now)

    def not_made(self) -> None:
        """Take in that the call which `permit` was last given for is not made: it is free again."""
        with self._lock:
            self._in_flight.pop(get_ident(), None)

    def _keep(self, calls: int) -> None:
        while len(self._turns) > calls:
            self._turns.pop()

    def _pause_app(self, now: datetime) -> None:
        """Every organisation of the app waits a little; the same moment for all, so that the first one writes it."""
        pause = self._window / _APP_PAUSES
        with self._lock:
            self._turns.clear()
        until = window_start(now, pause) + 2 * pause
        self._service.windows.block(self._provider, self._organisation, Blocked(LimitScope.APP_MINUTE, until), now)

    def blocked(self, blocked: Blocked) -> None:
        """Remember a 429 for everybody; what our own windows refused is known already."""
        if blocked.scope is LimitScope.CLASS:
            return  # providers do not say this of a class: it is what our own windows refused
        with self._lock:
            self._turns.clear()
        if blocked != self._own_block:
            self._service.windows.block(self._provider, self._organisation, blocked, self._service.clock.now())

    def settle(self) -> None:
        """Give back what was not used, when nothing is left to do: the next worker may be another process."""
        with self._lock:
            if not self._answered and not self._turns:
                return
            now = self._service.clock.now()
            try:
                self._service.windows.settle(self._provider, self._organisation, self._report(now), self._figures)
            except LedgerbridgeError as busy:  # the slice lapses by itself
                logger.info("slice not given back", extra={"code": busy.problem.code})
                return
            self._reported()


def allowance(service: Service, provider: str, organisation: str, work: Work, of_class: str = "") -> Allowance:
    """The process's allowance for one kind of work on an organisation: one, however many sessions use it."""
    key = (provider, organisation, work, of_class)
    return service.allowances.setdefault(key, Allowance(service, provider, organisation, work, of_class))


def settle_calls(service: Service, provider: str, organisation: str, work: Work) -> None:
    """Give back the calls that this process was granted for a kind of work and did not make."""
    from shared.providers import registry

    for of_class in ("", *registry.profile(provider).limits.classes):
        allowance(service, provider, organisation, work, of_class).settle()


def session_for(
    service: Service,
    connection: Connection,
    access: Access | None = None,
    *,
    deadline: datetime,
    work: Work = Work.PUBLISH,
) -> Session:
    """A session for the connection's pinned organisation until `deadline` (UTC).

    `access` is a token already held; else one is got. Raises organisation_not_chosen, connection_expired and what
    access_token raises.
    """
    held = access or _token(service, connection, deadline)
    return _session(service, connection.provider, connection.pinned.id, held, deadline, work=work)


def consent_session(service: Service, access: Access, organisation: str, *, deadline: datetime) -> Session:
    """A session on a consent before any organisation is pinned; `organisation` is empty for calls about all of them."""
    return _session(service, access.grant.provider, organisation, access, deadline, work=Work.INTERACTIVE)


def first_session(service: Service, provider: str, token: Secret, *, deadline: datetime) -> Session:
    """A session on a token that is not stored yet, for the call that proves what it was given for.

    Paid from a window that all such calls share: nothing is known yet of whose organisation is asked about.
    """
    return _unpinned(service, provider, token, deadline, allowance(service, provider, "consents", Work.INTERACTIVE))


def _session(
    service: Service, provider: str, organisation: str, access: Access, deadline: datetime, *, work: Work
) -> Session:
    # The list of a consent's organisations belongs to none of them: such calls are counted by grant.
    paid_by = allowance(service, provider, organisation or f"grant-{access.grant_id}", work)
    session = _unpinned(service, provider, access.token, deadline, paid_by)
    if not organisation:
        return session
    return replace(session, organisation=organisation, classes=_classes(service, provider, organisation, work))


def _classes(service: Service, provider: str, organisation: str, work: Work) -> dict[str, Paying]:
    """How calls are paid for that the provider counts apart: of their class's minute, then as every call."""
    from shared.providers import registry

    every = allowance(service, provider, organisation, work)
    names = registry.profile(provider).limits.classes
    return {name: paid_twice(allowance(service, provider, organisation, work, name), every) for name in names}


def paid_twice(of_class: Allowance, every: Allowance) -> Paying:
    """Pay for calls of a class that is counted apart; a call is made when both have a turn for it."""

    def permit() -> None:
        of_class.permit()
        try:
            every.permit()
        except BaseException:
            of_class.not_made()
            raise

    def observe(reading: LimitReading) -> None:
        of_class.observe(LimitReading())
        every.observe(reading)

    return Paying(permit, observe)


def _unpinned(service: Service, provider: str, token: Secret, deadline: datetime, paid_by: Allowance) -> Session:
    return Session(
        base_url=service.provider_url(provider),
        access_token=token,
        organisation="",
        deadline=deadline,
        permit=paid_by.permit,
        observe=paid_by.observe,
        now=service.clock.now,
        pace=service.clock.pace,
    )


def _token(service: Service, connection: Connection, deadline: datetime, refused: int | None = None) -> Access:
    if connection.grant is None:
        raise fail("connection_expired")
    return access_token(service, connection.tenant, connection.grant, refused_version=refused, deadline=deadline)


def with_token(
    service: Service,
    connection: Connection,
    call: Callable[[Session], T],
    *,
    deadline: datetime,
    work: Work = Work.PUBLISH,
    token: Callable[[int | None], Access] | None = None,
) -> T:
    """Run one call for a connection.

    `token` gives the token to use, by the version that was refused: for callers that hold one over many calls. A
    refused token is renewed once and the call repeated; a second refusal, or AccessLost, takes the connection out
    of service with an event. A 429 is remembered for every worker. Raises AccessLost, LimitReached, CallFailed.
    """
    token = token or partial(_token, service, connection, deadline)
    access = token(None)
    try:
        return _watched(service, connection, access, call, deadline, work=work)
    except TokenRefused:
        access = token(access.token_version)
    try:
        return _watched(service, connection, access, call, deadline, work=work)
    except TokenRefused:
        problem = Problem("connection_expired")
        access_lost(service, connection, problem)
        raise AccessLost(problem) from None


def _watched(
    service: Service,
    connection: Connection,
    access: Access,
    call: Callable[[Session], T],
    deadline: datetime,
    *,
    work: Work,
) -> T:
    try:
        return call(session_for(service, connection, access, deadline=deadline, work=work))
    except LimitReached as limit:
        note_limit(service, connection, limit, work=work)
        raise
    except AccessLost as lost:
        access_lost(service, connection, lost.problem)
        raise


def note_limit(service: Service, connection: Connection, limit: LimitReached, *, work: Work = Work.PUBLISH) -> None:
    """Let every worker know that the provider answered 429; free for a limit that our own windows stated."""
    paid_by = allowance(service, connection.provider, connection.pinned.id, work)
    paid_by.blocked(limit.blocked)
