"""Merging suppliers: ids, names and the provider's ids lead to the survivor, and its rule takes over the others'."""

from typing import Any

import pytest

from shared.domain.accounts import Caller
from shared.domain.coding import DueDate
from shared.domain.errors import LedgerbridgeError
from shared.domain.lists import Entry, EntryStatus, Kind, folded, survivor_of
from shared.domain.rules import Rule, RuleKind, rule_id
from shared.usecases.entry_cache import EntryCache
from shared.usecases.merge_contacts import Merged, merge_contacts
from shared.usecases.refresh_lists import refresh_lists
from tests.integration.refresh.conftest import GROUPS, World, said
from tests.integration.refresh.test_own_lists import Api
from tests.integration.refresh.test_refresh_lists import request

BY = Caller("TENANT", "anna", is_machine=False)


def pull(world: World) -> None:
    world.time.pass_by(seconds=1)
    refresh_lists(world.service, request(world, full=True), world.deadline)


@pytest.fixture
def listed(world: World) -> World:
    pull(world)
    world.messages()
    return world


def merge(world: World, survivor: str, *merged: str) -> Merged:
    ids = [supplier(world, one).id for one in merged]
    return merge_contacts(world.service, world.account, Kind.SUPPLIERS, supplier(world, survivor).id, ids, by=BY)


def supplier(world: World, provider_id: str) -> Entry:
    return world.entry(Kind.SUPPLIERS, provider_id)


def found(world: World, name: str) -> str | None:
    entry = world.service.lists.by_name(world.connection.book, Kind.SUPPLIERS, folded(name))
    return entry.provider_id if entry else None


def make_rule(world: World, provider_id: str, **decides: Any) -> Rule:
    subject, now = supplier(world, provider_id).id, world.time.at
    id_ = rule_id(world.tenant, world.account_id, RuleKind.SUPPLIER, subject)
    rule = Rule(
        id=id_, kind=RuleKind.SUPPLIER, subject=subject, created_at=now, edited_at=now, edited_by="anna", **decides
    )
    world.service.rules.create(world.tenant, world.account_id, rule)
    return rule


def rules(world: World, *provider_ids: str) -> list[Rule | None]:
    ids = [rule_id(world.tenant, world.account_id, RuleKind.SUPPLIER, supplier(world, p).id) for p in provider_ids]
    known = world.service.rules.batch_get(world.tenant, world.account_id, ids)
    return [known.get(one) for one in ids]


def test_ids_and_names_lead_to_the_survivor_through_every_refresh(listed: World) -> None:
    done = merge(listed, "c1", "c2")
    assert done.survivor == supplier(listed, "c1")
    for change in ("as it was", "renamed there"):
        if change == "renamed there":
            listed.provider.pages[GROUPS[1]][0][1] = said(Kind.SUPPLIERS, "c2", "Another name")
            pull(listed)
            assert found(listed, "Another name") == "c1"
        else:
            assert found(listed, "suppliers c2") == "c1"
        cached = EntryCache(listed.service).get(listed.connection.book, Kind.SUPPLIERS, supplier(listed, "c2").id)
        assert cached == done.survivor
    assert supplier(listed, "c2").survivor == done.survivor.id
    assert supplier(listed, "c2").status is EntryStatus.ACTIVE  # the software has it as ever


def test_rules_survivor_wins_blanks_are_filled_conflicts_said(listed: World) -> None:
    make_rule(listed, "c1", category="CAT-1", paid=False)
    make_rule(listed, "c2", category="CAT-2", currency="EUR")
    make_rule(listed, "c3", currency="USD", paid=False, tax_rate="TAX")
    second, third = supplier(listed, "c2").id, supplier(listed, "c3").id
    done = merge(listed, "c1", "c2", "c3")
    (rule, *led) = rules(listed, "c1", "c2", "c3")
    assert rule is not None
    assert (rule.category, rule.paid, rule.currency, rule.tax_rate) == ("CAT-1", False, "EUR", "TAX")
    assert [(one.id, one.subject) for one in led if one] == [(rule.id, second), (rule.id, third)]
    assert [(one.entry, one.field, one.kept, one.lost) for one in done.conflicts] == [
        (second, "rule.category", "CAT-1", "CAT-2"),
        (third, "rule.currency", "EUR", "USD"),
    ]
    page, _ = listed.service.rules.page(listed.tenant, listed.account_id, None, 10)
    assert [one.id for one in page] == [rule.id]


def test_a_rule_made_for_the_survivor_later_holds_for_those_merged_into_it(listed: World) -> None:
    merge(listed, "c1", "c2")
    assert rules(listed, "c2") == [None]
    rule = make_rule(listed, "c1", category="CAT-1")
    (led,) = rules(listed, "c2")
    assert led is not None
    assert (led.id, led.category) == (rule.id, "CAT-1")


def test_repeated_it_changes_nothing(listed: World) -> None:
    make_rule(listed, "c2", category="CAT-2")
    first = merge(listed, "c1", "c2")
    before = (rules(listed, "c1", "c2"), listed.account.coding_version, len(listed.events()))
    again = merge(listed, "c1", "c2")
    assert (again.survivor, again.merged) == (first.survivor, first.merged)
    assert (rules(listed, "c1", "c2"), listed.account.coding_version, len(listed.events())) == before


def test_one_that_was_merged_into_is_merged_itself(listed: World) -> None:
    make_rule(listed, "c3", category="CAT-3")
    merge(listed, "c2", "c3")
    merge(listed, "c1", "c2")
    assert supplier(listed, "c3").survivor == supplier(listed, "c1").id  # straight, not by way of c2
    (rule, of_second, of_third) = rules(listed, "c1", "c2", "c3")
    assert rule and of_second and of_third
    assert {rule.id, of_second.id, of_third.id} == {rule.id}
    merge(listed, "c1", "c2", "c3")  # everything is there already


def test_what_cannot_be_merged_is_named(listed: World) -> None:
    merge(listed, "c1", "c2")
    for survivor, merged, field in (("c3", "c2", "merged[0]"), ("c2", "c3", "survivor"), ("c3", "c3", "merged[0]")):
        with pytest.raises(LedgerbridgeError) as refused:
            merge(listed, survivor, merged)
        assert refused.value.problem.field == field
    made_here = Entry("0" * 26, Kind.SUPPLIERS, "Made here")
    listed.service.lists.put_own(made_here, listed.connection.book)
    with pytest.raises(LedgerbridgeError) as refused:
        merge_contacts(listed.service, listed.account, Kind.SUPPLIERS, made_here.id, [supplier(listed, "c3").id], by=BY)
    assert "other way round" in refused.value.problem.details["reason"]


def test_merged_in_the_software_the_other_way_round_the_living_one_counts(listed: World) -> None:
    merge(listed, "c1", "c2")
    listed.provider.pages[GROUPS[1]][0][0] = said(Kind.SUPPLIERS, "c1", active=False, survivor="c2")
    pull(listed)
    book = listed.connection.book
    for one in ("c1", "c2"):
        entry = EntryCache(listed.service).get(book, Kind.SUPPLIERS, supplier(listed, one).id)
        assert entry is not None
        assert (entry.provider_id, entry.usable) == ("c2", True)


def test_a_survivor_made_here_takes_over_what_it_lacks(listed: World) -> None:
    book = listed.connection.book
    for id_, values in (("1", {"email": "a@example.com"}), ("2", {"email": "b@example.com", "currency": "EUR"})):
        listed.service.lists.put_own(Entry(id_ * 26, Kind.SUPPLIERS, f"Own {id_}", values=dict(values)), book)
    done = merge_contacts(listed.service, listed.account, Kind.SUPPLIERS, "1" * 26, ["2" * 26], by=BY)
    assert done.survivor.values == {"email": "a@example.com", "currency": "EUR"}
    assert [(one.field, one.lost) for one in done.conflicts] == [("entry.email", "b@example.com")]
    assert listed.service.lists.entry(book, Kind.SUPPLIERS, "1" * 26) == done.survivor


def test_items_are_looked_at_again_and_the_log_says_who(listed: World) -> None:
    before = listed.account.coding_version
    merge(listed, "c1", "c2")
    assert listed.account.coding_version > before
    assert [body["kind"] for body, _ in listed.messages()] == ["recheck"]
    (event,) = listed.events("contacts.merged")
    assert (event.actor, event.subject) == ("anna", supplier(listed, "c1").id)


def test_an_entry_that_leads_to_nothing_is_nothing() -> None:
    lost = Entry("A", Kind.SUPPLIERS, "Lost", survivor="B")
    assert survivor_of(lost, lambda _: None) is None


def test_over_the_api_a_repeat_is_answered_as_the_first(listed: World) -> None:
    api = Api(listed)
    make_rule(listed, "c1", category="CAT-1")
    make_rule(listed, "c2", category="CAT-2", due_date=DueDate(30))
    make_rule(listed, "c3", due_date=DueDate(14))
    survivor, second, third = (supplier(listed, one).id for one in ("c1", "c2", "c3"))
    body = {"survivor": survivor, "merged": [second, third]}
    key: dict[str, str | None] = {"idempotency-key": "once"}
    status, done = api("POST", "/lists/suppliers/merge", body, headers=key)
    assert (status, done["survivor"]["id"], done["merged"]) == (200, survivor, [second, third])
    assert [(one["entry"], one["field"], one["lost"]) for one in done["conflicts"]] == [
        (second, "rule.category", "CAT-2"),
        (third, "rule.due_date", {"days": 14, "after": "date"}),
    ]
    assert api("POST", "/lists/suppliers/merge", body, headers=key) == (status, done)
    for path in (f"/lists/suppliers/{second}",):
        assert api("GET", path)[1]["survivor"] == survivor
        status, problem = api("PATCH", path, {"visible": False})
        assert (status, problem["field"], problem["details"]["survivor"]) == (422, "entry", survivor)
    assert api("POST", "/lists/categories/merge", body)[0] == 404
    assert api("POST", "/lists/suppliers/merge", {"survivor": survivor, "merged": []})[0] == 422
    assert api("POST", "/lists/suppliers/merge", body, tenant="OTHER")[0] == 404
    assert api("POST", "/lists/suppliers/merge", body, scopes="ledgerbridge/read ledgerbridge/work")[0] == 403
    status, problem = api("POST", "/lists/suppliers", {"name": "suppliers c2"})
    assert (status, problem["details"]["entry"]) == (409, survivor)
