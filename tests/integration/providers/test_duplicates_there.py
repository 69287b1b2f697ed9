"""A cost that the books have already is not created a second time, where the connection asks them first."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from rehearsal.world import World
from shared.domain.accounts import Caller
from shared.domain.duplicates import Decision, Sought
from shared.domain.errors import LedgerbridgeError
from shared.domain.items import Stage
from shared.providers.contract import FindsAlike, Session
from shared.usecases.change_settings import change_settings
from shared.usecases.decide_duplicate import decide_duplicate
from shared.usecases.unarchive_item import Mode, unarchive_item

ANNA = Caller("tenant", "anna", is_machine=False)
asks = pytest.mark.parametrize("world", ["xero", "quickbooks", "sage"], indirect=True)


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
        permit = replace(session, permit=lambda: calls.append(resource) or session.permit())
        return ask(permit, resource, sought)

    monkeypatch.setattr(type(provider), "alike", staticmethod(counted))
    switch_on(world)
    items = world.create([world.papers.bill(number=f"D-{number}") for number in range(8)])
    assert set(publish(world, *items)) == {Stage.PUBLISHED}
    assert len(calls) == 1


@pytest.mark.parametrize("world", ["bill"], indirect=True)
def test_other_software_is_not_asked(world: World) -> None:
    with pytest.raises(LedgerbridgeError) as refused:
        switch_on(world)
    assert refused.value.problem.field == "duplicate_at_provider"
