"""Move a workflow that others move too: the record is written first, then the run that waits looks at it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from shared.domain.accounts import Event
from shared.domain.errors import ConflictError, Problem, fail
from shared.domain.workflows import Outcome, Step, Stop, Workflow
from shared.usecases.happenings import SYSTEM, happened
from shared.usecases.run_workflow import tell_run
from shared.usecases.service import Service

_TRIES: Final = 6

Change = Callable[[Workflow], tuple[Workflow, Event] | tuple[Workflow] | None]


def change_workflow(service: Service, workflow: Workflow, change: Change) -> Workflow:
    """Apply `change` to the workflow as it is now; it returns None where nothing is to be done any more.

    Raises what `change` raises, not_found when it is gone, and ConflictError when it changed again and again.
    """
    current: Workflow | None = workflow
    for _ in range(_TRIES):
        if current is None:
            raise fail("not_found", field="workflow")
        wanted = change(current)
        if wanted is None:
            return current
        try:
            return service.workflows.update(*wanted)
        except ConflictError:
            current = service.workflows.get(workflow.tenant, workflow.account, workflow.id)
    raise ConflictError("the workflow changes too often")


def advance_workflow(service: Service, workflow: Workflow, done: Step, to: Step) -> Workflow:
    """A step is done: the workflow is at `to` now, and its run goes on. May be repeated.

    Nothing happens to one that is elsewhere already, is being stopped, or has ended.
    """

    def moved(current: Workflow) -> tuple[Workflow] | None:
        if not current.is_going or current.step is not done:
            return None
        return (current.moved(to, service.clock.now()),)

    after = change_workflow(service, workflow, moved)
    tell_run(service, after)
    return after


def stop_workflow(
    service: Service,
    workflow: Workflow,
    outcome: Outcome,
    *,
    by: str = SYSTEM,
    problem: Problem | None = None,
    at: Step | None = None,
) -> Workflow:
    """Have what was begun undone; its run does that, and ends the workflow with this outcome. May be repeated.

    Nothing happens to one that is being stopped, is past being stopped, or is not `at` the step where one is named.
    """

    def stopped(current: Workflow) -> tuple[Workflow, Event] | None:
        if not current.is_going or current.is_decided or at not in {None, current.step}:
            return None
        stop = Stop(outcome, service.clock.now(), by, problem)
        after: dict[str, object] = {"kind": current.kind.value, "outcome": outcome.value, "step": current.step.value}
        if problem is not None:
            after["code"] = problem.code
        event = happened(service, current.account, "workflow.stopping", subject=current.id, after=after)
        return current.stopped(stop), replace(event, actor=by)

    after = change_workflow(service, workflow, stopped)
    tell_run(service, after)
    return after


def end_workflow(service: Service, workflow: Workflow, *news: Event) -> Workflow:
    """The workflow is at its end, with the outcome its record says; the account may begin another. May be repeated.

    `news` are told with that, once.
    """
    current: Workflow | None = workflow
    for _ in range(_TRIES):
        if current is None:
            raise fail("not_found", field="workflow")
        if current.is_ended:
            return current
        ended = current.ended(service.clock.now())
        outcome = ended.outcome.value if ended.outcome else ""
        event = happened(
            service,
            current.account,
            "workflow.ended",
            subject=current.id,
            after={"kind": current.kind.value, "outcome": outcome, "step": current.step.value},
        )
        try:
            return service.workflows.end(ended, *news, event)
        except ConflictError:
            current = service.workflows.get(workflow.tenant, workflow.account, workflow.id)
    raise ConflictError("the workflow changes too often")
