"""Do what is due: wake publishers and refreshes, keep grants alive, watch consents, resume what was begun."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.aws.log import gauge, logger
from shared.domain.bulk_edits import BulkStatus
from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.limits import window_start
from shared.domain.publishing import BatchStatus, PublicationStatus, WakeUp
from shared.domain.refresh_requests import GUARD
from shared.storage.agenda import AgendaKind, AgendaRow
from shared.usecases.arriving_files import ask_again
from shared.usecases.ask_merge import send_merge
from shared.usecases.digest import send_digest
from shared.usecases.drain_organisation import PARKED_FOR
from shared.usecases.expand_publication import publication_message
from shared.usecases.follow_disconnect import follow_disconnect
from shared.usecases.follow_workflow import follow_workflow
from shared.usecases.keep_alive import keep_grant_alive, watch_consent
from shared.usecases.note_attention import look_again
from shared.usecases.read_decisions import decisions_message
from shared.usecases.record_refresh import SCHEDULE, refresh_every
from shared.usecases.service import Service
from shared.usecases.wake import SCHEMA, SWEEP_AFTER, remind, wake_up

ROWS_AT_ONCE: Final = 100
LOOKED_AT: Final = 100  # unclaimed markers read to tell how old the oldest is
AFTER_ROW: Final = timedelta(seconds=25)  # a token call, the longest thing a row can need, and the writes around it
EXPIRED: Final = frozenset({ConnectionStatus.EXPIRED, ConnectionStatus.REVOKED, ConnectionStatus.BROKEN})


@dataclass(slots=True)
class Levels:
    """What the rows that were due showed of the service's health; each is a metric with an alarm."""

    oldest_pending_seconds: float = 0
    open_unknown_batches: int = 0
    expired: set[str] = field(default_factory=set)
    parked: set[str] = field(default_factory=set)
    looked_at: set[str] = field(default_factory=set)  # queues that this run has dealt with
    rows: int = 0
    failed: int = 0

    def report(self) -> None:
        gauge("oldest_pending_seconds", self.oldest_pending_seconds)
        gauge("open_unknown_batches", self.open_unknown_batches)
        gauge("expired_connections", len(self.expired))
        gauge("parked_connections", len(self.parked))
        gauge("agenda_rows_failed", self.failed)


Act = Callable[[Service, AgendaRow, Levels], None]


def run_agenda(service: Service, deadline: datetime) -> Levels:
    """Work through every row that is due, oldest first, until `deadline` (UTC); what is left is due again next time.

    A row is cleared after its work was done, and every act may be done twice: two runs at once do no harm. A row
    whose act fails stays for the next run and stops nobody else's.
    """
    levels = Levels()
    for kind, act in _ACTS.items():
        _work_through(service, kind, act, deadline, levels)
    levels.report()
    return levels


def _work_through(service: Service, kind: AgendaKind, act: Act, deadline: datetime, levels: Levels) -> None:
    now = service.clock.now()  # rows that acts write are for later runs
    while rows := service.agenda.due(kind, now, ROWS_AT_ONCE):
        cleared = 0
        for row in rows:
            if service.clock.now() + AFTER_ROW >= deadline:
                return
            cleared += _do(service, row, act, levels)
        if not cleared:
            return


def _do(service: Service, row: AgendaRow, act: Act, levels: Levels) -> bool:
    levels.rows += 1
    try:
        act(service, row, levels)
    except Exception:
        levels.failed += 1
        logger.exception("agenda row failed", extra={"kind": row.kind.value, "key": row.key})
        return False
    return service.agenda.clear(row)


def _publish(service: Service, row: AgendaRow, levels: Levels) -> None:
    """Wake an organisation that still has work, and go on guarding it until it has none."""
    if row.key in levels.looked_at:
        return
    levels.looked_at.add(row.key)
    said = row.payload
    key = (said["tenant"], said["provider"], said["organisation"])
    markers = service.items.unclaimed(*key, LOOKED_AT)
    batches = service.batches.open(*key)
    if not markers and not batches and not service.items.count_pending(*key):
        return  # not even a claim that its worker never made use of: the publisher frees those
    now = service.clock.now()
    oldest = min((marker.queued_at for marker in markers), default=now)
    levels.oldest_pending_seconds = max(levels.oldest_pending_seconds, (now - oldest).total_seconds())
    for left in batches:
        batch = service.batches.get(*key, left.batch)
        levels.open_unknown_batches += batch is not None and batch.status is BatchStatus.UNKNOWN
    wake = WakeUp(SCHEMA, said["tenant"], said["account"], said["provider"], said["organisation"])
    blocked = service.windows.blocked(said["provider"], said["organisation"], now)
    if blocked is not None:
        remind(service, wake, max(_next(now, SWEEP_AFTER), blocked.until))  # a day's limit may last for hours
        return
    users = {(marker.account, marker.connection) for marker in markers}
    held = [_is_held(service, said["tenant"], *user, levels) for user in users]
    if held and all(held) and not batches:
        remind(service, wake, _next(now, PARKED_FOR))  # nothing may move: resuming or reconnecting wakes it at once
        return
    remind(service, wake, _next(now, SWEEP_AFTER))
    wake_up(service, wake)


def _next(now: datetime, every: timedelta) -> datetime:
    """The next full step of the clock: the rows of one queue, however many requests wrote them, become one."""
    return window_start(now, every) + every


def _is_held(service: Service, tenant: str, account: str, connection_id: str, levels: Levels) -> bool:
    connection = service.connections.get(tenant, account, connection_id)
    if connection is None:
        return True
    if connection.status is ConnectionStatus.DISCONNECTED:
        return False  # queued in the moment in which it ended: the publisher frees it
    parked = connection.parked_until is not None and service.clock.now() < connection.parked_until
    if parked:
        levels.parked.add(connection.id)
    if connection.status in EXPIRED:
        levels.expired.add(connection.id)
    return parked or connection.paused_at is not None or connection.status is not ConnectionStatus.ACTIVE


def _refresh(service: Service, row: AgendaRow, levels: Levels) -> None:
    """Send a refresh on its way; not a regular one after which a later refresh has planned the next already, nor the
    guard of one whose message arrived.
    """
    said = row.payload
    connection = service.connections.get(said["tenant"], said["account"], said["connection"])
    if connection is None or connection.status not in {ConnectionStatus.IMPORTING, ConnectionStatus.ACTIVE}:
        if connection is not None and connection.status in EXPIRED:
            levels.expired.add(connection.id)
        return
    if said.get("reason") == SCHEDULE and _planned_anew(service, connection, row):
        return
    if said.get(GUARD) and _refreshed_since(connection, datetime.fromisoformat(said["requested_at"])):
        return
    service.refresh_queue.send(dict(said), group=said["tenant"])


def _planned_anew(service: Service, connection: Connection, row: AgendaRow) -> bool:
    """Whether a later refresh has planned its next one behind this: never sooner than half the time between two."""
    account = service.accounts.get(connection.tenant, connection.account)
    return _refreshed_since(connection, row.at - refresh_every(account, connection) / 2 + SWEEP_AFTER)


def _refreshed_since(connection: Connection, at: datetime) -> bool:
    """Whether every healthy list was read after a time."""
    good = [health.last_good_at for health in connection.lists.values() if not health.problem and health.last_good_at]
    return bool(good) and min(good) > at


def _keep_alive(service: Service, row: AgendaRow, _: Levels) -> None:
    again = keep_grant_alive(service, row.payload["tenant"], row.payload["grant"])
    if again is not None:
        service.agenda.put(AgendaKind.KEEP_ALIVE, again, row.key, row.payload)


def _consent(service: Service, row: AgendaRow, _: Levels) -> None:
    said = row.payload
    again = watch_consent(service, said["tenant"], said["account"], said["connection"])
    if again is not None:
        service.agenda.put(AgendaKind.CONSENT_EXPIRY, again, row.key, row.payload)


def _disconnect(service: Service, row: AgendaRow, _: Levels) -> None:
    follow_disconnect(service, row.payload)


def _workflow(service: Service, row: AgendaRow, _: Levels) -> None:
    follow_workflow(service, row.payload)


def _publication(service: Service, row: AgendaRow, _: Levels) -> None:
    """A bulk request that nobody finished expanding gets its message again."""
    said = row.payload
    publication = service.publications.get(said["tenant"], said["account"], said["publication"])
    if publication is None or publication.status is not PublicationStatus.EXPANDING:
        return
    service.agenda.put(AgendaKind.PUBLICATION, _next(service.clock.now(), SWEEP_AFTER), row.key, row.payload)
    service.publish_queue.send(publication_message(publication), group=publication.tenant)


def _bulk_edit(service: Service, row: AgendaRow, _: Levels) -> None:
    """A bulk edit that is half done, or half undone, gets its message again: two that carry on do no harm."""
    said = row.payload
    edit = service.bulk_edits.get(said["tenant"], said["account"], said["bulk_edit"])
    if edit is None or edit.status in {BulkStatus.DONE, BulkStatus.UNDONE}:
        return
    service.agenda.put(AgendaKind.BULK_EDIT, _next(service.clock.now(), SWEEP_AFTER), row.key, said)
    service.publish_queue.send(dict(said), group=edit.tenant)


def _merge(service: Service, row: AgendaRow, _: Levels) -> None:
    """A merge whose work was not done in time gets its message again: two that carry on do no harm."""
    said = row.payload
    merge = service.merges.get(said["tenant"], said["account"], said["merge"])
    if merge is None or not merge.working:
        return
    service.agenda.put(AgendaKind.MERGE, _next(service.clock.now(), SWEEP_AFTER), row.key, said)
    send_merge(service, merge)


def _file(service: Service, row: AgendaRow, _: Levels) -> None:
    ask_again(service, row.payload)


def _approval(service: Service, row: AgendaRow, _: Levels) -> None:
    """Have decisions read that a connection's documents wait for; the reader plans the next look."""
    said = row.payload
    message = decisions_message(said["tenant"], said["account"], said["connection"])
    service.refresh_queue.send(message, group=said["tenant"])


def _webhook(service: Service, row: AgendaRow, _: Levels) -> None:
    """Have a message tried again that an endpoint did not take."""
    service.deliver_queue.send(dict(row.payload), group=row.payload["tenant"])


def _attention(service: Service, row: AgendaRow, _: Levels) -> None:
    look_again(service, row.payload)


def _digest(service: Service, row: AgendaRow, _: Levels) -> None:
    send_digest(service, row.payload, row.at)


_ACTS: Final[Mapping[AgendaKind, Act]] = {
    AgendaKind.PUBLISH: _publish,
    AgendaKind.PUBLICATION: _publication,
    AgendaKind.BULK_EDIT: _bulk_edit,
    AgendaKind.MERGE: _merge,
    AgendaKind.APPROVAL: _approval,
    AgendaKind.FILE: _file,
    AgendaKind.DISCONNECT: _disconnect,
    AgendaKind.WORKFLOW: _workflow,
    AgendaKind.KEEP_ALIVE: _keep_alive,
    AgendaKind.CONSENT_EXPIRY: _consent,
    AgendaKind.REFRESH: _refresh,
    AgendaKind.WEBHOOK: _webhook,
    AgendaKind.ATTENTION: _attention,
    AgendaKind.DIGEST: _digest,
}
