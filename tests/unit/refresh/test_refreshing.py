"""What a pass over a list changes here, whatever order the pages come in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.connections import ListHealth
from shared.domain.consent import next_look, warning_due
from shared.domain.lists import Book, Entry, EntryStatus, Kind, shard_of
from shared.domain.refresh_requests import Position, RefreshRequest, from_body
from shared.domain.refreshing import (
    FULL_PASS_EVERY,
    Counts,
    Pass,
    already_covered,
    needs_full_pass,
    retry_wait,
)

BOOK = Book("t", "a", "xero", "o")
KIND = Kind.SUPPLIERS
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(number: int, name: str | None = None, *, active: bool = True) -> Entry:
    """A supplier as a provider tells of it: without an id of ours."""
    status = EntryStatus.ACTIVE if active else EntryStatus.INACTIVE
    return Entry(id="", kind=KIND, name=name or f"Supplier {number}", provider_id=f"p{number}", status=status)


def known_of(one: Pass) -> dict[int, dict[str, str]]:
    return {shard: dict(digests) for shard, digests in one.known.items()}


def full_pass(known: dict[int, dict[str, str]], entries: list[Entry]) -> tuple[Pass, list[Entry]]:
    one = Pass(BOOK, KIND, known)
    written = [*one.take(entries), *one.settle()]
    gone = [replace(said(0), id=entry_id, provider_id="gone") for entry_id in one.absent()]
    written += one.retire(gone)
    return one, written


def test_a_first_pass_adds_and_a_second_writes_nothing() -> None:
    first, written = full_pass({}, [said(1), said(2)])
    assert first.counts == Counts(added=2)
    assert {entry.id for entry in written} == {BOOK.entry_id(KIND, "p1"), BOOK.entry_id(KIND, "p2")}
    second, again = full_pass(known_of(first), [said(2), said(1)])
    assert again == []
    assert second.counts == Counts()
    assert second.changed_shards == set()


def test_renamed_archived_and_restored_are_told_apart() -> None:
    first, _ = full_pass({}, [said(1), said(2)])
    second, _ = full_pass(known_of(first), [said(1, "New name"), said(2, active=False)])
    assert second.counts == Counts(changed=1, inactive=1)
    third, _ = full_pass(known_of(second), [said(1, "New name"), said(2)])
    assert third.counts == Counts(back=1)


def test_absence_makes_inactive_once_and_coming_back_heals() -> None:
    first, _ = full_pass({}, [said(1), said(2)])
    second, written = full_pass(known_of(first), [said(1)])
    assert [entry.status for entry in written] == [EntryStatus.INACTIVE]
    assert second.counts == Counts(inactive=1)
    third, again = full_pass(known_of(second), [said(1)])
    assert (again, third.counts) == ([], Counts())
    fourth, _ = full_pass(known_of(third), [said(1), said(2)])
    assert fourth.counts == Counts(back=1)


def test_a_pass_that_breaks_changes_no_status() -> None:
    first, _ = full_pass({}, [said(1), said(2)])
    broken = Pass(BOOK, KIND, known_of(first))
    written = list(broken.take([said(1, active=False), said(3)]))
    assert [entry.provider_id for entry in written] == ["p3"]
    # The next, unbroken pass still sees the change of status.
    after, _ = full_pass(known_of(broken), [said(1, active=False), said(2), said(3)])
    assert after.counts == Counts(inactive=1)


def test_what_an_interrupted_pass_has_seen_counts_for_the_one_that_resumes_it_only() -> None:
    first, _ = full_pass({}, [said(1), said(2)])
    paused = Pass(BOOK, KIND, known_of(first))
    list(paused.take([said(1)]))
    stored = {shard: paused.digests(shard, unfinished=True) for shard in paused.known}
    resumed = Pass(BOOK, KIND, {shard: dict(digests) for shard, digests in stored.items()}, resumed=True)
    list(resumed.take([said(2)]))
    assert resumed.absent() == []
    new = Pass(BOOK, KIND, {shard: dict(digests) for shard, digests in stored.items()})
    list(new.take([said(2)]))
    assert new.absent() == [BOOK.entry_id(KIND, "p1")]


def test_an_entry_on_two_pages_is_one() -> None:
    first, written = full_pass({}, [said(1), said(2), said(1)])
    assert first.counts == Counts(added=2)
    assert len(written) == 2


def test_entries_of_other_kinds_and_without_ids_are_left_alone() -> None:
    strange = [replace(said(1), kind=Kind.CUSTOMERS), replace(said(2), provider_id=None)]
    assert list(Pass(BOOK, KIND, {}).take(strange)) == []


def test_survivors_and_parents_get_local_ids() -> None:
    one = Pass(BOOK, KIND, {}, adopted={"p9": "LOCAL"})
    (entry,) = one.take([replace(said(1), survivor="p9", parent="p2")])
    assert (entry.survivor, entry.parent) == ("LOCAL", BOOK.entry_id(KIND, "p2"))


def test_an_entry_made_here_keeps_its_id_and_takes_the_place_of_its_double() -> None:
    first, _ = full_pass({}, [said(1)])
    double = BOOK.entry_id(KIND, "p1")
    second = Pass(BOOK, KIND, known_of(first), adopted={"p1": "LOCAL"})
    assert [entry.id for entry in second.take([said(1)])] == ["LOCAL"]
    assert second.doubles() == {double: "LOCAL"}
    assert double not in second.digests(shard_of(double))
    assert second.absent() == []


pages = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from(["x", "y"]), st.booleans()), max_size=15, unique_by=lambda row: row[0]
)


@settings(max_examples=150, deadline=None)
@given(pages, pages, st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(before: list[tuple], after: list[tuple], random) -> None:  # type: ignore[no-untyped-def, type-arg]
    entries = [said(number, name, active=active) for number, name, active in after]
    base = known_of(full_pass({}, [said(number, name, active=active) for number, name, active in before])[0])
    one, _ = full_pass({shard: dict(digests) for shard, digests in base.items()}, entries)
    random.shuffle(entries)
    other, _ = full_pass({shard: dict(digests) for shard, digests in base.items()}, entries)
    assert (one.known, one.counts) == (other.known, other.counts)
    active = {BOOK.entry_id(KIND, f"p{number}") for number, _, is_active in after if is_active}
    assert one.was_active() == len(active)


def health(**known: object) -> ListHealth:
    return replace(ListHealth(KIND), **known)  # type: ignore[arg-type]


def test_when_a_list_is_read_whole() -> None:
    recent = health(cursor="c", last_full_at=NOW - timedelta(days=1))
    assert not needs_full_pass([recent], has_delta=True, now=NOW)
    assert needs_full_pass([recent], has_delta=False, now=NOW)
    assert needs_full_pass([recent, health()], has_delta=True, now=NOW)
    assert needs_full_pass([health(cursor="c", last_full_at=NOW - FULL_PASS_EVERY)], has_delta=True, now=NOW)


def test_a_pass_begun_after_the_request_covers_it() -> None:
    assert already_covered(health(last_good_at=NOW), NOW - timedelta(seconds=1), full=False)
    assert not already_covered(health(last_good_at=NOW - timedelta(seconds=1)), NOW, full=False)
    assert not already_covered(health(last_good_at=NOW, last_full_at=None), NOW, full=True)


def test_retries_get_rarer_and_end() -> None:
    waits = [retry_wait(tries) for tries in range(12)]
    assert waits[0] == timedelta(minutes=5)
    assert waits[1] == timedelta(minutes=10)
    assert waits[-1] is None


def test_a_request_survives_its_message() -> None:
    position = Position((Kind.SUPPLIERS, Kind.CUSTOMERS), "7", True, NOW, 3, None, "c")
    request = RefreshRequest(
        "r", "t", "a", "c", "asked", NOW, frozenset({KIND}), True, 2, 1, position, {KIND: Counts(added=3)}, 9
    )
    assert from_body(request.body(), message_id="m", sent_at=NOW + timedelta(1)) == request


def test_what_a_message_leaves_out_comes_from_the_queue() -> None:
    body = {"schema": 1, "kind": "refresh", "tenant": "t", "account": "a", "connection": "c", "kinds": "all"}
    request = from_body(body, message_id="m", sent_at=NOW)
    assert (request.id, request.requested_at, request.kinds) == ("m", NOW, None)
    with pytest.raises(ValueError, match="later version"):
        from_body({**body, "schema": 2}, message_id="m", sent_at=NOW)


@pytest.mark.parametrize(
    ("days_left", "due"), [(40, None), (30, 30), (29, 30), (8, 30), (7, 7), (2, 7), (1, 1), (0, 1)]
)
def test_consent_warnings(days_left: int, due: int | None) -> None:
    expires_at = NOW + timedelta(days=days_left)
    assert warning_due(expires_at, NOW) == due
    later = next_look(expires_at, NOW)
    assert later > NOW or later == expires_at
