"""What rules cost: items are coded by reading the rules that can apply to them, however many others there are."""

from collections import Counter
from typing import Any

import pytest

from rehearsal.papers import LINKED
from rehearsal.world import World
from shared.domain.ids import derived_id
from shared.domain.lists import Book, Entry, Kind
from shared.domain.rules import AutoPublish, Rule, RuleKind, rule_id
from shared.storage.keys import account_key
from shared.storage.rows import row_of
from shared.usecases.read_items import Filter, page_of_items

RULES, ITEMS, SUPPLIERS, AT_ONCE = 10_000, 1_000, 40, 50
PERSON = "anna@example.com"


class Reads:
    """Every read of the rules table: keys asked for, and operations that are not by key."""

    def __init__(self, world: World) -> None:
        self.keys: Counter[str] = Counter()
        self.others: list[str] = []
        self.table = world.settings.table("rules")
        client: Any = world.clients.dynamodb
        client.listeners.append(self._saw)

    def _saw(self, operation: str, params: dict[str, Any]) -> None:
        if operation == "BatchGetItem":
            asked = params["RequestItems"].get(self.table, {}).get("Keys", [])
            self.keys.update(key["sk"]["S"].removeprefix("R#") for key in asked)
        elif operation in ("GetItem", "Query", "Scan") and params["TableName"] == self.table:
            self.others.append(operation)


def rule(world: World, kind: RuleKind, subject: str, **decides: Any) -> Rule:
    id_, now = rule_id(world.tenant, world.account_id, kind, subject), world.time()
    return Rule(id=id_, kind=kind, subject=subject, created_at=now, edited_at=now, edited_by="anna", **decides)


def entry_of(world: World, book: Book, kind: Kind, name: str) -> Entry:
    return next(entry for entry in world.service.lists.all(book, kind) if name in {entry.name, entry.code})


def suppliers(world: World, category: str) -> list[Rule]:
    """Rules for suppliers that documents come from; the suppliers are there."""
    entries = [
        Entry(derived_id("supplier", str(number)), Kind.SUPPLIERS, f"Supplier {number}") for number in range(SUPPLIERS)
    ]
    world.service.lists.write_own(world.connection.book, [(entry, None) for entry in entries])
    return [rule(world, RuleKind.SUPPLIER, entry.id, category=category) for entry in entries]


@pytest.mark.soak
def test_a_thousand_items_against_ten_thousand_rules(world: World) -> None:
    fuel = entry_of(world, world.connection.book, Kind.CATEGORIES, "429").id
    method = entry_of(world, Book.own(world.tenant, world.account_id), Kind.PAYMENT_METHODS, LINKED).id
    can_apply = [
        *suppliers(world, fuel),
        rule(world, RuleKind.USER, PERSON, payment_method=method),
        rule(world, RuleKind.PAYMENT_METHOD, method, auto_publish=AutoPublish.NEVER),
    ]
    others = [
        rule(world, RuleKind.SUPPLIER, derived_id("another", str(number)), category=fuel)
        for number in range(RULES - len(can_apply))
    ]
    pk = account_key(world.tenant, world.account_id)
    rows = (row_of((pk, f"R#{one.id}"), one) for one in [*can_apply, *others])
    assert world.service.table("rules").batch_put(rows) == RULES

    reads = Reads(world)
    line = {"description": "Sundries", "amount": "40.00", "tax_rate": {"code": "INPUT2"}}
    bodies = [
        world.papers.bill(
            contact={"id": can_apply[number % SUPPLIERS].subject}, owner=PERSON, lines=[line], source="extracted"
        )
        for number in range(ITEMS)
    ]
    made = world.create(bodies)

    applied = {one.id for one in can_apply}
    assert reads.others == []
    assert set(reads.keys) == applied
    requests = ITEMS // AT_ONCE
    assert max(reads.keys.values()) <= requests  # once a request, whatever the number of its items
    assert reads.keys.total() <= requests * len(applied)

    coded = world.service.items.batch_get(world.tenant, world.account_id, made)
    assert {item.lines[0].category for item in coded.values()} == {fuel}
    assert {item.payment_method for item in coded.values()} == {method}

    reads.keys.clear()
    page, _ = page_of_items(world.service, world.account, Filter(), position=None, limit=AT_ONCE)
    assert (len(page), reads.keys.total(), reads.others) == (AT_ONCE, 0, [])
