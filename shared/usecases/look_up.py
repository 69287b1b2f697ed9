"""Ask the provider what became of a batch, and decide how what is not there goes on."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from shared.aws.log import count
from shared.domain.connections import Connection
from shared.domain.errors import Problem
from shared.domain.publishing import Batch, BatchStatus, ElementAnswer, FactKind, Member, Verdict
from shared.domain.settling import (
    AfterAbsence,
    after_absence,
    may_conclude_absent,
    missing,
    rest_after,
    rounds_of_part,
    trusted,
)
from shared.providers.contract import CallFailed, Session
from shared.usecases.access_token import Access
from shared.usecases.drain import Drain, NotBefore
from shared.usecases.split_batch import in_halves, resend_absent, unsent

# A look-up that fails although the provider answers other calls is tried again, later each time, for so long and at
# least so often; then what it was about is held for a person.
LOOKED_FOR: Final = timedelta(hours=1)
LOOKUPS_TRIED: Final = 6
LONGEST_WAIT: Final = timedelta(minutes=10)


def look_up(drain: Drain, connection: Connection, batch: Batch, answers: list[ElementAnswer]) -> list[Batch]:
    """Look for the members that have no answer yet; returns the batch, or those that take its place.

    Raises NotBefore when this look-up fails and the provider answers otherwise, CallFailed when it answers nothing.
    """
    drain.need_time_for_a_call()
    started = drain.now()
    open_members = missing(batch.members, answers)
    held = drain.service.items.held_documents(drain.tenant, drain.provider_name, drain.organisation, batch.resource)

    def attempt(session: Session, _: Access) -> list[ElementAnswer]:
        return drain.provider.find(session, replace(batch, members=open_members), held)

    try:
        found = drain.call(connection, attempt)
    except CallFailed as failure:
        if not failure.sent or not answers_otherwise(drain, connection):
            raise
        return [_not_found_out(drain, batch, answers, failure.problem)]
    known = [*answers, *_proven(open_members, found)]
    absent = missing(open_members, known)
    if absent and not may_conclude_absent(batch, started, drain.patience()):
        looked = replace(batch, looked_up=batch.looked_up + 1, epoch=drain.epoch)
        return [drain.service.batches.put_answers(looked, known)]
    if not absent:
        return [_answered(drain, batch, known)]
    return _go_on(drain, batch, known, absent)


def _proven(members: tuple[Member, ...], found: list[ElementAnswer]) -> list[ElementAnswer]:
    """What a look-up proved. An ambiguous match is certain in one way: only a person can tell, so it is held."""
    ambiguous = [answer for answer in found if answer.verdict is Verdict.UNKNOWN]
    return [*trusted(members, found), *ambiguous]


def hold(drain: Drain, batch: Batch, answers: list[ElementAnswer], why: Problem) -> Batch:
    """What no look-up has answered of an unknown batch is left to a person, who looks in the provider."""
    problem = Problem("outcome_unknown", provider_text=why.provider_text, details={"cause": why.code})
    held = [
        ElementAnswer(member.marker, Verdict.UNKNOWN, problem=problem) for member in missing(batch.members, answers)
    ]
    return _answered(drain, batch, [*answers, *held])


def _go_on(drain: Drain, batch: Batch, known: list[ElementAnswer], absent: tuple[Member, ...]) -> list[Batch]:
    """Send again what is proven absent, in halves once it was sent too often, and give up on what always fails."""
    was_sent = batch.sent_with_grant is not None  # one that a restore made uncertain may never have gone out
    rounds = batch.rounds + was_sent
    after = after_absence(rounds, len(absent), others_taken=_others_taken(drain, batch))
    if after is AfterAbsence.GIVE_UP:
        count("elements_given_up")
        return [_answered(drain, batch, [*known, *(_given_up(batch, member) for member in absent)])]
    return resend_absent(drain, batch, known, _resends(drain, batch, absent, after, rounds))


def _resends(
    drain: Drain, batch: Batch, absent: tuple[Member, ...], after: AfterAbsence, rounds: int
) -> Sequence[Batch]:
    """What is proven absent, as it goes out again: in halves that start anew, or whole after a rest."""
    if after is AfterAbsence.RESEND:
        rest = rest_after(rounds, len(absent))
        rests_until = drain.now() + rest if rest else None
        return [replace(unsent(drain, batch, absent), rounds=rounds, rests_until=rests_until)]
    return [
        replace(unsent(drain, batch, half), rounds=rounds_of_part(rounds, len(half)), others_taken=False)
        for half in in_halves(absent)
    ]


def _others_taken(drain: Drain, batch: Batch) -> bool:
    """Whether the provider took something else while it failed at this batch: of a payment, at least its document."""
    return batch.others_taken or drain.progress > 0 or batch.fact is FactKind.PAYMENTS


def _given_up(batch: Batch, member: Member) -> ElementAnswer:
    cause = batch.failure or Problem("provider_unavailable")
    problem = Problem("provider_failing", provider_text=cause.provider_text, details={"cause": cause.code})
    return ElementAnswer(member.marker, Verdict.REFUSED, problem=problem)


def _answered(drain: Drain, batch: Batch, known: list[ElementAnswer]) -> Batch:
    return drain.service.batches.put_answers(batch.moved(BatchStatus.ANSWERED, epoch=drain.epoch), known)


def answers_otherwise(drain: Drain, connection: Connection) -> bool:
    """Whether the provider is up: what fails is the caller's question, and waiting for the provider will not mend it.

    Raises OutOfTime, LimitReached, AccessLost.
    """
    drain.need_time_for_a_call()
    try:
        drain.call(connection, lambda session, access: drain.provider.organisation(session, access.grant.subject))
    except CallFailed:
        return False
    return True


def _not_found_out(drain: Drain, batch: Batch, answers: list[ElementAnswer], why: Problem) -> Batch:
    """Look again later; what could not be looked up for long, and often, only a person can find out."""
    tried = batch.failed_lookups + 1
    last_sent = batch.sent_at or batch.created_at
    if tried >= LOOKUPS_TRIED and drain.now() >= last_sent + LOOKED_FOR:
        count("lookups_given_up")
        return hold(drain, batch, answers, why)
    drain.service.batches.update(replace(batch, failed_lookups=tried, epoch=drain.epoch))
    wait = min(timedelta(seconds=2**tried), LONGEST_WAIT) * (1 + random.random())  # noqa: S311 (jitter)
    raise NotBefore(drain.now() + wait, failing=why)
