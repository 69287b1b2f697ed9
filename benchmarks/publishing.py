"""Bills with and without files: our publisher beside two loops over Xero's SDK, taking turns at one sandbox.

All three are one Python process that calls the same sandbox over HTTP. Ours runs the worker as deployed (cold for every
message) with its tables and files simulated on the same machine, which counts against it and is told apart: on a busy
machine it is much of our time. It starts from items that were taken in and lists that were pulled, and ends when every
outcome is written down.

The clock is sped up where it can be without touching the figures: work takes the time it takes, and the clock, Xero's
and ours alike, jumps over every wait for a limit. Seconds are on that clock; what was jumped over is told apart.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final
from unittest.mock import patch

from moto import mock_aws

from benchmarks.result import show, write
from benchmarks.sdk_loops import Bill, Sdk, in_batches, one_by_one, waiting_by
from rehearsal import dynamodb_local
from rehearsal.founding import Template, new_world, template_of
from rehearsal.papers import bill as body_of
from rehearsal.sandbox_process import SandboxClient, running_sandbox
from rehearsal.tables import local_client
from rehearsal.world import PDF, Time, World
from shared.aws.clients import Clients
from shared.domain.items import FactOutcome

OURS: Final = "ours"
LOOP: Final = "SDK, one by one"
BATCHES: Final = "SDK, in batches"
_NO_LIMIT: Final = 1_000_000
_AWS: Final = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
}


@dataclass(frozen=True)
class Scenario:
    """`latency` in seconds is added to every answer; `limited` by Xero's own figures, else by none."""

    name: str
    bills: int
    file: bytes | None
    latency: float
    limited: bool = False
    rounds: int = 2


SCENARIOS: Final = (
    Scenario("50 bills, 150 ms a call", 50, None, latency=0.15),
    Scenario("50 bills with a file each, 150 ms a call", 50, PDF, latency=0.15),
    Scenario("120 bills with a file each, 150 ms a call, Xero's limits", 120, PDF, 0.15, limited=True, rounds=1),
)


class TimedClient:
    """A client of AWS that adds up the time spent in its calls: the simulation's, one call at a time."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.seconds = 0.0
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def timed(*given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return found(*given, **named)
            finally:
                self.seconds += time.perf_counter() - began
                self.calls += 1

        return timed


def _timed_clients(dynamodb_at: str | None) -> tuple[Clients, list[TimedClient]]:
    clients = Clients()
    if dynamodb_at:
        clients.__dict__["dynamodb"] = local_client(dynamodb_at)
    timed = {name: TimedClient(getattr(clients, name)) for name in ("dynamodb", "s3", "kms", "secretsmanager")}
    clients.__dict__.update(timed)
    return clients, list(timed.values())


def bills(scenario: Scenario, known: Sequence[str]) -> list[Bill]:
    """Four fifths of the suppliers are in the books, one fifth are new; each has two or three bills."""
    suppliers = [*known[:16], *(f"Newcomer {number} Ltd" for number in range(4))]
    return [Bill(f"BENCH-{number}", suppliers[number % len(suppliers)]) for number in range(scenario.bills)]


def _suppliers(sandbox: SandboxClient, organisation: str) -> list[str]:
    books = sandbox.read(f"/xero/organisations/{organisation}/books")
    plain = [one["Name"] for one in books["Contacts"] if one["ContactStatus"] == "ACTIVE" and '"' not in one["Name"]]
    return sorted(dict.fromkeys(plain))


class Stopwatch:
    """Seconds that passed, worked and jumped over, since the scenario's conditions were set."""

    def __init__(self, clock: Time, scenario: Scenario) -> None:
        sandbox = clock.sandbox
        if not scenario.limited:
            sandbox.control("/xero/limits", dict.fromkeys(("minute", "day", "concurrent", "app_minute"), _NO_LIMIT))
        # Windows of both sides are fresh, and every contender begins at the same second of its minute.
        clock.pass_by(seconds=180 - clock().timestamp() % 60)
        if scenario.latency:
            sandbox.fault("*", "*", "latency", seconds=scenario.latency, times=None)
        sandbox.control("/counts/clear")
        self._clock = clock
        self._ahead = clock.ahead
        self._began = time.perf_counter()

    def read(self) -> tuple[float, float]:
        """All that passed, and what of it was jumped over."""
        jumped = (self._clock.ahead - self._ahead).total_seconds()
        return time.perf_counter() - self._began + jumped, jumped


def _observed(
    sandbox: SandboxClient, organisation: str, scenario: Scenario, taken: tuple[float, float]
) -> dict[str, Any]:
    counts = sandbox.read("/counts")
    books = sandbox.read(f"/xero/organisations/{organisation}/books")
    made = {one["InvoiceID"] for one in books["Invoices"] if str(one.get("InvoiceNumber")).startswith("BENCH-")}
    files = sum(len(found) for owner, found in books["Attachments"].items() if owner in made)
    wanted = (scenario.bills, scenario.bills if scenario.file else 0)
    if (len(made), files) != wanted:
        raise RuntimeError(f"{scenario.name}: {len(made)} bills and {files} files in the books, not {wanted}")
    calls: dict[str, int] = counts["calls"]["xero"]
    return {
        "seconds": round(taken[0], 2),
        "of_these_jumped_over": round(taken[1], 2),
        "calls": sum(calls.values()),
        "calls_by_endpoint": dict(sorted(calls.items())),
        "throttled": counts["throttled"],
    }


def run_sdk(
    sandbox: SandboxClient, scenario: Scenario, loop: Callable[[Sdk, Sequence[Bill], bytes | None], None]
) -> dict[str, Any]:
    """One of the SDK's loops over a fresh sandbox."""
    sandbox.reset()
    connected = sandbox.connect()
    wanted = bills(scenario, _suppliers(sandbox, connected.tenant))
    sdk = Sdk(connected)
    clock = Time(sandbox)
    watch = Stopwatch(clock, scenario)
    with waiting_by(lambda seconds: clock.pass_by(seconds=seconds)):
        loop(sdk, wanted, scenario.file)
    return _observed(sandbox, connected.tenant, scenario, watch.read())


_templates: list[Template] = []


def run_ours(sandbox: SandboxClient, scenario: Scenario, dynamodb_at: str | None) -> dict[str, Any]:
    """Our worker over a fresh sandbox and fresh tables, on DynamoDB Local where its address is given, else on moto."""
    sandbox.reset()
    with _simulated_aws():
        clients, timed = _timed_clients(dynamodb_at)
        world = new_world(sandbox, clients, _templates[0] if _templates else None)
        if not _templates:
            _templates.append(template_of(world))
        wanted = bills(scenario, _suppliers(sandbox, world.tenant_id))
        ids = world.create(
            [body_of(number=one.number, contact={"name": one.supplier}) for one in wanted], file=scenario.file
        )
        watch = Stopwatch(world.time, scenario)
        before = _spent(timed)
        world.publish(ids)
        _work(world)
        taken, spent = watch.read(), _spent(timed)
        aws = {"in_simulated_aws": round(spent[0] - before[0], 2), "aws_calls": spent[1] - before[1]}
        return _observed(sandbox, world.tenant_id, scenario, taken) | aws


def _spent(timed: Sequence[TimedClient]) -> tuple[float, int]:
    return sum(one.seconds for one in timed), sum(one.calls for one in timed)


def _work(world: World) -> None:
    """What Lambda and the agenda do: messages when they are due, until every outcome is written down."""
    while not _all_done(world):
        if not world.queue:
            raise RuntimeError(f"the queue is empty and not all is published: {world.failures}")
        first = min(world.queue, key=lambda message: message.due)
        world.time.pass_until(first.due)
        world.deliver(first)


def _all_done(world: World) -> bool:
    published = [state.published for state in world.states().values()]
    return all(
        one is not None and (one.attachment is None or one.attachment.outcome is FactOutcome.DONE) for one in published
    )


def _dynamodb() -> AbstractContextManager[str | None]:
    """AWS's own simulation in a process of its own where Java has it, as DynamoDB is; else moto in ours."""
    return nullcontext() if dynamodb_local.why_missing() else dynamodb_local.running()


@contextmanager
def _simulated_aws() -> Iterator[None]:
    with patch.dict("os.environ", _AWS), mock_aws(), redirect_stdout(StringIO()):  # metrics go there
        yield


def measure(sandbox: SandboxClient, scenario: Scenario, dynamodb_at: str | None) -> dict[str, Any]:
    """Every contender in turn, `rounds` times; figures of each, and the ratios of the medians to ours."""
    runs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for _ in range(scenario.rounds):
        runs[LOOP].append(run_sdk(sandbox, scenario, one_by_one))
        runs[OURS].append(run_ours(sandbox, scenario, dynamodb_at))
        runs[BATCHES].append(run_sdk(sandbox, scenario, in_batches))
    medians = {name: statistics.median(run["seconds"] for run in found) for name, found in runs.items()}
    return {
        "scenario": {name: value for name, value in vars(scenario).items() if name != "file"},
        "file_bytes": len(scenario.file) if scenario.file else 0,
        "runs": runs,
        "median_seconds": medians,
        "beside_ours": {name: round(seconds / medians[OURS], 2) for name, seconds in medians.items()},
        "calls_beside_ours": {name: round(_calls(runs, name) / _calls(runs, OURS), 2) for name in runs},
    }


def _calls(runs: dict[str, list[dict[str, Any]]], name: str) -> int:
    return int(runs[name][-1]["calls"])


def main() -> None:
    found = []
    with running_sandbox() as sandbox, _dynamodb() as there:
        # Imports, compiled patterns, the lists of the first world.
        run_ours(sandbox, Scenario("warm-up", 1, None, 0.0), there)
        for scenario in SCENARIOS:
            one = measure(sandbox, scenario, there)
            found.append(one)
            show(
                scenario.name,
                [
                    "",
                    "seconds",
                    "of these waited",
                    "in simulated AWS",
                    "calls",
                    "answered 429",
                    "time / ours",
                    "calls / ours",
                ],
                [
                    (
                        name,
                        one["median_seconds"][name],
                        one["runs"][name][-1]["of_these_jumped_over"],
                        one["runs"][name][-1].get("in_simulated_aws", 0.0),
                        one["runs"][name][-1]["calls"],
                        one["runs"][name][-1]["throttled"],
                        one["beside_ours"][name],
                        one["calls_beside_ours"][name],
                    )
                    for name in (OURS, BATCHES, LOOP)
                ],
            )
    write("publishing", {"tables": "DynamoDB Local" if there else "moto", "scenarios": found})


if __name__ == "__main__":
    main()
