"""Before one connection takes another's place: what the old one has sent is found out, and nothing new begins.

Under the organisation's publishing lease, taken after the connection was held: whoever held the lease before may have
sent in its name, and has ended; whoever holds it later finds the connection held. So nothing of it is under way but
the batches that are open, and no other can come to be.
"""

from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final

from shared.aws.log import count
from shared.aws.queues import LONGEST_DELAY
from shared.domain.connections import Connection
from shared.domain.limits import window_start
from shared.domain.workflows import Step, Workflow
from shared.providers.contract import AccessLost
from shared.usecases.drain import Drain
from shared.usecases.drain_organisation import free_abandoned
from shared.usecases.hold_connection import hold_connection
from shared.usecases.move_workflow import advance_workflow
from shared.usecases.publish_item import wake_of
from shared.usecases.publishing_lease import publishing_lease
from shared.usecases.service import Service
from shared.usecases.sessions import OutOfTime
from shared.usecases.settle_closing import LOOK_AGAIN, LOOKED_FOR, WITHOUT_ACCESS, open_batches, settled
from shared.usecases.wake import wake_up

SCHEMA: Final = 1
KIND: Final = "switch"
# Messages that end at about the same time go on as one.
STEP: Final = timedelta(seconds=10)


def settle_message(workflow: Workflow) -> dict[str, Any]:
    """The publish queue's message that says: bring this change's old connection to rest. Any number does no harm."""
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "tenant": workflow.tenant,
        "account": workflow.account,
        "workflow": workflow.id,
    }


def ask_settling(service: Service, workflow: Workflow) -> None:
    """Have the worker bring a change's old connection to rest, where the change is at that."""
    if workflow.is_going and workflow.step is Step.SETTLE:
        service.publish_queue.send(settle_message(workflow), group=workflow.tenant)


def settle_switch(service: Service, body: dict[str, Any], deadline: datetime) -> None:
    """Work at the settling of one change until it is done or must wait; `deadline` is when the invocation ends (UTC).

    Done is when no batch of the old connection is open, or when `LOOKED_FOR` has passed: what is still unknown then
    is held for a person once the connection is closing. Nothing is done while an operator holds publishing. Raises
    ValueError on a message of a later version, which stays untouched.
    """
    if body["schema"] > SCHEMA:
        raise ValueError(f"a message of schema {body['schema']} is from a later version")
    workflow = service.workflows.get(body["tenant"], body["account"], body["workflow"])
    if workflow is None or not workflow.is_going or workflow.step is not Step.SETTLE:
        return
    if service.standing.get().held:
        return  # the agenda's look at the workflow sends this once more
    old = hold_connection(service, workflow)
    if old is None or old.switching_at is None:
        return
    until = _at_rest(service, old, old.switching_at, deadline)
    if until is None:
        advance_workflow(service, workflow, Step.SETTLE, Step.SWITCH)
        count("switches_settled")
    else:
        _go_on(service, workflow, until)


def _at_rest(service: Service, old: Connection, held_at: datetime, deadline: datetime) -> datetime | None:
    """Settle what the old connection has under way; returns when to go on with that, None when it is at rest."""
    wake = wake_of(old)
    with publishing_lease(service, wake, service.standing.get(), deadline) as drain:
        if drain is None:
            return service.clock.now() + STEP
        try:
            until = _settled(drain, old, held_at)
        except OutOfTime:
            until = service.clock.now()
        others = service.items.any_pending(old.tenant, old.provider, old.pinned.id)
    if others:  # whoever found the lease held relies on its holder to look once more
        wake_up(service, wake)
    return until


def _settled(drain: Drain, old: Connection, held_at: datetime) -> datetime | None:
    drain.service.batches.fence(drain.tenant, drain.provider_name, drain.organisation, drain.epoch)
    current = drain.connection(old.account, old.id)
    if current.status in WITHOUT_ACCESS or current.paused_at is not None:
        return None  # nothing may be asked, or sent, through it: its end holds what is open
    stops: list[datetime] = []
    for batch in open_batches(drain, current):
        try:
            until = settled(drain, batch)
        except AccessLost:
            return None
        stops += [until] if until is not None else []
    free_abandoned(drain)
    if not open_batches(drain, current) or drain.now() >= held_at + LOOKED_FOR:
        return None
    return min([*stops, held_at + LOOKED_FOR], default=drain.now() + LOOK_AGAIN)


def _go_on(service: Service, workflow: Workflow, until: datetime) -> None:
    now = service.clock.now()
    at = max(window_start(until, STEP) + STEP, now)
    delay = ceil((at - now).total_seconds())
    if delay > LONGEST_DELAY:
        return  # the agenda's next look
    once = f"switch#{workflow.tenant}#{workflow.id}#{at.isoformat()}"
    if service.seen.first_time(once, timedelta(hours=1), now):
        service.publish_queue.send(settle_message(workflow), group=workflow.tenant, delay_seconds=delay)
