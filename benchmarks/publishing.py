"""Bills with and without files: our publisher beside two loops over Xero's SDK, taking turns at one sandbox.

All three are one Python process that calls the same sandbox over HTTP. Ours runs the worker as deployed (cold for every
message) with its tables, queue and files simulated in that same process, which counts against it; it starts from items
that were taken in and lists that were pulled, and ends when every outcome is written down.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

from moto import mock_aws

from benchmarks.result import show, write
from benchmarks.sdk_loops import Bill, Sdk, in_batches, one_by_one, retry_after_at
from shared.aws.clients import Clients
from shared.aws.clock import Clock
from shared.domain.items import FactOutcome
from shared.usecases.service import Service
from tests.contract.sandbox_process import SandboxClient, running_sandbox
from tests.integration.publishing.papers import bill as body_of
from tests.integration.publishing.world import PDF, Template, Time, World, new_world, template_of

OURS: Final = "ours"
LOOP: Final = "SDK, one by one"
BATCHES: Final = "SDK, in batches"
_NO_LIMIT: Final = 1_000_000
_AWS: Final = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    "POWERTOOLS_METRICS_DISABLED": "true",
}


@dataclass(frozen=True)
class Scenario:
    """`latency` in real seconds is added to every answer; `pace` is how much faster Xero's clock runs."""

    name: str
    bills: int
    file: bytes | None
    latency: float
    pace: float = 1.0
    limited: bool = False
    rounds: int = 2


SCENARIOS: Final = (
    Scenario("50 bills, 150 ms a call", 50, None, latency=0.15),
    Scenario("50 bills with a file each, 150 ms a call", 50, PDF, latency=0.15),
    # 150 ms on Xero's clock, as its limits are.
    Scenario("120 bills with a file each, Xero's limits, clock x 6", 120, PDF, 0.025, 6.0, limited=True, rounds=1),
)


class RealTime(Time):
    """Waiting takes as long as it says."""

    def pass_by(self, **amount: float) -> None:
        time.sleep(max(0.0, sum(amount.values())))


@dataclass
class RealWorld(World):
    """The publisher's world on a clock that nobody moves."""

    pace: float = 1.0

    def new_service(self) -> Service:
        service = super().new_service()
        service.clock = Clock(self.pace, self.time)
        return service


def bills(scenario: Scenario, known: Sequence[str]) -> list[Bill]:
    """Four fifths of the suppliers are in the books, one fifth are new; each has two or three bills."""
    suppliers = [*known[:16], *(f"Newcomer {number} Ltd" for number in range(4))]
    return [Bill(f"BENCH-{number}", suppliers[number % len(suppliers)]) for number in range(scenario.bills)]


def _suppliers(sandbox: SandboxClient, organisation: str) -> list[str]:
    books = sandbox.read(f"/xero/organisations/{organisation}/books")
    plain = [one["Name"] for one in books["Contacts"] if one["ContactStatus"] == "ACTIVE" and '"' not in one["Name"]]
    return sorted(dict.fromkeys(plain))


def _prepare(sandbox: SandboxClient, scenario: Scenario) -> None:
    """The limits and latency of the scenario, from a fresh minute on."""
    if not scenario.limited:
        figures = dict.fromkeys(("minute", "day", "concurrent", "app_minute"), _NO_LIMIT)
        sandbox.control("/xero/limits", figures)
    sandbox.control("/clock", {"factor": scenario.pace, "advance_seconds": 120})
    if scenario.latency:
        sandbox.fault("*", "*", "latency", seconds=scenario.latency, times=None)
    sandbox.control("/counts/clear")


def _observed(sandbox: SandboxClient, organisation: str, scenario: Scenario, seconds: float) -> dict[str, Any]:
    counts = sandbox.read("/counts")
    books = sandbox.read(f"/xero/organisations/{organisation}/books")
    made = {one["InvoiceID"] for one in books["Invoices"] if str(one.get("InvoiceNumber")).startswith("BENCH-")}
    files = sum(len(found) for owner, found in books["Attachments"].items() if owner in made)
    wanted = (scenario.bills, scenario.bills if scenario.file else 0)
    if (len(made), files) != wanted:
        raise RuntimeError(f"{scenario.name}: {len(made)} bills and {files} files in the books, not {wanted}")
    calls: dict[str, int] = counts["calls"]["xero"]
    return {
        "seconds": round(seconds, 2),
        "seconds_on_xeros_clock": round(seconds * scenario.pace, 1),
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
    _prepare(sandbox, scenario)
    began = time.perf_counter()
    with retry_after_at(scenario.pace):
        loop(sdk, wanted, scenario.file)
    return _observed(sandbox, connected.tenant, scenario, time.perf_counter() - began)


_templates: list[Template] = []


def run_ours(sandbox: SandboxClient, scenario: Scenario) -> dict[str, Any]:
    """Our worker over a fresh sandbox and fresh tables."""
    sandbox.reset()
    with _simulated_aws():
        plain = new_world(sandbox, Clients(), _templates[0] if _templates else None)
        if not _templates:
            _templates.append(template_of(plain))
        wanted = bills(scenario, _suppliers(sandbox, plain.tenant_id))
        ids = plain.create(
            [body_of(number=one.number, contact={"name": one.supplier}) for one in wanted], file=scenario.file
        )
        _prepare(sandbox, scenario)
        plain.time.ahead = Time(sandbox).ahead
        world = RealWorld(**vars(plain), pace=scenario.pace)
        world.time = RealTime(sandbox)
        began = time.perf_counter()
        world.publish(ids)
        _work(world)
        return _observed(sandbox, plain.tenant_id, scenario, time.perf_counter() - began)


def _work(world: RealWorld) -> None:
    """What Lambda and the agenda do: messages when they are due, until every outcome is written down."""
    while not _all_done(world):
        if not world.queue:
            raise RuntimeError(f"the queue is empty and not all is published: {world.failures}")
        first = min(world.queue, key=lambda message: message.due)
        world.time.pass_until(first.due)
        world.deliver(first)


def _all_done(world: RealWorld) -> bool:
    published = [state.published for state in world.states().values()]
    return all(
        one is not None and (one.attachment is None or one.attachment.outcome is FactOutcome.DONE) for one in published
    )


@contextmanager
def _simulated_aws() -> Iterator[None]:
    with patch.dict("os.environ", _AWS), mock_aws():
        yield


def measure(sandbox: SandboxClient, scenario: Scenario) -> dict[str, Any]:
    """Every contender in turn, `rounds` times; figures of each, and the ratios of the medians to ours."""
    runs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for _ in range(scenario.rounds):
        runs[LOOP].append(run_sdk(sandbox, scenario, one_by_one))
        runs[OURS].append(run_ours(sandbox, scenario))
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
    with running_sandbox() as sandbox:
        run_ours(sandbox, Scenario("warm-up", 1, None, 0.0))  # imports, compiled patterns, the lists of the first world
        for scenario in SCENARIOS:
            one = measure(sandbox, scenario)
            found.append(one)
            show(
                scenario.name,
                ["", "seconds", "on Xero's clock", "calls", "answered 429", "time / ours", "calls / ours"],
                [
                    (
                        name,
                        one["median_seconds"][name],
                        one["median_seconds"][name] * scenario.pace,
                        one["runs"][name][-1]["calls"],
                        one["runs"][name][-1]["throttled"],
                        one["beside_ours"][name],
                        one["calls_beside_ours"][name],
                    )
                    for name in (OURS, BATCHES, LOOP)
                ],
            )
    write("publishing", {"scenarios": found})


if __name__ == "__main__":
    main()
