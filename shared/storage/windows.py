"""Windows: how many calls of a provider's limits are still to be given out, and who may not call before when."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.domain.call_log import CallLog, Held, believe, grant, kept_from, next_of_spread, plan, settle, spread, turns
from shared.domain.errors import ConflictError, fail
from shared.domain.limits import (
    INTERACTIVE_RESERVE,
    LONGEST_CALL,
    SLICE_CALLS,
    Ask,
    Blocked,
    LimitFigures,
    LimitScope,
    Report,
    Slice,
    Work,
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
# Parts of a window: how long a slice may be used, how long calls are kept for who was refused, how much waiting for
# turns a whole slice may bring.
_SLICE_LIFE: Final = 4
_KEPT_FOR_WAITING: Final = 12
PATIENCE: Final = 30
_TRIES: Final = 10  # as many writers as that may want one organisation's window at once
_KEPT: Final = timedelta(days=2)
_KEY: Final = "pk WINDOW#<provider>:<organisation>, sk WINDOW"


@dataclass(frozen=True, slots=True)
class _Window:
    """What an organisation (or an app's shard) has left, and until when scopes are blocked.

    `day_left` are calls not granted yet of the day that ends at `day_ends`; `day_told` says that the provider named
    that time. `reserved_until` is set while only the share of interactive calls is left.
    """

    log: CallLog = field(default_factory=CallLog)
    day_left: int = 0
    day_ends: datetime | None = None
    day_told: bool = False
    reserved_until: datetime | None = None
    blocked: dict[str, datetime] = field(default_factory=dict)
    version: int = 0


class WindowStore:
    """Slices of calls that keep every span of a minute within the limit; an app's minute is spread over ten shards.

    A class of calls that the provider counts apart has a window like an organisation's, under `class_of` its name.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._shard = random.randrange(APP_SHARDS)  # noqa: S311

    @access("claims", "GetItem twice, PutItem; the same for one shard of the app's minute", _KEY, "version as read")
    def take_slice(self, provider: str, organisation: str, ask: Ask, figures: LimitFigures) -> Slice | Blocked:
        """Grant 1 to 20 calls, or say which limit stands against it and until when. Either way the report is taken in.

        A share of the day (5 %) is kept for interactive calls. Raises `busy` after ten lost races; the report is then
        to be handed in again.
        """
        key = _organisation(provider, organisation)
        for _ in range(_TRIES):
            seen = self._read(key)
            current = _settled(seen, ask.report, figures)
            after, taken = _taken(current, ask, figures, self._app_blocked(provider, ask.report.at))
            if not (after == seen or self._write(key, after, ask.report.at)):
                continue
            if isinstance(taken, Slice):
                return taken if figures.app_per_minute is None else self._of_app(provider, key, ask, figures, taken)
            if ask.report.answered:
                self._settle_shard(provider, ask.report, figures)
            return taken
        raise fail("busy")

    @access("claims", "GetItem, PutItem; the same for one shard of the app's minute", _KEY, "version as read")
    def settle(self, provider: str, organisation: str, report: Report, figures: LimitFigures) -> None:
        """Take in a worker's report: calls that it did not make are free again. Raises `busy` after ten lost races."""
        self._change(_organisation(provider, organisation), report.at, lambda seen: _settled(seen, report, figures))
        self._settle_shard(provider, report, figures)

    @access("claims", "GetItem, PutItem", _KEY + "; an app's block: pk WINDOW#<provider>", "version as read")
    def block(self, provider: str, organisation: str, blocked: Blocked, now: datetime) -> None:
        """No call of this scope before `blocked.until`; a block that lasts longer stays. Raises `busy`."""
        is_app = blocked.scope is LimitScope.APP_MINUTE
        key = _app(provider) if is_app else _organisation(provider, organisation)
        self._change(key, now, lambda seen: _with_block(seen, blocked))

    @access("claims", "GetItem twice", _KEY + " and pk WINDOW#<provider>")
    def blocked(self, provider: str, organisation: str, now: datetime) -> Blocked | None:
        """The block of background work that lasts longest now, of the organisation or the app, or None."""
        seen = self._read(_organisation(provider, organisation))
        standing = [_blocked(seen, now), _reserved(seen, now), self._app_blocked(provider, now)]
        return max((one for one in standing if one), key=lambda blocked: blocked.until, default=None)

    def _settle_shard(self, provider: str, report: Report, figures: LimitFigures) -> None:
        if figures.app_per_minute is None:
            return
        share = _share(figures)
        self._change(_app(provider, self._shard), report.at, lambda seen: _shard_settled(seen, report, share))

    def _app_blocked(self, provider: str, now: datetime) -> Blocked | None:
        return _blocked(self._read(_app(provider)), now)

    def _of_app(
        self, provider: str, key: tuple[str, str], ask: Ask, figures: LimitFigures, granted: Slice
    ) -> Slice | Blocked:
        """The granted calls, paid for from the app's minute too; what it has no room for is given back."""
        report, wanted = ask.report, len(granted.turns)
        calls, until = self._take_of_shards(provider, report, _share(figures), wanted)
        if calls < wanted:
            self._change(key, report.at, lambda seen: _given_back(seen, report.owner, wanted - calls))
        if calls:
            return replace(granted, turns=granted.turns[:calls])
        return Blocked(LimitScope.APP_MINUTE, max(until, report.at + report.window / PATIENCE))

    def _take_of_shards(self, provider: str, report: Report, share: LimitFigures, wanted: int) -> tuple[int, datetime]:
        """Up to `wanted` calls of the first shard that has any, the process's own first; else when one has room."""
        others = [shard for shard in range(APP_SHARDS) if shard != self._shard]
        random.shuffle(others)
        room_at: list[datetime] = []
        for shard in (self._shard, *others):
            told = report if shard == self._shard else replace(report, answered=(), in_flight=0, reading_at=None)
            calls, at = self._take_of_shard(_app(provider, shard), told, share, wanted)
            if calls:
                self._shard = shard
                return calls, at
            room_at.append(at)
        return 0, min(room_at)

    def _take_of_shard(
        self, key: tuple[str, str], report: Report, share: LimitFigures, wanted: int
    ) -> tuple[int, datetime]:
        now, window = _ms(report.at), _length(report.window)
        for _ in range(_TRIES):
            current = _shard_settled(self._read(key), report, share)
            room = turns(current.log, share.per_minute, wanted, now=now, window=window)
            calls = sum(turn <= now for turn in room)
            if not calls:
                return 0, _at(room[0])
            log = grant(current.log, report.owner, calls, _ms(report.at + report.window / _SLICE_LIFE + LONGEST_CALL))
            if self._write(key, replace(current, log=log), report.at):
                return calls, report.at
        raise fail("busy")

    def _change(self, key: tuple[str, str], now: datetime, change: Callable[[_Window], _Window]) -> None:
        for _ in range(_TRIES):
            seen = self._read(key)
            after = change(seen)
            if after == seen or self._write(key, after, now):
                return
        raise fail("busy")

    def _read(self, key: tuple[str, str]) -> _Window:
        row = self._table.get(*key)
        return decode(_Window, row) if row else _Window()

    def _write(self, key: tuple[str, str], after: _Window, now: datetime) -> bool:
        stored = replace(after, version=after.version + 1)
        row = row_of(key, stored, expires_at=int((now + _KEPT).timestamp()))
        try:
            self._table.write(Put(row, version_is(after.version) if after.version else ABSENT))
        except ConflictError:
            return False
        return True


def _settled(seen: _Window, report: Report, figures: LimitFigures) -> _Window:
    """An organisation's window with a report taken in, in the day that its time lies in."""
    current = _rolled(seen, report, figures)
    log = _reported(current.log, report, report.reading.minute_left, figures.per_minute)
    had = current.log.open.get(report.owner)
    unused = (had.calls if had else 0) - len(report.answered) - report.in_flight
    current = replace(current, log=log, day_left=current.day_left + max(0, unused))
    told = report.reading.day_left
    if told is None:
        return current
    # The provider counts what has reached it, we what was granted.
    left = max(0, told - log.held())
    if left > current.day_left + figures.per_day // 10:  # its day has begun anew since, whatever the time
        ends = report.at + report.window * _MINUTES_A_DAY
        current = replace(current, day_ends=ends, day_told=False, reserved_until=None)
    return replace(current, day_left=left)


def _rolled(seen: _Window, report: Report, figures: LimitFigures) -> _Window:
    """The day that the report's time lies in: full again when a new one has begun.

    A provider's day begins when it likes: at midnight UTC (assumed) until the provider has shown more.
    """
    day = report.window * _MINUTES_A_DAY
    if seen.day_ends is not None and report.at < seen.day_ends:
        return seen
    ends = seen.day_ends or window_start(report.at, day)
    ends += day * ((report.at - ends) // day + 1)
    return replace(seen, day_left=figures.per_day, day_ends=ends, reserved_until=None)


def _shard_settled(seen: _Window, report: Report, share: LimitFigures) -> _Window:
    """A shard of the app's minute: it takes its part of what the provider says is left to the whole app."""
    told = report.reading.app_minute_left
    return replace(
        seen, log=_reported(seen.log, report, None if told is None else told // APP_SHARDS, share.per_minute)
    )


def _reported(log: CallLog, report: Report, left: int | None, limit: int) -> CallLog:
    now, window = _ms(report.at), _length(report.window)
    in_flight = Held(report.in_flight, _ms(report.at + LONGEST_CALL))
    log = settle(log, report.owner, [_ms(at) for at in report.answered], in_flight, now=now, window=window)
    if report.pace is not None:
        log = replace(log, pace=_length(report.pace))
    if left is None or report.reading_at is None:
        return log
    return believe(log, left, limit, _ms(report.reading_at), window)


def _taken(
    current: _Window, ask: Ask, figures: LimitFigures, app_blocked: Blocked | None
) -> tuple[_Window, Slice | Blocked]:
    """What a worker gets of an organisation's windows, and the windows after it."""
    now = ask.report.at
    interactive = ask.work is Work.INTERACTIVE
    blocked = _blocked(current, now) or app_blocked or (None if interactive else _reserved(current, now))
    if blocked:
        return current, blocked
    of_day = current.day_left - (0 if interactive else round(figures.per_day * INTERACTIVE_RESERVE))
    if of_day < 1:
        again = _day_looked_at_again(current, ask.report)
        if interactive or current.day_told or current.reserved_until is None:
            return replace(current, reserved_until=again), Blocked(LimitScope.DAY, again)
        of_day, current = 1, replace(current, reserved_until=again)  # one call, to see whether a new day has begun
    return _of_minute(current, ask, min(ask.calls, SLICE_CALLS, of_day), figures.per_minute)


def _of_minute(current: _Window, ask: Ask, want: int, limit: int) -> tuple[_Window, Slice | Blocked]:
    log, report, kind = current.log, ask.report, ask.work.value
    now, window = _ms(report.at), _length(report.window)
    kept = 0 if ask.work is Work.INTERACTIVE else kept_from(log.waiting, kind, now)
    free = turns(log, limit, kept + want + SLICE_CALLS, now=now, window=window)[kept:]
    planned = plan(free[:want], now, log.pace, window // PATIENCE)
    if isinstance(planned, tuple) and ask.work is Work.PUBLISH:
        log, calls = spread(log, free, len(planned), now, window)
        planned = planned[:calls] or next_of_spread(log, window)
    others = {name: one for name, one in log.waiting.items() if name != kind}
    if isinstance(planned, int):
        if ask.work is not Work.PUBLISH:  # publishing would always be first to take what comes free
            others[kind] = Held(want, planned + window // _KEPT_FOR_WAITING)
        return replace(current, log=replace(log, waiting=others)), Blocked(LimitScope.MINUTE, _at(planned))
    ends_at = report.at + report.window / _SLICE_LIFE
    log = grant(replace(log, waiting=others), report.owner, len(planned), _ms(ends_at + LONGEST_CALL))
    after = replace(current, log=log, day_left=current.day_left - len(planned))
    return after, Slice(tuple(_at(turn) for turn in planned), ends_at)


def _day_looked_at_again(current: _Window, report: Report) -> datetime:
    """The day's end where the provider named it; else within an hour, for its day may end before the assumed time."""
    ends = current.day_ends or report.at
    return ends if current.day_told else min(ends, report.at + report.window * 60)


def _given_back(seen: _Window, owner: str, calls: int) -> _Window:
    held = seen.log.open.get(owner)
    if held is None:
        return seen
    others = {name: one for name, one in seen.log.open.items() if name != owner}
    left = {owner: replace(held, calls=held.calls - calls)} if held.calls > calls else {}
    return replace(seen, log=replace(seen.log, open=others | left), day_left=seen.day_left + calls)


def _with_block(seen: _Window, blocked: Blocked) -> _Window:
    before = seen.blocked.get(blocked.scope.value)
    if before is not None and before >= blocked.until:
        return seen
    after = replace(seen, blocked={**seen.blocked, blocked.scope.value: blocked.until})
    if blocked.scope is not LimitScope.DAY:
        return after
    return replace(after, day_left=0, day_ends=blocked.until, day_told=True)


def _blocked(seen: _Window, now: datetime) -> Blocked | None:
    standing = [Blocked(LimitScope(scope), until) for scope, until in seen.blocked.items() if until > now]
    return max(standing, key=lambda blocked: blocked.until, default=None)


def _reserved(seen: _Window, now: datetime) -> Blocked | None:
    """The end of a day of which nothing but the share of interactive calls is left."""
    until = seen.reserved_until
    return Blocked(LimitScope.DAY, until) if until is not None and until > now else None


def _share(figures: LimitFigures) -> LimitFigures:
    """What one shard has of the app's minute."""
    return replace(figures, per_minute=max(1, (figures.app_per_minute or 0) // APP_SHARDS))


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _length(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)


def class_of(organisation: str, name: str) -> str:
    """What a class of an organisation's calls goes by here, in the place of the organisation."""
    return f"{organisation}/{name}"


def _organisation(provider: str, organisation: str) -> tuple[str, str]:
    return f"WINDOW#{organisation_part(provider, organisation)}", "WINDOW"


def _app(provider: str, shard: int | None = None) -> tuple[str, str]:
    return f"WINDOW#{part(provider)}" + (f"#{shard}" if shard is not None else ""), "WINDOW"
