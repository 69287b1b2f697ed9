"""Documents made from the code are what the code makes now."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def printed(module: str) -> str:
    made = run(module)
    assert made.returncode == 0, made.stderr
    assert made.stdout
    return made.stdout


def test_the_access_patterns_are_those_of_the_stores() -> None:
    command = "python -m shared.storage.patterns > docs/access-patterns.md"
    assert (ROOT / "docs" / "access-patterns.md").read_text() == printed("shared.storage.patterns"), f"run: {command}"


def test_the_faults_of_xero_are_those_that_the_connector_knows() -> None:
    page = (ROOT / "docs" / "providers" / "xero.md").read_text()
    table = printed("shared.providers.xero.fault_table")
    head = table.splitlines()[0]
    kept = page[page.index(head) :].split("\n\n")[0].rstrip("\n") + "\n"
    assert kept == table, "put what `python -m shared.providers.xero.fault_table` prints into docs/providers/xero.md"


def test_the_description_of_the_api_is_what_its_routes_make() -> None:
    checked = run("functions.openapi", "--check")
    assert checked.returncode == 0, f"{checked.stdout}{checked.stderr}\nrun: python -m functions.openapi"
