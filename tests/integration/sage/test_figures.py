"""Sage's figures by counts: creating and attaching calls, refreshes, tokens."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from rehearsal.world import PDF
from shared.domain.lists import Kind
from shared.storage.operations import ConditionFailed
from shared.usecases.access_token import access_token
from tests.integration.sage.world import SageWorld, assert_sound, files, paper

FOUR = ("GET /ledger_accounts", "GET /contacts", "GET /tax_rates", "GET /products")


def publish(world: SageWorld, count: int, file: bytes | None = None) -> None:
    world.publish(world.create([paper(number) for number in range(count)], file=file))
    world.settle(rounds=2000)
    assert_sound(world)
    assert {state.stage.value for state in world.states().values()} == {"published"}


def test_a_hundred_bills_are_a_hundred_calls(world: SageWorld) -> None:
    publish(world, 100)
    assert world.made() == {"POST /purchase_invoices": 100}


def test_fifty_bills_with_a_file_each_are_a_hundred_calls(world: SageWorld) -> None:
    publish(world, 50, PDF)
    assert world.made() == {"POST /purchase_invoices": 50, "POST /attachments": 50}
    assert set(files(world).values()) == {1}


@pytest.mark.soak
@pytest.mark.dynamodb_local
def test_what_a_document_costs_in_rows(world: SageWorld, local_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every document is a call, and so a batch of its own: 12 of its units are those that Xero's fifty share.

    A write that its condition refuses is charged as well, and not among the units here: there is none.
    """
    refused: list[ConditionFailed] = []
    failed = ConditionFailed.__init__

    def counted(self: ConditionFailed, *given: Any) -> None:
        refused.append(self)
        failed(self, *given)

    monkeypatch.setattr(ConditionFailed, "__init__", counted)
    ids = world.create([paper(number) for number in range(40)])
    world.running.units.clear()
    world.publish(ids)
    while world.queue:
        world.time.pass_until(min(message.due for message in world.queue))
        world.deliver()
    units = dict(world.running.units)
    read = sum(units.pop(name, 0.0) for name in ("get_item", "batch_get_item", "query"))
    assert sum(units.values()) / len(ids) <= 16.6, units
    assert read / len(ids) <= 4, read
    assert refused == []


@pytest.mark.soak
def test_a_thousand_bills_with_a_file_each_are_two_thousand_calls(world: SageWorld) -> None:
    publish(world, 1000, PDF)
    assert world.made() == {"POST /purchase_invoices": 1000, "POST /attachments": 1000}
    assert world.sandbox.read("/counts")["throttled"] == 0


def test_changes_are_asked_for_with_one_call_a_list(world: SageWorld) -> None:
    world.time.pass_by(hours=1)
    before = {name: world.calls(name) for name in FOUR}
    world.refresh()
    made = {name: world.calls(name) - before[name] for name in FOUR}
    assert made == dict(zip(FOUR, (1, 2, 1, 2), strict=True))  # 4, and deletions of the two that tell them


def test_a_contact_that_is_deleted_stays_with_its_name(world: SageWorld) -> None:
    suppliers = {entry.name: entry for entry in world.service.lists.all(world.connection.book, Kind.SUPPLIERS)}
    world.time.pass_by(minutes=5)
    world.sage.edit(delete_contact="Harbour Telecom")
    world.refresh()
    lists = list(world.service.lists.all(world.connection.book, Kind.SUPPLIERS))
    gone = next(entry for entry in lists if entry.id == suppliers["Harbour Telecom"].id)
    assert gone.name == "Harbour Telecom" and not gone.usable
    assert sum(entry.usable for entry in lists) == sum(entry.usable for entry in suppliers.values()) - 1


def test_eight_workers_that_find_the_token_expired_make_one_token_call(world: SageWorld) -> None:
    world.time.pass_by(minutes=6)
    tokens = world.calls("POST /token")
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(access_token, world.new_service(), world.tenant, world.grant_id) for _ in range(8)]
        versions = {one.result().token_version for one in asked}
    assert versions == {2}
    assert world.calls("POST /token") - tokens == 1
