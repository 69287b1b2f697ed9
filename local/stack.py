"""The whole stack on one machine: emulator, sandbox and the deployed template, for tests, the demo and `make up`."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.artifact import ROOT
from local.deployment import REGION, Deployment, Options, Ports
from local.processes import Child, free_port, listening_socket

__all__ = ["Options", "Ports", "Stack"]


class Stack(Deployment):
    """A running stack. Everything it writes is under `home`; `stop` ends every process it started."""

    def __init__(self, home: Path, options: Options, wanted: Ports | None = None) -> None:
        wanted = wanted or Ports()
        self._aws = listening_socket(wanted.aws)
        self._api = listening_socket(wanted.api)
        aws, api = (int(bound.getsockname()[1]) for bound in (self._aws, self._api))
        sandbox = free_port(wanted.sandbox) if options.sandbox else 0
        super().__init__(home, options, Ports(aws, api, sandbox))
        self._emulator: Child | None = None
        self._sandbox: Child | None = None
        for folder in ("tmp", "state", "s3", "user"):
            (home / folder).mkdir(parents=True, exist_ok=True)

    @classmethod
    @contextmanager
    def started(
        cls, root: Path = ROOT, clock_factor: int = 1, worker_timeout: int = 60, **options: Any
    ) -> Iterator["Stack"]:
        """A stack of its own in a temporary folder under `root`/.local, deployed; nothing of it is left at the end.

        The arguments after `root` are those of Options. Raises StartError when a process does not come up, DeployError
        when the template does not deploy, and BuildError when the code cannot be packaged.
        """
        (root / ".local").mkdir(exist_ok=True)
        home = Path(tempfile.mkdtemp(prefix="run-", dir=root / ".local"))
        stack = cls(home, Options(clock_factor=clock_factor, worker_timeout=worker_timeout, **options))
        try:
            stack.start()
            stack.deploy()
            yield stack
        finally:
            stack.stop()
            stack.close()
            shutil.rmtree(home, ignore_errors=True)

    def start(self) -> None:
        """Start the emulator and the sandbox and wait until both answer."""
        self._start_emulator()
        if self.options.sandbox:
            self._start_sandbox()

    def _start_emulator(self) -> None:
        descriptors = (self._aws.fileno(), self._api.fileno())
        self._emulator = Child(
            "the AWS emulator",
            ["local.emulator", "--aws-fd", str(descriptors[0]), "--api-fd", str(descriptors[1])],
            log=self.home / "emulator.log",
            cwd=ROOT,
            environment=self._emulator_environment(),
            pass_fds=descriptors,
        )
        self._emulator.await_answer(f"{self.aws_endpoint}/_ministack/health")

    def _start_sandbox(self) -> None:
        arguments = ["sandbox", "--port", str(self.ports.sandbox), "--clock-factor", str(self.options.clock_factor)]
        arguments += ["--snapshot", str(self.home / "sandbox.json")]
        environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self._sandbox = Child(
            "the sandbox", arguments, log=self.home / "sandbox.log", cwd=ROOT, environment=environment
        )
        self._sandbox.await_answer(f"{self.sandbox_url}/__control/counts")

    def _emulator_environment(self) -> dict[str, str]:
        """All that the emulator sees: functions inherit it, so nothing of this machine's own settings may be in it."""
        return {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(self.home / "user"),
            "TMPDIR": str(self.home / "tmp"),
            "STATE_DIR": str(self.home / "state"),
            "PERSIST_STATE": "1",
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.home / "s3"),
            "GATEWAY_PORT": str(self.ports.aws),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "localhost",
            "MINISTACK_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AUTH": "true" if self.options.enforce_permissions else "false",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
        }

    @property
    def sessions(self) -> list[int]:
        """Process ids of the emulator and the sandbox; each leads a session that holds all it has started."""
        return [child.pid for child in (self._emulator, self._sandbox) if child is not None]

    def restart(self, *, kill: bool = False) -> None:
        """Stop the emulator (or kill it, which loses what it had not saved) and start it again on the same ports."""
        if self._emulator is not None:
            self._emulator.stop(kill=kill)
        self._start_emulator()

    def stop(self) -> None:
        """Stop every process; the emulator saves its state first."""
        for child in (self._emulator, self._sandbox):
            if child is not None:
                child.stop()
        self._emulator = self._sandbox = None
        # The emulator leaves the unpacked code of its functions behind.
        shutil.rmtree(self.home / "tmp", ignore_errors=True)
        (self.home / "tmp").mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        """Give the ports back."""
        self._aws.close()
        self._api.close()
