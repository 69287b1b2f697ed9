"""Bring a disconnection to its end: what was sent is found out, items fall back, then the slot is free."""

from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final

from shared.aws.log import count
from shared.aws.queues import LONGEST_DELAY
from shared.domain.accounts import Account
from shared.domain.connections import Closing, Connection, ConnectionStatus, DisconnectMode, Slot
from shared.domain.errors import ConflictError
from shared.domain.limits import window_start
from shared.domain.publishing import WakeUp
from shared.usecases.disconnect_connection import SCHEMA, message, remind
from shared.usecases.fall_back import fall_back
from shared.usecases.happenings import happened
from shared.usecases.publishing_lease import publishing_lease
from shared.usecases.service import Service
from shared.usecases.sessions import OutOfTime
from shared.usecases.settle_closing import Left, settle_closing
from shared.usecases.update_connection import update_connection
from shared.usecases.wake import SCHEMA as WAKE_SCHEMA
from shared.usecases.wake import wake_up

# Messages that end at about the same time go on as one.
STEP: Final = timedelta(seconds=10)
_TRIES: Final = 6


def conclude_disconnect(service: Service, body: dict[str, Any], deadline: datetime) -> None:
    """Work at one disconnection until it is done or must wait; `deadline` is when the invocation ends (UTC).

    What is left to do then has a message, and the agenda guards it all. Nothing is done while an operator holds
    publishing. Raises ValueError on a message of a later version, which stays untouched.
    """
    if body["schema"] > SCHEMA:
        raise ValueError(f"a message of schema {body['schema']} is from a later version")
    connection = service.connections.get(body["tenant"], body["account"], body["connection"])
    if connection is None or connection.status is not ConnectionStatus.CLOSING or service.standing.get().held:
        return
    until = _settled(service, connection, deadline)
    if until is None and not fall_back(service, connection, deadline):
        until = service.clock.now()
    if until is None:
        _end(service, connection)
    else:
        _go_on(service, connection, until)


def _settled(service: Service, connection: Connection, deadline: datetime) -> datetime | None:
    """Settle what it has at its organisation; returns when to go on with that, None when nothing is left."""
    wake = WakeUp(WAKE_SCHEMA, connection.tenant, connection.account, connection.provider, connection.pinned.id)
    with publishing_lease(service, wake, service.standing.get(), deadline) as drain:
        if drain is None:
            return service.clock.now() + STEP
        current = drain.connection(connection.account, connection.id)
        if current.closing is None:
            raise ValueError("a connection that closes says since when")
        try:
            left = settle_closing(drain, current, current.closing)
        except OutOfTime:
            return service.clock.now()
        finally:
            others = service.items.any_pending(connection.tenant, connection.provider, connection.pinned.id)
    _tell(service, connection, left)
    if others:  # whoever found the lease held relies on its holder to look once more
        wake_up(service, wake)
    return left.until


def _tell(service: Service, connection: Connection, left: Left) -> None:
    """Write down how far it is, for who asks."""

    def told(current: Connection) -> tuple[Connection] | None:
        closing = _of(current)
        now = replace(
            closing,
            left=left.batches,
            held=closing.held + left.held,
            set_back=closing.set_back + left.set_back,
        )
        return None if now == closing else (replace(current, closing=now),)

    update_connection(service, connection, told)


def _of(connection: Connection) -> Closing:
    if connection.closing is None:
        raise ValueError("a connection that closes says since when")
    return connection.closing


def _go_on(service: Service, connection: Connection, until: datetime) -> None:
    now = service.clock.now()
    at = max(window_start(until, STEP) + STEP, now)
    delay = ceil((at - now).total_seconds())
    if delay > LONGEST_DELAY:
        return  # the agenda's next look
    once = f"disconnect#{connection.tenant}#{connection.id}#{at.isoformat()}"
    if service.seen.first_time(once, timedelta(hours=1), now):
        service.publish_queue.send(message(connection), group=connection.tenant, delay_seconds=delay)


def _end(service: Service, connection: Connection) -> None:
    """Disconnected: its slot is free or another's, lists, codings and defaults are what was asked. All or nothing."""
    remind(service, connection, timedelta())  # what follows at the provider is the agenda's
    for _ in range(_TRIES):
        stored = service.connections.get(connection.tenant, connection.account, connection.id)
        account = service.accounts.get(connection.tenant, connection.account)
        if stored is None or account is None or stored.status is not ConnectionStatus.CLOSING:
            return
        try:
            _written(service, stored, account)
        except ConflictError:
            continue
        count("connections_disconnected")
        return
    raise ConflictError("the connection changes too often")


def _written(service: Service, stored: Connection, account: Account) -> None:
    closing = replace(_of(stored), left=0, position=None)
    defaults = _defaults(account, stored.slot)
    changed = _with_lists(service, replace(account, **defaults), stored)
    event = happened(
        service,
        account.id,
        "connection.disconnected",
        subject=stored.id,
        before={"status": stored.status.value, "current_book": account.current_book},
        after={
            "status": ConnectionStatus.DISCONNECTED.value,
            "mode": closing.mode.value,
            "current_book": changed.current_book,
            "codings_suspended": changed.suspended_at != account.suspended_at,
            "asked_by": closing.asked_by,
            "outcome_unknown": closing.held,
            "set_back": closing.set_back,
            "rules": list(closing.rules),
            "defaults": sorted(defaults),
        },
    )
    ended = replace(stored.moved(ConnectionStatus.DISCONNECTED), closing=closing, paused_at=None, failed_drains=0)
    has_slot = closing.successor is None  # else the one that took its place has it
    service.connections.update(ended, event, account=changed, release_slot=has_slot)


def _with_lists(service: Service, account: Account, ended: Connection) -> Account:
    """The account after its main connection ended; one whose lists never became the current ones leaves all alone."""
    mode = _of(ended).mode
    if ended.slot is not Slot.MAIN or account.current_book != ended.book.key:
        return account
    if mode is DisconnectMode.REINSTATE:
        return account.reinstated()
    return account.suspended(service.clock.now()) if mode is DisconnectMode.MERGE_LATER else account


def _defaults(account: Account, slot: Slot) -> dict[str, Any]:
    """The defaults that name a secondary connection, as they are without it."""
    names = ("publishing_integration", "expense_claims_integration")
    gone = [name for name in names if slot is not Slot.MAIN and getattr(account, name) == slot.value]
    return dict.fromkeys(gone, Slot.MAIN.value)
