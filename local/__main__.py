"""Keep the whole stack running for a person: `python -m local up`, and look at it from another terminal."""

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from local.artifact import ROOT, BuildError
from local.deploy import DeployError
from local.deployment import Deployment, Options, Ports
from local.processes import StartError
from local.stack import Stack

HOME = ROOT / ".local" / "up"
_STATE = HOME / "stack.json"
_LOCK = HOME / "lock"
_STOP_SECONDS = 60


@contextlib.contextmanager
def _the_only_one() -> Iterator[bool]:
    """Hold the lock of the running stack; False when another process holds it."""
    HOME.mkdir(parents=True, exist_ok=True)
    with _LOCK.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _running() -> dict[str, Any] | None:
    """What the running stack wrote about itself, or None when none runs."""
    with _the_only_one() as free:
        if free or not _STATE.exists():
            return None
    return dict(json.loads(_STATE.read_text()))


def _last_known() -> dict[str, Any]:
    return dict(json.loads(_STATE.read_text())) if _STATE.exists() else {}


def _remember(stack: Stack) -> None:
    known = {
        "pid": os.getpid(),
        "ports": asdict(stack.ports),
        "clock_factor": stack.options.clock_factor,
        "outputs": stack.outputs,
    }
    _STATE.write_text(json.dumps(known, indent=2))


def _options(known: dict[str, Any], clock_factor: int | None) -> Options:
    factor = clock_factor or int(known.get("clock_factor", 1))
    return Options(clock_factor=factor, worker_timeout=300)


def _ports(known: dict[str, Any]) -> Ports:
    return Ports(**known.get("ports", {}))


def _report(stack: Deployment) -> None:
    rows = {
        "API": stack.api_url,
        "API documentation": f"{stack.api_url}/docs",
        "Sandbox (log in to Xero)": f"{stack.sandbox_url}/",
        "Sandbox control": f"{stack.sandbox_url}/__control",
        "AWS endpoint": stack.aws_endpoint,
        "Token endpoint": stack.outputs["TokenUrl"],
        "State and logs": str(HOME.relative_to(ROOT)),
    }
    for name, value in rows.items():
        print(f"  {name:<26}{value}")
    print("Ctrl-C stops it; the state is kept. `python -m local reset` forgets it.", flush=True)


def up(clock_factor: int | None) -> int:
    """Start, deploy, and serve until Ctrl-C or `down`."""
    with _the_only_one() as free:
        if not free:
            print("it is already up: see `python -m local status`")
            return 1
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        known = _last_known()
        stack = Stack(HOME, _options(known, clock_factor), _ports(known))
        try:
            print("starting the emulator and the sandbox", flush=True)
            stack.start()
            print("deploying template.yaml", flush=True)
            stack.deploy()
            _remember(stack)
            _report(stack)
            stopping.wait()
            print("stopping, saving the state", flush=True)
        finally:
            stack.stop()
            stack.close()
    return 0


def down() -> int:
    """Stop the stack that `up` started and wait until it has saved its state."""
    known = _running()
    if known is None:
        print("nothing is up")
        return 0
    os.kill(int(known["pid"]), signal.SIGTERM)
    end = time.monotonic() + _STOP_SECONDS
    while _running() is not None:
        if time.monotonic() > end:
            print(f"process {known['pid']} has not stopped within {_STOP_SECONDS} s")
            return 1
        time.sleep(0.1)
    print("stopped; the state is kept")
    return 0


def reset() -> int:
    """Stop, and forget everything."""
    if down() != 0:
        return 1
    shutil.rmtree(HOME, ignore_errors=True)
    print("state forgotten")
    return 0


def _attached() -> Deployment | None:
    """The stack that `up` runs, seen from this process; None (and said so) when nothing is up."""
    known = _running()
    if known is None:
        print("nothing is up: start it with `make up` or `python -m local up`")
        return None
    deployment = Deployment(HOME, _options(known, None), _ports(known))
    deployment.outputs = dict(known["outputs"])
    return deployment


def redeploy() -> int:
    """Deploy the code and the template as they stand now onto the running stack."""
    stack = _attached()
    if stack is None:
        return 1
    began = time.monotonic()
    stack.deploy()
    print(f"deployed in {time.monotonic() - began:.1f} s")
    return 0


def logs(function: str | None, *, follow: bool) -> int:
    """Print the log lines of one function or of all; `follow` goes on until Ctrl-C."""
    stack = _attached()
    if stack is None:
        return 1
    names = [name.removesuffix("Name") for name in stack.outputs if name.endswith("FunctionName")]
    if function is not None and function not in names:
        print(f"no function {function}: {', '.join(names)}")
        return 1
    printed = dict.fromkeys(names, 0)
    while True:
        for name in [function] if function else names:
            lines = stack.logs(name)
            for line in lines[printed[name] :]:
                print(f"{name}: {line.rstrip()}", flush=True)
            printed[name] = len(lines)
        if not follow:
            return 0
        time.sleep(1)


def status() -> int:
    """Say whether it is up, and where."""
    stack = _attached()
    if stack is None:
        return 1
    _report(stack)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up", help="start the stack, deploy it and keep it on; state is kept over restarts")
    start.add_argument("--clock-factor", type=int, help="how much faster than real time the sandbox's clock runs")
    commands.add_parser("down", help="stop the running stack, keeping its state")
    commands.add_parser("deploy", help="deploy code and template as they are now onto the running stack")
    commands.add_parser("status", help="say whether it is up, and where")
    commands.add_parser("reset", help="stop it and forget all its state")
    tail = commands.add_parser("logs", help="print what the functions have logged")
    tail.add_argument("function", nargs="?", help="logical id, e.g. RefreshWorkerFunction; all when left out")
    tail.add_argument("--follow", "-f", action="store_true", help="go on until Ctrl-C")
    return parser


def main() -> int:
    given = _parser().parse_args()
    actions = {"down": down, "deploy": redeploy, "status": status, "reset": reset}
    try:
        if given.command == "up":
            return up(given.clock_factor)
        if given.command == "logs":
            return logs(given.function, follow=given.follow)
        return actions[given.command]()
    except (BuildError, DeployError, StartError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
