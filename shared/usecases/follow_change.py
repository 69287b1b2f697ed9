"""A change of the main connection is where its new connection is: the workflow's record follows it.

Consent, choice and lists happen to the connection, by requests and workers that know nothing of steps; whatever may
have brought the change on ends here. The record is moved forward alone, and as often as needed.
"""

from typing import Final

from shared.domain.connections import Connection, ConnectionStatus, ListHealth
from shared.domain.errors import Problem
from shared.domain.workflows import STEPS, Outcome, Step, Workflow, WorkflowKind
from shared.usecases.move_workflow import change_workflow, stop_workflow
from shared.usecases.run_workflow import tell_run
from shared.usecases.service import Service

_ORDER: Final = STEPS[WorkflowKind.CHANGE]


def follow_change(service: Service, workflow: Workflow) -> Workflow:
    """Move a change on to the step that its new connection has reached, and its run with it.

    One that has stopped, or is past that step, stays.

    May be repeated. Raises ConflictError.
    """

    def followed(current: Workflow) -> tuple[Workflow] | None:
        if not current.is_going:
            return None
        successor = successor_in(service, current)
        reached = _reached(successor) if successor is not None else None
        if reached is None or _ORDER.index(reached) <= _ORDER.index(current.step):
            return None
        return (current.moved(reached, service.clock.now()),)

    after = change_workflow(service, workflow, followed)
    tell_run(service, after)
    return after


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


def _named(service: Service, workflow: Workflow, connection: str | None) -> Connection | None:
    if connection is None:
        raise ValueError(f"a {workflow.kind} has no connections")
    return service.connections.get(workflow.tenant, workflow.account, connection)


def _reached(successor: Connection) -> Step | None:
    if successor.status is ConnectionStatus.CHOOSING_ORGANISATION:
        return Step.ORGANISATION
    if successor.status is ConnectionStatus.IMPORTING:
        return Step.SETTLE if all_lists_are_in(successor) else Step.LISTS
    return None


def failing_lists(service: Service, workflow: Workflow) -> tuple[ListHealth, ...]:
    """The lists that a change waits for and that failed when they were read last; none at any other step."""
    if not workflow.is_going or workflow.step is not Step.LISTS:
        return ()
    successor = successor_in(service, workflow)
    lists = successor.lists if successor is not None else {}
    return tuple(one for one in lists.values() if one.problem is not None and not _is_in(one))


def all_lists_are_in(connection: Connection) -> bool:
    """Whether every list that the software has was read at least once."""
    from shared.providers import registry

    return all(_is_in(connection.lists.get(kind)) for kind in registry.profile(connection.provider).kinds)


def _is_in(health: ListHealth | None) -> bool:
    return health is not None and health.last_good_at is not None
