"""Cancel a workflow: its run undoes what was begun."""

from shared.domain.accounts import Caller
from shared.domain.errors import fail
from shared.domain.workflows import Outcome, Workflow
from shared.usecases.move_workflow import stop_workflow
from shared.usecases.service import Service


def cancel_workflow(service: Service, caller: Caller, workflow: Workflow) -> Workflow:
    """Have a workflow end early; once more changes nothing.

    Raises workflow_not_cancellable once it has done what it is for, or has ended otherwise.
    """
    after = stop_workflow(service, workflow, Outcome.CANCELLED, by=caller.actor)
    if after.stop is None or after.stop.outcome is not Outcome.CANCELLED:
        raise fail("workflow_not_cancellable", step=after.step.value)
    return after
