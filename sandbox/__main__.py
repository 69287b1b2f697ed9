"""`python -m sandbox --port N`: run the simulated providers until Ctrl-C."""

import argparse
import contextlib
import gc
import json
import signal
import sys
from pathlib import Path

from sandbox.clock import SandboxClock
from sandbox.server import Sandbox, listening_socket, uvicorn_server
from sandbox.simulation import SeedChoice
from sandbox.snapshot import SnapshotUnreadableError


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0 after Ctrl-C or SIGTERM, 2 when the sandbox could not start."""
    options = _parser().parse_args(arguments)
    try:
        clock = SandboxClock(options.clock_factor)
        sandbox = Sandbox(clock=clock, seed=_seed(options.seed), snapshot_file=options.snapshot)
        listener = listening_socket(options.port)
    except (ValueError, OSError, SnapshotUnreadableError) as refused:
        sys.stderr.write(f"sandbox: {refused}\n")
        return 2
    sys.stdout.write(f"sandbox ready on http://localhost:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    # Books are many objects and live long: looking through them for garbage was two fifths of a reset.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    # uvicorn shuts down, saves through the lifespan, then raises the signal again for us to end on.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn_server(sandbox).run(sockets=[listener])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Simulated accounting providers over HTTP.")
    parser.add_argument(
        "--port", type=int, default=0, help="loopback port; 0 (the default) takes a free one and prints it"
    )
    parser.add_argument("--snapshot", type=Path, help="keep books and tokens in this file over restarts")
    parser.add_argument("--clock-factor", type=float, default=1.0, help="sandbox seconds per real second")
    parser.add_argument(
        "--seed", default="small", help='"small", or JSON as {"contacts": 20000, "items": 5000, "accounts": 500}'
    )
    return parser


def _seed(text: str) -> SeedChoice:
    if not text.startswith("{"):
        return text
    choice: dict[str, int] = json.loads(text)
    return choice


if __name__ == "__main__":
    sys.exit(main())
