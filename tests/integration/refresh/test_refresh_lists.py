"""A refresh from the first page to the report, and everything that may come in between."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from shared.domain.connections import ConnectionStatus
from shared.domain.errors import Problem
from shared.domain.grants import TokenPair
from shared.domain.ids import new_id
from shared.domain.limits import Blocked, LimitScope
from shared.domain.lists import Entry, EntryStatus, Kind
from shared.domain.refresh_requests import RefreshRequest, from_body
from shared.domain.secrets import Secret
from shared.providers import oauth
from shared.providers.contract import AccessLost, CallFailed, LimitReached
from shared.usecases import access_token
from shared.usecases.refresh_lists import Outcome, refresh_lists
from tests.integration.refresh.conftest import GROUPS, World, contacts, said

CONTACTS = GROUPS[1]


def request(world: World, **more: Any) -> RefreshRequest:
    now = world.time.at
    return RefreshRequest(new_id(now), world.tenant, world.account_id, world.connection_id, "test", now, **more)


def refresh(world: World, **more: Any) -> Outcome:
    world.time.pass_by(seconds=1)
    asked = request(world, **more)
    world.time.pass_by(seconds=1)
    return refresh_lists(world.service, asked, world.deadline)


def go_on(world: World) -> tuple[Outcome, int]:
    """Serve the one message that a refresh sent itself; returns how that ended, and the delay it asked for."""
    ((body, delay),) = [(body, delay) for body, delay in world.messages() if body["kind"] == "refresh"]
    world.time.pass_by(seconds=delay + 1)
    asked = from_body(body, message_id="m", sent_at=world.time.at)
    return refresh_lists(world.service, asked, world.deadline), delay


def writes_of(world: World) -> Counter[str]:
    """Counts rows written by BatchWriteItem from now on."""
    rows: Counter[str] = Counter()

    def seen(operation: str, asked: dict[str, Any]) -> None:
        if operation == "BatchWriteItem":
            for table, puts in asked["RequestItems"].items():
                rows[table] += len(puts)

    client: Any = world.service.clients.dynamodb
    client.listeners.append(seen)
    return rows


def statuses(world: World, kind: Kind) -> dict[str | None, EntryStatus]:
    return {entry.provider_id: entry.status for entry in world.service.lists.all(world.connection.book, kind)}


def broken() -> CallFailed:
    return CallFailed(Problem("provider_unavailable", provider_text="oops"), sent=True)


def limit(world: World, **wait: float) -> LimitReached:
    return LimitReached(Blocked(LimitScope.MINUTE, world.time.at + timedelta(**wait)))


def test_the_first_refresh_activates(world: World) -> None:
    world.provider.facts = replace(world.provider.facts, period_lock_date=date(2025, 12, 31))
    assert refresh(world) is Outcome.DONE
    connection, account = world.connection, world.account
    assert connection.status is ConnectionStatus.ACTIVE
    assert connection.activated_at is not None
    assert connection.pinned.period_lock_date == date(2025, 12, 31)
    assert account.current_book == "xero:org-1"
    assert account.publishing_integration == "main"
    assert account.coding_version >= 1
    assert len(world.provider.calls) == 1 + 1 + 3 + 1 + 1
    assert {kind: connection.lists[kind].entries for kind in connection.lists} == {
        "categories": 2,
        "suppliers": 3,
        "customers": 1,
        "tax_rates": 1,
        "currencies": 1,
    }
    assert world.entry(Kind.SUPPLIERS, "c1").name == "suppliers c1"
    assert len(world.events("connection.activated")) == 1
    (done,) = world.events("refresh.done")
    assert done.after is not None
    assert done.after["lists"]["suppliers"] == {"added": 3, "changed": 0, "inactive": 0, "back": 0}  # type: ignore[index]
    assert done.after["calls"] == 7
    assert [body["kind"] for body, _ in world.messages()] == ["recheck"]
    (planned,) = world.service.agenda.due("refresh", world.time.at + timedelta(days=3), 10)
    assert planned.payload["reason"] == "schedule"


def test_an_unchanged_refresh_writes_no_entry(world: World) -> None:
    refresh(world)
    before = world.account.coding_version
    world.messages()
    rows = writes_of(world)
    assert refresh(world, full=True) is Outcome.DONE
    assert rows == Counter()
    assert world.account.coding_version == before
    assert world.messages() == []
    (_, done) = sorted(world.events("refresh.done"), key=lambda event: event.id)
    assert not any(sum(counts.values()) for counts in done.after["lists"].values())  # type: ignore[index,attr-defined]


def test_a_delta_asks_from_the_cursor_of_the_first_page_and_retires_nothing(world: World) -> None:
    refresh(world)
    cursor = world.connection.lists[Kind.SUPPLIERS].cursor
    assert cursor == "cursor-3"
    world.provider.calls.clear()
    refresh(world)
    assert ("suppliers", None, cursor) in world.provider.calls
    assert len(world.provider.calls) == 1 + 4
    assert set(statuses(world, Kind.SUPPLIERS).values()) == {EntryStatus.ACTIVE}


def test_a_full_pass_comes_back_after_a_week(world: World) -> None:
    refresh(world)
    world.provider.pages[CONTACTS] = [contacts(1, 3), [said(Kind.CUSTOMERS, "c4")]]
    world.time.pass_by(days=7)
    refresh(world)
    assert statuses(world, Kind.SUPPLIERS)["c2"] is EntryStatus.INACTIVE


def test_absent_entries_are_inactive_and_come_back(world: World) -> None:
    refresh(world)
    world.messages()
    before = world.account.coding_version
    world.provider.pages[CONTACTS] = [contacts(1), [said(Kind.CUSTOMERS, "c4")]]
    refresh(world, full=True)
    assert statuses(world, Kind.SUPPLIERS) == {
        "c1": EntryStatus.ACTIVE,
        "c2": EntryStatus.INACTIVE,
        "c3": EntryStatus.INACTIVE,
    }
    assert world.account.coding_version > before
    assert [body["kind"] for body, _ in world.messages()] == ["recheck"]
    world.provider.pages[CONTACTS] = [contacts(1, 2), [said(Kind.CUSTOMERS, "c4")]]
    refresh(world, full=True)
    assert statuses(world, Kind.SUPPLIERS)["c2"] is EntryStatus.ACTIVE
    assert world.connection.lists[Kind.SUPPLIERS].entries == 2


def test_a_break_on_page_two_changes_no_status_and_keeps_the_cursor(world: World) -> None:
    refresh(world)
    before = world.connection.lists[Kind.SUPPLIERS]
    archived = said(Kind.SUPPLIERS, "c1", active=False)
    world.provider.pages[CONTACTS] = [[archived, *contacts(9)], [], [said(Kind.CUSTOMERS, "c4")]]
    world.provider.faults[len(world.provider.calls) + 4] = broken()
    refresh(world, full=True)
    after = world.connection.lists[Kind.SUPPLIERS]
    assert after.problem is not None
    assert after.problem.code == "provider_unavailable"
    assert (after.cursor, after.last_good_at, after.last_full_at) == (
        before.cursor,
        before.last_good_at,
        before.last_full_at,
    )
    assert set(statuses(world, Kind.SUPPLIERS).values()) == {EntryStatus.ACTIVE}
    # The lists after it were read all the same, and the failed ones are asked for again soon.
    assert world.connection.lists[Kind.CURRENCIES].problem is None
    retry = world.service.agenda.due("refresh", world.time.at + timedelta(hours=1), 9)
    assert [row.payload["kinds"] for row in retry] == [["customers", "suppliers"]]
    # Healed by the next pass, which sees the archived contact as well.
    refresh(world, full=True)
    assert world.connection.lists[Kind.SUPPLIERS].problem is None
    assert statuses(world, Kind.SUPPLIERS)["c1"] is EntryStatus.INACTIVE


def test_a_list_suddenly_empty_changes_nothing(world: World) -> None:
    refresh(world)
    before = world.connection.lists[Kind.TAX_RATES]
    world.provider.pages[GROUPS[2]] = [[]]
    refresh(world)
    after = world.connection.lists[Kind.TAX_RATES]
    assert after.problem is not None
    assert after.problem.code == "list_suddenly_empty"
    assert after.last_good_at == before.last_good_at
    assert statuses(world, Kind.TAX_RATES) == {"INPUT2": EntryStatus.ACTIVE}


def test_a_provider_that_repeats_a_page_is_broken(world: World) -> None:
    class Endless(list[list[Entry]]):
        def __len__(self) -> int:
            return 10**9

        def __getitem__(self, index: Any) -> Any:
            return contacts(1)

    world.provider.pages[CONTACTS] = Endless()
    world.provider.before_page = lambda group, number: None
    original = world.provider.list_page
    world.provider.list_page = lambda session, kinds, page, since: replace(  # type: ignore[method-assign]
        original(session, kinds, None, since), next="1" if kinds == CONTACTS else None
    )
    refresh(world)
    problem = world.connection.lists[Kind.SUPPLIERS].problem
    assert problem is not None
    assert problem.code == "provider_answer_broken"
    assert world.connection.status is ConnectionStatus.IMPORTING


def test_a_limit_in_the_middle_keeps_the_place(world: World) -> None:
    refresh(world)
    world.messages()
    world.provider.calls.clear()
    world.provider.faults[4] = limit(world, seconds=40)  # facts, categories, page 0, page 1
    assert refresh(world, full=True) is Outcome.CONTINUES
    rows = writes_of(world)
    outcome, delay = go_on(world)
    assert outcome is Outcome.DONE
    assert 30 < delay <= 40
    # Neither page 0 nor the lists before it were asked for again, and nothing of page 0 counted as absent.
    asked = [(what, page) for what, page, _ in world.provider.calls]
    assert asked.count(("suppliers", None)) == 1
    assert asked.count(("categories", None)) == 1
    assert rows == Counter()
    assert set(statuses(world, Kind.SUPPLIERS).values()) == {EntryStatus.ACTIVE}


def test_a_place_is_worth_nothing_once_another_has_held_the_lease(world: World) -> None:
    refresh(world)
    world.messages()
    world.provider.calls.clear()
    world.provider.faults[4] = limit(world, seconds=40)
    refresh(world, full=True)
    name = f"refresh#{world.tenant}#{world.connection_id}"
    epoch = world.service.leases.acquire(name, "other", world.time.at + timedelta(seconds=5), world.time.at)
    assert epoch is not None
    world.service.leases.release(name, "other", epoch)
    outcome, _ = go_on(world)
    assert outcome is Outcome.DONE
    assert [page for what, page, _ in world.provider.calls if what == "suppliers"] == [None, "1", None, "1", "2"]
    assert set(statuses(world, Kind.SUPPLIERS).values()) == {EntryStatus.ACTIVE}


def test_a_limit_beyond_the_queues_reach_goes_to_the_agenda(world: World) -> None:
    world.provider.faults[1] = limit(world, hours=5)
    assert refresh(world) is Outcome.CONTINUES
    assert world.messages() == []
    due = world.service.agenda.due("refresh", world.time.at + timedelta(hours=6), 9)
    assert [row.payload["reason"] for row in due] == ["test"]


def test_no_call_starts_when_the_invocation_is_near_its_end(world: World) -> None:
    outcome = refresh_lists(world.service, request(world), world.time.at + timedelta(seconds=39))
    assert outcome is Outcome.CONTINUES
    assert world.provider.calls == []


def test_a_second_refresh_waits_and_then_asks_for_nothing(world: World) -> None:
    second = request(world)
    outcomes = []

    def meanwhile(group: tuple[Kind, ...], number: int) -> None:
        if group == CONTACTS and number == 1:
            outcomes.append(refresh_lists(world.service, second, world.deadline))

    world.provider.before_page = meanwhile
    assert refresh(world) is Outcome.DONE
    assert outcomes == [Outcome.WAITS]
    calls = len(world.provider.calls)
    assert go_on(world)[0] is Outcome.DONE
    assert len(world.provider.calls) == calls


def test_what_changed_after_a_list_was_begun_is_asked_for_again(world: World) -> None:
    late: list[RefreshRequest] = []

    def meanwhile(group: tuple[Kind, ...], number: int) -> None:
        if group == CONTACTS and number == 2:
            late.append(request(world, kinds=frozenset({Kind.SUPPLIERS})))

    world.provider.before_page = meanwhile
    refresh(world)
    calls = len(world.provider.calls)
    refresh_lists(world.service, late[0], world.deadline)
    assert [what for what, _, _ in world.provider.calls[calls:]] == ["suppliers"]


def test_a_message_delivered_twice_asks_and_reports_once(world: World) -> None:
    world.time.pass_by(seconds=1)
    asked = request(world)
    refresh_lists(world.service, asked, world.deadline)
    calls = len(world.provider.calls)
    refresh_lists(world.service, asked, world.deadline)
    assert len(world.provider.calls) == calls
    assert len(world.events("refresh.done")) == 1


def test_access_lost_breaks_the_connection_and_keeps_the_lists(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    refresh(world)
    pair = TokenPair(Secret("new"), Secret("newer"), world.time.at + timedelta(days=1), world.time.at)
    monkeypatch.setattr(oauth, "refresh", lambda *_, **__: pair)  # the consent itself is as good as ever
    monkeypatch.setattr(access_token, "provider_app", lambda *_: None)
    world.provider.faults[len(world.provider.calls) + 2] = AccessLost(Problem("organisation_gone"))
    assert refresh(world) is Outcome.DONE
    assert world.connection.status is ConnectionStatus.BROKEN
    (event, *_) = world.events("refresh.done")
    assert event.after is not None and event.after["problem"] == "organisation_gone"
    assert set(statuses(world, Kind.CATEGORIES).values()) == {EntryStatus.ACTIVE}
    assert refresh(world) is Outcome.NOT_CONNECTED


def test_essential_lists_decide_when_a_connection_is_active(world: World) -> None:
    world.provider.faults[6] = broken()  # tax rates
    refresh(world)
    assert world.connection.status is ConnectionStatus.IMPORTING
    refresh(world, kinds=frozenset({Kind.TAX_RATES}))
    assert world.connection.status is ConnectionStatus.ACTIVE


def test_facts_that_cannot_be_read_do_not_stop_the_lists(world: World) -> None:
    world.provider.faults[1] = broken()
    refresh(world)
    assert world.connection.status is ConnectionStatus.ACTIVE
    (done,) = world.events("refresh.done")
    assert done.after is not None
    assert done.after["problem"] == "provider_unavailable"


def test_a_merged_contact_names_its_survivor(world: World) -> None:
    refresh(world)
    merged = said(Kind.SUPPLIERS, "c2", active=False, survivor="c1")
    world.provider.pages[CONTACTS] = [[*contacts(1, 3), merged], [said(Kind.CUSTOMERS, "c4")]]
    refresh(world, full=True)
    entry = world.entry(Kind.SUPPLIERS, "c2")
    assert entry.survivor == world.connection.book.entry_id(Kind.SUPPLIERS, "c1")


def test_an_entry_made_here_is_met_again_under_its_own_id(world: World) -> None:
    refresh(world)
    lists, book = world.service.lists, world.connection.book
    own = Entry(new_id(world.time.at), Kind.SUPPLIERS, "Corner Shop")
    lists.put_own(own, book)
    world.provider.pages[CONTACTS][0].append(said(Kind.SUPPLIERS, "c7", "Corner Shop"))
    refresh(world, full=True)  # the publisher has created it there, and not yet said so here
    lists.set_provider_id(book, Kind.SUPPLIERS, own.id, "c7")
    refresh(world, full=True)
    double = world.entry(Kind.SUPPLIERS, "c7")
    assert double.survivor == own.id
    adopted = lists.entry(book, Kind.SUPPLIERS, own.id)
    assert adopted is not None
    assert (adopted.name, adopted.provider_id, adopted.status) == ("Corner Shop", "c7", EntryStatus.ACTIVE)
    rows = writes_of(world)
    refresh(world, full=True)
    assert rows == Counter()
