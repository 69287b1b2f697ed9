"""The refresh queue's messages, from SQS to what they change."""

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from functions.refresh import agenda, worker
from shared.domain.connections import ConnectionStatus
from shared.domain.errors import Problem
from shared.domain.ids import new_id
from shared.domain.items import Item, ItemState, ItemType, Line, Place, Side, Stage, Summary, TaxMode
from shared.domain.lists import Kind
from shared.providers.contract import CallFailed
from shared.usecases.recheck_items import recheck_items
from tests.integration.refresh.conftest import GROUPS, World, said


@dataclass
class Context:
    """What Lambda hands to a function."""

    function_name: str = "RefreshWorker"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:RefreshWorker"
    aws_request_id: str = "request-1"
    left: int = 300_000

    def get_remaining_time_in_millis(self) -> int:
        return self.left


@pytest.fixture
def deliver(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Hands bodies to the worker as SQS does; answers the ids of messages to be delivered again."""
    monkeypatch.setattr(worker, "_service", [world.service])
    monkeypatch.setattr(agenda, "_service", [world.service])

    def send(*bodies: dict[str, Any]) -> list[str]:
        world.time.pass_by(seconds=1)
        stamp = str(int(world.time.at.timestamp() * 1000))
        world.time.pass_by(seconds=1)
        records = [
            {
                "messageId": f"m{number}",
                "receiptHandle": "h",
                "body": json.dumps(body),
                "attributes": {"SentTimestamp": stamp, "ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:refresh",
                "awsRegion": "eu-west-1",
            }
            for number, body in enumerate(bodies)
        ]
        answer = worker.handler({"Records": records}, Context())  # type: ignore[arg-type]
        return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]

    return send


def refresh_body(world: World, **more: Any) -> dict[str, Any]:
    where = {"tenant": world.tenant, "account": world.account_id, "connection": world.connection_id}
    return {"schema": 1, "kind": "refresh", **where, "kinds": "all", "reason": "connected", **more}


def item_using(world: World, category: str, **more: Any) -> Item:
    now = world.time.at
    book = world.connection.book
    line = Line("Paper", Decimal("10.00"), category=category, tax_rate=book.entry_id(Kind.TAX_RATES, "INPUT2"))
    item = Item(
        id=new_id(now),
        tenant=world.tenant,
        account=world.account_id,
        side=Side.COSTS,
        type=ItemType.INVOICE,
        created_at=now,
        currency="GBP",
        tax_mode=TaxMode.INCLUSIVE,
        total=Decimal("10.00"),
        lines=(line,),
        contact=book.entry_id(Kind.SUPPLIERS, "c1"),
        date=date(2026, 2, 1),
        due_date=date(2026, 3, 1),
        **more,
    )
    summary = Summary(item.side, item.type, item.currency, item.total)
    world.service.items.create(item, ItemState(item.id, Stage.RECEIVED, Place.INBOX, summary))
    return item


def stage(world: World, item: Item) -> tuple[Stage, list[str]]:
    state = world.service.items.state(world.tenant, world.account_id, item.id)
    assert state is not None
    return state.stage, [problem.code for problem in state.reasons]


def handled(world: World, deliver: Any) -> None:
    """Deliver what the service sent itself, until it is silent."""
    while sent := world.messages():
        assert deliver(*(body for body, _ in sent)) == []


def test_an_archived_category_sends_items_to_review_and_its_return_heals_them(world: World, deliver: Any) -> None:
    assert deliver(refresh_body(world)) == []
    book = world.connection.book
    item = item_using(world, book.entry_id(Kind.CATEGORIES, "k1"))
    other = item_using(world, book.entry_id(Kind.CATEGORIES, "k2"))
    handled(world, deliver)
    assert stage(world, item) == stage(world, other) == (Stage.READY, [])

    archived = said(Kind.CATEGORIES, "k1", code="400", active=False)
    active = world.provider.pages[GROUPS[0]]
    world.provider.pages[GROUPS[0]] = [[archived, active[0][1]]]
    deliver(refresh_body(world))
    handled(world, deliver)
    assert stage(world, item) == (Stage.NEEDS_REVIEW, ["account_archived"])
    assert stage(world, other) == (Stage.READY, [])

    world.provider.pages[GROUPS[0]] = active
    deliver(refresh_body(world))
    handled(world, deliver)
    assert stage(world, item) == (Stage.READY, [])


def test_items_follow_a_contact_that_was_merged(world: World, deliver: Any) -> None:
    deliver(refresh_body(world))
    item = item_using(world, world.connection.book.entry_id(Kind.CATEGORIES, "k1"))
    handled(world, deliver)
    merged = said(Kind.SUPPLIERS, "c1", active=False, survivor="c2")
    world.provider.pages[GROUPS[1]] = [[merged, said(Kind.SUPPLIERS, "c2")], [said(Kind.CUSTOMERS, "c4")]]
    deliver(refresh_body(world, full=True))
    handled(world, deliver)
    assert stage(world, item) == (Stage.READY, [])
    world.provider.pages[GROUPS[1]] = [[merged, said(Kind.SUPPLIERS, "c2", active=False)], [said(Kind.CUSTOMERS, "c4")]]
    deliver(refresh_body(world, full=True))
    handled(world, deliver)
    assert stage(world, item) == (Stage.NEEDS_REVIEW, ["supplier_archived"])


@pytest.mark.soak
def test_a_long_recheck_goes_on_where_it_stopped(world: World, deliver: Any) -> None:
    deliver(refresh_body(world))
    items = [item_using(world, world.connection.book.entry_id(Kind.CATEGORIES, "k1")) for _ in range(60)]
    world.messages()
    near = world.time.at + timedelta(seconds=5)
    assert recheck_items(world.service, world.tenant, world.account_id, None, near) is False
    assert sum(stage(world, item)[0] is Stage.READY for item in items) == 50
    handled(world, deliver)
    assert all(stage(world, item)[0] is Stage.READY for item in items)


def test_a_notice_refreshes_the_lists_it_names_for_every_holder(world: World, deliver: Any) -> None:
    deliver(refresh_body(world))
    world.messages()
    notice = {"organisation": "org-1", "kinds": ["customers", "suppliers"]}
    unknown = {"organisation": "org-9", "kinds": ["suppliers"]}
    assert deliver({"schema": 1, "kind": "notice", "provider": "xero", "notices": [notice, unknown]}) == []
    ((body, _),) = world.messages()
    assert (body["kind"], body["kinds"], body["reason"]) == ("refresh", ["customers", "suppliers"], "webhook")
    world.provider.calls.clear()
    deliver(body)
    assert [what for what, _, _ in world.provider.calls] == ["suppliers"]


def test_messages_of_a_later_version_and_unknown_ones_are_left_in_the_queue(world: World, deliver: Any) -> None:
    good = refresh_body(world)
    assert deliver(good, {**good, "schema": 2}, {"schema": 1, "kind": "nonsense"}) == ["m1", "m2"]
    assert world.connection.status is ConnectionStatus.ACTIVE


def test_what_a_refresh_does_is_counted(world: World, deliver: Any, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(refresh_body(world))
    assert '"lists_refreshed"' in capsys.readouterr().out


def test_the_scheduler_finds_the_retry_of_a_list_that_failed(world: World, deliver: Any) -> None:
    world.provider.faults[6] = CallFailed(Problem("provider_unavailable"), sent=True)
    deliver(refresh_body(world))
    world.messages()
    assert world.connection.status is ConnectionStatus.IMPORTING
    assert world.service.attention.get(world.tenant, world.account_id) is not None
    world.time.pass_by(minutes=6)
    # The retry, and the look at an account that waits for somebody: once the list is in it does not.
    assert agenda.handler({}, Context(left=60_000)) == {"rows": 2, "failed": 0}  # type: ignore[arg-type]
    handled(world, deliver)
    assert world.connection.status is ConnectionStatus.ACTIVE
    assert world.service.attention.get(world.tenant, world.account_id) is None


def test_a_deleted_account_is_left_alone(world: World, deliver: Any) -> None:
    world.service.accounts.update(replace(world.account, deleted_at=world.time.at))
    assert deliver({"schema": 1, "kind": "recheck", "tenant": world.tenant, "account": world.account_id}) == []
    assert deliver({"schema": 1, "kind": "recheck", "tenant": world.tenant, "account": new_id(world.time.at)}) == []
