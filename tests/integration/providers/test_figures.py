"""The figures of many bills at QuickBooks, by counts; Sage's and Xero's stand beside their own tests."""

from typing import Any

import pytest

from rehearsal.world import PDF, World
from shared.providers import transport
from tests.integration.providers.suite import only
from tests.integration.publishing.checks import assert_sound, stages

# The first each time: three documents' batches, and the files of all three together.
ROWS = [
    pytest.param(65, PDF, 3 + 4, id="65 with a file each"),
    pytest.param(1000, None, 34, marks=pytest.mark.soak, id="1,000 without files"),
    pytest.param(1000, PDF, 34 + 50, marks=pytest.mark.soak, id="1,000 with a file each"),
]


@pytest.mark.timeout(880)
@pytest.mark.parametrize(("bills", "file", "calls"), ROWS)
@only("quickbooks")
def test_creating_and_uploading_calls_at_quickbooks(
    world: World, bills: int, file: bytes | None, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches that only ask go to the same address as those that create and are counted apart."""
    ids = world.create([world.papers.bill() for _ in range(bills)], file=file)
    made: list[str] = []
    plain = transport.fetch

    def fetch(call: Any, *rest: Any) -> Any:
        if call.method == "POST" and (
            b'"create"' in (call.content or b"") or call.url.partition("?")[0].endswith("/upload")
        ):
            made.append(f"{(call.content or b'').count(b'create')} bills to {call.url}")
        return plain(call, *rest)

    monkeypatch.setattr(transport, "fetch", fetch)
    world.publish(ids)
    world.settle(rounds=2000)
    assert_sound(world)
    assert stages(world) == {"published": bills}
    sizes = [one.split()[0] for one in made]
    assert len(made) == calls, " ".join(sizes)
    assert world.sandbox.read("/counts")["throttled"] == 0
