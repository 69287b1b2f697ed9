"""Bring the files of published documents after them, several calls at a time, each exactly once."""

import hashlib
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

from shared.domain.claims import is_claim
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError, Problem
from shared.domain.items import Fact, FactOutcome, Item, ItemState
from shared.domain.publishing import PendingMarker
from shared.providers.contract import FileToAttach, LimitReached, Upload, Wanted, file_name_for
from shared.usecases.drain import Drain, NotBefore
from shared.usecases.follow_files import Waiting, look_again_at, record_file, to_upload
from shared.usecases.sessions import OutOfTime
from shared.usecases.upload_files import upload_files


def attach_files(
    drain: Drain,
    connection: Connection,
    markers: Sequence[PendingMarker],
    begun_before: Set[str] = frozenset(),
) -> None:
    """Upload the pending files of these items. A file that fails leaves its document published and says why.

    `begun_before` are the claims that an earlier turn may have begun with, whatever the items say: it may have died
    sending.
    Raises LimitReached or OutOfTime when some could not be tried, NotBefore while some are under way at the provider:
    all markers stay, and what is left is found again.
    Uploads run in the provider's publish slots; every thread has ended when this returns.
    """
    stops: list[Exception] = []

    def one(group: Sequence[Waiting]) -> None:
        if stops:
            return
        outcomes: dict[str, Fact] = {}
        try:
            _attach(drain, connection, group, outcomes, unsure)
        except (LimitReached, OutOfTime) as stop:
            stops.append(stop)
        finally:
            for waiting in group:
                if waiting.item.id in outcomes:
                    record_file(drain, waiting, outcomes[waiting.item.id])

    waiting = _waiting(drain, connection, markers)
    unsure = {each.item.id for each in waiting if _may_be_there(drain, each, begun_before)}
    todo = to_upload(drain, connection, waiting, unsure)
    with ThreadPoolExecutor(max_workers=drain.provider.profile.limits.publish_slots) as slots:
        for done in [slots.submit(one, group) for group in _groups(drain, todo)]:
            done.result()
    if stops:
        raise stops[0]
    again = look_again_at(drain, waiting)
    if again is not None:
        raise NotBefore(again, alone=True)
    for marker in markers:
        if marker.attach_only:  # others are the document batch's: it takes them away when all is done
            with suppress(ConflictError):  # edited in this moment: it stays queued
                drain.service.items.delete_marker(marker)


def _waiting(drain: Drain, connection: Connection, markers: Sequence[PendingMarker]) -> list[Waiting]:
    markers = with_inside(drain, connection, markers)
    states = drain.states(connection.account, [marker.item for marker in markers])
    wanted = [marker for marker in markers if _is_wanted(marker, states.get(marker.item))]
    items = _contents(drain, connection.account, wanted)
    return [
        Waiting(marker, state, state.published, items[marker.item])
        for marker in wanted
        if (state := states[marker.item]).published is not None
    ]


def with_inside(drain: Drain, connection: Connection, markers: Sequence[PendingMarker]) -> list[PendingMarker]:
    """The markers, and for an expense claim's one for each item inside: their files go to its document too."""
    states = drain.states(connection.account, [marker.item for marker in markers])
    claims = [one for one in markers if one.item in states and is_claim(states[one.item])]
    items = _contents(drain, connection.account, claims) if claims else {}
    return [*markers, *(replace(claim, item=one) for claim in claims for one in items[claim.item].items)]


def _is_wanted(marker: PendingMarker, state: ItemState | None) -> bool:
    file = state.published.attachment if state and state.published else None
    wanted = {FactOutcome.PENDING, FactOutcome.FAILED} if marker.attach_only else {FactOutcome.PENDING}
    return file is not None and file.outcome in wanted


def _contents(drain: Drain, account: str, markers: Sequence[PendingMarker]) -> Mapping[str, Item]:
    """The items whose files they are; one that is not claimed may have been given another file since it was read."""
    claimed = [marker.item for marker in markers if marker.batch is not None]
    others = [marker.item for marker in markers if marker.batch is None]
    return {**drain.claimed_items(account, claimed), **(drain.read_items(account, others) if others else {})}


def _groups(drain: Drain, waiting: Sequence[Waiting]) -> list[list[Waiting]]:
    """Files that go up together: as many as one call takes, each under a name of its own, and no more than one large
    file's bytes, for they are in memory together.
    """
    facts = drain.provider.profile.publishing
    groups: list[list[Waiting]] = []
    names: set[str] = set()
    size = 0
    for one in waiting:
        document = one.item.document
        name, weight = (document.file_name, document.size) if document else ("", 0)
        name = file_name_for(one.item.id, name)
        full = len(groups[-1]) >= facts.files_per_call if groups else True
        if full or name in names or size + weight > facts.file_bytes:
            groups.append([])
            names, size = set(), 0
        groups[-1].append(one)
        names.add(name)
        size += weight
    return groups


def _attach(
    drain: Drain, connection: Connection, group: Sequence[Waiting], outcomes: dict[str, Fact], unsure: set[str]
) -> None:
    """Upload a group of files; what becomes of each is put into `outcomes` by item, as soon as it is known."""
    uploads: dict[str, Upload] = {}
    look_first = False
    for one in group:
        found = _upload_of(drain, one)
        if isinstance(found, Problem):
            outcomes[one.item.id] = Fact(FactOutcome.FAILED, problem=found)
        else:
            uploads[one.item.id] = found
            look_first = look_first or one.item.id in unsure
    if uploads:
        before = {one.item.id: one.fact for one in group}
        upload_files(drain, connection, uploads, outcomes, before, look_first=look_first)


def _may_be_there(drain: Drain, waiting: Waiting, begun_before: Set[str]) -> bool:
    """Whether an upload may have gone out before this turn, with an outcome that nobody wrote down."""
    claim = waiting.marker.batch
    if claim is None or drain.standing.unsure_of(waiting.item.created_at):
        return True
    return claim in begun_before and not drain.provider.profile.publishing.file_replaced_by_name


def _upload_of(drain: Drain, waiting: Waiting) -> Upload | Problem:
    """The file with the document it belongs to, or why it cannot go up."""
    document = waiting.item.document
    if document is None:
        return Problem("file_missing")
    largest = drain.provider.profile.publishing.file_bytes
    if document.size > largest:
        return Problem("file_too_large", details={"size": document.size, "largest": largest})
    content = drain.service.documents.get(document.key)
    if content is None:
        return Problem("file_missing")
    if hashlib.sha256(content).hexdigest() != document.sha256:
        return Problem("file_changed")
    name = file_name_for(waiting.item.id, document.file_name)
    wanted = Wanted(waiting.published.document_type, waiting.published.document_id)
    return Upload(wanted, FileToAttach(name, document.mime_type, content))
