"""Lists from the sandbox's companies: what is offered, what changes bring, how many calls they cost."""

import json
from datetime import timedelta

import pytest

from rehearsal.sandbox_process import SandboxClient
from shared.domain.lists import Entry, EntryStatus, Kind
from shared.providers.contract import AccessLost, CallFailed, ListPage, Session
from shared.providers.quickbooks import api, lists
from shared.providers.quickbooks.calls import PROVIDER
from tests.contract.quickbooks.kit import World, app, clock, connected, consented, time_there
from tests.contract.sandbox.quickbooks import desk

DELTA = tuple(kind for kinds in PROVIDER.list_groups() for kind in kinds if kind in PROVIDER.profile.delta_kinds)


def by_name(world: World, kind: Kind) -> dict[str, Entry]:
    return {entry.name: entry for entry in world.entries[kind]}


def changes(session: Session, since: str) -> tuple[list[Entry], list[tuple[Kind, str]], int]:
    """All pages of a delta."""
    entries: list[Entry] = []
    gone: list[tuple[Kind, str]] = []
    pages, page, more = 0, None, True
    while more:
        found: ListPage = PROVIDER.list_page(session, DELTA, page, since)
        entries += found.entries
        gone += found.gone
        pages, page, more = pages + 1, found.next, found.next is not None
    return entries, gone, pages


def test_the_company_and_what_is_switched_on(sandbox: SandboxClient) -> None:
    british = connected(sandbox, pull=False).organisation
    assert (british.name, british.country, british.base_currency) == ("Harbour & Finch Ltd", "GB", "GBP")
    assert british.plan == "QuickBooks Online Plus"
    assert set(british.features) == {
        "multi_currency", "sales_tax", "classes", "locations", "billable_costs", "customers_on_costs",
    }  # fmt: skip
    assert connected(sandbox, desk.SIMPLE_START, pull=False).organisation.features == ("sales_tax",)


def test_a_consent_is_for_one_company_alone(sandbox: SandboxClient) -> None:
    world = connected(sandbox, pull=False)
    for other in (desk.US, "1234"):
        with pytest.raises(AccessLost):
            PROVIDER.organisations(world.session, other)
    assert PROVIDER.organisations(world.session, None) == []


def test_revoking_ends_the_consent(sandbox: SandboxClient) -> None:
    from shared.providers import oauth

    told = consented(sandbox, desk.GB)
    assert told.subject
    oauth.revoke(PROVIDER.profile.oauth, app(sandbox), token=told.pair.refresh)
    with pytest.raises(oauth.InvalidGrant):
        oauth.refresh(PROVIDER.profile.oauth, app(sandbox), refresh_token=told.pair.refresh)


def test_every_list_of_a_british_company(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    categories = by_name(world, Kind.CATEGORIES)
    assert categories["Travel:Meals"].code == "6021" and categories["Travel:Meals"].values["class"] == "expense"
    assert not categories["Accounts Payable (A/P)"].visible
    assert {entry.values["type"] for entry in world.entries[Kind.BANK_ACCOUNTS]} == {"bank", "credit_card"}
    assert by_name(world, Kind.SUPPLIERS)["Old Stationers (deleted)"].status is EntryStatus.INACTIVE
    job = by_name(world, Kind.PROJECTS)["Green Gardens:Summer Terrace"]
    assert job.values["customer"] == by_name(world, Kind.CUSTOMERS)["Green Gardens"].provider_id
    assert "Summer Terrace" not in by_name(world, Kind.CUSTOMERS)
    dimensions = by_name(world, Kind.DIMENSIONS)
    assert dimensions["Wholesale:Export"].parent == dimensions["Classes"].id
    assert dimensions["Market Stall"].parent == dimensions["Locations"].id
    assert {entry.code for entry in world.entries[Kind.CURRENCIES]} == {"GBP", "EUR", "USD"}


def test_rates_of_costs_and_sales_apart(sandbox: SandboxClient) -> None:
    rates = by_name(connected(sandbox), Kind.TAX_RATES)
    assert rates["20.0% S"].values["rate"] == "20"
    assert rates["20.0% RC"].values["rate"] == "0"
    canadian = by_name(connected(sandbox, desk.CA), Kind.TAX_RATES)
    quebec = canadian["GST/QST QC - 9.975"].values
    assert quebec["combined"] and quebec["rate"] == "14.975"
    assert [part["rate"] for part in quebec["costs_components"]] == ["5", "9.975"]


def test_lines_of_a_us_company_take_two_codes(sandbox: SandboxClient) -> None:
    rates = by_name(connected(sandbox, desk.US), Kind.TAX_RATES)
    assert rates["NON"].values == {"rate": "0", "costs": True, "sales": True}
    assert "rate" not in rates["TAX"].values
    assert rates["California"].values["on_lines"] is False and not rates["California"].visible


def test_switched_off_dimensions_are_inactive_and_empty(sandbox: SandboxClient) -> None:
    world = connected(sandbox, desk.SIMPLE_START)
    assert {entry.name: entry.status for entry in world.entries[Kind.DIMENSIONS]} == {
        "Classes": EntryStatus.INACTIVE,
        "Locations": EntryStatus.INACTIVE,
    }
    assert [entry.code for entry in world.entries[Kind.CURRENCIES]] == ["GBP"]


def test_changes_of_every_list_come_in_one_call(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    since = api.moment(time_there(sandbox) - timedelta(seconds=1))
    fuel, taxis = world.entry(Kind.SUPPLIERS, "Northern Fuel"), world.entry(Kind.SUPPLIERS, "City Taxis")
    rent = world.entry(Kind.CATEGORIES, "Rent")
    world.desk.edit(rename={"entity": "Vendor", "id": fuel.provider_id, "name": "Northern Energy"})
    world.desk.edit(deactivate={"entity": "Account", "id": rent.provider_id})
    world.desk.edit(merge={"entity": "Vendor", "from": taxis.provider_id, "to": fuel.provider_id})
    before = world.permits
    entries, gone, _ = changes(world.session, since)
    assert world.permits == before + 1
    named = {entry.provider_id: entry for entry in entries if entry.kind is Kind.SUPPLIERS}
    assert named[fuel.provider_id].name == "Northern Energy"
    changed = next(entry for entry in entries if entry.kind is Kind.CATEGORIES)
    assert (changed.provider_id, changed.status) == (rent.provider_id, EntryStatus.INACTIVE)
    inactive = named.get(taxis.provider_id)
    merged = inactive is not None and inactive.status is EntryStatus.INACTIVE
    assert merged or (Kind.SUPPLIERS, taxis.provider_id) in gone


def test_what_quickbooks_fills_in_for_vendors_and_customers(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    since = api.moment(time_there(sandbox) - timedelta(seconds=1))
    terms = {one["Name"]: one["Id"] for one in api.query(world.session, api.select("*", "Term"), "Term")}
    rate = world.entries[Kind.TAX_RATES][0].provider_id
    for entity, term, name in (("vendor", "TermRef", "Net 15"), ("customer", "SalesTermRef", "Net 30")):
        body = {"DisplayName": f"{name} Ltd", term: {"value": terms[name]}, "DefaultTaxCodeRef": {"value": rate}}
        answer = api.post(world.session, f"/{entity}", {}, json.dumps(body).encode(), "application/json")
        assert answer.status == 200, answer.body
    before = world.permits
    entries, _, _ = changes(world.session, since)
    assert world.permits == before + 2  # the changes, and once the terms that two of them name
    whole = [entry for kinds in ((Kind.SUPPLIERS,), (Kind.CUSTOMERS, Kind.PROJECTS)) for entry in _all(world, kinds)]
    for found in (entries, whole):
        said = {one.name: (one.values.get("due_days"), one.values.get("default_tax_rate")) for one in found}
        assert (said["Net 15 Ltd"], said["Net 30 Ltd"]) == ((15, rate), (30, rate))
    assert "due_days" not in world.entry(Kind.SUPPLIERS, "City Taxis").values


def _all(world: World, kinds: tuple[Kind, ...]) -> list[Entry]:
    found, page, first = [], None, True
    while first or page:
        answer = PROVIDER.list_page(world.session, kinds, page, None)
        found += list(answer.entries)
        page, first = answer.next, False
    return found


def test_changes_that_do_not_fit_one_answer_are_asked_for_list_by_list(
    sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = connected(sandbox)
    since = api.moment(time_there(sandbox) - timedelta(minutes=1))
    for name in ("Northern Fuel", "City Taxis", "Cloud Software"):
        found = world.entry(Kind.SUPPLIERS, name)
        world.desk.edit(rename={"entity": "Vendor", "id": found.provider_id, "name": f"{name} Ltd"})
    for module in (lists, api):
        monkeypatch.setattr(module, "PAGE_SIZE", 2)
    entries, _, pages = changes(world.session, since)
    assert {entry.name for entry in entries if entry.kind is Kind.SUPPLIERS} == {
        "Northern Fuel Ltd",
        "City Taxis Ltd",
        "Cloud Software Ltd",
    }
    assert pages == 1 + 1 + 2 + 1 + 1  # the one that was cut short, then accounts, vendors, customers, items


def test_a_delta_from_too_long_ago_asks_by_query(sandbox: SandboxClient) -> None:
    world = connected(sandbox, pull=False)
    entries, _, pages = changes(world.session, api.moment(clock() - timedelta(days=40)))
    assert pages == 1 + 4
    assert desk.calls(sandbox, "GET /cdc") == 0
    assert isinstance(entries, list)


def test_a_long_list_is_read_page_by_page_without_an_empty_last_one(
    sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = connected(sandbox, pull=False)
    for module in (lists, api):
        monkeypatch.setattr(module, "PAGE_SIZE", 4)
    before, seen, page, first = world.permits, [], None, True
    while first or page:
        found = PROVIDER.list_page(world.session, (Kind.SUPPLIERS,), page, None)
        seen += [entry.provider_id for entry in found.entries]
        page, first = found.next, False
    assert len(seen) == len(set(seen)) == 8
    assert world.permits == before + 2


def test_more_tax_codes_than_one_answer_holds(sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch) -> None:
    world = connected(sandbox)
    for module in (lists, api):
        monkeypatch.setattr(module, "PAGE_SIZE", 3)
    again = PROVIDER.list_page(world.session, lists.TOGETHER, None, None)
    assert {world.with_ids(entry).id for entry in again.entries} == {
        entry.id for kind in lists.TOGETHER for entry in world.entries[kind]
    }


@pytest.mark.parametrize(("kind", "options"), [("html", {}), ("status", {"status": 500}), ("truncate", {})])
def test_a_broken_answer_brings_nothing(sandbox: SandboxClient, kind: str, options: dict[str, int]) -> None:
    world = connected(sandbox, pull=False)
    desk.fault(sandbox, "POST", "/batch", kind, **options)
    with pytest.raises(CallFailed):
        PROVIDER.list_page(world.session, (Kind.SUPPLIERS,), None, None)
