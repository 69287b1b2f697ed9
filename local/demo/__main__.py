"""`PROVIDER=all python -m local.demo`: start a stack of its own, run the jobs, report, and leave nothing behind."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from rich.console import Console

from local.api import Api, ApiError, machine_token
from local.artifact import ROOT, BuildError
from local.demo.automatic import Automatic
from local.demo.change import Change
from local.demo.job import Job
from local.demo.report import complaints, conclude, facts, short_complaints, show
from local.demo.short import ShortJob
from local.demo.software import OTHERS, XERO
from local.demo.work import HOME, DemoError, Outcome, Say
from local.deploy import DeployError
from local.deployment import PROVIDER_APPS
from local.person import PageError
from local.processes import StartError
from local.sandbox_client import SandboxControl
from local.stack import Stack
from ops.target import Target
from ops.tenants import create_tenant

CLOCK_FACTOR: Final = 6
RESULT: Final = ROOT / ".local" / "demo.json"
ALL: Final = "all"
METRIC_LINE: Final = "_aws"
MOST_ERRORS: Final = 3


def units(stack: Stack) -> dict[str, float]:
    """Read and write units that the publish worker reported, from the embedded metrics in its log."""
    total = {"read_units": 0.0, "write_units": 0.0}
    for line in stack.logs("PublishWorkerFunction"):
        if METRIC_LINE not in line:
            continue
        said: dict[str, Any] = json.loads(line[line.index("{") :])
        for name in total:
            total[name] += sum(said.get(name, []))
    return total


def figures(stack: Stack, run: Callable[[], Outcome]) -> tuple[Outcome, dict[str, Any]]:
    """Run one job and work out its figures: units are what the publish worker used meanwhile."""
    before = units(stack)
    done = run()
    used = {name: total - before[name] for name, total in units(stack).items()}
    return done, facts(done, used, CLOCK_FACTOR)


def jobs(stack: Stack, wanted: str, say: Say) -> Iterator[tuple[Outcome, dict[str, Any]]]:
    """The jobs that were asked for, each as a tenant's program on this stack."""
    made = create_tenant(Target(stack.client, stack.outputs), "Demo product", [HOME])
    token = machine_token(stack.outputs["TokenUrl"], made.client_id, made.client_secret.reveal())
    api, sandbox = Api(stack.api_url, token), SandboxControl(stack.sandbox_url)
    if wanted in {ALL, XERO.name}:
        done, found = figures(stack, Job(api, sandbox, PROVIDER_APPS["xero"], say).run)
        more = {"automatic": Automatic(api, done, say).run(), "change": Change(api, sandbox, done, say).run()}
        yield done, found | more
    for software in OTHERS.values():
        if wanted in {ALL, software.name}:
            yield figures(stack, ShortJob(api, sandbox, software, say).run)


def show_errors(console: Console, stack: Stack) -> None:
    """What the functions logged as errors, for whoever has to find out why the job stopped."""
    for name in stack.outputs:
        if name.endswith("FunctionName"):
            function = name.removesuffix("Name")
            lines = [line for line in stack.logs(function) if '"ERROR"' in line or '"CRITICAL"' in line]
            for line in lines[-MOST_ERRORS:]:
                said = json.loads(line[line.index("{") :])
                console.print(f"[red]{function}[/red] {said.get('message')}", markup=True)
                console.print(said.get("exception", ""), markup=False)


def report(console: Console, results: list[tuple[Outcome, dict[str, Any]]]) -> list[str]:
    """Show every job, keep the figures (those of short jobs under `others`), and return what is wrong."""
    wrong: list[str] = []
    kept: dict[str, Any] = {}
    for done, found in results:
        show(console, done.software.title, found)
        is_main = done.software is XERO
        wrong += (complaints if is_main else short_complaints)(done, found)
        if is_main:
            kept |= found
        else:
            kept.setdefault("others", {})[done.software.name] = found
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
    conclude(console, wrong, month=any(done.software is XERO for done, _ in results))
    console.print(f"figures: {RESULT.relative_to(ROOT)}")
    return wrong


def main() -> int:
    console = Console(highlight=False)
    wanted = os.environ.get("PROVIDER") or ALL
    known = (ALL, XERO.name, *OTHERS)
    if wanted not in known:
        console.print(f"PROVIDER is one of {', '.join(known)}")
        return 2
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s[/dim]  {text}")

    say("starting the emulator and the sandbox, deploying template.yaml")
    try:
        with Stack.started(clock_factor=CLOCK_FACTOR, worker_timeout=300) as stack:
            try:
                results = list(jobs(stack, wanted, say))
            except (DemoError, ApiError, PageError):
                show_errors(console, stack)
                raise
    except (StartError, DeployError, BuildError, DemoError, ApiError, PageError) as error:
        console.print(f"[red]{type(error).__name__}[/red] {error}")
        return 1
    return 1 if report(console, results) else 0


if __name__ == "__main__":
    sys.exit(main())
