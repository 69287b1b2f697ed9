"""Merges are taken back in any order, and leave what never applying them would have."""

import pytest

from rehearsal.world import World
from shared.domain.lists import Kind
from tests.integration.merging.kit import apply, begin, contents, decide, entry, onto, undo, work
from tests.integration.merging.test_applying import EXPENSES, mapped, reasons
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.automation import entry_id

UNLED = {("entry_unresolved", "contact"), ("entry_unresolved", "lines[0].category")}


def meanings(world: World) -> dict[str, list[tuple[str, str]]]:
    """What is wrong with each item of before, as stored after everything was looked at again."""
    api = Api(world)
    return {name: sorted(reasons(api, name)) for name in world.items}


def test_undone_it_is_as_if_it_had_never_been(api: Api, quickbooks: World) -> None:
    before, meant = contents(quickbooks), meanings(quickbooks)
    merge = mapped(api)
    apply(api, merge)
    assert meanings(quickbooks) != meant
    shown = undo(api, merge)
    assert (shown["status"], shown["ended_by"]) == ("undone", "client-1")
    assert undo(api, merge)["status"] == "undone"
    assert meanings(quickbooks) == meant
    assert contents(quickbooks) == before
    assert quickbooks.account.merges == ()
    status, problem = api.call("POST", f"merges/{merge}/apply")
    assert (status, problem["code"]) == (409, "merge_not_open")


@pytest.mark.parametrize("first", [0, 1])
def test_two_merges_are_undone_in_either_order(api: Api, quickbooks: World, first: int) -> None:
    meant = {0: meanings(quickbooks)}
    merges = [mapped(api)]
    apply(api, merges[0])
    meant[1] = meanings(quickbooks)
    # The second says otherwise of one category, and leaves the suppliers.
    second = begin(api)
    categories = onto(api, second, "categories", General_Expenses="Advertising")
    decide(api, second, categories=categories | {"rest": "leave"}, suppliers={"skip": True})
    apply(api, second)
    merges.append(second)
    assert led(quickbooks) == "Advertising"
    undo(api, merges[first])
    assert led(quickbooks) == ("Advertising" if first == 0 else "Office Expenses")
    undo(api, merges[1 - first])
    assert led(quickbooks) is None
    assert meanings(quickbooks) == meant[0] != meant[1]


def led(world: World) -> str | None:
    """What the category of the items of before means in the new books."""
    from shared.usecases.entry_cache import EntryCache

    item = world.service.items.get(world.tenant, world.account_id, world.items["plain"]["id"])
    assert item is not None
    category = item.lines[0].category
    assert category is not None
    found = EntryCache(world.service, world.account).get(world.connection.book, Kind.CATEGORIES, category)
    return found.name if found is not None else None


def test_a_rule_that_was_edited_keeps_the_edit_and_names_nothing_of_the_other_books(
    api: Api, quickbooks: World
) -> None:
    merge = begin(api)
    decide(
        api,
        merge,
        categories=onto(api, merge, "categories", **EXPENSES),
        suppliers=onto(api, merge, "suppliers", Severn_Power="Northern Fuel"),
    )
    apply(api, merge)
    old = next(one for one in api.ok("GET", "rules")["rules"] if old_of(one, quickbooks))
    answer = api.ok("PATCH", f"rules/{old['id']}", {"description": "Power"}, version=old["version"])
    undo(api, merge)
    assert answer["description"] == "Power"
    kept = api.ok("GET", f"rules/{answer['id']}")
    assert kept["description"] == "Power"
    assert kept["subject"] == entry_id(api, "suppliers", "Northern Fuel")
    here = {one.id for one in quickbooks.service.lists.all(quickbooks.connection.book, Kind.CATEGORIES)}
    stored = quickbooks.service.rules.get(quickbooks.tenant, quickbooks.account_id, kept["id"])
    assert stored is not None
    assert stored.category in here
    before = quickbooks.service.rules.get(quickbooks.tenant, quickbooks.account_id, old["id"])
    assert before is not None
    assert before.description is None
    assert before.category not in here


def old_of(rule: dict[str, object], world: World) -> bool:
    """Whether a rule is the one of the supplier that became Northern Fuel."""
    found = world.service.rules.get(world.tenant, world.account_id, str(rule["id"]))
    item = world.service.items.get(world.tenant, world.account_id, world.items["plain"]["id"])
    assert item is not None
    return found is not None and found.subject == item.contact


def test_no_merge_comes_or_goes_while_one_is_being_applied(api: Api, quickbooks: World) -> None:
    first = mapped(api)
    apply(api, first)
    second = mapped(api)
    api.ok("POST", f"merges/{second}/apply")
    status, problem = api.call("POST", f"merges/{first}/undo")
    assert (status, problem["code"]) == (409, "merge_in_progress")
    work(quickbooks)
    assert undo(api, first)["status"] == "undone"
    assert entry(quickbooks, Kind.SUPPLIERS, "Severn Power").provider_id is None
