"""Note of which published documents it is to be read back whether they are paid: one row for a batch."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from shared.domain.connections import Connection, Destination
from shared.domain.ids import derived_id
from shared.domain.items import ItemState, Published
from shared.domain.publishing import Batch, ElementAnswer, Member, PendingMarker, Verdict
from shared.domain.watched import Watched, is_document_of, is_open, may_be_paid, short
from shared.providers.contract import Known, TellsPayments
from shared.usecases.drain import Drain
from shared.usecases.service import Service
from shared.usecases.update_connection import update_connection

WATCHED_FOR: Final = timedelta(days=180)  # a document that is not paid by then is not looked at again
MOST_ROWS: Final = 10_000  # of one organisation's, the newest; a row is a batch's
_EARLIER_PAGE: Final = 250
_EARLIER_PAGES: Final = 8  # the newest 2,000 items
_TOGETHER: Final = 50  # documents in one row of those


def watch_batch(
    drain: Drain, batch: Batch, answers: Mapping[str, ElementAnswer], states: Mapping[str, ItemState]
) -> None:
    """Watch the documents of a batch, before their items say that they are there. A repeat writes nothing new."""
    if not isinstance(drain.provider, TellsPayments):
        return
    made = {member.subject: answers[member.marker] for member in batch.members if _may_be_paid(member, answers)}
    fresh = (
        item
        for item, answer in made.items()
        if item in states
        and not is_document_of(states[item], batch.organisation, batch.resource, answer.provider_id or "")
    )
    if next(fresh, None) is not None:
        documents = {short(answer.provider_id or ""): item for item, answer in made.items()}
        drain.service.watched.watch(
            Watched(
                batch.tenant,
                batch.account,
                batch.provider,
                batch.organisation,
                batch.resource,
                batch.id,
                batch.first_sent_at or batch.created_at,
                documents,
            )
        )


def _may_be_paid(member: Member, answers: Mapping[str, ElementAnswer]) -> bool:
    answer = answers[member.marker]
    made = answer.verdict is Verdict.DONE and bool(answer.provider_id) and not answer.voided
    return made and may_be_paid(member.destination)


def watch_named(drain: Drain, marker: PendingMarker, known: Known, destination: Destination | None) -> None:
    """Watch the document that a person says an item is, before the item says so."""
    answer = known.answer
    if not isinstance(drain.provider, TellsPayments) or answer.voided or not may_be_paid(destination):
        return
    drain.service.watched.watch(
        Watched(
            marker.tenant,
            marker.account,
            marker.provider,
            marker.organisation,
            known.resource,
            derived_id(marker.item, str(marker.generation)),
            marker.queued_at,
            {short(answer.provider_id or ""): marker.item},
        )
    )


def watched_documents(service: Service, connection: Connection) -> list[Watched]:
    """What is watched in the connection's organisation, newest first: published within the last WATCHED_FOR."""
    since = service.clock.now() - service.clock.scale(WATCHED_FOR)
    where = (connection.tenant, connection.account, connection.provider, connection.pinned.id)
    rows = service.watched.newest(*where, since, MOST_ROWS)
    if connection.watches_earlier:
        return rows
    return [*rows, *_watch_earlier(service, connection, rows)]


def _watch_earlier(service: Service, connection: Connection, rows: Iterable[Watched]) -> list[Watched]:
    """Begin to watch what was published before publishing noted it itself: once for a connection."""
    known = {(row.resource, document) for row in rows for document in row.documents}
    made = list(_rows_of(connection, _earlier(service, connection, known)))
    for row in made:
        service.watched.watch(row)

    def change(stored: Connection) -> tuple[Connection] | None:
        return None if stored.watches_earlier else (replace(stored, watches_earlier=True),)

    update_connection(service, connection, change)
    return made


def _earlier(service: Service, connection: Connection, known: set[tuple[str, str]]) -> Iterator[tuple[str, Published]]:
    """The documents in the organisation, with their items, that the account's newest items were published as."""
    since = service.clock.now() - service.clock.scale(WATCHED_FOR)
    cursor = None
    for _ in range(_EARLIER_PAGES):
        page, cursor = service.items.page(connection.tenant, connection.account, cursor, _EARLIER_PAGE)
        for state in (row.state for row in page):
            there = state.published
            if there is None or there.organisation != connection.pinned.id or there.at < since:
                continue
            # Items inside an expense claim name its document too: the claim is what the document is watched for.
            wanted = state.claim is None and may_be_paid(there.destination)
            if wanted and (there.document_type, short(there.document_id)) not in known:
                yield state.item, there
        if cursor is None:
            return


def _rows_of(connection: Connection, documents: Iterable[tuple[str, Published]]) -> Iterator[Watched]:
    """Rows by collection and day."""
    by_day: dict[tuple[str, date], list[tuple[str, Published]]] = defaultdict(list)
    for item, there in documents:
        by_day[there.document_type, there.at.date()].append((item, there))
    for (resource, day), some in sorted(by_day.items()):
        for start in range(0, len(some), _TOGETHER):
            part = some[start : start + _TOGETHER]
            yield Watched(
                connection.tenant,
                connection.account,
                connection.provider,
                connection.pinned.id,
                resource,
                derived_id(connection.id, resource, day.isoformat(), str(start)),
                min(there.at for _, there in part),
                {short(there.document_id): item for item, there in part if is_open(there)},
                {short(there.document_id): item for item, there in part if not is_open(there)},
            )
