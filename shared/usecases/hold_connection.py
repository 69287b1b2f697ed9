"""Hold the connection that another is about to replace: nothing new is sent through it. Or let it go on."""

from dataclasses import replace
from typing import Final

from shared.domain.connections import Connection
from shared.domain.errors import ConflictError
from shared.domain.workflows import Step, Workflow
from shared.storage.workflows import changed_workflow
from shared.usecases.follow_change import replaced_in
from shared.usecases.publish_item import wake_of
from shared.usecases.service import Service
from shared.usecases.update_connection import update_connection
from shared.usecases.wake import SWEEP_AFTER, remind, wake_up

_TRIES: Final = 6


def hold_connection(service: Service, workflow: Workflow) -> Connection | None:
    """The old connection of a change at its settling, held since its `switching_at`; None when there is none to hold.

    Written together with the workflow, on condition of both versions: a change that stops in this moment holds
    nothing, so that its undoing finds whatever was held. May be repeated. Raises ConflictError.
    """
    for _ in range(_TRIES):
        current = service.workflows.get(workflow.tenant, workflow.account, workflow.id)
        if current is None or not current.is_going or current.step is not Step.SETTLE:
            return None
        old = replaced_in(service, current)
        if old is None or old.is_ending:
            return None
        if old.switching_at is not None:
            return old
        try:
            held = replace(old, switching_at=service.clock.now())
            return service.connections.update(held, beside=changed_workflow(current))
        except ConflictError:
            continue
    raise ConflictError("the connection changes too often")


def release_connection(service: Service, workflow: Workflow) -> None:
    """Let the old connection of a change that is being undone go on as before. May be repeated."""
    old = replaced_in(service, workflow)
    if old is None or old.switching_at is None or old.is_ending:
        return

    def released(current: Connection) -> tuple[Connection] | None:
        if current.switching_at is None or current.is_ending:
            return None
        return (replace(current, switching_at=None),)

    wake = wake_of(old)
    remind(service, wake, service.clock.now() + SWEEP_AFTER)
    update_connection(service, old, released)
    wake_up(service, wake)
