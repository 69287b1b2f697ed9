"""Files that would not fill an upload when the limit of batches is reached go up with those of the next documents."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rehearsal.process import Process
from rehearsal.world import PDF, World
from shared.domain.items import FactOutcome
from shared.domain.limits import Blocked, LimitScope
from shared.domain.publishing import Batch, ElementAnswer
from shared.providers.contract import FileAnswer, LimitReached, Session, Upload
from shared.providers.quickbooks.calls import QuickBooks
from shared.providers.quickbooks.profile import PROFILE
from tests.integration.providers.suite import only
from tests.integration.publishing.checks import assert_sound, stages
from tests.soak.scenario import run

DOCUMENTS = 3  # in a batch; files go up two at a time
MOST_EFFECTS = 200


class Narrow:
    """QuickBooks in small batches and uploads, whose limit of batches is reached at one of them."""

    def __init__(self, world: World, patch: pytest.MonkeyPatch, *, stop_at: int = 0, files: int = 2) -> None:
        self.world, self.stop_at = world, stop_at
        self.batches, self.uploads = 0, list[int]()
        facts = replace(PROFILE.publishing, batch_elements=DOCUMENTS, files_per_call=files)
        patch.setattr(QuickBooks, "profile", replace(PROFILE, publishing=facts))
        send, attach = QuickBooks.send, QuickBooks.attach

        def sent(one: QuickBooks, session: Session, batch: Batch, body: bytes) -> list[ElementAnswer]:
            self.batches += 1
            if self.batches == self.stop_at:
                raise LimitReached(Blocked(LimitScope.CLASS, world.time() + timedelta(seconds=20)))
            return send(one, session, batch, body)

        def attached(session: Session, uploads: Sequence[Upload], key: str) -> list[FileAnswer]:
            self.uploads.append(len(uploads))
            return attach(session, uploads, key)

        patch.setattr(QuickBooks, "send", sent)
        patch.setattr(QuickBooks, "attach", staticmethod(attached))

    def ask(self, with_file: int, without: int = 0) -> list[str]:
        self.batches, self.uploads = 0, []
        bills = [self.world.papers.bill() for _ in range(with_file + without)]
        ids = [*self.world.create(bills[:with_file], file=PDF), *self.world.create(bills[with_file:])]
        self.world.publish(ids)
        return ids


def attachments(world: World, ids: list[str]) -> Counter[Any]:
    published = [world.state(item).published for item in ids]
    return Counter(one.attachment.outcome if one and one.attachment else None for one in published)


@only("quickbooks")
def test_what_fills_no_upload_waits_for_the_next_documents(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Narrow(world, monkeypatch, stop_at=4)
    ids = narrow.ask(18)
    run(world, Process())
    assert narrow.uploads == [2, 2, 2], "six of the nine files"
    assert stages(world) == {"published": 9, "ready": 9}, "their documents are there, and are seen to be"
    assert attachments(world, ids) == {FactOutcome.DONE: 6, FactOutcome.PENDING: 3, None: 9}
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 18}
    assert narrow.uploads == [2] * 9
    assert attachments(world, ids) == {FactOutcome.DONE: 18}


@only("quickbooks")
def test_files_that_nothing_comes_after_go_up_by_themselves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Narrow(world, monkeypatch, stop_at=2)
    narrow.ask(3, without=3)
    run(world, Process())
    assert narrow.uploads == []
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": 6}
    assert sorted(narrow.uploads) == [1, 2]


@only("quickbooks")
def test_a_file_at_rest_holds_up_its_own_batch_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Narrow(world, monkeypatch, files=DOCUMENTS)
    ids = narrow.ask(2 * DOCUMENTS)
    world.fault("file", kind="commit_late", visible_after_seconds=30)
    run(world, Process())
    resting = {item for item in ids if attachments(world, [item])[FactOutcome.PENDING]}
    assert len(resting) == DOCUMENTS
    assert set(world.markers()) == resting, "the others' batch is closed"
    world.settle()
    assert_sound(world)
    assert attachments(world, ids) == {FactOutcome.DONE: 2 * DOCUMENTS}
    assert narrow.uploads == [DOCUMENTS] * 2


@pytest.mark.soak
@pytest.mark.timeout(880)
@only("quickbooks")
def test_killed_after_each_effect(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Narrow(world, monkeypatch, stop_at=2)
    for number in range(1, MOST_EFFECTS):
        narrow.ask(6)
        process = Process(kill_after=number)
        run(world, process)
        if not process.dead:
            world.time.pass_by(seconds=30)
            run(world, process)
        world.settle()
        assert_sound(world)
        if not process.dead:
            return
    raise AssertionError(f"a run has more than {MOST_EFFECTS} effects")
