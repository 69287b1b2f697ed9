"""How a workflow's record moves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.accounts import Account
from shared.domain.workflows import STEPS, Outcome, Step, Stop, Waiting, Workflow, WorkflowKind, begun

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)


def _new(kind: WorkflowKind = WorkflowKind.CHANGE) -> Workflow:
    return begun(kind, "w", Account("a", "t", "Acme", T0), at=T0, by="kim", connection="old", successor="new")


def _at(step: Step, kind: WorkflowKind = WorkflowKind.CHANGE) -> Workflow:
    workflow = _new(kind)
    for number, one in enumerate(STEPS[kind]):
        if workflow.step is step:
            break
        workflow = workflow.moved(STEPS[kind][number + 1], T0 + timedelta(minutes=number + 1))
        assert one is not workflow.step
    return workflow


def test_each_step_tells_when_it_began_and_ended() -> None:
    done = _at(Step.OFFER).ended(T0 + timedelta(hours=1))
    assert [one.step for one in done.steps] == list(STEPS[WorkflowKind.CHANGE])
    assert all(one.ended_at is not None for one in done.steps)
    assert [one.began_at for one in done.steps[1:]] == [one.ended_at for one in done.steps[:-1]]
    assert (done.outcome, done.is_ended, done.is_going) == (Outcome.DONE, True, False)


def test_a_step_is_not_taken_twice_save_another_consent_before_the_choice() -> None:
    with pytest.raises(ValueError, match="does not move"):
        _at(Step.LISTS).moved(Step.CONSENT, T0)
    with pytest.raises(ValueError, match="does not move"):
        _new().moved(Step.CONSENT, T0)
    again = _at(Step.ORGANISATION).moved(Step.CONSENT, T0)
    assert [one.step for one in again.steps] == [Step.CONSENT, Step.ORGANISATION, Step.CONSENT]


def test_a_step_of_the_other_kind_is_not_taken() -> None:
    with pytest.raises(ValueError, match="does not move"):
        _new().moved(Step.APPLY, T0)


@pytest.mark.parametrize(("step", "may"), [(Step.CONSENT, True), (Step.SWITCH, True), (Step.LET_GO, False)])
def test_it_is_stopped_until_it_has_switched(step: Step, may: bool) -> None:
    stop = Stop(Outcome.CANCELLED, T0, "kim")
    workflow = _at(step)
    assert workflow.is_decided is not may
    if not may:
        with pytest.raises(ValueError, match="is not stopped"):
            workflow.stopped(stop)
        return
    stopped = workflow.stopped(stop)
    assert not stopped.is_going
    assert not stopped.is_ended
    with pytest.raises(ValueError, match="is not stopped"):
        stopped.stopped(stop)
    with pytest.raises(ValueError, match="does not move"):
        stopped.moved(Step.LET_GO, T0)
    assert stopped.ended(T0).outcome is Outcome.CANCELLED


def test_a_run_that_waits_has_news_once_the_record_has_moved_or_stops() -> None:
    workflow = _new()
    assert not workflow.has_news_for_run
    waits = replace(workflow, waiting=Waiting(Step.CONSENT, "token", T0))
    assert not waits.has_news_for_run
    assert waits.moved(Step.ORGANISATION, T0).has_news_for_run
    assert waits.stopped(Stop(Outcome.REFUSED, T0, "kim")).has_news_for_run
    assert "token" not in repr(waits.waiting).replace("token=", "")
