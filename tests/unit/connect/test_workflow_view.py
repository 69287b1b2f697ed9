"""What people see of a workflow, step by step."""

from dataclasses import replace
from datetime import UTC, datetime

from functions.connect.workflow_models import WorkflowView
from shared.domain.accounts import Account
from shared.domain.errors import Problem
from shared.domain.workflows import Outcome, Step, Stop, Waiting, Workflow, WorkflowKind, begun

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)


def _at(*steps: Step) -> Workflow:
    workflow = begun(WorkflowKind.CHANGE, "w", Account("a", "t", "Acme", T0), at=T0, by="kim", connection="old")
    for step in steps:
        workflow = workflow.moved(step, T0)
    return workflow


def _states(workflow: Workflow) -> list[str]:
    return [one.state for one in WorkflowView.of(workflow).steps]


def test_steps_are_done_now_or_ahead() -> None:
    workflow = _at(Step.ORGANISATION, Step.LISTS)
    seen = WorkflowView.of(workflow)
    assert (seen.status, seen.step, seen.cancellable) == ("running", "lists", True)
    assert _states(workflow) == ["done", "done", "now", "ahead", "ahead", "ahead", "ahead"]


def test_one_that_is_stopped_tells_where_and_why_and_what_never_came() -> None:
    stop = Stop(Outcome.FAILED, T0, "system", Problem("workflow_failed", details={"step": "lists"}))
    stopping = _at(Step.ORGANISATION, Step.LISTS).stopped(stop)
    seen = WorkflowView.of(stopping)
    assert (seen.status, seen.outcome, seen.cancellable, seen.stopped_by) == ("stopping", "failed", False, "system")
    assert seen.problem is not None
    assert (seen.problem["code"], seen.problem["details"]) == ("workflow_failed", {"step": "lists"})
    ended = stopping.ended(T0)
    assert (WorkflowView.of(ended).status, _states(ended)[2:4]) == ("ended", ["stopped", "never"])


def test_once_it_has_switched_it_is_not_cancelled_any_more() -> None:
    workflow = _at(Step.ORGANISATION, Step.LISTS, Step.SETTLE, Step.SWITCH, Step.LET_GO)
    assert WorkflowView.of(workflow).cancellable is False
    assert set(_states(workflow.moved(Step.OFFER, T0).ended(T0))) == {"done"}


def test_the_token_of_a_run_is_shown_to_nobody() -> None:
    workflow = replace(_at(), waiting=Waiting(Step.CONSENT, "the-token", T0), due_at=T0)
    assert "the-token" not in WorkflowView.of(workflow).model_dump_json()
    assert "the-token" not in repr(workflow)
