"""The rooms' import rules hold, and each of them bites: a violation planted in a copy is found."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("functions", "shared", "sandbox", "local", "ops", "rehearsal", "benchmarks")
CONTRACTS = [
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
]
LAYERS = "functions -> use cases -> storage, providers, aws (which never meet) -> domain"
FUNCTIONS = "Functions reach tables and providers through use cases"
AREAS = "The areas of functions never import each other"
USE_CASES = "Use cases know neither AWS's SDK nor HTTP"
DOMAIN = "The domain needs the standard library only"
SANDBOX = "The sandbox is written from the providers' documents: it imports nothing of ours"
TESTS = "Tests stand on the rehearsal, and nothing stands on tests"
CLOUD = "What runs in the cloud imports nothing of the desk"

# (contract, file to add to or make, the import planted there)
PLANTED = [
    (LAYERS, "shared/usecases/planted.py", "import functions.publish.app"),
    (LAYERS, "shared/storage/planted.py", "import shared.usecases.service"),
    (LAYERS, "shared/storage/planted.py", "import shared.aws.clock"),
    (LAYERS, "shared/aws/planted.py", "import shared.storage.table"),
    (LAYERS, "shared/providers/planted.py", "import shared.storage.table"),
    (LAYERS, "shared/domain/planted.py", "import shared.aws.clock"),
    (FUNCTIONS, "functions/publish/planted.py", "import shared.storage.items"),
    (FUNCTIONS, "functions/connect/planted.py", "import shared.providers.registry"),
    (AREAS, "functions/connect/planted.py", "import functions.publish.models"),
    (AREAS, "functions/refresh/planted.py", "import functions.connect.models"),
    (USE_CASES, "shared/usecases/planted.py", "import boto3"),
    (USE_CASES, "shared/usecases/planted.py", "def call():\n    import httpx\n"),
    (DOMAIN, "shared/domain/planted.py", "import botocore.exceptions"),
    (SANDBOX, "sandbox/planted.py", "import shared.domain.money"),
    (SANDBOX, "sandbox/planted.py", "def late():\n    from local import template\n"),
    (CLOUD, "shared/usecases/planted.py", "import sandbox.clock"),
    (CLOUD, "functions/connect/planted.py", "import local.template"),
    (TESTS, "benchmarks/planted.py", "from tests.conftest import anything"),
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    linter = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(linter), "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "COLUMNS": "400"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def broken(done: subprocess.CompletedProcess[str]) -> set[str]:
    return {
        name for name in CONTRACTS for line in done.stdout.splitlines() if line.startswith(name) and "BROKEN" in line
    }


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages and their contracts."""
    folder = tmp_path_factory.mktemp("rooms")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "state"))
    return folder


def test_the_rooms_keep_their_rules(rooms: Path) -> None:
    done = lint(rooms)
    assert done.returncode == 0, done.stdout + done.stderr
    assert broken(done) == set()


def test_every_contract_has_a_planted_violation() -> None:
    assert {contract for contract, _, _ in PLANTED} == set(CONTRACTS)


@pytest.mark.parametrize(("contract", "path", "planted"), PLANTED, ids=[f"{path}: {text}" for _, path, text in PLANTED])
def test_a_planted_violation_is_found(rooms: Path, contract: str, path: str, planted: str) -> None:
    file = rooms / path
    file.write_text(planted + "\n")
    try:
        done = lint(rooms)
    finally:
        file.unlink()
    assert done.returncode != 0
    assert contract in broken(done), done.stdout + done.stderr
