"""After the switch: it is told, the old connection is disconnected as every other is, and a merge is offered."""

from shared.domain.connections import ConnectionStatus
from shared.domain.outgoing import EventType
from shared.domain.workflows import Step, Workflow
from shared.usecases.connection_news import tell_of_connection
from shared.usecases.disconnect_connection import LOOKED_AT_AGAIN, message, remind
from shared.usecases.follow_change import replaced_in, successor_in
from shared.usecases.happenings import happened
from shared.usecases.move_workflow import advance_workflow, end_workflow
from shared.usecases.service import Service


def let_old_go(service: Service, workflow: Workflow) -> Workflow:
    """Tell of the new connection, and set going what frees the old one's queue and then lets its grant go.

    Told here and not at the switch, which may lose to a cancel: the record says that it has been, and goes on once it
    is told. May be repeated, and stays one message.

    What was sent and is unknown still, is looked up or held for a person; the queue's items wait for one with the
    reason connection_changed; the provider is told, with retries.
    """
    if not workflow.is_going or workflow.step is not Step.LET_GO:
        return workflow
    old, new = replaced_in(service, workflow), successor_in(service, workflow)
    if new is not None:
        tell_of_connection(service, new, EventType.CONNECTION_CONNECTED, "activated")
    if old is not None and old.status is ConnectionStatus.CLOSING:
        remind(service, old, LOOKED_AT_AGAIN)
        service.publish_queue.send(message(old), group=old.tenant)
    return advance_workflow(service, workflow, Step.LET_GO, Step.OFFER)


def offer_merge(service: Service, workflow: Workflow) -> Workflow:
    """Tell that the lists may be merged, and with that end the change. May be repeated: it is told once."""
    if not workflow.is_going or workflow.step is not Step.OFFER:
        return workflow
    old, new = replaced_in(service, workflow), successor_in(service, workflow)
    if old is None or new is None:
        raise ValueError("a change has an old and a new connection")
    books: dict[str, object] = {"from": old.book.key, "to": new.book.key}
    return end_workflow(service, workflow, happened(service, workflow.account, "merge.offered", after=books))
