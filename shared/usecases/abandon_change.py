"""A change that was stopped: the old connection is as it was, the new one ends, and its grant is let go."""

from datetime import timedelta
from typing import Final

from shared.aws.log import count
from shared.domain.connections import ConnectionStatus
from shared.domain.errors import ConflictError
from shared.domain.workflows import Workflow
from shared.usecases.disconnect_connection import LOOKED_AT_AGAIN, remind
from shared.usecases.follow_change import successor_in
from shared.usecases.happenings import happened
from shared.usecases.hold_connection import release_connection
from shared.usecases.move_workflow import end_workflow
from shared.usecases.service import Service

_TRIES: Final = 6


def abandon_change(service: Service, workflow: Workflow) -> Workflow:
    """Undo what a stopped change had begun, and end it with the outcome that its record says. May be repeated.

    The order is that of importance: the old connection goes on, then the new one ends. Unlinking its organisation and
    letting its grant go at the provider is the agenda's, with retries. Nothing happens to a change that goes on.
    """
    if workflow.is_ended or workflow.stop is None:
        return workflow
    release_connection(service, workflow)
    _give_up(service, workflow)
    count("changes_abandoned")
    return end_workflow(service, workflow)


def _give_up(service: Service, workflow: Workflow) -> None:
    for _ in range(_TRIES):
        successor = successor_in(service, workflow)
        if successor is None:
            return
        if successor.status is ConnectionStatus.DISCONNECTED:
            remind(service, successor, timedelta())
            return
        remind(service, successor, LOOKED_AT_AGAIN)  # before the write, should this process end right after it
        event = happened(
            service,
            successor.account,
            "connection.abandoned",
            subject=successor.id,
            before={"status": successor.status.value},
            after={"status": ConnectionStatus.DISCONNECTED.value, "workflow": workflow.id},
        )
        try:
            service.connections.give_up_successor(successor.given_up(), event)
        except ConflictError:
            continue
        remind(service, successor, timedelta())
        return
    raise ConflictError("the connection changes too often")
