"""What to do next with a batch whose outcome is not known: pure, so that every order of events can be tried."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.publishing import Batch, ElementAnswer, Member, Verdict

SENDS_WITH_ONE_KEY = 3
# A round is up to SENDS_WITH_ONE_KEY sends without an answer and a look-up that proves that nothing arrived.
ROUNDS_TOGETHER = 2
ROUNDS_ALONE = 4
# An element alone that nothing else went past may have met a provider that takes nothing at all, though it answers.
ROUNDS_UNPROVEN = 5
# Before the last rounds an element alone rests: outages of minutes, and most of the longer ones, end meanwhile.
RESTS = {3: timedelta(minutes=15), 4: timedelta(minutes=90)}


class Step(StrEnum):
    RESEND = "resend"  # same key, same bytes: the provider answers what it answered
    LOOK_UP = "look_up"
    WAIT = "wait"  # until `at`: before the settle time nothing may be called absent


class AfterAbsence(StrEnum):
    """What becomes of elements that were sent and are proven absent."""

    RESEND = "resend"
    SPLIT = "split"  # one of them may be what the provider fails at: halves, until it stands alone
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True)
class NextStep:
    step: Step
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """A provider's times, in our own clock: how long one key answers for, and when `absent` may be concluded."""

    key_lifetime: timedelta
    key_bound_to_token: bool
    settle: timedelta


def next_step(
    batch: Batch,
    now: datetime,
    patience: Patience,
    *,
    token: tuple[str, int],
    partly_answered: bool,
    may_resend: bool = True,
) -> NextStep:
    """How an unknown batch goes on. `token` is (grant, token_version) of the access token a resend would use.

    A batch that was partly answered is never resent whole: its missing elements are looked up. Nor is any, where
    nothing more is to be sent at all.
    """
    if batch.first_sent_at is None or batch.sent_at is None:
        raise ValueError("a batch that was never sent is not unknown")
    same_token = token == (batch.sent_with_grant, batch.sent_with_token_version)
    key_answers = now - batch.first_sent_at < patience.key_lifetime and (same_token or not patience.key_bound_to_token)
    if may_resend and key_answers and not partly_answered and batch.attempt < SENDS_WITH_ONE_KEY:
        return NextStep(Step.RESEND)
    settled_at = batch.sent_at + patience.settle
    if batch.looked_up and now < settled_at:
        return NextStep(Step.WAIT, settled_at)
    return NextStep(Step.LOOK_UP)


def may_conclude_absent(batch: Batch, now: datetime, patience: Patience) -> bool:
    """Whether a look-up that started at `now` and found nothing proves that nothing is there."""
    return batch.sent_at is not None and now >= batch.sent_at + patience.settle


def after_absence(rounds: int, elements: int, *, others_taken: bool) -> AfterAbsence:
    """How so many elements go on after so many rounds: a provider that fails at one of them is asked a bounded number
    of times, and the others do not stay behind with it.

    `others_taken`: the provider took something else meanwhile, so that what it fails at is this element.
    """
    if rounds < ROUNDS_TOGETHER:
        return AfterAbsence.RESEND
    if elements > 1:
        return AfterAbsence.SPLIT
    most = ROUNDS_ALONE if others_taken else ROUNDS_UNPROVEN
    return AfterAbsence.RESEND if rounds < most else AfterAbsence.GIVE_UP


def rounds_of_part(rounds: int, elements: int) -> int:
    """The rounds that a part of a split batch counts: those made with others say little of one that is alone now."""
    return rounds if elements > 1 else min(rounds, ROUNDS_TOGETHER)


def rest_after(rounds: int, elements: int) -> timedelta:
    """How long elements that are proven absent wait before they are sent again."""
    return RESTS.get(rounds, timedelta()) if elements == 1 else timedelta()


def missing(members: Iterable[Member], answers: Iterable[ElementAnswer]) -> tuple[Member, ...]:
    """The members that no answer names, whatever order the answers came in."""
    answered = {answer.marker for answer in answers}
    return tuple(member for member in members if member.marker not in answered)


def trusted(members: Iterable[Member], answers: Iterable[ElementAnswer]) -> tuple[ElementAnswer, ...]:
    """The answers that name one of our members exactly once; anything else is looked up instead of believed."""
    ours = {member.marker for member in members}
    named = list(answers)
    times = Counter(answer.marker for answer in named)
    return tuple(
        answer
        for answer in named
        if answer.marker in ours and times[answer.marker] == 1 and answer.verdict is not Verdict.UNKNOWN
    )
