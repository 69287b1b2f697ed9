"""A cost that the books have already is not created a second time, where the connection asks them first."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from rehearsal.world import World
from shared.domain.accounts import Caller
from shared.domain.catalogue import kind_of
from shared.domain.duplicates import Decision, Sought
from shared.domain.errors import LedgerbridgeError, Problem
from shared.domain.items import Stage
from shared.providers.contract import CallFailed, FindsAlike, Session
from shared.usecases.change_settings import change_settings
from shared.usecases.decide_duplicate import decide_duplicate
from shared.usecases.unarchive_item import Mode, unarchive_item
from tests.integration.providers.suite import SOAK, against, only

ANNA = Caller("tenant", "anna", is_machine=False)
ASKED = ("xero", "quickbooks", "sage")
asks = pytest.mark.parametrize("world", ASKED, indirect=True)
asks_long = pytest.mark.parametrize("world", [against(name, marks=[SOAK]) for name in ASKED], indirect=True)


def switch_on(world: World) -> None:
    change_settings(world.service, ANNA, world.connection, {"duplicate_at_provider": True}, read_as=None)


def publish(world: World, *items: str) -> list[Stage]:
    world.publish(list(items))
    world.settle()
    assert world.failures == []
    return [world.state(item).stage for item in items]


def receipt(world: World, **changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"type": "receipt", "due_date": None, "number": None}
    return world.papers.bill(**{**plain, **changes})


@asks
def test_a_bill_that_the_books_have_waits_for_a_persons_word(world: World) -> None:
    first, second, other = world.create(
        [world.papers.bill(number="D-1"), world.papers.bill(number="d-1"), world.papers.bill(number="D-2")]
    )
    assert publish(world, first) == [Stage.PUBLISHED]
    switch_on(world)
    assert publish(world, second, other) == [Stage.NEEDS_REVIEW, Stage.PUBLISHED]
    state, there = world.state(second), world.state(first).published
    assert there is not None and state.last_error is not None
    assert (state.last_error.code, state.last_error.details) == ("duplicate_suspected", {"document": there.document_id})
    assert [one.code for one in state.reasons] == ["duplicate_suspected"]
    decide_duplicate(world.service, world.account, second, Decision.DIFFERENT, actor="anna")
    (stage,) = publish(world, second)
    if world.software.name == "quickbooks":  # it refuses a second bill of one number by itself
        problem = world.state(second).last_error
        assert problem is not None and problem.code == "number_taken"
    else:
        assert stage is Stage.PUBLISHED


@asks
def test_a_receipt_is_known_by_its_day_and_total_and_its_own_document_never_counts(world: World) -> None:
    first, second = world.create([receipt(world), receipt(world)])
    switch_on(world)
    assert publish(world, first) == [Stage.PUBLISHED]
    unarchive_item(world.service, world.account, first, Mode.CLEAR, actor="anna")
    assert publish(world, first) == [Stage.PUBLISHED]
    assert publish(world, second) == [Stage.NEEDS_REVIEW]
    decide_duplicate(world.service, world.account, second, Decision.SAME, actor="anna")
    assert [one.code for one in world.state(second).reasons] == ["duplicate_confirmed"]


@asks
@pytest.mark.parametrize("kind", ["supplier_credit", "spend_money"])
def test_credit_notes_and_money_spent_are_known_again(world: World, kind: str) -> None:
    make = getattr(world.papers, kind)
    first, second, other = world.create([make(number="K-1"), make(number="K-1"), make(number="K-2", date="2026-03-10")])
    switch_on(world)
    assert publish(world, first) == [Stage.PUBLISHED]
    if world.software.name != "quickbooks":  # it takes no second one of the same number, be it the item's own
        unarchive_item(world.service, world.account, first, Mode.CLEAR, actor="anna")
        assert publish(world, first) == [Stage.PUBLISHED]
    assert publish(world, second, other) == [Stage.NEEDS_REVIEW, Stage.PUBLISHED]


@asks
def test_one_question_is_enough_for_several(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = world.service.provider(world.software.name)
    assert isinstance(provider, FindsAlike)
    ask, calls = provider.alike, list[str]()

    def counted(session: Session, resource: str, sought: Sequence[Sought]) -> Mapping[str, str | None]:
        counting = replace(session, permit=lambda: calls.append(resource) or session.permit(), classes={})
        return ask(counting, resource, sought)

    monkeypatch.setattr(type(provider), "alike", staticmethod(counted))
    switch_on(world)
    items = world.create([world.papers.bill(number=f"D-{number}") for number in range(8)])
    assert set(publish(world, *items)) == {Stage.PUBLISHED}
    assert len(calls) == 1


def refuse_questions(world: World, status: int) -> None:
    """The question fails, whatever else is asked or sent."""
    if world.software.name == "quickbooks":  # queries and documents go to one address
        method, path = world.software.calls["bill"].method, world.software.calls["bill"].path
        world.sandbox.fault(
            method, path, "status", provider="quickbooks", status=status, times=None, containing="SELECT"
        )
    else:
        world.blind(status=status, times=None)


def not_checked(world: World, item: str) -> bool:
    state = world.state(item)
    assert state.last_error is None or kind_of(state.last_error).remedy
    return [one.code for one in state.reasons] == ["duplicate_not_checked"] and state.stage is Stage.NEEDS_REVIEW


@asks
@pytest.mark.parametrize("status", [400, pytest.param(500, marks=SOAK)])
def test_a_question_that_is_refused_holds_what_it_is_about_and_nothing_else(world: World, status: int) -> None:
    switch_on(world)
    asked, sale = world.create([world.papers.bill(number="D-1"), world.papers.sales_invoice(number="S-1")])
    refuse_questions(world, status)
    assert publish(world, asked, sale) == [Stage.NEEDS_REVIEW, Stage.PUBLISHED]
    assert not_checked(world, asked)
    assert (world.connection.failed_drains, world.connection.parked_until) == (0, None)
    world.sandbox.mend()
    assert publish(world, asked) == [Stage.PUBLISHED]


@asks_long
def test_while_the_provider_is_down_what_would_be_asked_about_waits(world: World) -> None:
    switch_on(world)
    (item,) = world.create([world.papers.bill(number="D-1")])
    world.sandbox.fault("*", "*", "status", provider=world.software.name, status=503, times=None)
    world.publish([item])
    assert not world.is_quiet(rounds=12)
    assert world.connection.parked_until is not None
    assert (world.markers(), world.state(item).last_error) == ([item], None)
    world.sandbox.mend()
    world.settle()
    assert world.state(item).stage is Stage.PUBLISHED


@pytest.mark.parametrize(("refused", "most"), [({"D-3"}, 12), ({f"D-{number}" for number in range(8)}, 6)])
@only("xero")
def test_only_what_cannot_be_asked_about_is_held(
    world: World, refused: set[str], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In few questions: where several in a row cannot be asked about alone, the others are not tried."""
    provider = world.service.provider(world.software.name)
    assert isinstance(provider, FindsAlike)
    ask, questions = provider.alike, list[int]()

    def picky(session: Session, resource: str, sought: Sequence[Sought]) -> Mapping[str, str | None]:
        questions.append(len(sought))
        if any(one.number in refused for one in sought):
            raise CallFailed(Problem("provider_refused", provider_text="no"), sent=True)
        return ask(session, resource, sought)

    monkeypatch.setattr(type(provider), "alike", staticmethod(picky))
    switch_on(world)
    items = world.create([world.papers.bill(number=f"D-{number}") for number in range(8)])
    stages = publish(world, *items)
    held = [f"D-{number}" for number, stage in enumerate(stages) if stage is Stage.NEEDS_REVIEW]
    assert set(held) == refused
    assert all(not_checked(world, items[int(name[2:])]) for name in held)
    assert len(questions) <= most


@pytest.mark.parametrize("world", ["bill"], indirect=True)
def test_other_software_is_not_asked(world: World) -> None:
    with pytest.raises(LedgerbridgeError) as refused:
        switch_on(world)
    assert refused.value.problem.field == "duplicate_at_provider"
