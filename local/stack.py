"""The whole stack on one machine: emulator, sandbox and the deployed template, for tests, the demo and `make up`."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local import deploy, template
from local.artifact import ROOT
from local.processes import Child, free_port, listening_socket

STACK_NAME = "ledgerbridge-local"
REGION = "us-east-1"
# The app that the sandbox's Xero knows from its start; nothing outside this machine accepts these.
PROVIDER_APPS = {
    "xero": {
        "client_id": "sandbox-xero-app",
        "client_secret": "sandbox-xero-secret",
        "webhook_key": "sandbox-xero-webhook-key",
    }
}


@dataclass(frozen=True)
class Ports:
    """Ports wanted, 0 for any; a port that is taken is replaced by a free one."""

    aws: int = 0
    api: int = 0
    sandbox: int = 0


@dataclass(frozen=True)
class Options:
    """What a test or the demo may vary: the clocks' factor, template parameters, the code and template deployed."""

    clock_factor: int = 1
    worker_timeout: int = 60
    sandbox: bool = True
    ports: Ports = Ports()
    template_path: Path = ROOT / "template.yaml"
    parameters: Mapping[str, str] = field(default_factory=dict)
    code: deploy.CodeOf | None = None


class Stack:
    """A running stack. Everything it writes is under `home`; `stop` ends every process it started."""

    def __init__(self, home: Path, options: Options) -> None:
        self.home = home
        self.options = options
        self.outputs: dict[str, str] = {}
        self._clients: dict[str, Any] = {}
        self._aws = listening_socket(options.ports.aws)
        self._api = listening_socket(options.ports.api)
        self.aws_port = int(self._aws.getsockname()[1])
        self.api_port = int(self._api.getsockname()[1])
        self.sandbox_port = free_port(options.ports.sandbox) if options.sandbox else 0
        self.aws_endpoint = f"http://127.0.0.1:{self.aws_port}"
        self.api_url = f"http://localhost:{self.api_port}"
        self.sandbox_url = f"http://localhost:{self.sandbox_port}" if options.sandbox else ""
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

        `worker_timeout` is in seconds, one of the template's allowed values; further options are those of Options.
        Raises StartError when a process does not come up and DeployError when the template does not deploy.
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
        arguments = ["local.emulator", "--aws-fd", str(descriptors[0]), "--api-fd", str(descriptors[1])]
        self._emulator = Child(
            "the AWS emulator",
            arguments,
            log=self.home / "emulator.log",
            cwd=ROOT,
            environment=self._emulator_environment(),
            pass_fds=descriptors,
        )
        self._emulator.await_answer(f"{self.aws_endpoint}/_ministack/health")

    def _start_sandbox(self) -> None:
        arguments = ["sandbox", "--port", str(self.sandbox_port), "--clock-factor", str(self.options.clock_factor)]
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
            "GATEWAY_PORT": str(self.aws_port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "localhost",
            "MINISTACK_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
        }

    def client(self, service: str) -> Any:
        """A boto3 client of an AWS service, calling the emulator, with deadlines; safe to use from several threads."""
        if service not in self._clients:
            config = Config(connect_timeout=5, read_timeout=120, retries={"max_attempts": 2}, inject_host_prefix=False)
            # The emulator takes any credentials; these are its documented ones.
            session: Any = boto3.session.Session("test", "test", region_name=REGION)
            self._clients[service] = session.client(service, endpoint_url=self.aws_endpoint, config=config)
        return self._clients[service]

    def parameters(self) -> dict[str, str]:
        """The template's parameters for this stack."""
        chosen = {
            "Stage": "local",
            "ApiBaseUrl": self.api_url,
            "AwsUrl": self.aws_endpoint,
            "WorkerTimeout": str(self.options.worker_timeout),
            "ClockFactor": str(self.options.clock_factor),
            "ProviderApps": json.dumps(PROVIDER_APPS),
        }
        if self.options.sandbox:
            chosen["XeroUrl"] = f"{self.sandbox_url}/xero"
        return {**chosen, **self.options.parameters}

    def deploy(self) -> dict[str, str]:
        """Package the template as it stands now, deploy it by CloudFormation, and return its outputs."""
        given = template.load(self.options.template_path)
        with tempfile.TemporaryDirectory(dir=self.home) as scratch:
            code = self.options.code or deploy.area_code(Path(scratch))
            url = deploy.package(given, self.client, code)
        try:
            self.outputs = deploy.deploy(self.client, STACK_NAME, url, self.parameters())
        except deploy.DeployError as error:
            # The emulator gives some reasons in its log only.
            logged = [line for line in self._emulator_log() if " ERROR " in line]
            raise deploy.DeployError("\n".join([str(error), *logged[-5:]])) from error
        deploy.set_what_the_emulator_leaves_out(self.client, STACK_NAME, given)
        return self.outputs

    def _emulator_log(self) -> list[str]:
        return (self.home / "emulator.log").read_text(errors="replace").splitlines()

    def restart(self, *, kill: bool = False) -> None:
        """Stop the emulator (or kill it, which loses what it had not saved) and start it again on the same ports."""
        if self._emulator is not None:
            self._emulator.stop(kill=kill)
        self._start_emulator()

    def logs(self, function: str) -> list[str]:
        """Every log line so far of a function, by logical id ("RefreshWorkerFunction") and oldest first."""
        group = self._log_group(function)
        pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        events = [event for page in pages for event in page["events"]]
        return [event["message"] for event in sorted(events, key=lambda event: int(event["timestamp"]))]

    def _log_group(self, function: str) -> str:
        configuration = self.client("lambda").get_function_configuration(FunctionName=self.outputs[f"{function}Name"])
        return str(configuration["LoggingConfig"]["LogGroup"])

    def invoke(self, function: str, payload: Mapping[str, Any] | None = None) -> Any:
        """Call a function by logical id and return its answer; raises RuntimeError when it fails."""
        answer = self.client("lambda").invoke(
            FunctionName=self.outputs[f"{function}Name"], Payload=json.dumps(payload or {}).encode()
        )
        body = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise RuntimeError(f"{function} failed: {body}")
        return body

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
