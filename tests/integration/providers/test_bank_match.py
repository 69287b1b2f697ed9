"""A paid item that is matched to a bank line goes out as paid to that line's bank account, in Xero and Sage."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from rehearsal.world import World
from shared.domain.accounts import Caller
from shared.domain.errors import LedgerbridgeError
from shared.domain.item_drafts import Reference
from shared.domain.items import FactOutcome, Stage
from shared.domain.lists import Entry, Kind
from shared.usecases.bank_lines import LineDraft, TakenLine, take_bank_lines
from shared.usecases.change_settings import change_settings
from tests.integration.publishing.checks import assert_sound

ANNA = Caller("tenant", "anna", is_machine=False)


def switch_on(world: World) -> None:
    change_settings(world.service, ANNA, world.connection, {"bank_match": True}, read_as=None)


def bank_account(world: World) -> Entry:
    """One that the sandbox's payment method is not linked to, where there are several."""
    entries = world.service.lists.all(world.connection.book, Kind.BANK_ACCOUNTS)
    return next(
        entry for entry in entries if entry.usable and entry.values.get("currency") in {None, world.papers.currency}
    )


def today(world: World) -> date:
    return world.time().date()


def take(world: World, account: Entry, amount: str) -> TakenLine:
    draft = LineDraft(Reference(id=account.id), today(world), Decimal(amount), world.papers.currency, "line-1")
    (taken,) = take_bank_lines(world.service, world.account, [draft])
    assert isinstance(taken, TakenLine), taken
    return taken


def paid_receipt(world: World, **changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "type": "receipt",
        "due_date": None,
        "number": None,
        "destination": None,
        "publish_as": None,
        "paid": True,
    }
    plain["date"] = today(world).isoformat()
    return world.papers.bill(**{**plain, **changes})


@pytest.mark.parametrize("world", ["xero", "sage"], indirect=True)
def test_a_matched_item_is_money_from_the_lines_bank_account(world: World) -> None:
    switch_on(world)
    (item,) = world.create([body := paid_receipt(world)])
    account = bank_account(world)
    taken = take(world, account, body["total"])
    assert taken.line.item == item
    world.publish([item])
    world.settle()
    assert world.failures == []
    assert_sound(world)
    state = world.state(item)
    assert (state.stage, state.last_error) == (Stage.PUBLISHED, None)
    assert state.published is not None
    assert state.published.document_type in {"BankTransactions", "other_payments"}
    assert account.provider_id is not None
    assert account.provider_id in str(world.books())


@pytest.mark.parametrize("world", ["xero", "sage"], indirect=True)
def test_a_matched_bill_is_paid_from_the_lines_bank_account(world: World) -> None:
    switch_on(world)
    body = paid_receipt(
        world, type="invoice", number="B-77", due_date=today(world).isoformat(), destination="purchases"
    )
    (item,) = world.create([body])
    taken = take(world, bank_account(world), body["total"])
    assert taken.line.item == item
    world.publish([item])
    world.settle()
    assert world.failures == []
    assert_sound(world)
    published = world.state(item).published
    assert published is not None
    assert published.payment is not None
    assert published.payment.outcome is FactOutcome.DONE


@pytest.mark.parametrize("world", ["quickbooks"], indirect=True)
def test_other_software_has_no_bank_match(world: World) -> None:
    with pytest.raises(LedgerbridgeError) as refused:
        switch_on(world)
    assert (refused.value.problem.code, refused.value.problem.field) == ("invalid_request", "bank_match")
    assert replace(world.connection).settings.bank_match is False
