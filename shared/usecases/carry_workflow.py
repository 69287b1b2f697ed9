"""What a run of a state machine asks: where the workflow is, to wait there with a token, to do a step, to give it up.

Every task may be delivered twice, and by a run that another has taken over: the record decides what becomes of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from shared.domain.errors import Problem
from shared.domain.workflows import Outcome, Step, Waiting, Workflow
from shared.usecases.move_workflow import change_workflow, stop_workflow
from shared.usecases.run_workflow import have_go_on
from shared.usecases.service import Service

OVER: Final = "over"  # the workflow has ended, or another run carries it on
ABANDON: Final = "abandon"  # what was begun is to be undone
TIMED_OUT: Final = "States.Timeout"


Act = Callable[[Service, Workflow], object]


@dataclass(frozen=True, slots=True)
class Steps:
    """What one kind of workflow does: `follow` moves the record on to what has happened meanwhile, `acts` are the
    tasks by their name, `set_going` what begins the work that is then waited for.
    """

    follow: Act
    acts: Mapping[str, Act]
    set_going: Mapping[Step, Act]


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


def carry(service: Service, steps: Steps, task: Mapping[str, Any]) -> dict[str, str]:
    """Do one task, {"action", "run": the run's input, ...}; answers {"next"} where the run asks where it is.

    Actions are where, wait {step, seconds, token}, give_up {step, error} and those of `steps`. Raises KeyError for
    another, and what an act raises: the run tries it again.
    """
    run, action = Run.of(task["run"]), task["action"]
    workflow = current(service, run)
    if action == "where":
        if workflow is not None:
            steps.follow(service, workflow)
        return {"next": where(service, run)}
    if action == "wait":
        step = Step(task["step"])
        waits = wait_at(service, run, step, token=task["token"], seconds=int(task["seconds"]))
        if waits is not None and step in steps.set_going:
            steps.set_going[step](service, waits)
    elif action == "give_up":
        give_up(service, run, Step(task["step"]), task["error"])
    elif workflow is not None:
        steps.acts[action](service, workflow)
    return {}


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


def wait_at(service: Service, run: Run, step: Step, *, token: str, seconds: int) -> Workflow | None:
    """Keep the token that the run waits with at a step; the step is given up `seconds` after it began.

    Returns the workflow, or None where there is nothing to wait for (any more): the run has been told to go on then.
    """
    workflow = current(service, run)
    if workflow is None:
        _not_waited_for(service, run, token)
        return None
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
        _not_waited_for(service, run, token, kept)
        return None
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
        have_go_on(service, found, token)
