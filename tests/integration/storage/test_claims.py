"""Leases, windows, single-use states, idempotency keys, seen messages, the agenda and grants."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from shared.domain.errors import ConflictError, LedgerbridgeError
from shared.domain.grants import GrantStatus
from shared.domain.limits import (
    LONGEST_CALL,
    Ask,
    Blocked,
    LimitFigures,
    LimitReading,
    LimitScope,
    Report,
    Slice,
    Work,
)
from shared.storage.agenda import AgendaKind, AgendaStore
from shared.storage.grants import GrantStore
from shared.storage.idempotency import IN_PROGRESS, KEPT, Begun, IdempotencyStore, Repeated
from shared.storage.leases import LeaseStore
from shared.storage.seen import SeenStore
from shared.storage.states import ConsentResult, OAuthState, StateStore
from shared.storage.table import Table
from shared.storage.windows import WindowStore
from tests.integration.storage.samples import ACCOUNT, CONNECTION, NOW, TENANT, fresh_id, grant

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
XERO = LimitFigures(per_minute=60, per_day=5000, app_per_minute=10_000, publish_slots=3)


# --- leases
def test_a_lease_has_one_holder_and_a_growing_epoch(table: Table) -> None:
    store = LeaseStore(table)
    assert store.epoch("publish#org") == 0
    assert store.acquire("publish#org", "w1", NOW + MINUTE, NOW) == 1
    assert store.acquire("publish#org", "w2", NOW + MINUTE, NOW + 59 * SECOND) is None
    assert store.acquire("publish#other", "w2", NOW + MINUTE, NOW) == 1
    assert store.acquire("publish#org", "w2", NOW + 2 * MINUTE, NOW + MINUTE) == 2
    assert not store.release("publish#org", "w1", 1)
    assert store.release("publish#org", "w2", 2)
    assert not store.release("publish#org", "w2", 2)
    assert store.acquire("publish#org", "w3", NOW + 3 * MINUTE, NOW + MINUTE) == 3
    assert store.epoch("publish#org") == 3


# --- windows
def _taken(  # noqa: PLR0917
    store: WindowStore,
    at: datetime,
    calls: int = 20,
    work: Work = Work.PUBLISH,
    organisation: str = "org",
    figures: LimitFigures = XERO,
    **told: Any,
) -> Slice | Blocked:
    report = Report(told.pop("owner", fresh_id()), at, MINUTE, **told)
    return store.take_slice("xero", organisation, Ask(work, calls, report), figures)


def _calls(taken: Slice | Blocked) -> int:
    assert isinstance(taken, Slice), taken
    return len(taken.turns)


def test_any_minute_is_given_out_in_slices_once(table: Table) -> None:
    store = WindowStore(table)
    slices = [_taken(store, NOW + number * SECOND, want) for number, want in enumerate((20, 99, 15))]
    assert [_calls(taken) for taken in slices] == [20, 20, 15]
    assert slices[0] == Slice((NOW,) * 20, NOW + 15 * SECOND)
    assert _calls(_taken(store, NOW + 40 * SECOND)) == 5
    # Nobody said what became of them: the last of a slice may have been made, and arrived, this late.
    last = 15 * SECOND + LONGEST_CALL
    assert _taken(store, NOW + 59 * SECOND) == Blocked(LimitScope.MINUTE, NOW + last + MINUTE)
    assert _calls(_taken(store, NOW + last + MINUTE)) == 20
    assert _calls(_taken(store, NOW + 59 * SECOND, organisation="org2")) == 20


def test_calls_count_for_a_minute_from_their_answer_and_unused_ones_not_at_all(table: Table) -> None:
    store = WindowStore(table)
    for number in range(3):
        _taken(store, NOW, owner=f"w{number}")
    answered = tuple(NOW + number * SECOND for number in range(10))
    for number in range(3):
        store.settle("xero", "org", Report(f"w{number}", NOW + 10 * SECOND, MINUTE, answered), XERO)
    assert [_calls(_taken(store, NOW + 10 * SECOND, 20, Work.REFRESH)) for _ in range(2)] == [20, 10]
    # Three calls of each second come free together; who asks a second before takes them at their turns.
    taken = _taken(store, NOW + 60 * SECOND, 6, Work.REFRESH)
    assert isinstance(taken, Slice)
    half = timedelta(milliseconds=500)  # calls stop counting in steps of half a second
    assert taken.turns == (NOW + MINUTE + half,) * 3 + (NOW + MINUTE + SECOND + half,) * 3


def test_who_was_refused_finds_its_calls_when_it_comes_again(table: Table) -> None:
    store = WindowStore(table)
    answered = tuple(NOW + number * SECOND / 2 for number in range(60))
    store.settle("xero", "org", Report("w", NOW + 30 * SECOND, MINUTE, answered), XERO)
    refused = _taken(store, NOW + 30 * SECOND, 5, Work.REFRESH)
    assert isinstance(refused, Blocked)
    publishing = _taken(store, refused.until, 20)
    assert not isinstance(publishing, Slice) or publishing.turns[0] > refused.until
    assert _calls(_taken(store, refused.until + SECOND, 5, Work.REFRESH)) == 5


def test_a_share_of_the_day_is_kept_for_people(table: Table) -> None:
    store = WindowStore(table)
    take = partial(_taken, store, figures=replace(XERO, per_day=40))
    assert [_calls(take(NOW)), _calls(take(NOW))] == [20, 18]
    later = NOW + 5 * MINUTE
    # The day's end is not known: the queue is parked for an hour at a time, and then one call may show a new day.
    hour = timedelta(hours=1)
    assert take(later) == take(later + SECOND) == Blocked(LimitScope.DAY, later + hour)
    assert store.blocked("xero", "org", later) == Blocked(LimitScope.DAY, later + hour)
    assert _calls(take(later, work=Work.INTERACTIVE)) == 2
    assert take(later, work=Work.INTERACTIVE) == Blocked(LimitScope.DAY, later + hour)
    assert _calls(take(later + hour)) == 1
    assert take(later + hour) == Blocked(LimitScope.DAY, later + 2 * hour)
    assert _calls(take(datetime(2025, 11, 4, tzinfo=UTC))) == 20


def test_a_day_whose_end_the_provider_named_is_waited_for(table: Table) -> None:
    store = WindowStore(table)
    told = Blocked(LimitScope.DAY, NOW + timedelta(hours=9))
    store.block("xero", "org", told, NOW)
    assert _taken(store, NOW + timedelta(hours=8)) == told
    assert _calls(_taken(store, told.until)) == 20


def test_the_provider_is_believed_where_it_grants_less(table: Table) -> None:
    store = WindowStore(table)
    _taken(store, NOW, owner="w")
    ours = {"owner": "w", "answered": (NOW,) * 20, "reading_at": NOW}
    no_news = LimitReading(minute_left=40, day_left=4980)
    assert _calls(_taken(store, NOW + SECOND, 5, reading=no_news, **ours)) == 5
    others = LimitReading(minute_left=3, day_left=4000)
    ours |= {"answered": (NOW + SECOND,) * 5, "reading_at": NOW + SECOND}
    assert _calls(_taken(store, NOW + 2 * SECOND, 20, Work.REFRESH, reading=others, **ours)) == 3
    # In a minute theirs have stopped counting too.
    assert _calls(_taken(store, NOW + 70 * SECOND)) == 20


def test_the_last_calls_of_a_minute_are_spread_over_it_to_hear_of_a_new_one(table: Table) -> None:
    store = WindowStore(table)
    store.settle("xero", "org", Report("w", NOW, MINUTE, (NOW,) * 40), XERO)
    assert _calls(_taken(store, NOW, owner="w")) == 5
    store.settle("xero", "org", Report("w", NOW, MINUTE, (NOW,) * 5), XERO)
    step = _taken(store, NOW)
    assert isinstance(step, Blocked)
    assert SECOND * 8 <= step.until - NOW <= SECOND * 9.5
    assert _calls(_taken(store, step.until)) == 3
    assert _calls(_taken(store, NOW + SECOND, work=Work.INTERACTIVE)) == 12  # nobody else waits for it


def test_a_new_minute_of_the_provider_is_believed(table: Table) -> None:
    store = WindowStore(table)
    made = tuple(NOW + number * SECOND for number in range(10)) * 4
    store.settle("xero", "org", Report("w", NOW + 10 * SECOND, MINUTE, made), XERO)
    # 20 are left of a minute from the first call; the provider has begun another and counted one call in it.
    told = {"owner": "w", "answered": (NOW + 12 * SECOND,), "reading_at": NOW + 11 * SECOND}
    assert _calls(_taken(store, NOW + 12 * SECOND, 1, owner="w")) == 1
    new = LimitReading(minute_left=59)
    taken = [_calls(_taken(store, NOW + 13 * SECOND, reading=new, **told))]
    taken += [_calls(_taken(store, NOW + 13 * SECOND, work=Work.REFRESH)) for _ in range(2)]
    assert taken == [20, 20, 18]  # what was answered after that call is counted once more, to be safe


def test_a_day_that_ran_out_is_believed_and_a_new_one_too(table: Table) -> None:
    store = WindowStore(table)
    take = partial(_taken, store, owner="w")
    take(NOW)
    low = LimitReading(day_left=270)
    told = {"answered": (NOW,) * 20, "reading": low, "reading_at": NOW}
    assert _calls(take(NOW + MINUTE, **told)) == 20
    assert isinstance(take(NOW + 2 * MINUTE, answered=(NOW + MINUTE,) * 20), Blocked)
    # A person's call shows that the provider's day has begun anew.
    new = {"answered": (NOW + 3 * MINUTE,), "reading": LimitReading(day_left=4990), "reading_at": NOW + 3 * MINUTE}
    assert _calls(take(NOW + 3 * MINUTE, 2, Work.INTERACTIVE)) == 2
    assert _calls(take(NOW + 4 * MINUTE, **new)) == 20


def test_nobody_calls_before_a_block_has_ended(table: Table) -> None:
    store = WindowStore(table)
    block = Blocked(LimitScope.DAY, NOW + timedelta(hours=3))
    store.block("xero", "org", block, NOW)
    store.block("xero", "org", Blocked(LimitScope.DAY, NOW + MINUTE), NOW)  # a shorter one changes nothing
    assert store.blocked("xero", "org", NOW) == block
    assert _taken(store, NOW) == block
    assert store.blocked("xero", "org2", NOW) is None
    assert isinstance(_taken(store, block.until), Slice)
    app = Blocked(LimitScope.APP_MINUTE, NOW + MINUTE)
    store.block("xero", "org2", app, NOW)
    assert _taken(store, NOW, organisation="org3") == app
    assert store.blocked("xero", "org3", NOW + MINUTE) is None


def test_the_apps_minute_is_shared_by_all_organisations(table: Table) -> None:
    store = WindowStore(table)
    small = replace(XERO, app_per_minute=50)
    granted = 0
    for number in range(20):
        taken = _taken(store, NOW, organisation=f"org{number}", figures=small)
        granted += len(taken.turns) if isinstance(taken, Slice) else 0
    assert granted == 50
    refused = _taken(store, NOW, 1, organisation="last", figures=small)
    assert isinstance(refused, Blocked)
    assert refused.scope is LimitScope.APP_MINUTE
    assert _calls(_taken(store, refused.until, 1, organisation="last", figures=small)) == 1


def test_what_the_provider_says_is_left_to_the_app_is_believed(table: Table) -> None:
    store = WindowStore(table)
    low = {"reading": LimitReading(app_minute_left=40), "reading_at": NOW}
    assert _calls(_taken(store, NOW, **low)) == 4  # a tenth of it: the shard's part


# --- states
def test_a_state_is_taken_once_and_in_time(table: Table) -> None:
    store = StateStore(table)
    state = OAuthState("h1", TENANT, ACCOUNT, "kim", CONNECTION, "xero", "connect", "https://a/b", NOW + MINUTE)
    store.put(state)
    with pytest.raises(ConflictError):
        store.put(state)
    assert store.take("h2", NOW) is None
    assert store.take("h1", NOW + MINUTE) is None
    assert store.take("h1", NOW) == state
    assert store.take("h1", NOW) is None


def test_a_result_is_redeemed_by_the_user_who_started_alone(table: Table) -> None:
    store = StateStore(table)
    result = ConsentResult("h1", TENANT, ACCOUNT, "kim", CONNECTION, fresh_id(), NOW + MINUTE)
    store.put_result(result)
    assert store.take_result("h1", "mallory", NOW) is None
    assert store.take_result("h1", "kim", NOW + MINUTE) is None
    assert store.take_result("h1", "kim", NOW) == result
    assert store.take_result("h1", "kim", NOW) is None


# --- idempotency
def test_a_key_is_one_request(table: Table) -> None:
    store = IdempotencyStore(table)
    assert store.begin("k", "body", "r1", NOW) == Begun("r1")
    with pytest.raises(LedgerbridgeError) as busy:
        store.begin("k", "body", "r2", NOW + SECOND)
    assert busy.value.problem.code == "idempotency_in_progress"
    assert busy.value.problem.until == NOW + IN_PROGRESS
    with pytest.raises(LedgerbridgeError) as reused:
        store.begin("k", "another", "r2", NOW)
    assert reused.value.problem.code == "idempotency_key_reused"
    assert store.begin("k", "body", "r2", NOW + IN_PROGRESS) == Begun("r1", again=True)
    store.finish("k", {"status": 201})
    assert store.begin("k", "body", "r3", NOW + IN_PROGRESS) == Repeated({"status": 201}, "r1")
    with pytest.raises(ConflictError):
        store.finish("k", {"status": 500})
    assert store.begin("k", "another", "r9", NOW + KEPT + MINUTE) == Begun("r9")


def test_a_request_that_left_nothing_may_be_tried_again_at_once(table: Table) -> None:
    store = IdempotencyStore(table)
    store.begin("k", "body", "r1", NOW)
    store.give_up("k", NOW)
    assert store.begin("k", "body", "r2", NOW) == Begun("r1", again=True)


def test_a_message_is_new_once(table: Table) -> None:
    store = SeenStore(table)
    assert [store.first_time("m", MINUTE, NOW) for _ in range(2)] == [True, False]
    assert store.first_time("m", MINUTE, NOW + MINUTE)
    store.forget("m")
    assert store.first_time("m", MINUTE, NOW + MINUTE)


# --- the agenda
def test_what_is_due_comes_first_and_is_cleared_once(table: Table) -> None:
    store = AgendaStore(table)
    for number in range(12):
        store.put(AgendaKind.REFRESH, NOW + number * MINUTE, f"connection-{number}", {"n": number})
    store.put(AgendaKind.PUBLISH, NOW, "other kind", {})
    store.put("refresh", NOW, "connection-0", {"n": 100})  # the same again
    due = store.due(AgendaKind.REFRESH, NOW + 5 * MINUTE, 99)
    assert [row.payload["n"] for row in due] == [100, 1, 2, 3, 4, 5]
    assert store.due(AgendaKind.REFRESH, NOW + 5 * MINUTE, 2) == due[:2]
    assert store.clear(due[0])
    assert not store.clear(due[0])
    assert store.due(AgendaKind.REFRESH, NOW + 5 * MINUTE, 99) == due[1:]
    assert store.due("keep_alive", NOW + timedelta(days=9), 9) == []


# --- grants
def test_a_pair_is_replaced_under_the_lease_and_only_once(table: Table) -> None:
    store = GrantStore(table)
    old = grant()
    store.create(old, b"sealed-1", b"key")
    assert store.sealed(TENANT, old.id) == (old, b"key", b"sealed-1")
    held = store.take_lease(old, "w1", NOW + MINUTE, NOW)
    with pytest.raises(ConflictError):
        store.take_lease(old, "w2", NOW + MINUTE, NOW + 59 * SECOND)
    sent = store.mark_sent(held, "w1", NOW)
    assert sent.refresh_sent_at == NOW
    with pytest.raises(ConflictError):
        store.mark_sent(held, "w2", NOW)
    after = replace(sent, token_version=2, refresh_sent_at=None)
    stored = store.store_pair(after, b"sealed-2", 1)
    assert store.store_pair(after, b"sealed-2", 1) == stored  # its answer was lost: the same bytes again
    assert store.sealed(TENANT, old.id) == (stored, b"key", b"sealed-2")
    assert stored.lease_until is None
    with pytest.raises(ConflictError):
        store.store_pair(after, b"another", 1)
    with pytest.raises(ConflictError):  # read before the newer pair
        store.take_lease(old, "w2", NOW + 2 * MINUTE, NOW + MINUTE)
    with pytest.raises(ValueError, match="next token version"):
        store.store_pair(after, b"x", 5)


def test_the_end_of_a_grant_is_recorded_once_and_a_newer_pair_outlives_it(table: Table) -> None:
    store = GrantStore(table)
    old = grant()
    store.create(old, b"sealed-1", b"key")
    assert [store.mark_expired(old, 1) for _ in range(2)] == [True, False]
    current = store.get(TENANT, old.id) or pytest.fail("gone")
    assert current.status is GrantStatus.EXPIRED
    revived = store.store_pair(replace(current, status=GrantStatus.ACTIVE, token_version=2), b"sealed-2", 1)
    assert not store.mark_expired(current, 1)
    assert store.get(TENANT, old.id) == revived


def test_a_consent_waits_for_its_person_and_is_shredded_when_let_go(table: Table) -> None:
    store = GrantStore(table)
    waiting = grant(status=GrantStatus.PENDING)
    store.create(waiting, b"sealed-1", b"key")
    assert store.activate(waiting).status is GrantStatus.ACTIVE
    with pytest.raises(ConflictError):
        store.activate(waiting)
    held = store.take_lease(waiting, "w1", NOW + MINUTE, NOW)
    assert store.release_lease(held, "w1")
    assert not store.release_lease(held, "w1")
    store.shred(waiting)
    store.shred(waiting)
    assert store.sealed(TENANT, waiting.id) is None
    assert (store.get(TENANT, waiting.id) or waiting).status is GrantStatus.LET_GO
    with pytest.raises(ConflictError):
        store.store_pair(replace(waiting, token_version=2), b"x", 1)


def test_consents_are_counted_by_person_over_all_tenants(table: Table) -> None:
    store = GrantStore(table)
    mine, other = grant(subject="person#1"), grant(id=fresh_id(), tenant=fresh_id(), subject="person#1")
    for one in (mine, other, grant(id=fresh_id(), subject="person")):
        store.create(one, b"sealed", b"key")
    store.create(grant(id=fresh_id(), subject=""), b"sealed", b"key")
    assert {one.grant for one in store.of_subject("xero", "person#1")} == {mine.id, other.id}
    assert store.of_subject("quickbooks", "person#1") == []
    for _ in range(2):
        store.uncount(mine)
    assert [one.grant for one in store.of_subject("xero", "person#1")] == [other.id]
    assert store.sealed(mine.tenant, mine.id) is not None
    store.shred(other)
    assert store.of_subject("xero", "person#1") == []
    assert store.sealed(other.tenant, other.id) is None
