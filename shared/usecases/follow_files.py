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
FAILED: Final = "attachment_failed"
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


def under_way(drain: Drain, upload_id: str) -> Fact:
    """A file that was taken under this id."""
    return Fact(FactOutcome.PENDING, upload_id, _in_process(drain, LOOK_AGAIN))


def at_rest(drain: Drain, before: Fact, why: Problem) -> Fact:
    """A file that may have been taken: it rests for `file_settle`, and then is looked for and perhaps sent again.

    `why` is kept for the person who has to be told when it was sent for the last time.
    """
    rests = _in_process(drain, drain.provider.profile.publishing.file_settle)
    details = {**rests.details, "sent": times_sent(before) + 1, **why.details}
    return Fact(FactOutcome.PENDING, problem=replace(rests, provider_text=why.provider_text, details=details))


def times_sent(fact: Fact) -> int:
    """How often a file went out, as far as that is known, without showing afterwards."""
    return int(str(fact.problem.details.get("sent", 0))) if fact.problem is not None else 0


def given_up(before: Fact) -> Fact:
    """A file that went out often enough and never showed."""
    why = before.problem or Problem(_CODE)
    details = {name: value for name, value in why.details.items() if name == "cause"}
    return Fact(FactOutcome.FAILED, problem=Problem(FAILED, provider_text=why.provider_text, details=details))


def _in_process(drain: Drain, wait: timedelta) -> Problem:
    now = drain.now()
    return Problem(_CODE, until=now + drain.service.clock.scale(wait), details={"since": now.isoformat()})


def _since_the_first(drain: Drain, before: Fact, now: Fact) -> Fact:
    """A file that is still under way is so since it was for the first time, for two hours at most."""
    if _rests_until(before) is None or _rests_until(now) is None or before.problem is None or now.problem is None:
        return now
    since = datetime.fromisoformat(str(before.problem.details["since"]))
    if drain.now() >= since + drain.service.clock.scale(FOLLOWED_FOR):
        return Fact(FactOutcome.FAILED, problem=Problem(FAILED, details={"cause": _CODE}))
    return replace(now, problem=replace(now.problem, details={**now.problem.details, "since": since.isoformat()}))


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
            record_file(drain, one, at_rest(drain, one.fact, Problem(FAILED)))
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
    return under_way(drain, waiting.fact.provider_id or "")
