"""Cold starts: what importing each function takes, beside a handler that imports everything at the top.

Each measurement is a process of its own, the functions taking turns. Measured is what Lambda's INIT does (the handler's
import) and the first client of AWS that every request needs. Compiled files are there in both cases.
"""

import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from typing import Any, Final

from benchmarks.result import ROOT, show, write
from local import template

EAGER: Final = "everything at the top"
ROUNDS: Final = 5
_MEASURE: Final = """
import sys, time, json
sys.path.insert(0, sys.argv[1])
from importlib import import_module
began, worked = time.perf_counter(), time.process_time()
import_module(sys.argv[2])
imported = time.perf_counter()
if sys.argv[3] == "client":
    from shared.aws.clients import Clients
    Clients().dynamodb
ready = time.perf_counter()
hwm = next((line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")), "0")
ours = ("functions", "shared", "benchmarks")
print(json.dumps({
    "import_ms": (imported - began) * 1000,
    "ready_ms": (ready - began) * 1000,
    "cpu_ms": (time.process_time() - worked) * 1000,
    "modules": sum(1 for name in list(sys.modules) if name.split(".")[0] not in ours),
    "peak_mb": int(hwm) / 1024,
}))
"""


def _once(module: str, *, make_client: bool) -> dict[str, float]:
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "STAGE": "dev",
    }
    command = [sys.executable, "-I", "-c", _MEASURE, str(ROOT), module, "client" if make_client else "no"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(rounds: int = ROUNDS) -> dict[str, dict[str, Any]]:
    """By function (and EAGER): medians and minima in ms, standard and third-party modules, peak memory in MB."""
    functions = {
        one.logical_id: one.handler.rpartition(".")[0]
        for one in template.functions(template.load(ROOT / "template.yaml"))
    }
    modules = {**functions, EAGER: "benchmarks.eager"}
    runs: dict[str, list[dict[str, float]]] = defaultdict(list)
    for _ in range(rounds + 1):
        for name, module in modules.items():
            runs[name].append(_once(module, make_client=name != EAGER))
    return {name: _summary(found[1:]) for name, found in runs.items()}  # the first compiles and warms the disk


def _summary(found: list[dict[str, float]]) -> dict[str, Any]:
    timed = {
        name: {
            "median": round(statistics.median(one[name] for one in found)),
            "min": round(min(one[name] for one in found)),
        }
        for name in ("import_ms", "ready_ms", "cpu_ms")
    }
    return {**timed, "modules": int(found[0]["modules"]), "peak_mb": round(max(one["peak_mb"] for one in found))}


def main() -> None:
    found = measure()
    eager = found[EAGER]
    for one in found.values():
        for name in ("ready_ms", "cpu_ms"):
            one[f"{name}_beside_eager"] = round(one[name]["median"] / eager[name]["median"], 2)
    write("imports", {"rounds": ROUNDS, "functions": found})
    show(
        f"Import of each function with the first client of AWS, medians of {ROUNDS} rounds taking turns",
        ["function", "import ms", "ready ms", "cpu ms", "modules", "peak MB", "ready / eager", "cpu / eager"],
        [
            (
                name,
                *(one[figure]["median"] for figure in ("import_ms", "ready_ms", "cpu_ms")),
                *(one[figure] for figure in ("modules", "peak_mb", "ready_ms_beside_eager", "cpu_ms_beside_eager")),
            )
            for name, one in found.items()
        ],
    )


if __name__ == "__main__":
    main()
