"""Try the operator's own way, `sam build` and `sam deploy`, against the emulator: `python -m local.sam_deploy`.

The template is the same as everywhere; the artifacts are whole (functions and their wheels), built for this machine,
since the emulator runs functions on this machine's interpreter. What counts at the end is that the API answers.
"""

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from local import deploy, template
from local.artifact import ROOT
from local.deployment import REGION, STACK_NAME, Options
from local.stack import Stack

_SAM = ROOT / ".tools" / "sam" / "bin" / "sam"
_MINUTES = 10


class SamError(Exception):
    """A sam command failed; it has said why on the terminal."""


def _sam(arguments: list[str], environment: dict[str, str]) -> None:
    print(f"sam {' '.join(arguments[:1])}", flush=True)
    began = time.monotonic()
    done = subprocess.run([str(_SAM), *arguments], cwd=ROOT, env=environment, check=False, timeout=60 * _MINUTES)
    if done.returncode != 0:
        raise SamError(f"sam {arguments[0]} ended with status {done.returncode}")
    print(f"sam {arguments[0]} took {time.monotonic() - began:.0f} s", flush=True)


def _environment(stack: Stack) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(stack.home / "user"),
        "LANG": "C.UTF-8",
        "SAM_CLI_TELEMETRY": "0",
        "THIS_MACHINE": "1",
        "AWS_ENDPOINT_URL": stack.aws_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }


def _deploy(stack: Stack) -> None:
    build = stack.home / "build"
    _sam(["build", "--build-dir", str(build)], _environment(stack))
    parameters = [f"ParameterKey={name},ParameterValue={value}" for name, value in stack.parameters().items()
                  if name != "ProviderApps"]  # fmt: skip
    _sam(
        [
            *("deploy", "--template-file", str(build / "template.yaml"), "--stack-name", STACK_NAME, "--resolve-s3"),
            *("--region", REGION, "--no-confirm-changeset", "--no-progressbar", "--no-fail-on-empty-changeset"),
            *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--parameter-overrides", *parameters),
        ],
        _environment(stack),
    )
    stack.outputs = deploy.outputs(stack.client, STACK_NAME)
    given = template.load(stack.options.template_path)
    deploy.set_what_the_emulator_leaves_out(stack.client, STACK_NAME, given)


def main() -> int:
    (ROOT / ".local").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-sam-", dir=ROOT / ".local") as home:
        stack = Stack(Path(home), Options(sandbox=False))
        try:
            stack.start()
            _deploy(stack)
            for path in ("/docs", "/v1/openapi.json"):
                with urllib.request.urlopen(f"{stack.api_url}{path}", timeout=60) as answer:  # noqa: S310 - loopback
                    print(f"GET {path}: {answer.status}, {len(answer.read())} bytes")
        except urllib.error.HTTPError as error:
            print(f"GET {error.url}: {error.code} {error.read().decode(errors='replace')}", file=sys.stderr)
            return 1
        except SamError as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            stack.stop()
            stack.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
