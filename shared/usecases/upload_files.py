"""Upload a group of files in one call, and in further ones what has no outcome yet; each file is there once."""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from shared.domain.connections import Connection
from shared.domain.errors import Problem
from shared.domain.ids import new_id
from shared.domain.items import Fact, FactOutcome
from shared.providers.contract import CallFailed, FileAnswer, Session, Upload, WholeRefused
from shared.usecases.access_token import Access
from shared.usecases.drain import Drain
from shared.usecases.follow_files import FAILED, at_rest, given_up, times_sent, under_way
from shared.usecases.unknown_messages import count_unknown

UPLOADS_TRIED: Final = 3


def upload_files(
    drain: Drain,
    connection: Connection,
    uploads: Mapping[str, Upload],
    outcomes: dict[str, Fact],
    before: Mapping[str, Fact],
    *,
    look_first: bool,
) -> None:
    """Upload the files of these items, putting what becomes of each into `outcomes` as soon as it is known.

    An upload whose answer was lost is looked for before it is sent again. Files that were refused as a group, or were
    left out of its answer, go up one by one. Where files may show late, one whose answer was lost rests first; `before`
    is what each item said of its file, and so how often that went out already.
    Raises LimitReached, OutOfTime and AccessLost; files without an outcome stay pending then.
    """
    left = dict(uploads)
    trouble = Problem(FAILED)
    key = _first_key(uploads.values())
    for tried in range(UPLOADS_TRIED):
        drain.need_time_for_a_call()
        sending = False
        try:
            if tried or look_first:
                # A key of its own for every try: Xero keeps an error answer for as long as its key (6 minutes).
                key = new_id(drain.now())
                _settle(drain, left, outcomes, _attached(drain, connection, left))
                _give_up(left, outcomes, before)
            if left:
                sending = True
                _settle(drain, left, outcomes, _attach(drain, connection, left, key))
            if len(left) > 1:
                _one_by_one(drain, connection, left, outcomes, before)
                return
        except WholeRefused as refusal:
            if len(left) > 1:
                _one_by_one(drain, connection, left, outcomes, before)
            else:
                outcomes |= dict.fromkeys(left, _failed(refusal.problem))
                count_unknown([refusal.problem])
            return
        except CallFailed as failure:
            text, cause = failure.problem.provider_text, failure.problem.code
            trouble = replace(trouble, provider_text=text, details={"cause": cause})
            if sending and failure.sent and drain.provider.profile.publishing.file_settle:
                with suppress(CallFailed):  # often it shows at once; what does not is looked for again after its rest
                    _settle(drain, left, outcomes, _attached(drain, connection, left))
                outcomes |= {item: at_rest(drain, before[item], trouble) for item in left}
                return
        if not left:
            return
    outcomes |= dict.fromkeys(left, _failed(trouble))


def _attach(drain: Drain, connection: Connection, left: Mapping[str, Upload], key: str) -> list[FileAnswer]:
    def upload(session: Session, _: Access) -> list[FileAnswer]:
        return drain.provider.attach(session, list(left.values()), key)

    return drain.call(connection, upload)


def _attached(drain: Drain, connection: Connection, left: Mapping[str, Upload]) -> list[FileAnswer]:
    def look(session: Session, _: Access) -> list[FileAnswer]:
        return drain.provider.attached(session, list(left.values()))

    return drain.call(connection, look)


def _settle(drain: Drain, left: dict[str, Upload], outcomes: dict[str, Fact], answers: Iterable[FileAnswer]) -> None:
    """Take out of `left` the files that an answer names."""
    by_name = {answer.name: answer for answer in answers}
    for item, upload in list(left.items()):
        answer = by_name.get(upload.file.name)
        if answer is None:
            continue
        if answer.attachment_id is not None:
            outcomes[item] = Fact(FactOutcome.DONE, answer.attachment_id)
        elif answer.problem is not None:
            outcomes[item] = _failed(answer.problem)
        elif answer.upload_id is not None:
            outcomes[item] = under_way(drain, answer.upload_id)
        if item in outcomes:
            del left[item]


def _give_up(left: dict[str, Upload], outcomes: dict[str, Fact], before: Mapping[str, Fact]) -> None:
    """Take out of `left` the files that were sent as often as any is, and are not there after their last rest."""
    for item in [item for item in left if times_sent(before[item]) >= UPLOADS_TRIED]:
        outcomes[item] = given_up(before[item])
        del left[item]


def _one_by_one(
    drain: Drain,
    connection: Connection,
    left: Mapping[str, Upload],
    outcomes: dict[str, Fact],
    before: Mapping[str, Fact],
) -> None:
    """Of several files one may be what the provider refuses, or fails at; each may have arrived."""
    for item, upload in left.items():
        upload_files(drain, connection, {item: upload}, outcomes, before, look_first=True)


def _failed(problem: Problem | None) -> Fact:
    return Fact(FactOutcome.FAILED, problem=problem)


def _first_key(uploads: Iterable[Upload]) -> str:
    """The key of an upload before which nothing is looked for: a worker that died after it meets its own answer."""
    said = "|".join(f"{one.document.document_id} {hashlib.sha256(one.file.content).hexdigest()}" for one in uploads)
    return hashlib.sha256(said.encode()).hexdigest()[:32]
