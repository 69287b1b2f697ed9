"""QuickBooks counts batches apart from other calls: more of them than one minute takes meet no refusal."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rehearsal.world import World
from shared.providers.facts import Profile
from shared.providers.quickbooks.calls import QuickBooks
from shared.providers.quickbooks.profile import PROFILE
from shared.usecases import sessions
from tests.integration.providers.suite import only
from tests.integration.publishing.checks import assert_sound, stages

BATCHES = 50


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> Profile:
    """One document a batch, so that few documents are many batches."""
    profile = replace(PROFILE, publishing=replace(PROFILE.publishing, batch_elements=1))
    monkeypatch.setattr(QuickBooks, "profile", profile)
    return profile


@only("quickbooks")
def test_more_batches_than_a_minute_takes_are_spread_out(
    world: World, small_batches: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    def pass_by(seconds: float) -> None:
        slept.append(seconds)
        world.time.pass_by(seconds=seconds)

    monkeypatch.setattr(sessions, "sleep", pass_by)
    world.publish(world.create([world.papers.bill() for _ in range(BATCHES)]))
    began = world.time()
    world.settle()
    assert world.failures == []
    assert_sound(world)
    assert stages(world) == {"published": BATCHES}
    assert world.sandbox.read("/counts")["throttled"] == 0
    assert timedelta(seconds=55) <= world.time() - began <= timedelta(minutes=3)
    assert sum(slept) < 20  # a worker does not wait for a minute in paid time
