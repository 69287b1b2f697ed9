"""A deployed stack seen from outside: its addresses, and what can be asked of it while it runs."""

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local import deploy, template
from local.artifact import ROOT

STACK_NAME = "ledgerbridge-local"
REGION = "us-east-1"
# The apps that the sandbox's providers know from their start; nothing outside this machine accepts these.
PROVIDER_APPS = {
    name: {
        "client_id": f"sandbox-{name}-app",
        "client_secret": f"sandbox-{name}-secret",
        "webhook_key": f"sandbox-{name}-webhook-key",
    }
    for name in ("xero", "quickbooks", "sage", "approvalmax")
} | {"bill": {"client_id": "sandbox-bill-app", "client_secret": "sandbox-bill-dev-key"}}


@dataclass(frozen=True)
class Ports:
    """Loopback ports of the AWS endpoint, the HTTP API and the sandbox; as a wish, 0 stands for any."""

    aws: int = 0
    api: int = 0
    sandbox: int = 0


@dataclass(frozen=True)
class Options:
    """What a test or the demo may vary: the clocks' factor, template parameters, the code and template deployed.

    `worker_timeout` is in seconds, one of the template's allowed values. `code` makes the zips that are deployed.
    `enforce_permissions` lets the emulator refuse what a function's own policies do not allow, as AWS does.
    """

    clock_factor: int = 1
    worker_timeout: int = 60
    sandbox: bool = True
    enforce_permissions: bool = True
    template_path: Path = ROOT / "template.yaml"
    parameters: Mapping[str, str] = field(default_factory=dict)
    code: Callable[[Path], deploy.CodeOf] = deploy.own_code


class Deployment:
    """The template on a running emulator. `home` holds the emulator's log and state."""

    def __init__(self, home: Path, options: Options, ports: Ports) -> None:
        self.home = home
        self.options = options
        self.ports = ports
        self.outputs: dict[str, str] = {}
        self.aws_endpoint = f"http://127.0.0.1:{ports.aws}"
        # Not 127.0.0.1: Xero accepts http://localhost redirect URIs and refuses that one (Xero, OAuth 2.0 overview).
        self.api_url = f"http://localhost:{ports.api}"
        self.sandbox_url = f"http://localhost:{ports.sandbox}" if options.sandbox else ""
        self._clients: dict[str, Any] = {}

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
            "AllowLoopback": "true",
            "ApiBaseUrl": self.api_url,
            "AwsUrl": self.aws_endpoint,
            "WorkerTimeout": str(self.options.worker_timeout),
            "ClockFactor": str(self.options.clock_factor),
            "ProviderApps": json.dumps(PROVIDER_APPS),
        }
        if self.options.sandbox:
            chosen["SandboxUrl"] = self.sandbox_url
        return {**chosen, **self.options.parameters}

    def deploy(self) -> dict[str, str]:
        """Package code and template as they stand now, deploy them by CloudFormation, and return the outputs.

        Raises DeployError when the stack fails, and BuildError when the code cannot be packaged.
        """
        given = template.load(self.options.template_path)
        with tempfile.TemporaryDirectory(dir=self.home) as scratch:
            url = deploy.package(given, self.client, self.options.code(Path(scratch)))
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

    def logs(self, function: str) -> list[str]:
        """Every log line so far of a function, by logical id ("RefreshWorkerFunction") and oldest first."""
        configuration = self.client("lambda").get_function_configuration(FunctionName=self.outputs[f"{function}Name"])
        group = configuration["LoggingConfig"]["LogGroup"]
        pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        events = [event for page in pages for event in page["events"]]
        return [event["message"] for event in sorted(events, key=lambda event: int(event["timestamp"]))]

    def invoke(self, function: str, payload: Mapping[str, Any] | None = None) -> Any:
        """Call a function by logical id and return its answer; raises RuntimeError when it fails."""
        answer = self.client("lambda").invoke(
            FunctionName=self.outputs[f"{function}Name"], Payload=json.dumps(payload or {}).encode()
        )
        body = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise RuntimeError(f"{function} failed: {body}")
        return body
