"""A working account goes from Xero to QuickBooks and merges: rules and coded items serve the new books as they are."""

from itertools import cycle, islice
from typing import Any, Final

import pytest

from rehearsal.machine import RehearsedMachine
from rehearsal.software import software
from rehearsal.world import World
from shared.domain.items import Stage
from shared.domain.lists import Entry, Kind
from shared.domain.rules import RuleKind
from shared.domain.workflows import Outcome
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Ways
from tests.integration.changing.driver import Changing
from tests.integration.changing.test_machine import through
from tests.integration.merging import kit
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.automation import rule

# Xero's category of a cost, by code, and QuickBooks' that a person maps it onto.
CATEGORIES: Final = {
    "429": ("General Expenses", "Office Expenses"),
    "449": ("Motor Vehicle Expenses", "Travel"),
    "445": ("Light, Power, Heating", "Rent"),
    "485": ("Subscriptions", "Software Subscriptions"),
}
LEFT: Final = "433"  # insurance: mapped onto nothing
ACTIVE: Final = 20  # suppliers in use at Xero
SALE: Final = {"product": {"code": "DEV-H"}}


@pytest.fixture
def machine(changing: Changing) -> RehearsedMachine:
    """The machine of changes; that of merges is the deployed one as well."""
    changing.world.parts |= {"change_machine": changing.world.changes, "merge_machine": changing.world.merges}
    return changing.world.changes


def in_use(world: World, kind: Kind) -> list[Entry]:
    """A list's usable entries, by name."""
    found = (entry for entry in world.service.lists.all(world.connection.book, kind) if entry.usable)
    return sorted(found, key=lambda entry: entry.name)


def ruled(api: Api) -> dict[str, str]:
    """A rule for every supplier there is; the code of each rule's category by the supplier's name."""
    suppliers, codes = in_use(api.world, Kind.SUPPLIERS), cycle(CATEGORIES)
    assert len(suppliers) == ACTIVE
    made = {supplier.name: next(codes) for supplier in suppliers}
    for supplier in suppliers:
        decides = {"category": {"code": made[supplier.name]}, "tax_rate": {"code": "INPUT2"}}
        rule(api, "supplier", supplier.id, **decides)
    return made


def inbox(world: World, suppliers: list[str], number: int) -> list[dict[str, Any]]:
    """Coded items of every sort, from every supplier and of every category in turn."""
    papers, codes, names = world.papers, cycle(CATEGORIES), cycle(suppliers)
    customers = cycle(entry.name for entry in in_use(world, Kind.CUSTOMERS))

    def coded(**more: Any) -> dict[str, Any]:
        return {"contact": {"name": next(names)}, "lines": [papers.line(category={"code": next(codes)}, **more)]}

    def sold() -> dict[str, Any]:
        return {"contact": {"name": next(customers)}, "lines": [{**papers.line(), **papers.sale, **SALE}]}

    retail = [{"dimension": "Department", "name": "Retail"}]
    sorts = cycle(
        [
            lambda: papers.bill(**coded()),
            lambda: papers.bill(**coded(tracking=retail)),
            lambda: papers.supplier_credit(**coded()),
            lambda: papers.spend_money(**coded()),
            lambda: papers.paid_bill(publish_as=None, **coded()),
            lambda: papers.paid_bill(**coded()),  # QuickBooks records no payment of it: it awaits payment there
            lambda: papers.sales_invoice(**sold()),
            lambda: papers.sales_invoice(type="credit_note", due_date=None, **sold()),
        ]
    )
    return [one() for one in islice(sorts, number)]


def of_left_entries(world: World) -> dict[str, dict[str, Any]]:
    """Items with an entry that nothing is mapped onto, by the field that names it."""
    papers = world.papers
    north = papers.line(tracking=[{"dimension": "Region", "name": "North"}])
    return {
        "lines[0].category": papers.bill(lines=[papers.line(category={"code": LEFT})]),
        "lines[0].tracking[0]": papers.bill(lines=[north]),
        "contact": papers.bill(contact={"name": "Redhill Cleaning"}),
    }


def to_quickbooks(changing: Changing, machine: RehearsedMachine) -> Api:
    """The change by the machine; the world is QuickBooks' from then on, its refreshes are the worker's own."""
    _, ended = through(changing, machine)
    assert ended.outcome is Outcome.DONE
    world, main = changing.world, changing.main()
    assert main.grant is not None
    del world.parts["refresh_queue"]
    world.software, world.connection_id, world.grant_id = software("quickbooks"), main.id, main.grant
    world.tenant_id = main.pinned.id
    return Api(world)


def merged(api: Api) -> None:
    """The merge as people decide it: categories by hand, what is to be left is left, the rest as proposed."""
    merge = kit.begin(api)
    suppliers = kit.entries(api, merge, "suppliers")
    left = {"mappings": [{"old": suppliers["Redhill Cleaning"]["old"], "new": None}], "rest": "accept"}
    kit.choose(api, merge, "suppliers", **left)
    kit.choose(api, merge, "dimensions", **by_names(api, merge, "dimensions", {"Department": "Classes"}, rest="leave"))
    costs = dict(CATEGORIES.values()) | {"Insurance": None, "Sales": "Services"}
    kit.decide(
        api,
        merge,
        categories=by_names(api, merge, "categories", costs),
        bank_accounts=by_names(api, merge, "bank_accounts", {"Business Bank Account": "Current Account"}),
        products=by_names(api, merge, "products", {"Development work - developer onsite per hour": "Consulting"}),
    )
    kit.apply(api, merge)


def by_names(api: Api, merge: str, which: str, pairs: dict[str, str | None], rest: str = "accept") -> dict[str, Any]:
    """A choice that maps old entries onto new ones by their names; None: left as it is."""
    kind, olds = Kind(which), kit.entries(api, merge, which)
    news = {old: kit.entry(api.world, kind, new).id if new else None for old, new in pairs.items()}
    return {"mappings": [{"old": olds[old]["old"], "new": new} for old, new in news.items()], "rest": rest}


def reasons(api: Api, item: str) -> set[tuple[str, str]]:
    return {(one["code"], one["field"]) for one in api.item(item)["reasons"]}


def assert_codes(api: Api, codes: dict[str, str]) -> None:
    """Every rule of a supplier codes its next paper with entries of QuickBooks, and that is what QuickBooks gets."""
    world = api.world
    suppliers = {entry.name: entry for entry in in_use(world, Kind.SUPPLIERS)}
    categories = {entry.name: entry for entry in in_use(world, Kind.CATEGORIES)}
    rates = in_use(world, Kind.TAX_RATES)
    rules, leads = Ways(world.service, world.account).rules, EntryCache(world.service, world.account)
    book, made = world.connection.book, {}
    for name, code in codes.items():
        assert rules.of(RuleKind.SUPPLIER, suppliers[name].id) is not None
        read = {"source": "extracted", "contact": {"name": name}}
        view = api.make(world.papers.bill(**read, lines=[{"description": "Sundries", "amount": "40.00"}]))
        (line,) = view["lines"]
        assert view["sources"]["lines[0].category"] == "supplier_rule", name
        assert leads.get(book, Kind.CATEGORIES, line["category"]) == categories[CATEGORIES[code][1]]
        assert leads.get(book, Kind.TAX_RATES, line["tax_rate"]) in rates
        made[view["id"]] = code
    publish(api, list(made))
    bills = {bill["Id"]: bill for bill in world.books()["Bill"]}
    for item, code in made.items():
        view = api.item(item)
        assert view["stage"] == "published", view["reasons"]
        bill = bills[view["published"]["document_id"]]
        account = bill["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"]["value"]
        assert account == categories[CATEGORIES[code][1]].provider_id


def publish(api: Api, items: list[str]) -> None:
    """One request for all of them, and everything that follows."""
    api.ok("POST", "publications", {"items": items})
    api.world.settle()


@pytest.mark.parametrize("number", [12, pytest.param(200, marks=pytest.mark.soak)])
def test_rules_and_coded_items_serve_the_new_books(changing: Changing, machine: RehearsedMachine, number: int) -> None:
    world, api = changing.world, changing.api
    codes = ruled(api)
    suppliers = [name for name in codes if name != "Redhill Cleaning"]
    items = world.create(inbox(world, suppliers, number))
    left = {field: world.create([body])[0] for field, body in of_left_entries(world).items()}
    assert {state.stage for state in world.states().values()} == {Stage.READY}
    before = kit.contents(world)

    api = to_quickbooks(changing, machine)
    assert all(("entry_unresolved", "contact") in reasons(api, item) for item in items)
    merged(api)
    assert kit.contents(world) == before
    for field, item in left.items():
        assert reasons(api, item) == {("entry_unresolved", field)}

    assert {item: reasons(api, item) for item in items if reasons(api, item)} == {}
    publish(api, items)
    stages = {item: api.item(item)["stage"] for item in items}
    assert set(stages.values()) == {"published"}, stages
    there = changing.ledgers()[f"quickbooks:{world.tenant_id}"]
    assert {len(changing.places(item)) for item in items} == {1}
    assert len(there.documents) == number
    del codes["Redhill Cleaning"]
    assert_codes(api, codes)
