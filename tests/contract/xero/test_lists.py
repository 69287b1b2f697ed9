"""Pulling lists from the sandbox: completeness, calls, deltas, and answers that cannot be right."""

import pytest

from rehearsal.sandbox_process import SandboxClient
from shared.domain.lists import EntryStatus, Kind
from shared.providers.contract import CallFailed
from shared.providers.xero.calls import PROVIDER
from tests.contract.xero.kit import connected, failing


def test_every_list_comes_complete(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    records = world.books()
    accounts = records["Accounts"]
    assert len(world.entries[Kind.BANK_ACCOUNTS]) == sum(1 for one in accounts if one["Type"] == "BANK")
    assert len(world.entries[Kind.CATEGORIES]) == sum(1 for one in accounts if one["Type"] != "BANK")
    shown = {one.provider_id for kind in (Kind.SUPPLIERS, Kind.CUSTOMERS) for one in world.entries[kind]}
    assert shown == {one["ContactID"] for one in records["Contacts"]}
    assert len(world.entries[Kind.TAX_RATES]) == len(records["TaxRates"])
    assert len(world.entries[Kind.PRODUCTS]) == len(records["Items"])
    assert {one.code for one in world.entries[Kind.CURRENCIES]} == {one["Code"] for one in records["Currencies"]}
    assert world.entries[Kind.USERS]
    values = [one for one in world.entries[Kind.DIMENSIONS] if one.parent]
    assert {one.parent for one in values} <= {one.id for one in world.entries[Kind.DIMENSIONS]}
    ids = [one.id for entries in world.entries.values() for one in entries]
    assert len(ids) == len(set(ids))


@pytest.mark.soak
def test_a_first_refresh_of_25_550_records_takes_23_calls_and_a_second_4(sandbox: SandboxClient) -> None:
    sandbox.control("/reset", {"seed": {"accounts": 500, "contacts": 20_000, "items": 5_000}})
    world = connected(sandbox, pull=False)
    sandbox.control("/counts/clear")
    world.permits = 0
    cursors = world.pull()
    counts = sandbox.read("/counts")["calls"]["xero"]
    lists = {path: counts[f"GET /{path}"] for path in ("Accounts", "Contacts", "TaxRates", "Items")}
    assert lists == {"Accounts": 1, "Contacts": 20, "TaxRates": 1, "Items": 1}
    assert world.permits == 23 + 3  # currencies, tracking and users are one call each
    contacts = {one.provider_id for kind in (Kind.SUPPLIERS, Kind.CUSTOMERS) for one in world.entries[kind]}
    assert len(contacts) == 20_000
    sandbox.control("/clock", {"advance_seconds": 60})  # the limiter's next minute
    world.permits = 0
    world.pull({kinds: cursor for kinds, cursor in cursors.items() if cursor})
    assert world.permits == 4 + 3
    assert world.entries[Kind.SUPPLIERS] == []


def test_a_delta_brings_what_changed(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    cursors = world.pull()
    sandbox.control("/clock", {"advance_seconds": 60})
    cursors = world.pull()
    changes = {
        "archive_account": "429",
        "merge_contact": {"from": "Tidewater Fuel", "to": "Severn Power"},
        "rename_contact": {"contact": "Redhill Cleaning", "name": "Redhill Group"},
    }
    sandbox.control("/clock", {"advance_seconds": 60})
    sandbox.control(f"/xero/organisations/{world.organisation.id}/edit", changes)
    world.pull({kinds: cursor for kinds, cursor in cursors.items() if cursor})
    (archived,) = world.entries[Kind.CATEGORIES]
    assert (archived.code, archived.status) == ("429", EntryStatus.INACTIVE)
    by_name = {one.name: one for one in world.entries[Kind.SUPPLIERS]}
    assert set(by_name) == {"Tidewater Fuel", "Severn Power", "Redhill Group"}
    assert by_name["Tidewater Fuel"].survivor == by_name["Severn Power"].id
    assert by_name["Tidewater Fuel"].status is EntryStatus.INACTIVE


@pytest.mark.parametrize("kind", ["truncate", "html"])
def test_a_broken_page_breaks_the_pass(sandbox: SandboxClient, kind: str) -> None:
    world = connected(sandbox)
    sandbox.fault("GET", "/Accounts", kind, times=3)
    failed = failing(lambda: PROVIDER.list_page(world.session, (Kind.CATEGORIES, Kind.BANK_ACCOUNTS), None, None))
    assert failed.problem.code in {"provider_answer_broken", "provider_unavailable"}


def test_a_read_that_fails_once_is_repeated(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    sandbox.fault("GET", "/TaxRates", "status", status=503)
    assert PROVIDER.list_page(world.session, (Kind.TAX_RATES,), None, None).entries


def test_a_page_that_comes_twice_breaks_the_pass(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    first = PROVIDER.list_page(world.session, (Kind.SUPPLIERS, Kind.CUSTOMERS), None, None).entries[0].provider_id
    with pytest.raises(CallFailed):
        PROVIDER.list_page(world.session, (Kind.SUPPLIERS, Kind.CUSTOMERS), f"1:{first}", None)
