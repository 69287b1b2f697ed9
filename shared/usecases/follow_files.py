"""Files that a provider takes at once and files later: followed until they are filed, and never sent twice meanwhile.

What was sent and cannot be found yet rests for the provider's `file_settle`; only then does not finding it prove that
it never arrived.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from shared.aws.log import count
from shared.domain.connections import Connection
from shared.domain.errors import Problem
from shared.domain.items import Fact, FactOutcome, Item, ItemState, Published
from shared.domain.publishing import PendingMarker
from shared.providers.contract import CallFailed, FilesLater
from shared.usecases.drain import Drain

LOOK_AGAIN: Final = timedelta(seconds=20)  # of the provider's time
FOLLOWED_FOR: Final = timedelta(hours=2)
_CODE: Final = "file_in_process"
_COUNTED: Final = {
    FactOutcome.DONE: "files_attached",
    FactOutcome.FAILED: "files_failed",
    FactOutcome.PENDING: "files_under_way",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A published item that waits for its file."""

    marker: PendingMarker
    state: ItemState
    published: Published
    item: Item

    @property
    def fact(self) -> Fact:
        return self.published.attachment or Fact(FactOutcome.PENDING)


def record_file(drain: Drain, waiting: Waiting, fact: Fact) -> None:
    """Write what became of an item's file; only a failure is an error of the item.

    A file that has been under way for too long has failed: the provider may fail at it each time.
    """
    fact = _since_the_first(drain, waiting.fact, fact)
    state, published = waiting.state, waiting.published
    before = published.attachment.problem if published.attachment else None
    error = None if state.last_error == before else state.last_error
    if fact.outcome is FactOutcome.FAILED:
        error = fact.problem or error
    attached = replace(published, attachment=fact)
    drain.save_state(waiting.marker.account, replace(state, published=attached, last_error=error))
    count(_COUNTED[fact.outcome])


def under_way(drain: Drain, upload_id: str | None) -> Fact:
    """A file that was taken under this id; without one, a file that may have been, which rests for `file_settle`."""
    now = drain.now()
    wait = LOOK_AGAIN if upload_id else drain.provider.profile.publishing.file_settle
    until = now + drain.service.clock.scale(wait)
    return Fact(FactOutcome.PENDING, upload_id, Problem(_CODE, until=until, details={"since": now.isoformat()}))


def _since_the_first(drain: Drain, before: Fact, now: Fact) -> Fact:
    """A file that is still under way is so since it was for the first time, for two hours at most."""
    if _rests_until(before) is None or _rests_until(now) is None or before.problem is None or now.problem is None:
        return now
    since = datetime.fromisoformat(str(before.problem.details["since"]))
    if drain.now() >= since + drain.service.clock.scale(FOLLOWED_FOR):
        return Fact(FactOutcome.FAILED, problem=Problem("attachment_failed", details={"cause": _CODE}))
    return replace(now, problem=replace(now.problem, details=before.problem.details))


def to_upload(drain: Drain, connection: Connection, waiting: Sequence[Waiting], unsure: set[str]) -> list[Waiting]:
    """Those of the files that are to be sent now; what became of the others is found out as far as it can be.

    `unsure` are items whose file an earlier turn may have sent without writing that down.
    """
    if not drain.provider.profile.publishing.file_settle:
        return list(waiting)
    resting = {one.item.id for one in waiting if (until := _rests_until(one.fact)) is not None and until > drain.now()}
    due = [one for one in waiting if one.item.id not in resting]
    _follow(drain, connection, [one for one in due if one.fact.provider_id])
    todo = []
    for one in due:
        if one.fact.provider_id:
            continue
        if one.item.id in unsure and one.fact.problem is None:
            record_file(drain, one, under_way(drain, None))
        else:
            todo.append(one)
    return todo


def look_again_at(drain: Drain, waiting: Sequence[Waiting]) -> datetime | None:
    """When the first of the files that are under way is to be looked for; None when none is."""
    states = drain.states(waiting[0].marker.account, [one.item.id for one in waiting]) if waiting else {}
    facts = [state.published.attachment for state in states.values() if state.published and state.published.attachment]
    times = [until for fact in facts if (until := _rests_until(fact)) is not None]
    return min(times, default=None)


def _rests_until(fact: Fact) -> datetime | None:
    under = fact.outcome is FactOutcome.PENDING and fact.problem is not None and fact.problem.code == _CODE
    return fact.problem.until if under and fact.problem is not None else None


def _follow(drain: Drain, connection: Connection, waiting: Sequence[Waiting]) -> None:
    """Ask about the uploads together; one that cannot be asked about now is asked about later."""
    provider = drain.provider
    if not waiting or not isinstance(provider, FilesLater):
        return
    drain.need_time_for_a_call()
    ids = [one.fact.provider_id or "" for one in waiting]
    try:
        filed = drain.call(connection, lambda session, _: provider.filed(session, ids))
    except CallFailed:
        filed = {}
    for one, upload_id in zip(waiting, ids, strict=True):
        record_file(drain, one, _fact(drain, one, filed.get(upload_id)))


def _fact(drain: Drain, waiting: Waiting, found: str | Problem | None) -> Fact:
    if isinstance(found, str):
        return Fact(FactOutcome.DONE, found)
    if found is not None:
        return Fact(FactOutcome.FAILED, problem=found)
    return under_way(drain, waiting.fact.provider_id)
