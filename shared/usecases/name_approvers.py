"""Tell the software who approves published documents first, each for itself: naming somebody again changes nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from shared.aws.log import count
from shared.domain.connections import Connection
from shared.domain.errors import Problem
from shared.domain.items import Fact, FactOutcome, Published
from shared.domain.publishing import PendingMarker
from shared.providers.approvers import NamesApprovers
from shared.providers.contract import CallFailed, Session, Wanted
from shared.usecases.access_token import Access
from shared.usecases.drain import Drain
from shared.usecases.set_back import DISCONNECTED
from shared.usecases.unknown_messages import count_unknown

TRIES: Final = 3  # in one turn, of a call that brings no answer


def name_approvers(drain: Drain, connection: Connection, markers: Sequence[PendingMarker]) -> None:
    """Name the approvers that these published items still lack; one that fails leaves its document published.

    Those that failed are tried again where a marker asks for that. May be repeated from any point. Raises LimitReached,
    OutOfTime and AccessLost: what is left stays pending.
    """
    states = drain.states(connection.account, [marker.item for marker in markers])
    for marker in markers:
        state = states.get(marker.item)
        published = state.published if state is not None else None
        if published is None or published.approver is None or not _is_wanted(marker, published.approver):
            continue
        fact = _named(drain, connection, published, published.approver)
        _record(drain, marker, fact)
        count("approvers_named" if fact.outcome is FactOutcome.DONE else "approvers_failed")


def give_up_approvers(drain: Drain, markers: Sequence[PendingMarker]) -> None:
    """Approvers that were still to be named through a connection that is ending have failed."""
    for marker in markers:
        published = drain.states(marker.account, [marker.item])[marker.item].published
        if published is not None and published.approver is not None and _is_wanted(marker, published.approver):
            _record(drain, marker, replace(published.approver, outcome=FactOutcome.FAILED, problem=DISCONNECTED))


def _is_wanted(marker: PendingMarker, approver: Fact) -> bool:
    again = marker.approver_only and approver.outcome is FactOutcome.FAILED
    return again or approver.outcome is FactOutcome.PENDING


def _named(drain: Drain, connection: Connection, published: Published, approver: Fact) -> Fact:
    provider = drain.provider
    if not isinstance(provider, NamesApprovers):
        raise TypeError(f"{provider.profile.name} has no approvers")
    document, who = Wanted(published.document_type, published.document_id), approver.provider_id or ""

    def name(session: Session, _: Access) -> Problem | None:
        return provider.name_approver(session, document, who)

    problem: Problem | None = None
    for _ in range(TRIES):
        drain.need_time_for_a_call()
        try:
            problem = drain.call(connection, name)
        except CallFailed as failure:
            details = {"cause": failure.problem.code}
            problem = Problem("approver_not_named", "approver", failure.problem.provider_text, details=details)
            continue
        count_unknown([problem])
        break
    outcome = FactOutcome.DONE if problem is None else FactOutcome.FAILED
    return Fact(outcome, approver.provider_id, problem)


def _record(drain: Drain, marker: PendingMarker, fact: Fact) -> None:
    """Write what became of it; only a failure is an error of the item."""
    state = drain.states(marker.account, [marker.item])[marker.item]
    if state.published is None:
        return
    known = state.published.approver.problem if state.published.approver else None
    error = None if state.last_error == known else state.last_error
    published = replace(state.published, approver=fact)
    drain.save_state(marker.account, replace(state, published=published, last_error=fact.problem or error))
