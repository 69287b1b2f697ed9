"""What a process may call: slices from the windows, less where the provider says so, nothing after a 429."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared.aws.clock import Clock
from shared.domain.errors import fail
from shared.domain.limits import Ask, Blocked, LimitReading, LimitScope, Report, Slice, Work
from shared.providers.contract import LimitReached
from shared.providers.quickbooks.profile import BATCHES
from shared.usecases import sessions
from shared.usecases.service import Service
from shared.usecases.sessions import Allowance, allowance, paid_twice

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Windows:
    """Remembers what was asked of it; `grants` is what it gives out, in order."""

    def __init__(self, *grants: Slice | Blocked) -> None:
        self.grants = list(grants)
        self.asked: list[Ask] = []
        self.settled: list[Report] = []
        self.blocks: list[Blocked] = []
        self.busy = False

    def take_slice(self, provider: str, organisation: str, ask: Ask, figures: Any) -> Slice | Blocked:
        self.asked.append(ask)
        return self.grants.pop(0)

    def settle(self, provider: str, organisation: str, report: Report, figures: Any) -> None:
        if self.busy:
            raise fail("busy")
        self.settled.append(report)

    def block(self, provider: str, organisation: str, blocked: Blocked, *given: Any) -> None:
        self.blocks.append(blocked)


class Setup:
    """An allowance on a clock six times as fast as the provider's: its minute takes ten seconds."""

    def __init__(self, *grants: Slice | Blocked) -> None:
        self.at = START
        self.windows = Windows(*grants)
        clock = Clock(6, source=lambda: self.at)
        self.service = cast(Service, SimpleNamespace(windows=self.windows, clock=clock, allowances={}))
        self.allowance: Allowance = allowance(self.service, "xero", "org", Work.PUBLISH)

    def call(self, **left: int) -> None:
        self.allowance.permit()
        self.allowance.observe(LimitReading(**left))


def slice_of(calls: int, turns: Sequence[datetime] = ()) -> Slice:
    return Slice(tuple(turns) or (START,) * calls, START + 10 * SECOND)


BLOCKED = Blocked(LimitScope.MINUTE, START + 10 * SECOND)


def test_calls_are_paid_for_from_slices_and_refused_without_waiting() -> None:
    setup = Setup(slice_of(3), slice_of(2), BLOCKED)
    for _ in range(5):
        setup.call()
    with pytest.raises(LimitReached) as reached:
        setup.allowance.permit()
    assert reached.value.blocked == BLOCKED
    assert [(ask.calls, len(ask.report.answered)) for ask in setup.windows.asked] == [(10, 0), (20, 3), (20, 2)]
    setup.allowance.blocked(BLOCKED)  # our own statement is not written down once more
    assert not setup.windows.blocks


def test_a_slice_lapses_with_its_time() -> None:
    setup = Setup(slice_of(20), slice_of(20))
    setup.call()
    setup.at += 10 * SECOND
    setup.call()
    assert not setup.windows.grants


def test_a_turn_that_comes_in_a_moment_is_waited_for_and_a_later_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(sessions, "sleep", waited.append)
    setup = Setup(slice_of(2, [START + SECOND / 4, START + 3 * SECOND]), BLOCKED)
    setup.call()
    assert waited == [0.25]
    with pytest.raises(LimitReached):
        setup.allowance.permit()
    assert waited == [0.25]


def test_calls_under_way_are_reported_with_the_answered_ones() -> None:
    setup = Setup(slice_of(1), slice_of(2))
    setup.allowance.permit()
    setup.allowance.permit()
    assert setup.windows.asked[1].report.in_flight == 1


def test_the_provider_is_believed_where_it_grants_less() -> None:
    setup = Setup(slice_of(20), BLOCKED)
    setup.call(minute_left=40)
    setup.call(minute_left=1)
    setup.allowance.permit()
    with pytest.raises(LimitReached):
        setup.allowance.permit()
    report = setup.windows.asked[1].report
    assert (report.reading, report.reading_at) == (LimitReading(minute_left=1), START)


def test_calls_that_are_still_under_way_may_need_what_the_provider_says_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setup = Setup(slice_of(20), BLOCKED)
    threads = iter([1, 2, 3, 1, 4])
    monkeypatch.setattr(sessions, "get_ident", lambda: next(threads))
    for _ in range(3):
        setup.allowance.permit()
    setup.allowance.observe(LimitReading(minute_left=3))  # of which two calls may not have been taken off yet
    setup.allowance.permit()
    with pytest.raises(LimitReached):
        setup.allowance.permit()


def test_turns_of_the_next_minute_are_kept_though_nothing_is_left_of_this_one() -> None:
    setup = Setup(slice_of(3, [START, START + SECOND, START + SECOND]))
    setup.call(minute_left=0)
    setup.at += SECOND
    setup.call()
    assert len(setup.windows.asked) == 1


def test_an_old_reading_is_not_reported() -> None:
    setup = Setup(slice_of(1), BLOCKED)
    setup.call(minute_left=59, day_left=12)
    setup.at += 11 * SECOND
    with pytest.raises(LimitReached):
        setup.allowance.permit()
    assert setup.windows.asked[1].report.reading == LimitReading()


def test_when_the_apps_minute_is_nearly_used_up_every_organisation_waits() -> None:
    setup = Setup(slice_of(20), BLOCKED)
    setup.call(app_minute_left=100)
    assert not setup.windows.blocks
    setup.call(app_minute_left=99)
    pause = SECOND * 10 / 6  # a sixth of the minute; all processes name the same end
    ((blocked),) = setup.windows.blocks
    assert blocked.scope is LimitScope.APP_MINUTE
    assert pause <= blocked.until - START <= 2 * pause
    with pytest.raises(LimitReached):
        setup.allowance.permit()


def test_a_429_is_remembered_for_everybody_and_ends_the_slice() -> None:
    setup = Setup(slice_of(20), slice_of(20))
    setup.call()
    told = Blocked(LimitScope.APP_MINUTE, START + 7 * SECOND)
    setup.allowance.blocked(told)
    assert setup.windows.blocks == [told]
    setup.call()
    assert not setup.windows.grants


def test_what_was_not_used_is_given_back_once() -> None:
    setup = Setup(slice_of(20), slice_of(20))
    setup.allowance.settle()
    setup.call()
    setup.windows.busy = True
    setup.allowance.settle()  # no harm: the slice lapses by itself
    setup.windows.busy = False
    setup.allowance.settle()
    setup.allowance.settle()
    assert [report.answered for report in setup.windows.settled] == [(START,)]
    setup.call()
    assert not setup.windows.grants


def test_one_allowance_per_process_and_kind_of_work() -> None:
    setup = Setup()
    assert allowance(setup.service, "xero", "org", Work.PUBLISH) is setup.allowance
    assert allowance(setup.service, "xero", "org", Work.INTERACTIVE) is not setup.allowance


class TwoKinds:
    """Calls of a class that the provider counts apart: of their own minute, and of every call's."""

    def __init__(self, of_class: Sequence[Slice | Blocked], every: Sequence[Slice | Blocked]) -> None:
        self.class_windows, self.windows = Windows(*of_class), Windows(*every)
        self.of_class = self._allowance(self.class_windows, BATCHES)
        self.every = self._allowance(self.windows, "")
        self.paying = paid_twice(self.of_class, self.every)

    def _allowance(self, windows: Windows, of_class: str) -> Allowance:
        clock = Clock(6, source=lambda: START)
        service = cast(Service, SimpleNamespace(windows=windows, clock=clock, allowances={}))
        return allowance(service, "quickbooks", "org", Work.PUBLISH, of_class)


def test_a_call_of_a_class_is_paid_for_twice_and_reported_twice() -> None:
    setup = TwoKinds([slice_of(1), BLOCKED], [slice_of(5)])
    setup.paying.permit()
    setup.paying.observe(LimitReading())
    with pytest.raises(LimitReached) as reached:
        setup.paying.permit()
    assert reached.value.blocked == replace(BLOCKED, scope=LimitScope.CLASS)
    assert len(setup.class_windows.asked[1].report.answered) == 1
    setup.every.blocked(reached.value.blocked)
    assert not setup.windows.blocks
    setup.every.permit()  # other calls go on, of the slice they have
    setup.every.settle()
    assert [(len(report.answered), report.in_flight) for report in setup.windows.settled] == [(1, 1)]


def test_a_call_of_a_class_that_has_no_turn_as_a_call_is_free_again() -> None:
    setup = TwoKinds([slice_of(5)], [BLOCKED])
    with pytest.raises(LimitReached):
        setup.paying.permit()
    setup.of_class.settle()
    (report,) = setup.class_windows.settled
    assert (report.answered, report.in_flight) == ((), 0)
