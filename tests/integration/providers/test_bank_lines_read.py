"""Bank lines from the books: what was spent in Xero and nobody has reconciled there pays the items that it fits."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from rehearsal.founding import refresh
from rehearsal.papers import LINKED
from rehearsal.world import World
from shared.domain.bank_match import BankLine
from shared.domain.bank_reading import BankPage
from shared.domain.errors import Problem
from shared.domain.items import Stage
from shared.providers.contract import CallFailed, Session, TellsBankLines
from shared.providers.xero import bank_lines
from tests.integration.providers.test_bank_match import paid_receipt, switch_on, today

SPENT, OLD, RECONCILED = (str(UUID(int=number + 1)) for number in range(3))
xero = pytest.mark.parametrize("world", ["xero"], indirect=True)


def person(world: World, **edit: Any) -> None:
    world.sandbox.control(f"/xero/organisations/{world.tenant_id}/edit", edit)


def spend(world: World, number: str = SPENT, **changes: Any) -> None:
    plain = {"id": number, "account": "090", "contact": world.papers.supplier, "date": today(world).isoformat()}
    person(world, spend={**plain, "total": "48.00", **changes})


def read(world: World) -> dict[str, BankLine]:
    """The lines after the next day's refresh, by the provider's id."""
    world.time.pass_by(hours=25)
    refresh(world)
    lines, _ = world.service.bank_lines.page(world.tenant, world.account_id, None, 100)
    return {line.external_id: line for line in lines}


@xero
def test_what_is_spent_and_not_reconciled_is_read_once_and_pays_what_it_fits(world: World) -> None:
    spend(world)
    spend(world, OLD, date=(today(world) - timedelta(days=200)).isoformat())
    spend(world, RECONCILED)
    person(world, reconcile=RECONCILED)
    assert read(world) == {}  # off
    switch_on(world)
    (item,) = world.create([paid_receipt(world)])
    first = read(world)
    assert {name: line.item for name, line in first.items()} == {SPENT: item}
    calls = world.calls("GET /BankTransactions")
    assert read(world) == first
    assert world.calls("GET /BankTransactions") == calls + 1


@xero
def test_only_changes_are_asked_for_and_what_is_reconciled_meanwhile_goes_again(world: World) -> None:
    switch_on(world)
    spend(world)
    assert set(read(world)) == {SPENT}
    person(world, reconcile=SPENT)
    spend(world, OLD, total="12.00")
    assert {name: str(line.amount) for name, line in read(world).items()} == {OLD: "12.00"}
    spend(world, OLD, total="13.00")
    assert {name: str(line.amount) for name, line in read(world).items()} == {OLD: "13.00"}
    reading = world.connection.bank_reading
    assert reading is not None and reading.full_at is not None and reading.read_at is not None
    assert reading.full_at < reading.read_at


@xero
def test_what_was_published_from_here_is_no_bank_line(world: World) -> None:
    switch_on(world)
    (item,) = world.create([paid_receipt(world, destination="bank_accounts", payment_method={"name": LINKED})])
    world.publish([item])
    world.settle()
    published = world.state(item).published
    assert published is not None and published.document_type == "BankTransactions"
    assert read(world) == {}
    assert world.state(item).stage is Stage.PUBLISHED


@xero
def test_pages_are_followed_and_a_stopped_pass_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank_lines, "PER_PAGE", 2)
    provider = world.service.provider("xero")
    assert isinstance(provider, TellsBankLines)
    tell, pages = provider.bank_lines, list[str | None]()

    def breaks_once(session: Session, page: str | None, since: str | None, first_day: date) -> BankPage:
        pages.append(page)
        if pages == [None, "2"]:
            raise CallFailed(Problem("provider_unavailable"), sent=True)
        return tell(session, page, since, first_day)

    monkeypatch.setattr(type(provider), "bank_lines", staticmethod(breaks_once))
    switch_on(world)
    numbers = [str(UUID(int=100 + number)) for number in range(5)]
    for number in numbers:
        spend(world, number)
    assert set(read(world)) == set(numbers[:2])
    world.time.pass_by(minutes=30)
    refresh(world)
    lines, _ = world.service.bank_lines.page(world.tenant, world.account_id, None, 100)
    assert {line.external_id for line in lines} == set(numbers)
    assert pages == [None, "2", "2", "3"]
