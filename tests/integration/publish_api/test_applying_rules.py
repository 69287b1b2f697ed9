"""A rule is applied to open items only when somebody asks: counted first, then done in slices by the worker."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions.publish import worker
from shared.domain.ids import new_id
from shared.usecases.apply_rule import apply_rule
from tests.integration.publish_api.conftest import World
from tests.integration.publish_api.test_coding import arrive, patch, read, ruled
from tests.integration.publish_api.test_rule_fields import payment_method


def apply(world: World, rule: str, **body: Any) -> tuple[int, dict[str, Any]]:
    headers = {"idempotency-key": new_id(world.service.clock.now())}
    status, answer, _ = world.call("POST", f"rules/{rule}/apply", body, headers=headers)
    return status, answer


def work(world: World) -> int:
    """Give the worker what waits for it; how many messages there were."""
    done = 0
    while messages := [one for one in world.messages() if one.get("kind") == "apply_rule"]:
        for body in messages:
            worker._service[:] = [world.service]
            context = SimpleNamespace(get_remaining_time_in_millis=lambda: 300_000, aws_request_id="request")
            worker._handle(SQSRecord({"body": json.dumps(body)}), cast(Any, context))
            done += 1
    return done


def item(world: World, view: dict[str, Any]) -> dict[str, Any]:
    return world.call("GET", f"items/{view['id']}")[1]


def test_a_dry_run_counts_and_applying_does_what_it_said(world: World) -> None:
    views = [arrive(world, read(world, number=f"SUP-{number}")) for number in range(3)]
    by_hand = patch(world, views[2], description="Mine")
    other = arrive(world, read(world, contact={"id": world.entries["archived_supplier"].id}))
    made = ruled(
        world,
        "supplier",
        world.entries["supplier"].id,
        category={"code": "429"},
        description="Fuel",
        due_date={"days": 7},
    )
    status, counted = apply(world, made["id"], dry_run=True)
    assert (status, counted["items"], counted["fields"], counted["complete"]) == (200, 3, 8, True)
    assert [item(world, view)["version"] for view in views] == [0, 0, 1]
    status, asked = apply(world, made["id"])
    assert (status, asked["items"]) == (202, None)
    assert work(world) == 1
    for view in views[:2]:
        coded = item(world, view)
        assert (coded["lines"][0]["category"], coded["due_date"]) == (world.entries["fuel"].id, "2026-03-18")
        assert coded["description"] == "Fuel"
        history = world.call("GET", f"items/{view['id']}/timeline")[1]["lines"]
        assert history[0]["what"] == "item.coded"
        assert history[0]["actor"] == "client-1"
    kept = item(world, by_hand)
    assert (kept["description"], kept["sources"]["description"]) == ("Mine", "manual")
    assert kept["lines"][0]["category"] == world.entries["fuel"].id
    assert item(world, other)["version"] == 0
    assert apply(world, made["id"], dry_run=True)[1]["items"] == 0
    versions = [item(world, view)["version"] for view in views]
    apply(world, made["id"])
    work(world)
    assert [item(world, view)["version"] for view in views] == versions


def test_a_dry_run_counts_on_until_all_items_were_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.usecases.apply_rule.MOST_LOOKED_AT", 2)
    monkeypatch.setattr("shared.usecases.apply_rule.SLICE", 2)
    for number in range(5):
        arrive(world, read(world, number=f"SUP-{number}"))
    made = ruled(world, "supplier", world.entries["supplier"].id, category={"code": "429"}, description="Fuel")
    counts, cursor = [], None
    while not counts or cursor is not None:
        status, counted = apply(world, made["id"], dry_run=True, cursor=cursor)
        assert status == 200, counted
        cursor = counted["next_cursor"]
        assert counted["complete"] is (cursor is None)
        counts.append((counted["looked_at"], counted["items"], counted["fields"]))
    assert counts == [(2, 2, 4), (4, 4, 8), (5, 5, 10)]
    _, first = apply(world, made["id"], dry_run=True)
    status, problem = apply(world, made["id"], dry_run=True, cursor="x" + first["next_cursor"])
    assert (status, problem["code"]) == (400, "invalid_cursor")
    other = ruled(world, "user", "anna", payment_method={"id": payment_method(world)})
    assert apply(world, other["id"], dry_run=True, cursor=first["next_cursor"])[1]["code"] == "invalid_cursor"
    world.call("PATCH", f"rules/{made['id']}", {"description": None}, headers={"if-match": '"0"'})
    assert apply(world, made["id"], dry_run=True, cursor=first["next_cursor"])[1]["code"] == "invalid_cursor"


def test_a_payment_methods_rule_is_applied_to_its_items_alone(world: World) -> None:
    card = payment_method(world)
    view = arrive(world, read(world, payment_method={"id": card}))
    other = arrive(world, read(world, number="SUP-2"))
    made = ruled(world, "payment_method", card, destination="bank_accounts")
    assert apply(world, made["id"], dry_run=True)[1]["fields"] == 1
    apply(world, made["id"])
    work(world)
    assert item(world, view)["destination"] == "bank_accounts"
    assert item(world, other)["destination"] is None


def test_what_is_not_done_in_time_goes_on_with_a_message(world: World) -> None:
    views = [arrive(world, read(world, number=f"SUP-{number}")) for number in range(52)]
    made = ruled(world, "supplier", world.entries["supplier"].id, category={"code": "429"})
    world.messages()
    account, now = world.account, world.service.clock.now()
    short = now + timedelta(seconds=5)  # time for one slice
    done = apply_rule(
        world.service, account.tenant, account.id, made["id"], actor="client-1", cursor=None, deadline=short
    )
    assert not done
    assert item(world, views[0])["lines"][0]["category"] is None
    assert work(world) == 1
    assert {item(world, view)["lines"][0]["category"] for view in views} == {world.entries["fuel"].id}


def test_queued_items_keep_what_they_were_queued_with(world: World) -> None:
    view = world.make(source="extracted")
    status, _, _ = world.call("POST", f"items/{view['id']}/publish", headers={"idempotency-key": "queue"})
    assert status == 202
    made = ruled(world, "supplier", world.entries["supplier"].id, description="Fuel")
    assert apply(world, made["id"], dry_run=True)[1]["items"] == 0
