"""What a run of a state machine asks: where the workflow is, to wait there with a token, to give a step up."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from shared.domain.errors import Problem
from shared.domain.workflows import Outcome, Step, Waiting, Workflow
from shared.usecases.move_workflow import change_workflow, stop_workflow
from shared.usecases.run_workflow import machine_of
from shared.usecases.service import Service

OVER: Final = "over"  # the workflow has ended, or another run carries it on
ABANDON: Final = "abandon"  # what was begun is to be undone
TIMED_OUT: Final = "States.Timeout"


@dataclass(frozen=True, slots=True)
class Run:
    """One run, as its input names it."""

    tenant: str
    account: str
    workflow: str
    attempt: int

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Run":
        return cls(given["tenant"], given["account"], given["workflow"], int(given["attempt"]))


def current(service: Service, run: Run) -> Workflow | None:
    """The workflow as far as this run carries it on: None for one that ended, or that another run has taken over."""
    found = service.workflows.get(run.tenant, run.account, run.workflow)
    return found if found is not None and not found.is_ended and found.attempt == run.attempt else None


def where(service: Service, run: Run) -> str:
    """What the run is to do next: a step of the workflow, ABANDON or OVER."""
    workflow = current(service, run)
    if workflow is None:
        return OVER
    return ABANDON if workflow.stop is not None else workflow.step.value


def wait_at(service: Service, run: Run, step: Step, token: str, seconds: int) -> Workflow | None:
    """Keep the token that the run waits with at a step; the step is given up `seconds` after it began.

    Returns the workflow, or None where there is nothing to wait for (any more): the run has been told to go on then.
    """
    workflow = current(service, run)
    if workflow is None:
        return _not_waited_for(service, run, token)
    now = service.clock.now()

    def waits(found: Workflow) -> tuple[Workflow] | None:
        if found.attempt != run.attempt or not found.is_going or found.step is not step:
            return None
        due_at = found.due_at or found.steps[-1].began_at + timedelta(seconds=seconds)
        return (replace(found, waiting=Waiting(step, token, now), due_at=due_at),)

    kept = change_workflow(service, workflow, waits)
    if kept.due_at is not None and kept.due_at <= now:
        kept = stop_workflow(service, kept, Outcome.TIMED_OUT, at=step)
    if kept.waiting is None or kept.waiting.token != token or kept.has_news_for_run:
        return _not_waited_for(service, run, token, kept)
    return kept


def give_up(service: Service, run: Run, step: Step, error: str) -> None:
    """A step's time is over, or its work failed again and again: what was begun is undone, if it still is there."""
    workflow = current(service, run)
    if workflow is None:
        return
    if error == TIMED_OUT:
        stop_workflow(service, workflow, Outcome.TIMED_OUT, at=step)
    else:
        problem = Problem("workflow_failed", details={"step": step.value, "error": error})
        stop_workflow(service, workflow, Outcome.FAILED, problem=problem, at=step)


def _not_waited_for(service: Service, run: Run, token: str, workflow: Workflow | None = None) -> None:
    """Have the run look at the record at once, instead of waiting."""
    found = workflow or service.workflows.get(run.tenant, run.account, run.workflow)
    if found is not None:
        machine_of(service, found).go_on(token)
