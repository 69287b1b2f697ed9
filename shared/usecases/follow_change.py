"""A change of the main connection is where its new connection is: the workflow's record follows it.

Consent, choice and lists happen to the connection, by requests and workers that know nothing of steps; whatever may
have brought the change on ends here. The record is moved forward alone, and as often as needed.
"""

from collections.abc import Callable
from typing import Final

from shared.domain.accounts import Event
from shared.domain.connections import Connection, ConnectionStatus, ListHealth
from shared.domain.errors import ConflictError, Problem, fail
from shared.domain.workflows import STEPS, Outcome, Step, Stop, Workflow, WorkflowKind
from shared.usecases.happenings import SYSTEM, happened
from shared.usecases.service import Service

_TRIES: Final = 6
_ORDER: Final = STEPS[WorkflowKind.CHANGE]

Change = Callable[[Workflow], tuple[Workflow, Event] | tuple[Workflow] | None]


def update_workflow(service: Service, workflow: Workflow, change: Change) -> Workflow:
    """Apply `change` to the workflow as it is now; it returns None where nothing is to be done any more.

    The record and its event, if any, are written together on condition of the version. Raises what `change` raises,
    not_found, and ConflictError when it changed under our hands again and again.
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


def follow_change(service: Service, workflow: Workflow) -> Workflow:
    """Move a change on to the step that its new connection has reached; one that has stopped, or is past that, stays.

    May be repeated. Raises ConflictError.
    """

    def followed(current: Workflow) -> tuple[Workflow] | None:
        if not current.is_going:
            return None
        successor = successor_in(service, current)
        reached = _reached(service, successor) if successor is not None else None
        if reached is None or _ORDER.index(reached) <= _ORDER.index(current.step):
            return None
        return (current.moved(reached, service.clock.now()),)

    return update_workflow(service, workflow, followed)


def follow_change_to(service: Service, successor: Connection) -> None:
    """Move on the change that leads to a connection: for what has just happened to that."""
    workflow = change_to(service, successor)
    if workflow is not None:
        follow_change(service, workflow)


def change_to(service: Service, successor: Connection) -> Workflow | None:
    """The change that leads to a connection, while it is not at its end."""
    account = service.accounts.get(successor.tenant, successor.account)
    if account is None or account.active_workflow is None:
        return None
    workflow = service.workflows.get(account.tenant, account.id, account.active_workflow)
    return workflow if workflow is not None and workflow.successor == successor.id else None


def successor_in(service: Service, workflow: Workflow) -> Connection | None:
    """The new connection of a change; raises ValueError for a workflow of another kind."""
    return _named(service, workflow, workflow.successor)


def replaced_in(service: Service, workflow: Workflow) -> Connection | None:
    """The old connection of a change; raises ValueError for a workflow of another kind."""
    return _named(service, workflow, workflow.connection)


def refuse_change(service: Service, tenant: str, account: str, connection: str, *, by: str) -> None:
    """A person refused the consent that a change waits for: it ends. Nothing happens to any other connection."""
    found = service.connections.get(tenant, account, connection)
    if found is None or found.successor_of is None or not found.is_unfinished:
        return
    workflow = change_to(service, found)
    if workflow is not None:
        stop_workflow(service, workflow, Outcome.REFUSED, by=by, problem=Problem("consent_refused"))


def stop_workflow(
    service: Service, workflow: Workflow, outcome: Outcome, *, by: str = SYSTEM, problem: Problem | None = None
) -> Workflow:
    """Decide that a workflow ends early; what it had begun is undone after this. One that has stopped stays as it is.

    Raises workflow_not_cancellable once it has done what it is for, and ConflictError.
    """

    def stopped(current: Workflow) -> tuple[Workflow, Event] | None:
        if current.stop is not None:
            return None
        if current.is_ended or current.is_decided:
            raise fail("workflow_not_cancellable", step=current.step.value)
        at = service.clock.now()
        event = happened(
            service,
            current.account,
            "workflow.stopped",
            subject=current.id,
            before={"step": current.step.value},
            after={"outcome": outcome.value, "by": by, "code": problem.code if problem else None},
        )
        return current.stopped(Stop(outcome, at, by, problem)), event

    return update_workflow(service, workflow, stopped)


def _named(service: Service, workflow: Workflow, connection: str | None) -> Connection | None:
    if connection is None:
        raise ValueError(f"a {workflow.kind} has no connections")
    return service.connections.get(workflow.tenant, workflow.account, connection)


def _reached(service: Service, successor: Connection) -> Step | None:
    if successor.status is ConnectionStatus.CHOOSING_ORGANISATION:
        return Step.ORGANISATION
    if successor.status is ConnectionStatus.IMPORTING:
        return Step.SETTLE if all_lists_are_in(service, successor) else Step.LISTS
    return None


def all_lists_are_in(service: Service, connection: Connection) -> bool:
    """Whether every list that the software has was read at least once."""
    lists = connection.lists
    return all(_is_in(lists.get(kind)) for kind in service.provider(connection.provider).profile.kinds)


def _is_in(health: ListHealth | None) -> bool:
    return health is not None and health.last_good_at is not None
