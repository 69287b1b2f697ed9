"""Windows: how many calls of a provider's limits are still to be given out, and who may not call before when."""

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from shared.domain.errors import ConflictError, fail
from shared.domain.limits import (
    INTERACTIVE_RESERVE,
    SLICE_CALLS,
    Blocked,
    LimitFigures,
    LimitReading,
    LimitScope,
    Slice,
    window_start,
)
from shared.storage.access import access
from shared.storage.codec import decode
from shared.storage.keys import organisation_part, part
from shared.storage.operations import ABSENT, Put, version_is
from shared.storage.rows import row_of
from shared.storage.table import Table

APP_SHARDS: Final = 10
_MINUTES_A_DAY: Final = 24 * 60
_TRIES: Final = 10  # as many writers as that may want one organisation's window at once
_KEPT: Final = timedelta(days=2)
_KEY: Final = "pk WINDOW#<provider>:<organisation>, sk WINDOW"


@dataclass(frozen=True, slots=True)
class _Window:
    """What is left of an organisation's (or an app shard's) windows, and until when scopes are blocked."""

    minute: datetime | None = None
    minute_left: int = 0
    day: datetime | None = None
    day_left: int = 0
    blocked: dict[str, datetime] = field(default_factory=dict)
    version: int = 0


class WindowStore:
    """Slices of calls granted from fixed windows; an app's minute is spread over ten shards.

    A provider's minute takes `window` of our time (60 s, less where a sandbox's clock is sped up); a day is 1,440.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._granted: dict[str, _Window] = {}  # as last seen, so that most corrections need no write

    @access("claims", "GetItem, PutItem; the same for one shard of the app's minute", _KEY, "version as read")
    def take_slice(  # noqa: PLR0917 - the figures of one limit
        self,
        provider: str,
        organisation: str,
        now: datetime,
        window: timedelta,
        want: int,
        figures: LimitFigures,
        *,
        interactive: bool = False,
    ) -> Slice | Blocked:
        """Grant 1 to 20 calls that end with the minute, or say which limit stands against it and until when.

        A share of the day (5 %) is kept for interactive calls. Raises `busy` after ten lost races.
        """
        wanted = max(1, min(want, SLICE_CALLS))
        for _ in range(_TRIES):
            seen = self._read(_organisation(provider, organisation))
            blocked = _blocked(seen, now) or self._app_blocked(provider, now)
            if blocked:
                return blocked
            current = _rolled(seen, now, window, figures)
            reserve = 0 if interactive else round(figures.per_day * INTERACTIVE_RESERVE)
            calls = min(wanted, current.minute_left, current.day_left - reserve)
            ends_at = window_start(now, window) + window
            if current.minute_left < 1:
                return Blocked(LimitScope.MINUTE, ends_at)
            if calls < 1:
                return Blocked(LimitScope.DAY, window_start(now, window * _MINUTES_A_DAY) + window * _MINUTES_A_DAY)
            granted = self._take_of_app(provider, now, window, calls, figures)
            if not granted:
                return Blocked(LimitScope.APP_MINUTE, ends_at)
            after = replace(current, minute_left=current.minute_left - granted, day_left=current.day_left - granted)
            if self._write(_organisation(provider, organisation), after, now):
                return Slice(granted, ends_at)
        raise fail("busy")

    @access("claims", "GetItem, PutItem where the provider says less than we thought", _KEY, "version as read")
    def correct(
        self, provider: str, organisation: str, reading: LimitReading, now: datetime, window: timedelta
    ) -> None:
        """Take over what an answer's headers say is left, where it is less than we have left to give out."""
        key = _organisation(provider, organisation)
        known = self._granted.get(key[0])
        if known is not None and _lowered(known, reading, now, window) == known:
            return
        for _ in range(_TRIES):
            seen = self._read(key)
            lowered = _lowered(seen, reading, now, window)
            if lowered == seen or self._write(key, lowered, now):
                self._granted[key[0]] = lowered
                return

    @access("claims", "GetItem, PutItem", _KEY + "; an app's block: pk WINDOW#<provider>", "version as read")
    def block(self, provider: str, organisation: str, blocked: Blocked, now: datetime) -> None:
        """No call of this scope before `blocked.until`; a block that lasts longer stays. Raises `busy`."""
        is_app = blocked.scope is LimitScope.APP_MINUTE
        key = _app(provider) if is_app else _organisation(provider, organisation)
        for _ in range(_TRIES):
            seen = self._read(key)
            before = seen.blocked.get(blocked.scope.value)
            if before is not None and before >= blocked.until:
                return
            after = replace(seen, blocked={**seen.blocked, blocked.scope.value: blocked.until})
            if self._write(key, after, now):
                return
        raise fail("busy")

    @access("claims", "GetItem twice", _KEY + " and pk WINDOW#<provider>")
    def blocked(self, provider: str, organisation: str, now: datetime) -> Blocked | None:
        """The block that lasts longest now, of the organisation or the app, or None."""
        ours = _blocked(self._read(_organisation(provider, organisation)), now)
        apps = self._app_blocked(provider, now)
        standing = [blocked for blocked in (ours, apps) if blocked]
        return max(standing, key=lambda blocked: blocked.until, default=None)

    def _app_blocked(self, provider: str, now: datetime) -> Blocked | None:
        return _blocked(self._read(_app(provider)), now)

    def _take_of_app(self, provider: str, now: datetime, window: timedelta, calls: int, figures: LimitFigures) -> int:
        """Up to `calls` from any shard of the app's minute; 0 when all are used up."""
        share = replace(figures, per_minute=max(1, figures.app_per_minute // APP_SHARDS), per_day=0)
        shards = list(range(APP_SHARDS))
        random.shuffle(shards)
        for shard in shards * 2:
            key = _app(provider, shard)
            current = _rolled(self._read(key), now, window, share)
            granted = min(calls, current.minute_left)
            if granted and self._write(key, replace(current, minute_left=current.minute_left - granted), now):
                return granted
        return 0

    def _read(self, key: tuple[str, str]) -> _Window:
        row = self._table.get(*key)
        seen = decode(_Window, row) if row else _Window()
        self._granted[key[0]] = seen
        return seen

    def _write(self, key: tuple[str, str], after: _Window, now: datetime) -> bool:
        stored = replace(after, version=after.version + 1)
        row = row_of(key, stored, expires_at=int((now + _KEPT).timestamp()))
        try:
            self._table.write(Put(row, version_is(after.version) if after.version else ABSENT))
        except ConflictError:
            return False
        self._granted[key[0]] = stored
        return True


def _rolled(seen: _Window, now: datetime, window: timedelta, figures: LimitFigures) -> _Window:
    """The windows that `now` lies in: full again when a new one has begun, or the provider's day has ended as it told.

    A provider's day begins when it likes, not with ours: a day limit that has run out leaves nothing to wait for.
    """
    minute, day = window_start(now, window), window_start(now, window * _MINUTES_A_DAY)
    if seen.minute != minute:
        seen = replace(seen, minute=minute, minute_left=figures.per_minute)
    told = seen.blocked.get(LimitScope.DAY.value)
    if seen.day != day or (told is not None and told <= now):
        others = {scope: until for scope, until in seen.blocked.items() if scope != LimitScope.DAY or until > now}
        seen = replace(seen, day=day, day_left=figures.per_day, blocked=others)
    return seen


def _lowered(seen: _Window, reading: LimitReading, now: datetime, window: timedelta) -> _Window:
    if seen.minute == window_start(now, window) and reading.minute_left is not None:
        seen = replace(seen, minute_left=min(seen.minute_left, max(0, reading.minute_left)))
    if seen.day == window_start(now, window * _MINUTES_A_DAY) and reading.day_left is not None:
        seen = replace(seen, day_left=min(seen.day_left, max(0, reading.day_left)))
    return seen


def _blocked(seen: _Window, now: datetime) -> Blocked | None:
    standing = [Blocked(LimitScope(scope), until) for scope, until in seen.blocked.items() if until > now]
    return max(standing, key=lambda blocked: blocked.until, default=None)


def _organisation(provider: str, organisation: str) -> tuple[str, str]:
    return f"WINDOW#{organisation_part(provider, organisation)}", "WINDOW"


def _app(provider: str, shard: int | None = None) -> tuple[str, str]:
    return f"WINDOW#{part(provider)}" + (f"#{shard}" if shard is not None else ""), "WINDOW"
