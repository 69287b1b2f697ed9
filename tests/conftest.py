"""How the tests are shared out among processes (`pytest -n N --dist loadgroup`), and the servers of each process."""

import gc
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from rehearsal import dynamodb_local
from rehearsal.sandbox_process import SandboxClient, running_sandbox

# Each of the deployed stacks takes a process's time and memory, so the e2e tests make three shares, about alike long.
# test_no_secrets.py searches what the others of its share left behind.
FIRST_STACK: Final = {
    *("test_bad_bodies.py", "test_consent.py", "test_journey.py", "test_lost_and_doubled.py", "test_outgoing.py"),
    "test_no_secrets.py",
}
OWN_STACKS: Final = {"test_stack_smoke.py"}
LONGEST: Final = (  # these of the long suites take minutes
    "tests/integration/merging/test_figures.py::test_as_many_writes_with_many_items_as_with_few[100000]",
    *("first stack", "second stack"),
    "tests/integration/sage/test_figures.py::test_a_thousand_bills_with_a_file_each_are_two_thousand_calls",
)


def share_of(nodeid: str, *, long: bool = False) -> str:
    """Tests of one share run in one process, one after the other.

    Elsewhere a file is a share, for it shares fixtures; of the `long` suites each test is long enough to be one, but
    for those of rules/, which share what they build.
    """
    file = PurePosixPath(nodeid.partition("::")[0])
    if file.parent.name != "e2e":
        return nodeid if long and file.parent.name != "rules" else str(file)
    if file.name in OWN_STACKS:
        return str(file)
    return "first stack" if file.name in FIRST_STACK else "second stack"


class Shares(LoadScopeScheduling):  # type: ignore[misc]
    """xdist's sharing by scope, with our scopes: its marks (xdist_group) go unheard with pytest 9.2."""

    def _split_scope(self, nodeid: str) -> str:
        return share_of(nodeid, long="not soak" not in self.config.getoption("markexpr"))

    def _assign_work_unit(self, node: Any) -> None:
        """The longest first, so that no process is left alone with them; xdist goes by the number of tests."""
        for share in LONGEST:
            if share in self.workqueue:
                self.workqueue.move_to_end(share, last=False)
                break
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Shares | None:
    """Share out as above where `--dist loadgroup` asks for it."""
    return Shares(config, log) if config.getoption("dist") == "loadgroup" else None


def pytest_collection_finish() -> None:
    """What was imported by now stays for good: looking through it for garbage took a quarter of the time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


# Imported into other conftest files, fixtures of the session would be made once for each; so they stand here.
@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxClient]:
    """The one sandbox of this process for whole worlds; who uses it resets it first, its clock too."""
    with running_sandbox() as client:
        yield client


@pytest.fixture(scope="session")
def dynamodb_endpoint() -> Iterator[str | None]:
    """The one DynamoDB Local of this process, faster than moto for many rows; None, and moto, where it is missing."""
    if dynamodb_local.why_missing():
        yield None
        return
    with dynamodb_local.running() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def local_endpoint(dynamodb_endpoint: str | None) -> str:
    """The endpoint of a running DynamoDB Local; skips where there is none."""
    if dynamodb_endpoint is None:
        pytest.skip(dynamodb_local.why_missing() or "")
    return dynamodb_endpoint
