"""How far the refresh of a connection is, list by list."""

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.connections import Connection, ListHealth, Refreshing
from shared.domain.errors import fail
from shared.domain.lists import Kind
from shared.domain.refreshing import Counts
from shared.usecases.service import Service


class ProgressStatus(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    NOT_READ = "not_read"  # the refresh ended before: access was lost, or the organisation could not be read


@dataclass(frozen=True, slots=True)
class ListProgressed:
    """One list of a refresh: how far it is, what was changed in it so far, and how it stands."""

    kind: Kind
    status: ProgressStatus
    counts: Counts
    health: ListHealth


def read_refresh(service: Service, connection: Connection) -> tuple[Refreshing, list[ListProgressed]]:
    """The refresh that was begun last, with the lists it was to bring; raises not_found before the first."""
    now = connection.refreshing
    if now is None:
        raise fail("not_found", field="refresh")
    groups = service.provider(connection.provider).list_groups()
    wanted = [kind for group in groups for kind in group if not now.kinds or kind in now.kinds]
    return now, [_progressed(connection, now, kind) for kind in wanted]


def _progressed(connection: Connection, now: Refreshing, kind: Kind) -> ListProgressed:
    health = connection.lists.get(kind) or ListHealth(kind)
    return ListProgressed(kind, _status(now, kind, health), Counts(**now.counts.get(kind, {})), health)


def _status(now: Refreshing, kind: Kind, health: ListHealth) -> ProgressStatus:
    if kind in now.failed:
        return ProgressStatus.FAILED
    # What another refresh has brought since this one was asked for is not read again.
    if kind in now.done or (health.last_good_at is not None and health.last_good_at >= now.asked_at):
        return ProgressStatus.DONE
    return ProgressStatus.WAITING if now.ended_at is None else ProgressStatus.NOT_READ
