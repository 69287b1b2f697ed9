"""An item's approval over the API: who gives it, what it keeps from happening, and how an edit ends it."""

from typing import Any

import pytest

from shared.domain.accounts import Event, Member, Role
from shared.domain.ids import new_id
from tests.integration.publish_api.conftest import World


def _say(world: World, item: str, approval: str, **more: Any) -> tuple[int, dict[str, Any]]:
    person = more.pop("person", None)
    status, answer, _ = world.call("PUT", f"items/{item}/approval", {"approval": approval, **more}, person=person)
    return status, answer


def _edit(world: World, item: str) -> dict[str, Any]:
    status, edited, _ = world.call("PATCH", f"items/{item}", {"description": "Another"}, headers={"if-match": "*"})
    assert status == 200, edited
    return edited


def _publish(world: World, item: str) -> tuple[int, dict[str, Any]]:
    status, answer, _ = world.call(
        "POST", f"items/{item}/publish", headers={"idempotency-key": new_id(world.service.clock.now())}
    )
    return status, answer


@pytest.mark.parametrize(("said", "code"), [("pending", "approval_pending"), ("rejected", "approval_rejected")])
def test_what_is_not_approved_is_not_published(world: World, said: str, code: str) -> None:
    item = world.make()["id"]
    status, answer = _say(world, item, said)
    assert (status, answer["approval"]["state"], answer["stage"]) == (200, said, "needs_review")
    assert answer["approval"]["by"] == "client-1"
    assert [reason["code"] for reason in answer["reasons"]] == [code]
    status, problem = _publish(world, item)
    assert (status, problem["code"]) == (409, "item_not_ready")
    assert code in str(problem)
    status, run, _ = world.call(
        "POST", "publications", {"items": [item], "dry_run": True}, headers={"idempotency-key": "a-dry-run"}
    )
    assert (run["dry_run"]["ready"], [one["code"] for one in run["dry_run"]["reasons"]]) == (0, [code])
    assert world.markers() == []


def test_an_approval_holds_until_the_next_edit(world: World) -> None:
    item = world.make()["id"]
    _say(world, item, "pending")
    status, answer = _say(world, item, "approved")
    assert (status, answer["stage"], answer["approval"]["lapsed"]) == (200, "ready", False)
    edited = _edit(world, item)
    assert (edited["approval"]["state"], edited["approval"]["lapsed"], edited["stage"]) == (
        "pending",
        True,
        "needs_review",
    )
    assert [reason["code"] for reason in edited["reasons"]] == ["approval_pending"]
    assert _publish(world, item)[0] == 409
    assert _say(world, item, "approved")[1]["stage"] == "ready"
    assert _publish(world, item)[0] == 202


def test_an_edit_of_an_approved_item_takes_it_out_of_the_queue(world: World) -> None:
    item = world.make()["id"]
    _say(world, item, "approved")
    assert _publish(world, item)[0] == 202
    assert world.markers() == [item]
    _edit(world, item)
    assert world.markers() == []


def test_what_is_refused_leaves_the_queue(world: World) -> None:
    item = world.make()["id"]
    assert _publish(world, item)[0] == 202
    _, answer = _say(world, item, "rejected")
    assert (answer["queued"], answer["stage"], world.markers()) == (None, "needs_review", [])
    _, history, _ = world.call("GET", f"items/{item}/timeline")
    assert ("item.approval.rejected", "client-1") in [(line["what"], line["actor"]) for line in history["lines"]]


def test_it_is_of_what_was_looked_at(world: World) -> None:
    item = world.make()
    _edit(world, item["id"])
    status, problem = _say(world, item["id"], "approved", version=item["version"])
    assert (status, problem["code"]) == (412, "precondition_failed")


def test_only_admins_decide(world: World) -> None:
    item = world.make()["id"]
    now = world.service.clock.now()
    member = Member(new_id(now), world.account.id, "pat", "Pat", Role.PUBLISHER)
    event = Event(new_id(now), world.account.id, now, "test", "member.added")
    account = world.service.accounts.get(world.account.tenant, world.account.id)
    assert account is not None
    world.service.accounts.put_member(account, member, event)
    assert _say(world, item, "approved", person="pat")[0] == 403


def test_an_item_inside_a_claim_keeps_it_from_being_published(world: World) -> None:
    inside = world.make(type="receipt")["id"]
    _say(world, inside, "pending")
    claim = {"side": "costs", "type": "expense_claim", "currency": "GBP", "date": "2026-03-11", "items": [inside]}
    status, made, _ = world.call(
        "POST",
        "items",
        {**claim, "contact": {"id": world.entries["supplier"].id}},
        headers={"idempotency-key": "a-claim"},
    )
    assert status == 201, made
    reasons = made["results"][0]["item"]["reasons"]
    assert ("approval_pending", "items[0].approval") in [(one["code"], one["field"]) for one in reasons]
