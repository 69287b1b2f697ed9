"""Lists and their changes, against the sandbox's BILL."""

from rehearsal.sandbox_process import SandboxClient
from shared.domain.lists import EntryStatus, Kind
from tests.contract.bill.kit import PROVIDER, connected


def test_every_list_with_its_values(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    supplies = world.entry(Kind.CATEGORIES, "6100")
    assert (supplies.name, supplies.values["class"], supplies.values["postable"]) == (
        "Office Supplies",
        "expense",
        True,
    )
    assert world.entry(Kind.CATEGORIES, "2000").visible is False  # accounts payable takes no line
    assert world.entry(Kind.CATEGORIES, "6210").parent == world.entry(Kind.CATEGORIES, "6200").id
    assert world.entry(Kind.CATEGORIES, "6990").status is EntryStatus.INACTIVE
    accounts = {one.name: one.values["type"] for one in world.entries[Kind.BANK_ACCOUNTS]}
    assert accounts == {"Checking": "bank", "Savings": "bank", "Company Card": "credit_card"}
    vendor = world.entry(Kind.SUPPLIERS, "Office Depot")
    assert {"line1", "city", "postal_code", "country"} <= vendor.values["address"].keys()
    assert world.entry(Kind.SUPPLIERS, "Old Supplier Co").status is EntryStatus.INACTIVE
    assert {one.name for one in world.entries[Kind.CUSTOMERS]} == {"Corner Cafe", "Grand Hotel"}
    assert {one.name for one in world.entries[Kind.PRODUCTS]} == {"Flour 25 kg", "Delivery"}
    assert "Jordan Lee" in {one.name for one in world.entries[Kind.APPROVERS]}
    assert world.entry(Kind.USERS, "Casey Former").status is EntryStatus.INACTIVE


def test_classifications_are_dimensions_with_their_values(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    heads = {one.id: one.name for one in world.entries[Kind.DIMENSIONS] if one.parent is None}
    assert sorted(heads.values()) == ["Class", "Department", "Employee", "Job", "Location"]
    values = {(heads[one.parent], one.name) for one in world.entries[Kind.DIMENSIONS] if one.parent}
    assert {
        ("Class", "Wholesale"),
        ("Department", "Kitchen"),
        ("Employee", "Robin Hart"),
        ("Job", "Summer Fair"),
        ("Location", "Downtown"),
    } <= values
    popup = world.entry(Kind.DIMENSIONS, "Pop-up")
    assert popup.status is EntryStatus.INACTIVE


def test_a_large_organization_page_by_page(sandbox: SandboxClient) -> None:
    sandbox.control("/reset", {"seed": {"contacts": 350, "items": 120, "accounts": 150}})
    world = connected(sandbox, pull=False)
    before = world.permits
    world.pull()
    assert len(world.entries[Kind.SUPPLIERS]) == 350
    assert len({one.id for one in world.entries[Kind.SUPPLIERS]}) == 350
    assert len(world.entries[Kind.CATEGORIES]) + len(world.entries[Kind.BANK_ACCOUNTS]) == 150
    # 2 pages of accounts, 4 of vendors, five dimensions, customers, 2 of items, users.
    assert world.permits - before == 2 + 4 + 5 + 1 + 2 + 1


def test_changes_alone(sandbox: SandboxClient) -> None:
    world = connected(sandbox)
    sandbox.control("/clock", {"advance_seconds": 3600})
    group = (Kind.SUPPLIERS,)
    edit = {"rename": {"table": "vendors", "id": "Office Depot", "name": "ODP Corporation"}}
    sandbox.control(f"/bill/organisations/{world.organisation.id}/edit", edit)
    since = PROVIDER.list_page(world.session, group, None, None).cursor
    changed = PROVIDER.list_page(world.session, group, None, since)
    assert [one.name for one in changed.entries] == ["ODP Corporation"]
    assert changed.next is None and changed.cursor is not None
