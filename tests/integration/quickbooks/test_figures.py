"""The figures of a large company's lists: the real connector and the sandbox's QuickBooks."""

from typing import Any

import pytest

from rehearsal.sandbox_process import SandboxClient
from shared.domain.lists import Kind
from tests.contract.quickbooks.kit import connected
from tests.integration.quickbooks.world import QuickBooksWorld

LARGE = {"contacts": 20_000, "items": 5_000, "accounts": 500, "tax_rates": 50}


@pytest.mark.soak
def test_a_first_refresh_of_a_large_company_is_27_calls(sandbox_server: SandboxClient) -> None:
    url = f"{sandbox_server.base}/__control/reset"
    assert sandbox_server.http.post(url, json={"seed": LARGE}, timeout=150).status_code == 200
    world = connected(sandbox_server, pull=False)
    before = world.permits
    world.pull()
    assert world.permits - before == 27
    assert len(world.entries[Kind.SUPPLIERS]) == 10_000
    assert len(world.entries[Kind.CUSTOMERS]) + len(world.entries[Kind.PROJECTS]) == 10_000
    assert len(world.entries[Kind.PRODUCTS]) == 5_000
    assert len(world.entries[Kind.CATEGORIES]) + len(world.entries[Kind.BANK_ACCOUNTS]) == 500


def test_changes_are_two_calls_and_the_facts(world: QuickBooksWorld) -> None:
    world.refresh()  # the lists of a world may be days old: those of the first of this process
    world.time.pass_by(minutes=5)
    before = sum(world.sandbox.read("/counts")["calls"]["quickbooks"].values())
    asked = world.calls("GET /cdc")
    world.refresh()
    after = sum(world.sandbox.read("/counts")["calls"]["quickbooks"].values())
    assert after - before == 2 + 2  # companyinfo and preferences besides
    assert world.calls("GET /cdc") - asked == 1


def test_a_vendor_that_is_gone_stays_with_its_name(world: QuickBooksWorld) -> None:
    vendors = {one["DisplayName"]: one["Id"] for one in world.books()["Vendor"]}
    merge = {"entity": "Vendor", "from": vendors["City Taxis"], "to": vendors["Northern Fuel"]}
    world.sandbox.control(f"/quickbooks/companies/{world.tenant_id}/edit", {"merge": merge})
    world.time.pass_by(minutes=5)
    world.refresh()
    lists = world.service.lists.all(world.connection.book, Kind.SUPPLIERS)
    gone = next(entry for entry in lists if entry.provider_id == vendors["City Taxis"])
    assert gone.name.startswith("City Taxis") and not gone.usable


def test_a_payment_term_that_changes_reaches_those_who_name_it_with_the_next_refresh(world: QuickBooksWorld) -> None:
    """QuickBooks tells a vendor's change alone, not that of the term which it names."""
    vendor = next(one["Id"] for one in world.books()["Vendor"] if one["DisplayName"] == "Northern Fuel")
    term = next(one["Id"] for one in world.books()["Term"] if one["Name"] == "Net 15")

    def edit(entity: str, record: str, **fields: Any) -> None:
        change = {"change": {"entity": entity, "id": record, "fields": fields}}
        world.sandbox.control(f"/quickbooks/companies/{world.tenant_id}/edit", change)

    def due_days() -> int | None:
        world.time.pass_by(minutes=5)
        world.refresh()
        suppliers = world.service.lists.all(world.connection.book, Kind.SUPPLIERS)
        days: int | None = next(one for one in suppliers if one.provider_id == vendor).values.get("due_days")
        return days

    edit("Vendor", vendor, TermRef={"value": term})
    assert due_days() == 15
    edit("Term", term, DueDays=21)
    assert due_days() == 21
    asked = world.calls("GET /query")
    assert due_days() == 21
    assert world.calls("GET /query") == asked, "and the lists are not read whole again"
