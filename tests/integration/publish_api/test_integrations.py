"""Two connections on one account: where each item goes, what its coding is checked against, and how it is shown."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.accounts import Event
from shared.domain.connections import Connection, ConnectionStatus, Organisation, Slot
from shared.domain.ids import new_id
from shared.domain.lists import Entry, Kind
from shared.usecases.expand_publication import expand_publication
from tests.integration.publish_api.conftest import World

ANY = {"if-match": "*"}


@dataclass
class Second:
    """A secondary connection to books of its own, with a supplier, a category and a tax rate there."""

    world: World
    connection: Connection
    entries: dict[str, Entry]

    def line(self) -> dict[str, Any]:
        rent, rate = self.entries["rent"].id, self.entries["input"].id
        return {"description": "Rent", "amount": "40.00", "category": rent, "tax_rate": rate}

    def bill(self, **changes: Any) -> dict[str, Any]:
        coding = {"contact": {"id": self.entries["supplier"].id}, "lines": [self.line()], "integration": "bill"}
        return self.world.bill(**{**coding, **changes})

    def markers(self) -> list[str]:
        found = self.world.service.items.pending(self.world.account.tenant, "xero", "org-2")
        return [marker.item for marker in found]


@pytest.fixture
def second(world: World) -> Iterator[Second]:
    now = world.service.clock.now()
    connection = replace(
        world.connection,
        id=new_id(now),
        slot=Slot.BILL,
        status=ConnectionStatus.ACTIVE,
        organisation=Organisation("org-2", "Bakery's bills", country="GB", base_currency="GBP"),
        version=0,
    )
    event = Event(new_id(now), world.account.id, now, "test", "connection.started")
    connection = world.service.connections.create(connection, event, beside=world.connection.id)
    book = connection.book

    def entry(kind: Kind, provider_id: str, name: str, **more: Any) -> Entry:
        made = Entry(book.entry_id(kind, provider_id), kind, name, provider_id=provider_id, **more)
        world.service.lists.write(book, kind, [made])
        return made

    rate = {"rate": "20", "costs": True, "sales": False}
    entries = {
        "supplier": entry(Kind.SUPPLIERS, "there-1", "Landlord Ltd"),
        "rent": entry(Kind.CATEGORIES, "there-469", "Rent", code="469", values={"class": "expense"}),
        "input": entry(Kind.TAX_RATES, "INPUT2", "20% (VAT on Expenses)", code="INPUT2", values=rate),
    }
    yield Second(world, connection, entries)


def default(world: World, **slots: str | None) -> None:
    current = world.service.accounts.get(world.account.tenant, world.account.id)
    assert current is not None
    world.service.accounts.update(replace(current, **slots))  # type: ignore[arg-type]
    world.service.accounts.bump_coding_version(world.account.tenant, world.account.id)


def rule(world: World, supplier: str, integration: str) -> None:
    body = {"kind": "supplier", "subject": supplier, "integration": integration}
    status, answer, _ = world.call("POST", "rules", body, headers={"idempotency-key": supplier})
    assert status == 201, answer


def post(world: World, body: dict[str, Any]) -> dict[str, Any]:
    status, answer, _ = world.call("POST", "items", body)
    assert status == 201, answer
    view: dict[str, Any] = answer["results"][0]["item"]
    return view


def codes(view: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["code"], one["field"]) for one in view["reasons"]}


def test_an_item_names_its_connection_and_can_leave_it_again(world: World, second: Second) -> None:
    item = world.make()
    assert item["integration"] == {
        "slot": "main", "connection": world.connection.id, "reason": "main", "own": None,
    }  # fmt: skip
    status, moved, _ = world.call("PATCH", f"items/{item['id']}", {"integration": "bill"}, headers=ANY)
    assert (status, moved["stage"]) == (200, "needs_review")
    assert moved["integration"] == {
        "slot": "bill", "connection": second.connection.id, "reason": "item", "own": "bill",
    }  # fmt: skip
    unresolved = {("contact"), ("lines[0].category"), ("lines[0].tax_rate")}
    assert {("entry_unresolved", field) for field in unresolved} <= codes(moved)
    status, back, _ = world.call("PATCH", f"items/{item['id']}", {"integration": None}, headers=ANY)
    assert (status, back["stage"], back["integration"]["own"]) == (200, "ready", None)


def test_coding_by_id_code_and_name_is_of_the_items_own_connection(world: World, second: Second) -> None:
    by_id = post(world, second.bill())
    assert (by_id["stage"], by_id["integration"]["slot"]) == ("ready", "bill")
    line = {**second.line(), "category": "469", "tax_rate": {"name": "20% (VAT on Expenses)"}}
    by_name = post(world, second.bill(contact={"name": "landlord ltd"}, lines=[line]))
    assert (by_name["stage"], by_name["lines"], by_name["contact"]) == ("ready", by_id["lines"], by_id["contact"])
    status, refused, _ = world.call("POST", "items", world.bill(integration="bill"))
    assert (status, refused["code"], refused["field"]) == (422, "invalid_request", "lines[0].category")
    other = {"contact": {"id": second.entries["supplier"].id}}
    status, refused, _ = world.call("PATCH", f"items/{world.make()['id']}", other, headers=ANY)
    assert (status, refused["field"]) == (422, "contact")


def test_a_suppliers_rule_decides_before_the_default(world: World, second: Second) -> None:
    landlord = second.entries["supplier"].id
    rule(world, landlord, "bill")
    ruled = post(world, second.bill(integration=None))
    assert (ruled["integration"]["slot"], ruled["integration"]["reason"], ruled["stage"]) == (
        "bill", "supplier_rule", "ready",
    )  # fmt: skip
    default(world, publishing_integration="bill")
    rule(world, world.entries["supplier"].id, "main")
    kept = world.make()
    assert (kept["integration"]["slot"], kept["integration"]["reason"]) == ("main", "supplier_rule")
    other = post(world, second.bill(contact=None, integration=None))
    assert (other["integration"]["slot"], other["integration"]["reason"]) == ("bill", "default")
    _, page, _ = world.call("GET", "items")
    shown = {one["id"]: (one["integration"]["slot"], one["integration"]["reason"]) for one in page["items"]}
    expected = {
        ruled["id"]: ("bill", "supplier_rule"), kept["id"]: ("main", "supplier_rule"), other["id"]: ("bill", "default"),
    }  # fmt: skip
    assert shown == expected
    _, page, _ = world.call("GET", "items", query={"integration": "main"})
    assert [one["id"] for one in page["items"]] == [kept["id"]]


def test_sales_take_the_main_connection_and_no_other(world: World, second: Second) -> None:
    default(world, publishing_integration="bill")
    sale: dict[str, Any] = {
        "side": "sales", "contact": {"id": world.entries["customer"].id},
        "lines": [world.line(category=world.entries["sales"].id, tax_rate=world.entries["output"].id)],
    }  # fmt: skip
    made = world.make(**sale)
    assert (made["integration"]["slot"], made["integration"]["reason"]) == ("main", "sales")
    status, refused, _ = world.call("PATCH", f"items/{made['id']}", {"integration": "bill"}, headers=ANY)
    assert (status, refused["code"], refused["field"]) == (422, "invalid_request", "integration")
    status, refused, _ = world.call("POST", "items", world.bill(**sale, integration="bill"))
    assert (status, refused["field"]) == (422, "integration")
    cost = post(world, second.bill())
    status, refused, _ = world.call("PATCH", f"items/{cost['id']}", {"side": "sales"}, headers=ANY)
    assert (status, refused["field"]) == (422, "integration")
    # An item that got there all the same is refused again when it is to be published.
    item, state, _ = world.service.items.both(world.account.tenant, world.account.id, made["id"]) or pytest.fail()
    world.service.items.update(replace(item, integration=Slot.BILL), state)
    status, refused, _ = world.call("POST", f"items/{made['id']}/publish")
    assert (status, refused["code"]) == (409, "item_not_ready")
    assert "integration_not_for_sales" in {one["code"] for one in refused["problems"]}


def test_an_integration_that_is_not_connected_is_refused_by_name(world: World) -> None:
    item = world.make()["id"]
    for answer in (
        world.call("PATCH", f"items/{item}", {"integration": "bill"}, headers=ANY),
        world.call("POST", "items", world.bill(integration="approvalmax")),
    ):
        assert (answer[0], answer[1]["code"], answer[1]["field"]) == (409, "no_connection", "integration")


def test_an_item_whose_connection_went_away_says_so(world: World, second: Second) -> None:
    item = post(world, second.bill())["id"]
    gone = replace(second.connection, status=ConnectionStatus.DISCONNECTED)
    world.service.connections.update(gone)
    _, seen, _ = world.call("GET", f"items/{item}")
    assert ("no_connection", "integration") in codes(seen)
    assert (seen["integration"]["slot"], seen["integration"]["connection"]) == ("bill", None)
    assert world.call("POST", f"items/{item}/publish")[1]["code"] == "no_connection"
    assert world.call("GET", f"items/{item}/preview")[1]["code"] == "no_connection"


def test_an_item_is_queued_previewed_and_kept_where_it_goes(world: World, second: Second) -> None:
    item = post(world, second.bill())["id"]
    _, preview, _ = world.call("GET", f"items/{item}/preview")
    assert (preview["integration"], preview["organisation"], preview["problems"]) == ("bill", "Bakery's bills", [])
    assert "there-469" in preview["payloads"][0]["body"] or "469" in preview["payloads"][0]["body"]
    assert world.call("POST", f"items/{item}/publish")[0] == 202
    assert (world.markers(), second.markers()) == ([], [item])
    assert [message["organisation"] for message in world.messages()] == ["org-2"]
    # A rule that is made while it is queued changes nothing for it; naming another connection takes it out.
    _, kept, _ = world.call("PATCH", f"items/{item}", {"number": "R-2"}, headers=ANY)
    assert (kept["stage"], kept["integration"]["slot"]) == ("queued", "bill")
    _, out, _ = world.call("PATCH", f"items/{item}", {"integration": "main"}, headers=ANY)
    assert (out["stage"], second.markers()) == ("needs_review", [])


def test_a_queued_item_keeps_what_the_default_was(world: World, second: Second) -> None:
    default(world, publishing_integration="bill")
    item = post(world, second.bill(integration=None))["id"]
    world.call("POST", f"items/{item}/publish")
    default(world, publishing_integration="main")
    _, seen, _ = world.call("GET", f"items/{item}")
    assert (seen["stage"], seen["integration"]["slot"], seen["integration"]["reason"]) == ("queued", "bill", "queued")
    assert seen["reasons"] == []
    assert second.markers() == [item]


def test_a_bulk_request_spans_connections(world: World, second: Second) -> None:
    here, there = world.make()["id"], post(world, second.bill())["id"]
    _, dry, _ = world.call("POST", "publications", {"items": [here, there], "dry_run": True})
    totals = {one["integration"]: (one["count"], one["total"]) for one in dry["dry_run"]["totals"]}
    assert totals == {"main": (1, "48.00"), "bill": (1, "48.00")}
    _, made, _ = world.call("POST", "publications", {"items": [here, there]})
    world.messages()
    publication = made["publication"]["id"]
    deadline = world.service.clock.now() + timedelta(minutes=5)
    assert expand_publication(world.service, world.account.tenant, world.account.id, publication, deadline)
    assert (world.markers(), second.markers()) == ([here], [there])
    assert {message["organisation"] for message in world.messages()} == {"org-1", "org-2"}
    _, progress, _ = world.call("GET", f"publications/{publication}")
    assert progress["counts"]["waiting"] == 2
    expected = {(one["integration"], one["expected_total"]) for one in progress["totals"]}
    assert expected == {("main", "48.00"), ("bill", "48.00")}


def test_a_connection_at_rest_keeps_back_its_own_items_alone(world: World, second: Second) -> None:
    here, there = world.make()["id"], post(world, second.bill())["id"]
    world.service.connections.update(replace(second.connection, paused_at=world.service.clock.now()))
    _, dry, _ = world.call("POST", "publications", {"items": [here, there], "dry_run": True})
    assert (dry["dry_run"]["ready"], dry["dry_run"]["refused"][0]["problem"]["code"]) == (1, "connection_paused")


def test_rules_of_a_page_are_read_at_once(world: World, second: Second, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        post(world, second.bill())
        world.make()
    reads = []
    batch_get = world.service.rules.batch_get

    def counted(tenant: str, account: str, rules: Any) -> Any:
        reads.append(list(rules))
        return batch_get(tenant, account, rules)

    monkeypatch.setattr(world.service.rules, "batch_get", counted)
    world.call("GET", "items")
    assert [len(keys) for keys in reads] == [1]  # the five that name no connection have one supplier
