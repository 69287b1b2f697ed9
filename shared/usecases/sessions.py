"""Sessions: what a provider call needs, paid for from the organisation's windows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Final, TypeVar

from shared.domain.connections import Connection
from shared.domain.errors import Problem, fail
from shared.domain.limits import SLICE_CALLS, Blocked, LimitFigures, LimitReading, Slice
from shared.domain.secrets import Secret
from shared.providers.contract import AccessLost, LimitReached, Session, TokenRefused
from shared.usecases.access_token import Access, access_token
from shared.usecases.lost_access import access_lost
from shared.usecases.service import Service

T = TypeVar("T")

MINUTE: Final = timedelta(minutes=1)
_LOW: Final = 100  # calls left to the whole app in a minute, below which every worker should know


class OutOfTime(Exception):
    """The invocation is too near its end for another call; the work goes on in the next one."""


class Allowance:
    """Calls one process may make to an organisation: slices of up to 20, taken from its windows as they are used up.

    Threads share it. A slice lapses with its window; what is left of it is not handed back.
    """

    def __init__(self, service: Service, provider: str, organisation: str, *, interactive: bool) -> None:
        self._service = service
        self._provider = provider
        self._organisation = organisation
        self._interactive = interactive
        self._lock = Lock()
        self._slice: Slice | None = None
        self._left = 0
        self._own_block: Blocked | None = None

    @property
    def _figures(self) -> LimitFigures:
        from shared.providers import registry

        return registry.profile(self._provider).limits

    @property
    def _window(self) -> timedelta:
        return self._service.clock.scale(MINUTE)

    def permit(self) -> None:
        """Pay for one call; raises LimitReached where none may be made before some time."""
        with self._lock:
            now = self._service.clock.now()
            if self._left <= 0 or self._slice is None or now >= self._slice.ends_at:
                self._take(now)
            self._left -= 1

    def _take(self, now: datetime) -> None:
        taken = self._service.windows.take_slice(
            self._provider,
            self._organisation,
            now=now,
            window=self._window,
            want=SLICE_CALLS,
            figures=self._figures,
            interactive=self._interactive,
        )
        if isinstance(taken, Blocked):
            self._own_block = taken
            raise LimitReached(taken)
        self._slice, self._left = taken, taken.calls

    def observe(self, reading: LimitReading) -> None:
        """Believe the provider where it grants less than we thought: other programs share its limits with us."""
        with self._lock:
            tight = reading.minute_left is not None and reading.minute_left < self._left
            if tight and reading.minute_left is not None:
                self._left = reading.minute_left
            ours = self._left
        day_low = reading.day_left is not None and reading.day_left < SLICE_CALLS
        app_low = reading.app_minute_left is not None and reading.app_minute_left < _LOW
        if tight or day_low or app_low:
            # What this process still holds of the minute is not there to be given out once more.
            rest = None if reading.minute_left is None else max(0, reading.minute_left - ours)
            told = replace(reading, minute_left=rest)
            now = self._service.clock.now()
            self._service.windows.correct(self._provider, self._organisation, told, now, self._window)

    def blocked(self, blocked: Blocked) -> None:
        """Remember a 429 for everybody; what our own windows refused is known already."""
        with self._lock:
            self._left = 0
        if blocked != self._own_block:
            self._service.windows.block(self._provider, self._organisation, blocked, self._service.clock.now())


def allowance(service: Service, provider: str, organisation: str, *, interactive: bool = False) -> Allowance:
    """The process's allowance for an organisation: one, however many sessions use it."""
    key = (provider, organisation, interactive)
    return service.allowances.setdefault(key, Allowance(service, provider, organisation, interactive=interactive))


def session_for(
    service: Service,
    connection: Connection,
    access: Access | None = None,
    *,
    deadline: datetime,
    interactive: bool = False,
) -> Session:
    """A session for the connection's pinned organisation until `deadline` (UTC).

    `access` is a token already held; else one is got. Raises organisation_not_chosen, connection_expired and what
    access_token raises.
    """
    held = access or _token(service, connection, deadline)
    return _session(service, connection.provider, connection.pinned.id, held, deadline, interactive=interactive)


def consent_session(service: Service, access: Access, organisation: str, *, deadline: datetime) -> Session:
    """A session on a consent before any organisation is pinned; `organisation` is empty for calls about all of them."""
    return _session(service, access.grant.provider, organisation, access, deadline, interactive=True)


def first_session(service: Service, provider: str, token: Secret, *, deadline: datetime) -> Session:
    """A session on a token that is not stored yet, for the call that proves what it was given for.

    Paid from a window that all such calls share: nothing is known yet of whose organisation is asked about.
    """
    return _unpinned(service, provider, token, deadline, allowance(service, provider, "consents", interactive=True))


def _session(
    service: Service, provider: str, organisation: str, access: Access, deadline: datetime, *, interactive: bool
) -> Session:
    # The list of a consent's organisations belongs to none of them: such calls are counted by grant.
    paid_by = allowance(service, provider, organisation or f"grant-{access.grant_id}", interactive=interactive)
    return replace(_unpinned(service, provider, access.token, deadline, paid_by), organisation=organisation)


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
    interactive: bool = False,
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
        return _watched(service, connection, access, call, deadline, interactive=interactive)
    except TokenRefused:
        access = token(access.token_version)
    try:
        return _watched(service, connection, access, call, deadline, interactive=interactive)
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
    interactive: bool,
) -> T:
    try:
        return call(session_for(service, connection, access, deadline=deadline, interactive=interactive))
    except LimitReached as limit:
        note_limit(service, connection, limit, interactive=interactive)
        raise
    except AccessLost as lost:
        access_lost(service, connection, lost.problem)
        raise


def note_limit(service: Service, connection: Connection, limit: LimitReached, *, interactive: bool = False) -> None:
    """Let every worker know that the provider answered 429; free for a limit that our own windows stated."""
    paid_by = allowance(service, connection.provider, connection.pinned.id, interactive=interactive)
    paid_by.blocked(limit.blocked)
