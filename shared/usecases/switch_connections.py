"""The switch: from one write on the account's main connection is another. Never both, never none."""

from dataclasses import dataclass, replace
from typing import Final

from shared.aws.log import count
from shared.domain.accounts import Account, Event
from shared.domain.connections import Closing, Connection, ConnectionStatus
from shared.domain.errors import ConflictError, Problem
from shared.domain.workflows import Outcome, Step, Workflow
from shared.storage.workflows import changed_workflow
from shared.usecases.disconnect_connection import LOOKED_AT_AGAIN, remind
from shared.usecases.follow_change import replaced_in, successor_in
from shared.usecases.happenings import happened
from shared.usecases.move_workflow import stop_workflow
from shared.usecases.record_refresh import ask_recheck, with_defaults
from shared.usecases.run_workflow import tell_run
from shared.usecases.service import Service

_TRIES: Final = 6


@dataclass(frozen=True, slots=True)
class _Pair:
    """What the switch changes, as it was read."""

    workflow: Workflow
    old: Connection
    new: Connection
    account: Account


def switch_connections(service: Service, workflow: Workflow) -> Workflow:
    """Let the new connection of a settled change take the old one's place, in one transaction; returns the change.

    Both statuses, the slot, the account's book and defaults, the event and the workflow's step: all or nothing. A
    change whose new connection has lost its access meanwhile ends instead, and all is as it was. Nothing happens to
    one that is not at the switch. May be repeated. Raises ConflictError when others change the same again and again.
    """
    for _ in range(_TRIES):
        pair = _read(service, workflow)
        if pair is None:
            return service.workflows.get(workflow.tenant, workflow.account, workflow.id) or workflow
        if pair.new.status is not ConnectionStatus.IMPORTING:
            problem = pair.new.problem or Problem("connection_not_active", details={"status": pair.new.status.value})
            return stop_workflow(service, pair.workflow, Outcome.FAILED, problem=problem)
        try:
            after = _switched(service, pair)
        except ConflictError:
            continue
        ask_recheck(service, after.tenant, after.account)  # another book: references resolve anew
        tell_run(service, after)
        count("connections_changed")
        return after
    raise ConflictError("the connections change too often")


def _read(service: Service, workflow: Workflow) -> _Pair | None:
    current = service.workflows.get(workflow.tenant, workflow.account, workflow.id)
    if current is None or not current.is_going or current.step is not Step.SWITCH:
        return None
    old, new = replaced_in(service, current), successor_in(service, current)
    account = service.accounts.get(current.tenant, current.account)
    if old is None or new is None or account is None or old.switching_at is None:
        raise ValueError("a change at its switch has an account, and connections of which the old one is held")
    return _Pair(current, old, new, account)


def _switched(service: Service, pair: _Pair) -> Workflow:
    now = service.clock.now()
    old, new = pair.old, pair.new
    held_at = old.switching_at or now
    closing = Closing(held_at, pair.workflow.started_by, old.status, successor=new.id)
    ending = replace(old.moved(ConnectionStatus.CLOSING), closing=closing, switching_at=None, parked_until=None)
    active = replace(new.moved(ConnectionStatus.ACTIVE), activated_at=now, successor_of=None)
    account = with_defaults(pair.account, active)
    moved = pair.workflow.moved(Step.LET_GO, now)
    remind(service, old, LOOKED_AT_AGAIN)  # before the write that ends it, should its message be lost
    event = _event(service, pair, active, account)
    service.connections.switch(ending, active, account, event, changed_workflow(moved))
    return replace(moved, version=moved.version + 1)


def _event(service: Service, pair: _Pair, active: Connection, account: Account) -> Event:
    return happened(
        service,
        account.id,
        "connection.changed",
        subject=active.id,
        before={"connection": pair.old.id, "current_book": pair.account.current_book},
        after={
            "connection": active.id,
            "current_book": account.current_book,
            "name": active.pinned.name,
            "workflow": pair.workflow.id,
            "by": pair.workflow.started_by,
        },
    )
