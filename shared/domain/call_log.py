"""The calls of a provider's last minute: how many more may be made, wherever that minute begins.

Providers count calls in windows that begin when they like, or that slide. So what is kept to is stricter than any of
them: no span of one window's length, wherever it begins, may hold more calls than the limit. A call counts from the
moment it may be made until a whole window after its answer, for its arrival at the provider lies somewhere in between.
Only where the provider itself says that more is left, because a window of its own has begun, are calls forgotten
sooner; to hear of that, the last calls of a minute are spread over it now and then.

All times here are milliseconds since the epoch, whole numbers, as they are stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, groupby, repeat
from typing import Final

_STEPS: Final = 120  # in a window: calls that stop counting within one step do so together, at its end
_SOON: Final = 5  # times a worker's patience: calls that come free after a longer gap are not waited for
_STEPS_OF_SPREAD: Final = 5  # in which the last calls of a minute are made, while the provider's is looked for
_CALLS_OF_STEP: Final = 3  # as many as a publisher makes at once
_SPREAD: Final = _STEPS_OF_SPREAD * _CALLS_OF_STEP
_LOOKED_AGAIN: Final = 60  # windows later: the beginning may have been lost by then, for ours drifts
_KEPT_STEPS: Final = 40  # after they stopped counting: a header read a while ago still counted them


@dataclass(frozen=True, slots=True)
class Held:
    """Calls kept for one worker: each is made before `until`, or never."""

    calls: int
    until: int


@dataclass(frozen=True, slots=True)
class CallLog:
    """Calls made, calls granted and calls that somebody was promised.

    `frees` holds (time, calls): so many calls stop counting then. `open` holds, by worker, granted calls that are in
    flight or were not made yet. `waiting` holds, by kind of work, calls kept for who was refused. `pace` is the time
    between two calls of a worker that nothing holds up, as last measured. `looking` is when it was last looked for the
    beginning of the provider's minute.
    """

    frees: tuple[tuple[int, int], ...] = ()
    open: dict[str, Held] = field(default_factory=dict)
    waiting: dict[str, Held] = field(default_factory=dict)
    pace: int = 0
    looking: int = 0

    def held(self) -> int:
        """Calls that are granted and may still be made or be on their way."""
        return sum(one.calls for one in self.open.values())


def turns(log: CallLog, limit: int, count: int, *, now: int, window: int) -> list[int]:
    """For each of the next `count` calls: the earliest time it may be made; `now` for those that may be at once.

    Fewer where the limit is lower. Calls granted for later have taken the place of those that stop counting first.
    """
    counted = sorted(
        [
            *chain.from_iterable(repeat(at, calls) for at, calls in log.frees if at > now),
            *chain.from_iterable(repeat(one.until + window, one.calls) for one in log.open.values()),
        ]
    )
    free = limit - len(counted)
    at_once = [now] * min(max(free, 0), count)
    return (at_once + counted[max(-free, 0) :])[:count]


def settle(log: CallLog, owner: str, answered: Sequence[int], in_flight: Held, *, now: int, window: int) -> CallLog:
    """Take down what became of a worker's calls; those that were neither answered nor sent are free again."""
    ends = [_step_end(at + window, window) for at in answered]
    oldest = now - window * _KEPT_STEPS // _STEPS
    others = {name: one for name, one in log.open.items() if name != owner and one.until + window > oldest}
    return replace(
        log,
        frees=_merged((one for one in log.frees if one[0] > oldest), ends),
        open=others | ({owner: in_flight} if in_flight.calls else {}),
        waiting={name: one for name, one in log.waiting.items() if one.until > now},
    )


def grant(log: CallLog, owner: str, calls: int, until: int) -> CallLog:
    """Give a worker more calls, to be made before `until`."""
    before = log.open.get(owner, Held(0, until))
    return replace(log, open={**log.open, owner: Held(before.calls + calls, max(before.until, until))})


def believe(log: CallLog, left: int, limit: int, at: int, window: int) -> CallLog:
    """Take over what a provider said at `at` is left.

    Less than we had to give out: others call too, and their calls are taken for made at that moment. More: a window of
    its own has begun, and calls of before count no longer.
    """
    counted = sum(calls for end, calls in log.frees if end > at)
    others = limit - counted - log.held() - left
    if others > 0:
        return replace(log, frees=_merged(log.frees, [_step_end(at + window, window)] * others))
    since = sum(calls for end, calls in log.frees if end - window > at)
    forgotten = left - since - (limit - counted)
    if forgotten <= 0:
        return log
    looking = at - window if forgotten > limit // 2 else log.looking
    return replace(log, frees=_without_earliest(log.frees, forgotten, at), looking=max(looking, log.looking - window))


def spread(log: CallLog, free: Sequence[int], wanted: int, now: int, window: int) -> tuple[CallLog, int]:
    """How many of the `wanted` calls to make now, of the turns that are free, so that the last ones are spread out.

    Each of them may find that the provider's minute has begun anew; once that was seen, or was not seen for a whole
    minute, it is not looked for again for some time. 0: wait for a step of the spread.
    """
    at_once = sum(turn <= now for turn in free)
    if at_once - wanted >= _SPREAD or at_once < wanted or not log.frees:
        return log, wanted
    if now >= log.looking + _LOOKED_AGAIN * window:
        log = replace(log, looking=now)
    if now >= log.looking + window:
        return log, wanted
    if at_once > _SPREAD:
        return log, at_once - _SPREAD
    return log, min(_CALLS_OF_STEP, wanted) if now >= next_of_spread(log, window) else 0


def next_of_spread(log: CallLog, window: int) -> int:
    """When the next step of a minute's last calls comes."""
    return max(end for end, _ in log.frees) - window + window // (_STEPS_OF_SPREAD + 2)


def plan(free: Sequence[int], now: int, pace: int, patience: int) -> tuple[int, ...] | int:
    """Times for a worker's next calls, of the turns that it wants, or when it should ask again.

    As many as, made at `pace`, wait for no more than `patience` in all. Where that is less than a quarter of what is
    wanted and more come free soon, the worker should come again once they are: every slice is a write, and waiting is
    paid for.
    """
    begins: list[int] = []  # when to begin at the latest, so that as many calls as this wait for nothing
    for number, turn in enumerate(free):
        if begins and turn > max(now, free[number - 1]) + _SOON * patience:
            break
        begins.append(max(turn - number * pace, begins[-1] if begins else now))
    ready = sum(begin <= now + patience for begin in begins)
    if ready and ready >= min(len(begins), -(-len(free) // 4)):
        return tuple(free[:ready])
    return max(begins[-1], now + 1) if begins else now + patience


def kept_from(waiting: Mapping[str, Held], kind: str, now: int) -> int:
    """Calls that this kind of work leaves alone: they are promised to other kinds that were refused before."""
    return sum(one.calls for name, one in waiting.items() if name != kind and one.until > now)


def _without_earliest(frees: Sequence[tuple[int, int]], calls: int, at: int) -> tuple[tuple[int, int], ...]:
    left: list[tuple[int, int]] = []
    for end, counted in sorted(frees):
        gone = min(calls, counted) if end > at else 0
        calls -= gone
        if counted > gone:
            left.append((end, counted - gone))
    return tuple(left)


def _step_end(at: int, window: int) -> int:
    step = max(1, window // _STEPS)
    return (at // step + 1) * step


def _merged(frees: Iterable[tuple[int, int]], ends: Sequence[int]) -> tuple[tuple[int, int], ...]:
    every = sorted([*frees, *((end, 1) for end in ends)])
    return tuple((end, sum(calls for _, calls in same)) for end, same in groupby(every, key=lambda one: one[0]))
