"""What `make bench` measures still runs, in small: nothing else runs it from one release to the next."""

import pytest

from benchmarks import publishing, refresh
from rehearsal.sandbox_process import running_sandbox

pytestmark = pytest.mark.soak


def test_a_refresh_is_measured() -> None:
    found = refresh.measure({"accounts": 60, "contacts": 120, "items": 20})
    assert set(found) == {name for name, _ in refresh.PASSES}
    assert found["incremental"]["calls_of_large_lists"] == len(refresh.LARGE_LISTS)


def test_publishing_is_measured_beside_the_sdk() -> None:
    scenario = publishing.Scenario("small", 3, None, 0.0, rounds=1)
    with running_sandbox() as sandbox:
        found = publishing.measure(sandbox, scenario, None)
    assert set(found["beside_ours"]) == {publishing.LOOP, publishing.OURS, publishing.BATCHES}
    assert found["calls_beside_ours"][publishing.LOOP] > 1
