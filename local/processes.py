"""Start and stop the stack's child processes, and make sure nothing of them is left."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

_STOP_SECONDS = 20
_START_SECONDS = 60


class StartError(Exception):
    """A child process did not come up; the message holds the end of its log."""


def listening_socket(port: int = 0) -> socket.socket:
    """A socket bound to loopback, on `port` when it is free and on any free port otherwise."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.bind(("127.0.0.1", 0))
    bound.listen(128)
    return bound


def free_port(wanted: int = 0) -> int:
    """`wanted` when nothing listens on it, else a free loopback port."""
    with listening_socket(wanted) as bound:
        return int(bound.getsockname()[1])


class Child:
    """One child: its own session (a Ctrl-C reaches the starter alone), a log file, and a pipe that ends it with us."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        log: Path,
        cwd: Path,
        environment: Mapping[str, str],
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.guarded", *arguments],
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=tuple(pass_fds),
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def await_answer(self, url: str) -> None:
        """Wait until `url` answers 2xx. Raises StartError when the process ends or does not answer in time."""
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self.running:
            try:
                with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own loopback address
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        tail = self.log.read_text(errors="replace")[-2000:]
        raise StartError(f"{self.name} did not start ({url} gave no answer). End of {self.log}:\n{tail}")

    def stop(self, *, kill: bool = False) -> None:
        """Ask the process to stop (or kill it), wait for its end, and end whatever is left in its session."""
        if self.running:
            self._process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(_STOP_SECONDS)
        if self._process.stdin is not None:
            self._process.stdin.close()
        # The emulator's function processes are in its session: none may outlive it.
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
