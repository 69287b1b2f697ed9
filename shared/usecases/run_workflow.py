"""The runs of a workflow's state machine: start one, and have one that waits look at the record."""

from datetime import timedelta
from typing import Final

from shared.domain.accounts import Event
from shared.domain.workflows import Workflow, WorkflowKind
from shared.storage.agenda import AgendaKind
from shared.storage.operations import Operation
from shared.usecases.service import Service

LOOKED_AT_AGAIN: Final = timedelta(minutes=5)  # how often the agenda looks at a workflow that is not ended


def begin_workflow(service: Service, workflow: Workflow, event: Event, *beside: Operation) -> Workflow:
    """Store a new workflow, with `beside` (rows of the connections table), and start its first run.

    Raises workflow_in_progress naming the account's other workflow and who began it. A repeat after a crash meets
    its own workflow and goes on from there.
    """
    remind(service, workflow)
    stored = service.workflows.get(workflow.tenant, workflow.account, workflow.id)
    if stored is None:
        stored = service.workflows.create(workflow, event, *beside)
    start_run(service, stored)
    return stored


def remind(service: Service, workflow: Workflow, wait: timedelta = LOOKED_AT_AGAIN) -> None:
    """Have the agenda look after a workflow: a row is written before the work it guards."""
    said = {"tenant": workflow.tenant, "account": workflow.account, "workflow": workflow.id}
    service.agenda.put(AgendaKind.WORKFLOW, service.clock.now() + wait, workflow.id, said)


def start_run(service: Service, workflow: Workflow) -> None:
    """Start the run of the record's attempt; one that was started already stays as it is."""
    given: dict[str, str | int] = {
        "tenant": workflow.tenant,
        "account": workflow.account,
        "workflow": workflow.id,
        "attempt": workflow.attempt,
    }
    if workflow.kind is WorkflowKind.CHANGE:
        service.change_machine.begin_run(workflow.run, given)
    else:
        service.merge_machine.begin_run(workflow.run, given)


def tell_run(service: Service, workflow: Workflow) -> None:
    """Have the run that waits look at the record, where that has news for it. Any number of times does no harm."""
    if workflow.waiting is not None and workflow.has_news_for_run:
        have_go_on(service, workflow, workflow.waiting.token)


def have_go_on(service: Service, workflow: Workflow, token: str) -> None:
    """Have a run that waits with a token look at the record, whoever's run it is."""
    if workflow.kind is WorkflowKind.CHANGE:
        service.change_machine.go_on(token)
    else:
        service.merge_machine.go_on(token)
