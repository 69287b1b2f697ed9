"""A merge's workflow is where its merge is: the record follows what people and the worker did to that.

Choosing and applying happen to the merge, by requests and a worker that know nothing of runs. May be repeated always.
"""

from typing import Final

from shared.domain.accounts import Account, Caller
from shared.domain.merges import Merge, MergeStatus
from shared.domain.workflows import STEPS, Outcome, Step, Workflow, WorkflowKind
from shared.usecases.ask_merge import send_merge
from shared.usecases.begin_merge import discard_merge
from shared.usecases.happenings import SYSTEM
from shared.usecases.move_workflow import change_workflow, end_workflow, stop_workflow
from shared.usecases.run_workflow import tell_run
from shared.usecases.service import Service

_ORDER: Final = STEPS[WorkflowKind.MERGE]


def follow_merge_to(service: Service, merge: Merge) -> None:
    """Move on the workflow that carries a merge out, and its run: for what has just happened to the merge."""
    workflow = workflow_of(service, merge)
    if workflow is not None and not workflow.is_ended:
        follow_merge(service, workflow)


def workflow_of(service: Service, merge: Merge) -> Workflow | None:
    """The workflow that carries a merge out."""
    return service.workflows.get(merge.tenant, merge.account, merge.workflow) if merge.workflow else None


def follow_merge(service: Service, workflow: Workflow) -> Workflow:
    """Move a workflow on to where its merge is, and its run with it; at the end once there is nothing left to do."""
    merge = _merge(service, workflow)
    if merge is None:
        return workflow
    if merge.status is MergeStatus.DISCARDED:
        return stop_workflow(service, workflow, Outcome.CANCELLED, by=merge.ended_by or SYSTEM)
    reached = _reached(merge)

    def followed(current: Workflow) -> tuple[Workflow] | None:
        if not current.is_going or _ORDER.index(reached) <= _ORDER.index(current.step):
            return None
        return (current.moved(reached, service.clock.now()),)

    after = change_workflow(service, workflow, followed)
    if after.is_going and after.step is Step.REPORT and merge.step is None:
        after = end_workflow(service, after)
    tell_run(service, after)
    return after


def withdraw_merge(service: Service, account: Account, merge: Merge, *, by: Caller) -> Merge:
    """End a draft at a person's wish, and with it the workflow; as discard_merge otherwise."""
    after = discard_merge(service, account, merge, by=by)
    follow_merge_to(service, after)
    return after


def work_at_merge(service: Service, workflow: Workflow) -> None:
    """Give the worker the merge that a run is about to wait for."""
    merge = _merge(service, workflow)
    if merge is not None and merge.working:
        send_merge(service, merge)


def abandon_merge(service: Service, workflow: Workflow) -> Workflow:
    """End a workflow that was stopped: its draft is discarded. A merge that is being applied goes its own way."""
    if workflow.is_ended or workflow.stop is None:
        return workflow
    merge = _merge(service, workflow)
    account = service.accounts.get(workflow.tenant, workflow.account)
    if account is not None and merge is not None and merge.status is MergeStatus.DRAFT:
        discard_merge(service, account, merge)
    return end_workflow(service, workflow)


def _merge(service: Service, workflow: Workflow) -> Merge | None:
    if workflow.merge is None:
        raise ValueError(f"a {workflow.kind} has no merge")
    return service.merges.get(workflow.tenant, workflow.account, workflow.merge)


def _reached(merge: Merge) -> Step:
    if merge.status is MergeStatus.DRAFT:
        return Step.PROPOSE if merge.working else Step.CHOOSE
    return Step.APPLY if merge.status is MergeStatus.APPLYING else Step.REPORT
