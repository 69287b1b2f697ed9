"""Pause and resume: a paused connection sends nothing; its queue waits where it stood."""

from dataclasses import replace

from shared.domain.accounts import Caller, Event
from shared.domain.connections import Connection
from shared.domain.errors import fail
from shared.domain.publishing import WakeUp
from shared.usecases.happenings import happened
from shared.usecases.service import Service
from shared.usecases.update_connection import update_connection
from shared.usecases.wake import SCHEMA, remind, wake_up


def pause_connection(service: Service, caller: Caller, connection: Connection) -> Connection:
    """Stop publishing through a live connection; once more changes nothing. Raises connection_not_active."""

    def pause(current: Connection) -> tuple[Connection, Event] | None:
        _must_be_live(current)
        if current.paused_at is not None:
            return None
        event = happened(service, current.account, "connection.paused", by=caller, subject=current.id)
        return replace(current, paused_at=service.clock.now()), event

    return update_connection(service, connection, pause)


def resume_connection(service: Service, caller: Caller, connection: Connection) -> Connection:
    """Go on publishing, also where five failures in a row had parked it; what waits is woken at once."""

    def resume(current: Connection) -> tuple[Connection, Event] | None:
        _must_be_live(current)
        if current.paused_at is None and current.parked_until is None:
            return None
        event = happened(service, current.account, "connection.resumed", by=caller, subject=current.id)
        return replace(current, paused_at=None, parked_until=None, failed_drains=0), event

    resumed = update_connection(service, connection, resume)
    if resumed.organisation is not None:
        wake = WakeUp(SCHEMA, resumed.tenant, resumed.account, resumed.provider, resumed.organisation.id)
        remind(service, wake, service.clock.now())
        wake_up(service, wake)
    return resumed


def _must_be_live(connection: Connection) -> None:
    if not connection.is_live:
        raise fail("connection_not_active", status=connection.status.value)
