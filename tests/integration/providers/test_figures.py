"""The figures of a thousand bills at QuickBooks, by counts; Sage's and Xero's stand beside their own tests."""

from typing import Any

import pytest

from rehearsal.world import PDF, World
from shared.providers import transport
from tests.integration.providers.suite import only
from tests.integration.publishing.checks import assert_sound, stages


@pytest.mark.sweep
@pytest.mark.timeout(880)
@pytest.mark.parametrize(("file", "calls"), [(None, 34), (PDF, 84)], ids=["without files", "with a file each"])
@only("quickbooks")
def test_a_thousand_bills_at_quickbooks(
    world: World, file: bytes | None, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """34 creating calls, 50 uploads. Batches that only ask go to the same address and are counted apart."""
    ids = world.create([world.papers.bill() for _ in range(1000)], file=file)
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
    assert stages(world) == {"published": 1000}
    sizes = [one.split()[0] for one in made]
    assert len(made) == calls, " ".join(sizes)
    assert world.sandbox.read("/counts")["throttled"] == 0
