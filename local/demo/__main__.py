"""`python -m local.demo`: start a stack of its own, run the main job, report, and leave nothing behind."""

import json
import sys
import time
from typing import Any, Final

from rich.console import Console

from local.api import Api, ApiError, machine_token
from local.artifact import ROOT, BuildError
from local.demo.job import HOME, DemoError, Job, Outcome, Say
from local.demo.report import complaints, facts, show
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


def run(stack: Stack, say: Say) -> Outcome:
    """The main job as a new tenant of this stack."""
    made = create_tenant(Target(stack.client, stack.outputs), "Demo product", [HOME])
    token = machine_token(stack.outputs["TokenUrl"], made.client_id, made.client_secret.reveal())
    return Job(Api(stack.api_url, token), SandboxControl(stack.sandbox_url), PROVIDER_APPS["xero"], say).run()


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


def main() -> int:
    console = Console(highlight=False)
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s[/dim]  {text}")

    say("starting the emulator and the sandbox, deploying template.yaml")
    try:
        with Stack.started(clock_factor=CLOCK_FACTOR, worker_timeout=300) as stack:
            try:
                done = run(stack, say)
            except (DemoError, ApiError, PageError):
                show_errors(console, stack)
                raise
            found = facts(done, units(stack), CLOCK_FACTOR)
    except (StartError, DeployError, BuildError, DemoError, ApiError, PageError) as error:
        console.print(f"[red]{type(error).__name__}[/red] {error}")
        return 1
    wrong = complaints(done, found)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    show(console, found, wrong)
    console.print(f"figures: {RESULT.relative_to(ROOT)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
