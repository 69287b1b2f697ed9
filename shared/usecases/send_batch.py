"""Send one batch: the record says SENDING before the call, and what the call proved after it."""

from dataclasses import replace
from typing import Final

from shared.domain.connections import Connection
from shared.domain.errors import Problem
from shared.domain.publishing import Batch, BatchStatus, ElementAnswer, FactKind, Verdict
from shared.domain.settling import Step, missing, next_step, trusted
from shared.providers.contract import CallFailed, LimitReached, Session, TokenRefused, WholeRefused
from shared.usecases.access_token import Access
from shared.usecases.drain import Drain
from shared.usecases.split_batch import halves

FAILURE_TEXT: Final = (
    200  # characters kept of what a failing provider said: the batch's row stays within one write unit
)


def send_batch(drain: Drain, connection: Connection, batch: Batch) -> list[Batch]:
    """Make one call for a prepared or unknown batch and record its outcome.

    Returns the batch as it then stands, or its two halves when the provider refused it whole. An outcome that is not
    known is a result (UNKNOWN), not an error. Raises LimitReached, CallFailed (nothing was sent) and AccessLost, each
    after the record says again what it said before this attempt.
    """
    drain.need_time_for_a_call()
    body = drain.service.batches.body(batch)
    current = batch

    def attempt(session: Session, access: Access) -> list[Batch]:
        nonlocal current
        if not _may_go_out(drain, current, access):
            return [current]  # a new token, or time, has made the key worthless: it is looked up instead
        sending = _record_sending(drain, current, access)
        try:
            answers = drain.provider.send(session, sending, body)
        except (TokenRefused, LimitReached):  # the provider looked at the token or the limit and did nothing
            current = _record_unsent(drain, current, sending)
            raise
        except CallFailed as failure:
            if not failure.sent:
                current = _record_unsent(drain, current, sending)
                raise
            return [_without_answer(drain, sending, failure.problem)]
        except WholeRefused as refusal:
            return _refused_whole(drain, sending, refusal)
        except BaseException:
            # AccessLost and our own mistakes alike: the call went out, so its outcome is looked up, never assumed.
            drain.service.batches.update(sending.moved(BatchStatus.UNKNOWN))
            raise
        return [_record_answers(drain, sending, answers)]

    return drain.call(connection, attempt)


def _may_go_out(drain: Drain, batch: Batch, access: Access) -> bool:
    """Whether a batch may be sent with this token now: for the first time, or again while its key still answers."""
    if batch.first_sent_at is None:
        return True
    token = (access.grant_id, access.token_version)
    return next_step(batch, drain.now(), drain.patience(), token=token, partly_answered=False).step is Step.RESEND


def _record_sending(drain: Drain, batch: Batch, access: Access) -> Batch:
    now = drain.now()
    return drain.service.batches.update(
        batch.moved(
            BatchStatus.SENDING,
            attempt=batch.attempt + 1,
            epoch=drain.epoch,
            sent_at=now,
            first_sent_at=batch.first_sent_at or now,
            sent_with_grant=access.grant_id,
            sent_with_token_version=access.token_version,
        )
    )


def _record_unsent(drain: Drain, before: Batch, sending: Batch) -> Batch:
    return drain.service.batches.update(replace(before, version=sending.version, epoch=drain.epoch))


def _without_answer(drain: Drain, sending: Batch, why: Problem) -> Batch:
    """What the send brought about is not known; why is kept, for the person who may have to be told in the end."""
    text = why.provider_text[:FAILURE_TEXT] if why.provider_text else None
    failure = Problem(why.code, provider_text=text)
    return drain.service.batches.update(sending.moved(BatchStatus.UNKNOWN, failure=failure))


def _refused_whole(drain: Drain, sending: Batch, refusal: WholeRefused) -> list[Batch]:
    """Find the poison element; but a refusal on a resend proves nothing, for an earlier attempt may have arrived."""
    if sending.attempt > 1:
        return [_without_answer(drain, sending, refusal.problem)]
    if len(sending.members) == 1:
        answer = ElementAnswer(sending.members[0].marker, Verdict.REFUSED, problem=refusal.problem)
        return [_record_answers(drain, sending, [answer])]
    return halves(drain, sending)


def _record_answers(drain: Drain, sending: Batch, answers: list[ElementAnswer]) -> Batch:
    """Store what is certain. Elements left without a certain answer make the batch unknown: they are looked up."""
    certain = [answer for answer in trusted(sending.members, answers) if _is_certain(sending, answer)]
    complete = not missing(sending.members, certain)
    to = BatchStatus.ANSWERED if complete else BatchStatus.UNKNOWN
    return drain.service.batches.put_answers(sending.moved(to), certain)


def _is_certain(sending: Batch, answer: ElementAnswer) -> bool:
    """Done is done. A refusal proves nothing on a resend, nor when it says that the supplier is there already."""
    if answer.verdict is Verdict.DONE:
        return True
    there = sending.fact is FactKind.SUPPLIERS and answer.problem and answer.problem.code == "supplier_name_taken"
    return sending.attempt == 1 and (not there or sending.parent is not None)
