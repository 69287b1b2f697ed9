"""Workers of every kind on one organisation, against a provider whose minute begins when it likes.

Time is simulated: a call takes its turn, arrives at the provider some time later and is answered later still. Nothing
is random but what hypothesis draws.
"""

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from math import ceil
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.aws.clock import Clock
from shared.domain.limits import LimitReading, Work
from shared.providers.contract import LimitReached
from shared.storage.windows import WindowStore, _Window
from shared.usecases import sessions
from shared.usecases.sessions import Allowance

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMIT, MINUTE = 60, 60.0


@dataclass
class Provider:
    """Counts calls as they arrive: in a minute that begins at `offset`, or in the last 60 s where that is None."""

    offset: float | None
    arrivals: list[float] = field(default_factory=list)

    def left(self, at: float) -> int:
        begin = at - MINUTE if self.offset is None else at - (at - self.offset) % MINUTE
        used = sum(one > begin if self.offset is None else one >= begin for one in self.arrivals)
        return max(0, LIMIT - used)

    def most_in_a_minute(self) -> int:
        """The most calls in any of its minutes."""
        arrivals = sorted(self.arrivals)
        if self.offset is not None:
            return max(Counter((one - self.offset) // MINUTE for one in arrivals).values())
        return max(sum(begin <= one < begin + MINUTE for one in arrivals) for begin in arrivals)


class Rows(WindowStore):
    """The store's rules on rows in memory; what its reads and writes do is tested on DynamoDB."""

    def __init__(self, rows: dict[tuple[str, str], Any]) -> None:
        super().__init__(cast(Any, None))
        self.rows = rows
        self.writes = 0

    def _read(self, key: tuple[str, str]) -> Any:
        return self.rows.get(key, _Window())

    def _write(self, key: tuple[str, str], after: Any, now: datetime) -> bool:
        assert self._read(key).version == after.version
        self.rows[key] = replace(after, version=after.version + 1)
        self.writes += 1
        return True


class Simulation:
    """Events in the order of their time, in seconds after START."""

    def __init__(self, provider: Provider, seed: int) -> None:
        self.now = 0.0
        self.provider = provider
        self.random = Random(seed)
        self.rows = Rows({})
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self.slot = 0  # whose turn it is, as a thread would be

    def at(self, when: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), act))

    def run(self, until: float) -> None:
        while self._events and self._events[0][0] < until:
            self.now, _, act = heapq.heappop(self._events)
            act()

    def time(self) -> datetime:
        return START + timedelta(seconds=self.now)

    def seconds(self, at: datetime) -> float:
        return (at - START).total_seconds()

    def new_process(self, work: Work) -> Allowance:
        service = cast(Any, SimpleNamespace(windows=self.rows, clock=Clock(source=self.time), allowances={}))
        return Allowance(service, "xero", "org", work)


@dataclass
class Worker:
    """Makes `wanted` calls in so many slots; a limit ends its process once what is under way has ended."""

    simulation: Simulation
    work: Work
    slots: int
    wanted: int
    latency: float
    name: int
    settles: bool = True
    made: int = 0
    busy: int = 0
    wake_at: datetime | None = None
    allowance: Allowance | None = None

    def wake(self) -> None:
        self.allowance, self.wake_at = self.simulation.new_process(self.work), None
        self.busy = self.slots
        for slot in range(self.slots):
            self.next_call(self.name * 10 + slot)

    def next_call(self, slot: int) -> None:
        simulation = self.simulation
        assert self.allowance is not None
        if self.wake_at is not None or self.made >= self.wanted:
            self.stop()
            return
        simulation.slot = slot
        try:
            turn = max(simulation.now, simulation.seconds(self.allowance.turn()))
        except LimitReached as limit:
            self.allowance.blocked(limit.blocked)
            self.wake_at = limit.blocked.until
            self.stop()
            return
        self.made += 1
        taken = self.latency * simulation.random.uniform(0.7, 1.3)
        arrival = turn + taken * simulation.random.uniform(0.05, 0.95)
        left: list[int] = []

        def arrive() -> None:
            simulation.provider.arrivals.append(simulation.now)
            left.append(simulation.provider.left(simulation.now))

        def answer() -> None:
            simulation.slot = slot
            assert self.allowance is not None
            self.allowance.observe(LimitReading(minute_left=left[0]))
            self.next_call(slot)

        simulation.at(arrival, arrive)
        simulation.at(turn + taken, answer)

    def stop(self) -> None:
        self.busy -= 1
        if self.busy:
            return
        simulation = self.simulation
        assert self.allowance is not None
        if self.settles:
            self.allowance.settle()
        if self.made < self.wanted and self.wake_at is not None:
            # Queues delay whole seconds, and a message takes a while to be delivered.
            delay = max(0, ceil(simulation.seconds(self.wake_at) - simulation.now))
            simulation.at(simulation.now + delay + simulation.random.uniform(0.02, 0.2), self.wake)


@pytest.fixture(autouse=True)
def simulated_threads(monkeypatch: pytest.MonkeyPatch) -> list[Simulation]:
    running: list[Simulation] = []
    monkeypatch.setattr(sessions, "get_ident", lambda: running[-1].slot)
    return running


EXAMPLES = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def simulation_of(running: list[Simulation], offset: float | None, seed: int) -> Simulation:
    simulation = Simulation(Provider(offset), seed)
    running.append(simulation)
    return simulation


@EXAMPLES
@given(
    offset=st.none() | st.floats(0, 60),
    latency=st.floats(0.05, 1.5),
    seed=st.integers(0, 10**6),
    settles=st.booleans(),
)
def test_a_publisher_uses_the_minute_up_and_never_more(
    simulated_threads: list[Simulation],
    offset: float | None,
    latency: float,
    seed: int,
    settles: bool,
) -> None:
    """A process that dies takes what was under way with it for a while; it may cost a few per cent, never a 429."""
    simulation = simulation_of(simulated_threads, offset, seed)
    worker = Worker(simulation, Work.PUBLISH, 3, 10_000, latency, name=1, settles=settles)
    simulation.at(0, worker.wake)
    minutes = 10
    simulation.run(minutes * MINUTE)
    assert simulation.provider.most_in_a_minute() <= LIMIT
    used = len(simulation.provider.arrivals) / (LIMIT * minutes)
    assert used >= (0.95 if settles else 0.9)
    assert simulation.rows.writes / minutes <= 24  # most of them in the minute in which the provider's is looked for


@EXAMPLES
@given(
    offset=st.none() | st.floats(0, 60),
    latency=st.floats(0.05, 1.5),
    seed=st.integers(0, 10**6),
    refresh_at=st.floats(0, 120),
    people=st.lists(st.floats(0, 200), max_size=4),
)
def test_several_workers_keep_the_limit_together_and_none_starves(  # noqa: PLR0917
    simulated_threads: list[Simulation],
    offset: float | None,
    latency: float,
    seed: int,
    refresh_at: float,
    people: list[float],
) -> None:
    simulation = simulation_of(simulated_threads, offset, seed)
    publisher = Worker(simulation, Work.PUBLISH, 3, 10_000, latency, name=1)
    refresher = Worker(simulation, Work.REFRESH, 1, 23, latency, name=2)
    persons = [Worker(simulation, Work.INTERACTIVE, 1, 2, latency, name=3 + number) for number in range(len(people))]
    simulation.at(0, publisher.wake)
    simulation.at(refresh_at, refresher.wake)
    for at, person in zip(people, persons, strict=True):
        simulation.at(at, person.wake)
    minutes = 10
    simulation.run(minutes * MINUTE)
    assert simulation.provider.most_in_a_minute() <= LIMIT
    used = len(simulation.provider.arrivals) / (LIMIT * minutes)
    assert used >= 0.95
    assert refresher.made == 23
    assert all(person.made == 2 for person in persons)


@EXAMPLES
@given(begins=st.floats(10, 40), latency=st.floats(0.05, 0.6), seed=st.integers(0, 10**6))
def test_a_new_minute_of_the_provider_is_found_and_made_use_of(
    simulated_threads: list[Simulation], begins: float, latency: float, seed: int
) -> None:
    """A minute counted from our first call alone would end the first two minutes' calls after 120 s."""
    simulation = simulation_of(simulated_threads, begins, seed)
    worker = Worker(simulation, Work.PUBLISH, 3, 2 * LIMIT + 5, latency, name=1)
    simulation.at(0, worker.wake)
    simulation.run(10 * MINUTE)
    assert simulation.provider.most_in_a_minute() <= LIMIT
    assert len(simulation.provider.arrivals) == 2 * LIMIT + 5
    assert max(simulation.provider.arrivals) <= begins + MINUTE + 20
