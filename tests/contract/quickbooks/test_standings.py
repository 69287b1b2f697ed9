"""Whether documents were paid is asked of all collections in one call, or by a query for each where that ends."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rehearsal.sandbox_process import SandboxClient
from shared.domain.items import ItemType
from shared.providers.contract import Standing
from shared.providers.quickbooks import lookups
from shared.providers.quickbooks.calls import PROVIDER
from tests.contract.quickbooks.kit import World, connected, time_there

COLLECTIONS = ["Bill", "VendorCredit", "Purchase"]  # what is spent has no balance, and is not asked for


@pytest.fixture
def world(sandbox: SandboxClient) -> World:
    return connected(sandbox)


def told(world: World, days: int) -> tuple[set[Standing], int]:
    """What is told of the last days, and the calls that it took."""
    before, now = world.permits, time_there(world.sandbox)
    session = replace(world.session, now=lambda: now, deadline=now + timedelta(minutes=5))
    return set(PROVIDER.standings(session, COLLECTIONS, now - timedelta(days=days))), world.permits - before


@pytest.mark.parametrize(("days", "full", "calls"), [(1, 1000, 1), (40, 1000, 2), (1, 2, 3)])
def test_bills_and_credit_notes_in_one_call_or_a_query_each(
    world: World, monkeypatch: pytest.MonkeyPatch, days: int, full: int, calls: int
) -> None:
    [bill] = world.publish(world.drafted(world.item()))
    [credit] = world.publish(world.drafted(world.item(type=ItemType.CREDIT_NOTE)))
    assert bill.provider_id is not None and credit.provider_id is not None
    paid = {"entity": "VendorCredit", "id": credit.provider_id, "fields": {"Balance": 0}}
    world.sandbox.control(f"/quickbooks/companies/{world.realm}/edit", {"change": paid})
    monkeypatch.setattr(lookups, "PAGE_SIZE", full)  # an answer of so many may be cut short
    seen, made = told(world, days)
    assert {Standing("Bill", bill.provider_id, "OPEN"), Standing("VendorCredit", credit.provider_id, "PAID")} == seen
    assert made == calls
