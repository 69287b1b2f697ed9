"""What becomes of lists and codings where the main connection ends: kept, as before connecting, or at rest."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from rehearsal.founding import Party, connect, consent, refresh
from rehearsal.tables import rows_of
from rehearsal.world import INVOCATION, World
from shared.aws.clock import Clock
from shared.domain.accounts import Account
from shared.domain.aliases import AliasRow, AliasWay, AppliedMerge
from shared.domain.connections import ConnectionStatus, DisconnectMode
from shared.domain.errors import LedgerbridgeError
from shared.domain.ids import new_id
from shared.domain.item_drafts import ItemChanges
from shared.domain.items import Stage
from shared.domain.lists import Book, Entry, Kind
from shared.domain.rules import Rule, RuleKind
from shared.usecases.disconnect_connection import disconnect_connection
from shared.usecases.edit_item import edit_item
from shared.usecases.manage_rules import change_rule, create_rule
from shared.usecases.read_items import read_item
from shared.usecases.read_unresolved import read_unresolved
from shared.usecases.recheck_items import recheck_items
from shared.usecases.rules_at_hand import RulesAtHand
from shared.usecases.suspend_codings import count_codings, restore_codings
from tests.integration.disconnecting.steps import assert_gone, caller, events
from tests.integration.rules_13.api import Api

RESTS = "codings_suspended"
KEEP, REINSTATE, MERGE_LATER = DisconnectMode


def end(world: World, mode: DisconnectMode) -> Account:
    """Disconnect to the end, and have the items looked at that this asks for."""
    disconnect_connection(world.service, caller(world), world.connection, mode, confirmed=True)
    world.settle()
    assert_gone(world)
    recheck(world)
    return world.account


def recheck(world: World) -> None:
    assert recheck_items(world.service, world.tenant, world.account_id, None, world.time() + INVOCATION)


def connect_again(world: World) -> None:
    """The same organisation once more, by another connection."""
    party = Party(world.software, new_id(world.time()), new_id(world.time()))
    world.connection_id, world.grant_id = party.connection_id, party.grant_id
    consent(world, party)
    connect(world, party)
    refresh(world)


def stored(world: World) -> dict[str, str]:
    """Lists, rules and items as they are in the tables; not where items stand (#S), nor the queues (#O#)."""
    found = {}
    for table in ("lists", "rules", "items"):
        for row in rows_of(world.clients.dynamodb, world.settings.table(table)):
            if not row["pk"]["S"].endswith("#S") and "#O#" not in row["pk"]["S"]:
                found[f"{table} {row['pk']['S']} {row['sk']['S']}"] = json.dumps(row, sort_keys=True, default=repr)
    return found


def supplier_rule(world: World, **decisions: str) -> Rule:
    entries = world.service.lists.all(world.connection.book, Kind.SUPPLIERS)
    subject = next(one.id for one in entries if one.name == world.papers.supplier)
    wanted = {"description": "By the rule", **decisions}
    return create_rule(
        world.service, caller(world), world.account, kind=RuleKind.SUPPLIER, subject=subject, decisions=wanted
    )


def at_hand(world: World, rule: Rule) -> Rule | None:
    return RulesAtHand(world.service, world.account).of(rule.kind, rule.subject)


def shown(world: World, item: str) -> tuple[Stage, list[str]]:
    seen = read_item(world.service, world.account, item)
    return seen.stage, [reason.code for reason in seen.reasons]


def test_kept_lists_stay_the_current_ones(world: World) -> None:
    book = world.account.current_book
    rule, ids = supplier_rule(world), world.create([world.papers.bill()])
    before = stored(world)
    after = end(world, KEEP)
    assert (after.current_book, after.books, after.suspended_at) == (book, (after.own_book,), None)
    assert stored(world) == before
    assert at_hand(world, rule) == rule
    assert shown(world, ids[0]) == (Stage.READY, [])


def test_the_lists_of_before_connecting_are_back(world: World) -> None:
    book = world.account.current_book
    rule, ids = supplier_rule(world), world.create([world.papers.bill()])
    before = stored(world)
    after = end(world, REINSTATE)
    assert (after.current_book, after.books) == (None, ())
    assert stored(world) == before
    stage, codes = shown(world, ids[0])
    assert (stage, set(codes)) == (Stage.NEEDS_REVIEW, {"entry_unresolved"})
    (event,) = events(world, "connection.disconnected")
    assert (event.before or {})["current_book"] == book
    assert ((event.after or {})["current_book"], (event.after or {})["mode"]) == (None, "reinstate")
    connect_again(world)
    recheck(world)
    assert world.account.current_book == book
    assert stored(world).keys() == before.keys()
    assert at_hand(world, rule) == rule
    assert shown(world, ids[0]) == (Stage.READY, [])


def test_merge_later_says_what_it_sets_aside_before_it_does(world: World) -> None:
    supplier_rule(world)
    sent = world.create([world.papers.bill()])
    world.publish(sent)
    world.settle()
    world.create([world.papers.bill() for _ in range(2)])
    world.create([{**world.papers.bill(contact=None), "lines": [{"description": "Bare", "amount": "40.00"}]}])
    with pytest.raises(LedgerbridgeError) as refused:
        disconnect_connection(world.service, caller(world), world.connection, MERGE_LATER)
    assert refused.value.problem.code == "confirmation_needed"
    assert refused.value.problem.details == {"rules": 1, "items": 2, "all": True}
    assert world.connection.status is ConnectionStatus.ACTIVE
    assert world.account.suspended_at is None


def test_rules_and_codings_rest_and_are_restored_as_they_were(world: World) -> None:
    rule = supplier_rule(world)
    ids = world.create([world.papers.bill() for _ in range(2)])
    before = stored(world)
    after = end(world, MERGE_LATER)
    assert after.suspended_at is not None
    assert after.current_book == after.suspended_book
    assert at_hand(world, rule) is None
    assert {world.state(item).stage for item in ids} == {Stage.NEEDS_REVIEW}
    assert [shown(world, item) for item in ids] == [(Stage.NEEDS_REVIEW, [RESTS])] * 2
    assert stored(world) == before
    restored = restore_codings(world.service, caller(world), world.account)
    assert (restored.suspended_at, restored.suspended_book) == (None, None)
    assert restore_codings(world.service, caller(world), world.account) == world.account
    assert len(events(world, "codings.restored")) == 1
    recheck(world)
    assert {world.state(item).stage for item in ids} == {Stage.READY}
    assert stored(world) == before
    assert at_hand(world, rule) == rule


def test_what_is_made_while_others_rest_counts(world: World) -> None:
    rule, old = supplier_rule(world), world.create([world.papers.bill()])
    end(world, MERGE_LATER)
    world.time.pass_by(seconds=1)
    assert shown(world, world.create([world.papers.bill()])[0]) == (Stage.READY, [])
    edited = change_rule(
        world.service, caller(world), world.account, rule, decisions={"description": "Anew"}, version=None
    )
    assert at_hand(world, edited) == edited
    connect_again(world)  # the very lists in which they rest: only an undo or a merge wakes them
    assert shown(world, old[0]) == (Stage.NEEDS_REVIEW, [RESTS])


def test_codings_at_rest_are_led_nowhere_by_earlier_merges_and_anew_ones_count(world: World) -> None:
    """Back in another book than that of the suspension, as after connecting other software: here, the own lists."""
    account, service = world.account, world.service
    own = Book.own(world.tenant, world.account_id)
    kinds = (Kind.SUPPLIERS, Kind.CATEGORIES, Kind.TAX_RATES)
    named = {kind: Entry(new_id(world.time()), kind, f"Own {kind.value}", values={"rate": "20"}) for kind in kinds}
    for entry in named.values():
        service.lists.put_own(entry, own)
    (old,) = world.create([world.papers.bill()])
    item = service.items.get(world.tenant, world.account_id, old)
    assert item is not None
    line = item.lines[0]
    before = dict(zip(kinds, (item.contact, line.category, line.tax_rate), strict=True))
    merge = AppliedMerge(new_id(world.time()), own.key, (world.connection.book.key,))
    ways = {kind: (AliasWay((merge.id,), entry.id),) for kind, entry in named.items()}
    book = world.connection.book.key
    service.aliases.write(
        world.tenant,
        world.account_id,
        [AliasRow(kind, book, before[kind] or "", merge.id, ways[kind]) for kind in kinds],
    )
    end(world, REINSTATE)
    led = service.accounts.update(replace(world.account, merges=(merge,)), recode=True)
    assert shown(world, old) == (Stage.READY, [])
    service.accounts.update(replace(led, suspended_at=world.time(), suspended_book=account.current_book), recode=True)
    assert shown(world, old) == (Stage.NEEDS_REVIEW, [RESTS])
    anew = {"category": named[Kind.CATEGORIES].id, "tax_rate": named[Kind.TAX_RATES].id}
    changed = replace(item, contact=named[Kind.SUPPLIERS].id, lines=(replace(line, **anew),))
    state = replace(world.state(old), reasons=())
    service.items.update(changed, state)
    assert shown(world, old) == (Stage.READY, [])


def test_an_edit_of_an_item_at_rest_keeps_what_rules_had_decided(world: World) -> None:
    supplier_rule(world)
    bare = {name: value for name, value in world.papers.bill(source="extracted").items() if name != "description"}
    (item,) = world.create([bare])
    found = world.service.items.get(world.tenant, world.account_id, item)
    assert found is not None
    assert found.description == "By the rule"
    end(world, MERGE_LATER)
    changes: ItemChanges = {"publish_as": None}  # empties a field that rules may fill: they would be asked again
    edit_item(world.service, world.account, item, changes, version=None, actor="someone")
    found = world.service.items.get(world.tenant, world.account_id, item)
    assert found is not None
    assert found.description == "By the rule"


def test_counting_ends_in_time(world: World) -> None:
    world.create([world.papers.bill()])
    service = world.new_service()
    looks = count()
    service.clock = Clock(source=lambda: world.time() + timedelta(seconds=12 * next(looks)))
    assert not count_codings(service, world.tenant, world.account_id).all


def test_a_secondary_leaves_lists_and_codings_alone(with_bill: World) -> None:
    for mode in (REINSTATE, MERGE_LATER):
        with pytest.raises(LedgerbridgeError) as refused:
            disconnect_connection(with_bill.service, caller(with_bill), with_bill.connection, mode, confirmed=True)
        assert (refused.value.problem.code, refused.value.problem.field) == ("invalid_request", "mode")
    assert with_bill.connection.status is ConnectionStatus.ACTIVE


def test_lists_that_never_became_the_current_ones_leave_all_alone(world: World) -> None:
    book, service = world.account.current_book, world.service
    service.accounts.update(world.account.moved_to("quickbooks:elsewhere"))
    after = end(world, REINSTATE)
    assert after.current_book == "quickbooks:elsewhere"
    assert book in after.books


def test_what_leads_nowhere_in_the_lists_of_before_is_listed(world: World) -> None:
    rule = supplier_rule(world)
    world.create([world.papers.bill() for _ in range(2)])
    world.create([world.papers.bill(contact=None)])
    api, book = Api(world), world.account.current_book
    assert api.ok("GET", "unresolved") == {"entries": [], "next_cursor": None}
    end(world, REINSTATE)
    found = api.ok("GET", "unresolved")["entries"]
    by_kind = {one["kind"]: (one["rules"], one["items"], one["book"]) for one in found}
    assert by_kind == {"suppliers": (1, 2, book), "categories": (0, 3, book), "tax_rates": (0, 3, book)}
    supplier = next(one for one in found if one["kind"] == "suppliers")
    assert (supplier["id"], supplier["name"]) == (rule.subject, world.papers.supplier)
    connect_again(world)
    assert api.ok("GET", "unresolved") == {"entries": [], "next_cursor": None}


def test_a_look_goes_on_where_its_time_ended(world: World) -> None:
    supplier_rule(world)
    world.create([world.papers.bill()])
    end(world, REINSTATE)
    service, looks = world.new_service(), count()
    service.clock = Clock(source=lambda: world.time() + timedelta(seconds=20 * next(looks)))
    first = read_unresolved(service, world.account, None)
    assert [(one.kind, one.rules, one.items) for one in first.entries] == [(Kind.SUPPLIERS, 1, 0)]
    assert first.position is not None
    second = read_unresolved(service, world.account, first.position)
    assert {one.kind: (one.rules, one.items) for one in second.entries}[Kind.SUPPLIERS] == (0, 1)
    assert second.position is None
