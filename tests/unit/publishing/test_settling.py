"""What an unknown batch does next, at every moment of its life."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.errors import Problem
from shared.domain.publishing import Batch, BatchStatus, ElementAnswer, FactKind, Member, Verdict
from shared.domain.settling import (
    ROUNDS_ALONE,
    ROUNDS_UNPROVEN,
    AfterAbsence,
    Patience,
    Step,
    after_absence,
    may_conclude_absent,
    missing,
    next_step,
    rest_after,
    rounds_of_part,
    trusted,
)

SENT = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
XERO_LIKE = Patience(key_lifetime=timedelta(minutes=4), key_bound_to_token=True, settle=timedelta(seconds=60))
LOOK_UP_ONLY = Patience(key_lifetime=timedelta(0), key_bound_to_token=False, settle=timedelta(seconds=120))
TOKEN = ("grant", 7)


def member(marker: str) -> Member:
    return Member(subject=f"item-{marker}", marker=marker, fingerprint={}, account="account")


def unknown(**changes: object) -> Batch:
    values: dict[str, object] = {
        "id": "batch",
        "claim": "batch",
        "tenant": "tenant",
        "account": "account",
        "connection": "connection",
        "provider": "xero",
        "organisation": "organisation",
        "fact": FactKind.DOCUMENTS,
        "resource": "Invoices",
        "key": "batch",
        "status": BatchStatus.UNKNOWN,
        "members": (member("LB1"), member("LB2")),
        "created_at": SENT,
        "attempt": 1,
        "first_sent_at": SENT,
        "sent_at": SENT,
        "sent_with_grant": "grant",
        "sent_with_token_version": 7,
    }
    return Batch(**{**values, **changes})  # type: ignore[arg-type]


def step(batch: Batch, seconds: float, patience: Patience = XERO_LIKE, **how: object) -> Step:
    options = {"token": TOKEN, "partly_answered": False, **how}
    return next_step(batch, SENT + timedelta(seconds=seconds), patience, **options).step  # type: ignore[arg-type]


def test_a_lost_answer_is_asked_for_again_with_the_same_key() -> None:
    assert step(unknown(), 1) is Step.RESEND


@pytest.mark.parametrize(
    ("why", "batch", "seconds", "how"),
    [
        ("the key no longer answers", unknown(), 240, {}),
        ("the token changed, and with it the key's owner", unknown(), 1, {"token": ("grant", 8)}),
        ("another grant took over", unknown(), 1, {"token": ("other", 7)}),
        ("some elements were answered", unknown(), 1, {"partly_answered": True}),
        ("three sends were enough", unknown(attempt=3), 1, {}),
    ],
)
def test_otherwise_it_is_looked_up(why: str, batch: Batch, seconds: float, how: dict[str, object]) -> None:
    assert step(batch, seconds, **how) is Step.LOOK_UP, why


def test_a_key_that_is_not_bound_to_the_token_survives_a_new_token() -> None:
    patience = Patience(timedelta(days=6), key_bound_to_token=False, settle=timedelta(seconds=60))
    assert step(unknown(), 3600, patience, token=("grant", 9)) is Step.RESEND


def test_a_provider_without_keys_is_always_looked_up() -> None:
    assert step(unknown(), 0, LOOK_UP_ONLY) is Step.LOOK_UP


def test_where_nothing_more_is_sent_it_is_looked_up_though_its_key_would_answer() -> None:
    assert step(unknown(), 1, may_resend=False) is Step.LOOK_UP
    assert step(unknown(looked_up=1), 1, may_resend=False) is Step.WAIT
    assert step(unknown(looked_up=1), 60, may_resend=False) is Step.LOOK_UP


def test_after_one_look_up_the_next_waits_for_the_settle_time() -> None:
    waiting = next_step(
        unknown(looked_up=1, attempt=3), SENT + timedelta(seconds=59), XERO_LIKE, token=TOKEN, partly_answered=False
    )
    assert waiting.step is Step.WAIT
    assert waiting.at == SENT + timedelta(seconds=60)
    assert step(unknown(looked_up=1, attempt=3), 60) is Step.LOOK_UP


def test_absent_is_concluded_only_from_the_settle_time_on() -> None:
    assert not may_conclude_absent(unknown(), SENT + timedelta(seconds=59), XERO_LIKE)
    assert may_conclude_absent(unknown(), SENT + timedelta(seconds=60), XERO_LIKE)


def test_the_settle_time_counts_from_the_last_send() -> None:
    resent = unknown(sent_at=SENT + timedelta(seconds=30), attempt=2)
    assert not may_conclude_absent(resent, SENT + timedelta(seconds=80), XERO_LIKE)


def test_a_batch_that_was_never_sent_has_no_unknown_outcome() -> None:
    with pytest.raises(ValueError, match="never sent"):
        step(unknown(sent_at=None, first_sent_at=None), 1)


def done(marker: str) -> ElementAnswer:
    return ElementAnswer(marker, Verdict.DONE, provider_id=f"at-provider-{marker}")


def test_answers_are_matched_by_marker_in_any_order() -> None:
    members = (member("LB1"), member("LB2"), member("LB3"))
    assert [m.marker for m in missing(members, [done("LB3"), done("LB1")])] == ["LB2"]


def test_strange_repeated_and_unknown_answers_are_not_believed() -> None:
    members = (member("LB1"), member("LB2"), member("LB3"))
    refused = ElementAnswer("LB3", Verdict.REFUSED, problem=Problem("account_archived"))
    answers = [done("LB1"), done("LB2"), done("LB2"), done("LB9"), refused, ElementAnswer("LB1x", Verdict.UNKNOWN)]
    assert trusted(members, answers) == (done("LB1"), refused)


def given_up_after(*, others_taken: bool) -> tuple[int, timedelta]:
    """The rounds of an element alone, and how long it rested between them."""
    rounds, rested = 1, timedelta()
    while after_absence(rounds, 1, others_taken=others_taken) is AfterAbsence.RESEND:
        rested += rest_after(rounds, 1)
        rounds += 1
    return rounds, rested


def test_one_element_that_always_fails_while_others_are_taken_is_given_up_after_outages_of_minutes() -> None:
    assert given_up_after(others_taken=True) == (ROUNDS_ALONE, timedelta(minutes=15))


def test_where_nothing_else_was_taken_it_may_be_an_outage_and_is_waited_for_much_longer() -> None:
    assert given_up_after(others_taken=False) == (ROUNDS_UNPROVEN, timedelta(minutes=105))


@pytest.mark.parametrize("rounds", range(1, 10))
def test_several_elements_never_rest_and_are_never_given_up(rounds: int) -> None:
    assert rest_after(rounds, 2) == timedelta()
    assert after_absence(rounds, 2, others_taken=True) is not AfterAbsence.GIVE_UP


def test_several_elements_are_split_from_the_second_round_on_until_each_stands_alone() -> None:
    rounds, elements = 1, 50
    steps = []
    while (step := after_absence(rounds, elements, others_taken=True)) is not AfterAbsence.GIVE_UP:
        steps.append(step)
        if step is AfterAbsence.SPLIT:
            elements = -(-elements // 2)
            rounds = rounds_of_part(rounds, elements)
        rounds += 1
    again = AfterAbsence.RESEND
    assert steps == [
        again,
        *[AfterAbsence.SPLIT] * 6,
        again,
    ]  # alone it is sent twice, whatever it was sent with before
    assert (rounds, elements) == (ROUNDS_ALONE, 1)
