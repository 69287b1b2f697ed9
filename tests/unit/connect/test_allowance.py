"""What a process may call: slices from the windows, less where the provider says so, nothing after a 429."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared.aws.clock import Clock
from shared.domain.limits import Blocked, LimitReading, LimitScope, Slice
from shared.providers.contract import LimitReached
from shared.usecases.service import Service
from shared.usecases.sessions import Allowance, allowance

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Windows:
    """Remembers what was asked of it; `grants` is what it gives out, in order."""

    def __init__(self, *grants: Slice | Blocked) -> None:
        self.grants = list(grants)
        self.corrected: list[LimitReading] = []
        self.blocks: list[Blocked] = []

    def take_slice(self, *given: Any, **named: Any) -> Slice | Blocked:
        return self.grants.pop(0)

    def correct(self, provider: str, organisation: str, reading: LimitReading, *given: Any) -> None:
        self.corrected.append(reading)

    def block(self, provider: str, organisation: str, blocked: Blocked, *given: Any) -> None:
        self.blocks.append(blocked)


class Setup:
    def __init__(self, *grants: Slice | Blocked) -> None:
        self.at = START
        self.windows = Windows(*grants)
        clock = Clock(6, source=lambda: self.at)
        self.service = cast(Service, SimpleNamespace(windows=self.windows, clock=clock, allowances={}))
        self.allowance: Allowance = allowance(self.service, "xero", "org")


def slice_of(calls: int) -> Slice:
    return Slice(calls, START + timedelta(seconds=10))


BLOCKED = Blocked(LimitScope.MINUTE, START + timedelta(seconds=10))


def test_calls_are_paid_for_from_slices_and_refused_without_waiting() -> None:
    setup = Setup(slice_of(3), slice_of(2), BLOCKED)
    for _ in range(5):
        setup.allowance.permit()
    with pytest.raises(LimitReached) as reached:
        setup.allowance.permit()
    assert reached.value.blocked == BLOCKED
    setup.allowance.blocked(BLOCKED)  # our own statement is not written down once more
    assert not setup.windows.blocks


def test_a_slice_lapses_with_its_window() -> None:
    setup = Setup(slice_of(20), slice_of(20))
    setup.allowance.permit()
    setup.at += timedelta(seconds=10)
    setup.allowance.permit()
    assert not setup.windows.grants


def test_the_provider_is_believed_where_it_grants_less() -> None:
    setup = Setup(slice_of(20), BLOCKED)
    setup.allowance.permit()
    setup.allowance.observe(LimitReading(minute_left=40))
    assert not setup.windows.corrected
    setup.allowance.observe(LimitReading(minute_left=1))
    assert setup.windows.corrected == [LimitReading(minute_left=0)]  # the one that is left is ours
    setup.allowance.permit()
    with pytest.raises(LimitReached):
        setup.allowance.permit()


def test_a_429_is_remembered_for_everybody_and_ends_the_slice() -> None:
    setup = Setup(slice_of(20), slice_of(20))
    setup.allowance.permit()
    told = Blocked(LimitScope.APP_MINUTE, START + timedelta(seconds=7))
    setup.allowance.blocked(told)
    assert setup.windows.blocks == [told]
    setup.allowance.permit()
    assert not setup.windows.grants


def test_one_allowance_per_process_and_kind_of_call() -> None:
    setup = Setup()
    assert allowance(setup.service, "xero", "org") is setup.allowance
    assert allowance(setup.service, "xero", "org", interactive=True) is not setup.allowance
