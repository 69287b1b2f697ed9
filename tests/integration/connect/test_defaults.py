"""Which connection an account's items go through by default, and how many open items a change moves."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.accounts import Caller, Event
from shared.domain.connections import Connection, Organisation, PublishAs, Slot
from shared.domain.ids import new_id
from shared.domain.items import Item, ItemState, ItemType, Place, Side, Stage, TaxMode
from shared.domain.publishing import PendingMarker
from shared.domain.readiness import summary_of
from shared.domain.rules import Rule, RuleKind, rule_id
from shared.usecases import change_settings
from tests.integration.connect.conftest import World

NOW = datetime(2026, 3, 11, tzinfo=UTC)


def secondary(world: World, main: Connection) -> Connection:
    connection = replace(main, id=new_id(NOW), slot=Slot.BILL, organisation=Organisation("org-2", "Bills"), version=0)
    event = Event(new_id(NOW), main.account, NOW, "test", "connection.started")
    return world.service.connections.create(connection, event, beside=main.id)


def store(world: World, main: Connection, stage: Stage = Stage.READY, **changes: Any) -> Item:
    named = {"side": Side.COSTS, "type": ItemType.INVOICE, **changes}
    item = Item(
        id=new_id(NOW), tenant=main.tenant, account=main.account, created_at=NOW, currency="GBP",
        tax_mode=TaxMode.NONE, total=Decimal(1), lines=(), **named,
    )  # fmt: skip
    world.service.items.create(item, ItemState(item.id, stage, Place.INBOX, summary_of(item)))
    return item


def queue(world: World, main: Connection, item: Item) -> None:
    world.service.items.put_marker(
        PendingMarker(
            tenant=main.tenant, account=main.account, connection=main.id, provider=main.provider,
            organisation=main.pinned.id, item=item.id, item_version=0, generation=1, queued_at=NOW,
        )
    )  # fmt: skip


def test_a_new_default_says_how_many_open_items_move(world: World) -> None:
    account = world.account()
    main = world.connected(account)
    secondary(world, main)
    follows = [store(world, main), store(world, main, Stage.NEEDS_REVIEW), store(world, main, contact="somebody")]
    store(world, main, side=Side.SALES)
    store(world, main, integration=Slot.MAIN)
    store(world, main, Stage.PUBLISHED)
    store(world, main, contact="ruled")
    claim = store(world, main, type=ItemType.EXPENSE_CLAIM)
    queue(world, main, store(world, main))
    ruled = Rule(
        rule_id(main.tenant, main.account, RuleKind.SUPPLIER, "ruled"), RuleKind.SUPPLIER, "ruled", NOW, NOW, "anna",
        integration=Slot.MAIN,
    )  # fmt: skip
    world.service.rules.create(main.tenant, main.account, ruled)
    path = f"/v1/accounts/{account}/defaults"
    changed = world.call("PATCH", path, {"publishing_integration": "bill"}, if_match="*").json
    assert changed == {
        "publishing_integration": "bill", "expense_claims_integration": None, "items_moved": len(follows),
        "items_looked_at": 9, "all_looked_at": True, "duplicate_mode": "off",
    }  # fmt: skip
    changed = world.call("PATCH", path, {"expense_claims_integration": "bill"}, if_match="*").json
    assert (changed["items_moved"], claim.type) == (1, ItemType.EXPENSE_CLAIM)
    changed = world.call("PATCH", path, {"expense_claims_integration": "bill"}, if_match="*").json
    assert changed["items_moved"] == 0


def test_the_count_has_a_bound_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_settings, "MOST_COUNTED", 2)
    monkeypatch.setattr(change_settings, "_PAGE", 1)
    account = world.account()
    main = world.connected(account)
    secondary(world, main)
    for _ in range(3):
        store(world, main)
    path = f"/v1/accounts/{account}/defaults"
    changed = world.call("PATCH", path, {"publishing_integration": "bill"}, if_match="*").json
    assert (changed["items_moved"], changed["items_looked_at"], changed["all_looked_at"]) == (2, 2, False)


def test_items_are_judged_anew_though_the_request_dies_after_its_write(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting and the coding version that items are judged by are one write."""
    account = world.account()
    main = world.connected(account)
    before = world.service.accounts.get(main.tenant, main.account)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(change_settings, "ask_recheck", dies)
    caller = Caller(main.tenant, "test", is_machine=True)
    with pytest.raises(KeyboardInterrupt):
        change_settings.change_settings(world.service, caller, main, {"publish_as": PublishAs.DRAFT}, read_as=None)
    stored = world.service.connections.get(main.tenant, main.account, main.id)
    after = world.service.accounts.get(main.tenant, main.account)
    assert stored is not None and before is not None and after is not None
    assert stored.settings.publish_as is PublishAs.DRAFT
    assert after.coding_version == before.coding_version + 1


def test_items_follow_a_new_default_though_the_request_dies_after_its_write(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = world.account()
    main = world.connected(account)
    secondary(world, main)
    before = world.service.accounts.get(main.tenant, main.account)
    assert before is not None

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    caller = Caller(main.tenant, "test", is_machine=True)
    with monkeypatch.context() as patched:
        patched.setattr(change_settings, "_moved", dies)
        with pytest.raises(KeyboardInterrupt):
            change_settings.change_defaults(world.service, caller, before, {"publishing_integration": Slot.BILL})
    after = world.service.accounts.get(main.tenant, main.account)
    assert after is not None
    assert (after.publishing_integration, after.coding_version) == ("bill", before.coding_version + 1)
    change_settings.change_defaults(world.service, caller, after, {"duplicate_mode": after.duplicate_mode})
    unmoved = world.service.accounts.get(main.tenant, main.account)
    assert unmoved is not None and unmoved.coding_version == after.coding_version
