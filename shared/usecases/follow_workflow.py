"""What the agenda does for a workflow: see that a run carries it on, and that no step lasts longer than it may."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from shared.aws.log import count, logger
from shared.domain.errors import ConflictError
from shared.domain.workflows import Outcome, Workflow, WorkflowKind
from shared.usecases.follow_change import follow_change
from shared.usecases.follow_merge import follow_merge
from shared.usecases.move_workflow import stop_workflow
from shared.usecases.run_workflow import LOOKED_AT_AGAIN, remind, start_run, tell_run
from shared.usecases.service import Service
from shared.usecases.settle_switch import ask_settling

# A run that for so long neither waits with the step's token nor moves has lost its way: another one takes over.
LOST_AFTER: Final = timedelta(minutes=15)


def follow_workflow(service: Service, said: Mapping[str, Any]) -> None:
    """Give up a step whose time is over, and start another run where the last one died. May be repeated.

    `said` is the agenda row's payload; the row of the next look is written here.
    """
    workflow = service.workflows.get(said["tenant"], said["account"], said["workflow"])
    if workflow is None or workflow.is_ended:
        return  # the request did not come so far, or all is done
    remind(service, workflow, _next_look(service.clock.now(), workflow))
    workflow = _brought_on(service, workflow)
    if workflow.due_at is not None and service.clock.now() >= workflow.due_at:
        workflow = stop_workflow(service, workflow, Outcome.TIMED_OUT, at=workflow.step)
    if workflow.is_ended or _is_carried_on(service, workflow):
        tell_run(service, workflow)
    else:
        _start_again(service, workflow)


def _brought_on(service: Service, workflow: Workflow) -> Workflow:
    """The record moved on to what has happened meanwhile, where its message was lost; work that is waited for anew."""
    if workflow.kind is WorkflowKind.MERGE:
        return follow_merge(service, workflow)  # its work has a guard of its own
    workflow = follow_change(service, workflow)
    ask_settling(service, workflow)
    return workflow


def _next_look(now: datetime, workflow: Workflow) -> timedelta:
    if workflow.due_at is None or workflow.due_at <= now:
        return LOOKED_AT_AGAIN
    return min(LOOKED_AT_AGAIN, workflow.due_at - now)


def _is_carried_on(service: Service, workflow: Workflow) -> bool:
    is_change = workflow.kind is WorkflowKind.CHANGE
    is_on = service.change_machine.is_on(workflow.run) if is_change else service.merge_machine.is_on(workflow.run)
    if not is_on:
        return False
    since = max(workflow.run_at or workflow.started_at, workflow.moved_at)
    waits = workflow.waiting is not None and not workflow.has_news_for_run
    return waits or service.clock.now() - since < LOST_AFTER


def _start_again(service: Service, workflow: Workflow) -> None:
    try:
        again = service.workflows.update(
            replace(workflow, attempt=workflow.attempt + 1, run_at=service.clock.now(), waiting=None)
        )
    except ConflictError:
        return  # somebody has moved it in this moment: the next look sees what became of it
    count("workflows_restarted")
    logger.warning("workflow started again", extra={"workflow": again.id, "attempt": again.attempt})
    start_run(service, again)
