"""Bring the files of published documents after them, several at a time, each exactly once."""

import hashlib
from collections.abc import Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

from shared.aws.log import count
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError, Problem
from shared.domain.items import Fact, FactOutcome, Item, ItemState, Published
from shared.domain.publishing import PendingMarker
from shared.providers.contract import (
    CallFailed,
    FileToAttach,
    LimitReached,
    Session,
    Wanted,
    WholeRefused,
    file_name_for,
)
from shared.usecases.access_token import Access
from shared.usecases.drain import Drain
from shared.usecases.sessions import OutOfTime

UPLOADS_TRIED = 3


def attach_files(
    drain: Drain,
    connection: Connection,
    markers: Sequence[PendingMarker],
    unsaved: MutableMapping[str, ItemState] | None = None,
) -> None:
    """Upload the pending files of these items. A file that fails leaves its document published and says why.

    `unsaved` are states that are not written yet: each is taken out once it is, together with its file's outcome.
    Raises LimitReached or OutOfTime when some could not be tried: all markers stay, and what is left is found again.
    Uploads run in the provider's publish slots; every thread has ended when this returns.
    """
    fresh = unsaved if unsaved is not None else {}
    states = {**drain.states(connection.account, [marker.item for marker in markers]), **fresh}
    waiting = [(marker, states[marker.item]) for marker in markers if _is_wanted(marker, states.get(marker.item))]
    items = _contents(drain, connection.account, [marker for marker, _ in waiting])
    stops: list[Exception] = []

    def one(marker: PendingMarker, state: ItemState) -> None:
        if stops or state.published is None:
            return
        try:
            fact = _attach(drain, connection, items[marker.item], state.published)
        except (LimitReached, OutOfTime) as stop:
            stops.append(stop)
            return
        _record(drain, connection.account, state, state.published, fact)
        fresh.pop(marker.item, None)

    with ThreadPoolExecutor(max_workers=drain.provider.profile.limits.publish_slots) as slots:
        for done in [slots.submit(one, marker, state) for marker, state in waiting]:
            done.result()
    if stops:
        raise stops[0]
    for marker in markers:
        if marker.attach_only:  # others are the document batch's: it takes them away when all is done
            with suppress(ConflictError):  # edited in this moment: it stays queued
                drain.service.items.delete_marker(marker)


def _is_wanted(marker: PendingMarker, state: ItemState | None) -> bool:
    file = state.published.attachment if state and state.published else None
    wanted = {FactOutcome.PENDING, FactOutcome.FAILED} if marker.attach_only else {FactOutcome.PENDING}
    return file is not None and file.outcome in wanted


def _contents(drain: Drain, account: str, markers: Sequence[PendingMarker]) -> Mapping[str, Item]:
    """The items whose files they are; one that is not claimed may have been given another file since it was read."""
    claimed = [marker.item for marker in markers if marker.batch is not None]
    others = [marker.item for marker in markers if marker.batch is None]
    return {**drain.claimed_items(account, claimed), **(drain.read_items(account, others) if others else {})}


def _record(drain: Drain, account: str, state: ItemState, published: Published, fact: Fact) -> None:
    before = published.attachment.problem if published.attachment else None
    error = None if state.last_error == before else state.last_error
    drain.save_state(
        account, replace(state, published=replace(published, attachment=fact), last_error=fact.problem or error)
    )
    count("files_attached" if fact.outcome is FactOutcome.DONE else "files_failed")


def _attach(drain: Drain, connection: Connection, item: Item, published: Published) -> Fact:
    """One file's outcome. An upload whose answer was lost is looked for before it is sent again."""
    document = item.document
    if document is None:
        return _failed(Problem("file_missing"))
    largest = drain.provider.profile.publishing.file_bytes
    if document.size > largest:
        return _failed(Problem("file_too_large", details={"size": document.size, "largest": largest}))
    content = drain.service.documents.get(document.key)
    if content is None:
        return _failed(Problem("file_missing"))
    if hashlib.sha256(content).hexdigest() != document.sha256:
        return _failed(Problem("file_changed"))
    wanted = Wanted(published.document_type, published.document_id)
    file = FileToAttach(file_name_for(item.id, document.file_name), document.mime_type, content)
    key = f"{published.document_id}-{document.sha256[:16]}"
    return _upload(drain, connection, wanted, file, key, look_first=drain.standing.unsure_of(item.created_at))


def _upload(
    drain: Drain, connection: Connection, wanted: Wanted, file: FileToAttach, key: str, *, look_first: bool
) -> Fact:
    def upload(session: Session, _: Access) -> str:
        return drain.provider.attach(session, wanted, file, key)

    def look(session: Session, _: Access) -> str | None:
        return drain.provider.attached(session, wanted, file)

    trouble = Problem("attachment_failed")
    for tried in range(UPLOADS_TRIED):
        drain.need_time_for_a_call()
        try:
            if (tried or look_first) and (there := drain.call(connection, look)) is not None:
                return Fact(FactOutcome.DONE, there)
            return Fact(FactOutcome.DONE, drain.call(connection, upload))
        except WholeRefused as refusal:
            return _failed(refusal.problem)
        except CallFailed as failure:
            trouble = replace(
                trouble, provider_text=failure.problem.provider_text, details={"cause": failure.problem.code}
            )
    return _failed(trouble)


def _failed(problem: Problem) -> Fact:
    return Fact(FactOutcome.FAILED, problem=problem)
