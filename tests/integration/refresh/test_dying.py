"""A refresh whose worker dies: whoever is given the request again ends it, and no item keeps an old judgement."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.lists import Kind
from shared.usecases.refresh_lists import Outcome, refresh_lists
from tests.integration.refresh.conftest import World, said
from tests.integration.refresh.test_refresh_lists import CONTACTS, refresh, request, statuses


class Killed(BaseException):
    """The worker is gone."""


def test_items_are_judged_anew_though_the_worker_dies_after_storing_facts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts and the coding version that items are judged by are one write."""
    refresh(world)
    before, store, locked = world.account.coding_version, world.service.connections, date(2025, 12, 31)
    world.provider.facts = replace(world.provider.facts, period_lock_date=locked)
    update = store.update

    def dies(connection: Connection, *given: Any, **more: Any) -> Connection:
        after = update(connection, *given, **more)
        if after.pinned.period_lock_date == locked:
            raise Killed
        return after

    with monkeypatch.context() as patched:
        patched.setattr(store, "update", dies)
        with pytest.raises(Killed):
            refresh(world)
    assert world.connection.pinned.period_lock_date == locked
    assert world.account.coding_version == before + 1


def test_items_are_judged_anew_though_the_worker_dies_after_writing_entries(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries lie in another table: whoever takes over finds them changed once more."""
    refresh(world)
    before = world.account.coding_version
    world.provider.pages[CONTACTS][0][0] = said(Kind.SUPPLIERS, "c1", "Renamed")

    def dies(*_: object) -> int:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(world.service.accounts, "bump_coding_version", dies)
        with pytest.raises(Killed):
            refresh(world, full=True)
    assert (world.entry(Kind.SUPPLIERS, "c1").name, world.account.coding_version) == ("Renamed", before)
    world.time.pass_by(seconds=400)
    refresh(world, full=True)
    assert world.account.coding_version == before + 1


@pytest.mark.parametrize("fails_after", [1, 2, 3, 4, 5, 6, 7])
def test_killed_at_any_call_and_delivered_again(world: World, fails_after: int) -> None:
    world.time.pass_by(seconds=1)
    asked = request(world)
    world.provider.faults[fails_after] = Killed()  # type: ignore[assignment]
    with pytest.raises(Killed):
        refresh_lists(world.service, asked, world.deadline)
    world.time.pass_by(seconds=400)
    assert refresh_lists(world.service, asked, world.deadline) is Outcome.DONE
    assert world.connection.status is ConnectionStatus.ACTIVE
    assert len(statuses(world, Kind.SUPPLIERS)) == 3
    assert len(world.events("connection.activated")) == 1
