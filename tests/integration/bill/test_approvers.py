"""An item names who approves its bill first: BILL is told once the bill is there, whatever is lost on the way."""

from typing import Any

import pytest

from tests.integration.bill.test_publishing import killed_after
from tests.integration.bill.world import BillWorld, assert_sound, line, paper
from tests.integration.rules_13.api import Api

SET: str = "/api/v2/SetApprovers.json"
JORDAN, TAYLOR = "Jordan Lee", "Taylor Kim"


@pytest.fixture
def api(world: BillWorld) -> Api:
    return Api(world)


def user(world: BillWorld, name: str) -> str:
    """BILL's id of a user."""
    rows = world.books()["users"]
    return str(next(one["id"] for one in rows if f"{one['firstName']} {one['lastName']}" == name))


def the_bill(world: BillWorld) -> dict[str, Any]:
    (found,) = world.books()["bills"]
    return dict(found)


def approvers(world: BillWorld) -> list[str]:
    return [one["userId"] for one in the_bill(world).get("approvers", ())]


def reasons(item: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["code"], one["field"]) for one in item["reasons"]}


def test_the_approver_that_an_item_names_approves_its_bill(world: BillWorld, api: Api) -> None:
    rows = api.ok("GET", "lists/approvers", connection=world.bill_connection)["entries"]
    jordan = next(one for one in rows if one["name"] == JORDAN)
    item = api.make(paper(1, approver={"name": JORDAN}))
    assert (item["stage"], item["approver"]) == ("ready", jordan["id"])
    preview = api.ok("GET", f"items/{item['id']}/preview")
    assert preview["approver"] == JORDAN
    assert '"billApprovals":true' in preview["payloads"][0]["body"]
    done = api.publish(item["id"])
    assert (done["stage"], done["last_error"]) == ("published", None)
    assert done["published"]["approver"] == {
        "outcome": "done",
        "provider_id": jordan["provider_id"],
        "problem": None,
    }
    assert (the_bill(world)["approvalStatus"], approvers(world)) == ("ASSIGNED", [jordan["provider_id"]])
    assert world.calls(f"POST {SET}") == 1
    assert_sound(world)


def test_a_bill_of_nobody_is_left_unassigned(world: BillWorld, api: Api) -> None:
    done = api.publish(api.make(paper(1))["id"])
    assert done["published"]["approver"] is None
    assert the_bill(world)["approvalStatus"] == "UNASSIGNED"
    assert world.calls(f"POST {SET}") == 0


def test_those_of_bills_own_policies_follow_the_one_named(world: BillWorld, api: Api) -> None:
    large = {"total": "1500.00", "lines": [line("1500.00")]}
    api.publish(api.make(paper(1, **large, approver={"name": TAYLOR}))["id"])
    assert approvers(world) == [user(world, TAYLOR), user(world, JORDAN)]


def test_one_who_stands_first_already_is_not_named_again(world: BillWorld, api: Api) -> None:
    large = {"total": "1500.00", "lines": [line("1500.00")]}
    done = api.publish(api.make(paper(1, **large, approver={"name": JORDAN}))["id"])
    assert done["published"]["approver"]["outcome"] == "done"
    assert world.calls(f"POST {SET}") == 0


def test_an_approver_is_chosen_changed_and_taken_away(world: BillWorld, api: Api) -> None:
    item = api.make(paper(1))
    chosen = api.ok("PATCH", f"items/{item['id']}", {"approver": {"name": TAYLOR}}, version=item["version"])
    taylor = chosen["approver"]
    changed = api.ok("PATCH", f"items/{item['id']}", {"approver": {"name": JORDAN}}, version=chosen["version"])
    assert changed["approver"] not in {None, taylor}
    gone = api.ok("PATCH", f"items/{item['id']}", {"approver": None}, version=changed["version"])
    assert gone["approver"] is None


def test_who_is_not_there_is_refused_by_the_field(world: BillWorld, api: Api) -> None:
    status, answer = api.call("POST", "items", paper(1, approver={"name": "Nobody"}))
    assert (status, answer["field"]) == (422, "approver")
    item = api.make(paper(2))
    change = {"approver": {"name": "Nobody"}}
    status, answer = api.call("PATCH", f"items/{item['id']}", change, version=item["version"])
    assert (status, answer["field"]) == (422, "approver")


def test_an_approver_who_left_sends_the_item_back_to_a_person(world: BillWorld, api: Api) -> None:
    item = api.make(paper(1, approver={"name": JORDAN}))
    edit = {"archive": {"table": "users", "id": user(world, JORDAN)}}
    world.sandbox.control(f"/bill/organisations/{world.organization}/edit", edit)
    world.refresh()
    seen = api.item(item["id"])
    assert (seen["stage"], reasons(seen)) == ("needs_review", {("entry_inactive", "approver")})
    assert api.call("POST", f"items/{item['id']}/publish")[0] == 409
    assert world.books()["bills"] == []


def test_one_who_may_not_approve_leaves_the_bill_published_and_says_so(world: BillWorld, api: Api) -> None:
    done = api.publish(api.make(paper(1, approver={"name": "Riley Cruz"}))["id"])
    assert done["stage"] == "published" and the_bill(world)["approvalStatus"] == "UNASSIGNED"
    problem = done["published"]["approver"]["problem"]
    assert (done["published"]["approver"]["outcome"], problem["code"]) == ("failed", "approver_refused")
    assert "not a user who can approve" in problem["provider_text"]
    assert done["last_error"]["code"] == "approver_refused"


def test_what_had_no_answer_is_asked_for_alone(world: BillWorld, api: Api) -> None:
    item = api.make(paper(1, approver={"name": JORDAN}))
    world.desk.fault("POST", SET, "status", status=503, times=3)
    failed = api.publish(item["id"])
    assert failed["published"]["approver"]["problem"]["code"] == "approver_not_named"
    assert failed["last_error"]["code"] == "approver_not_named" and approvers(world) == []
    api.ok("POST", f"items/{item['id']}/publish")
    assert api.item(item["id"])["queued"]["approver_only"] is True
    world.settle()
    done = api.item(item["id"])
    assert (done["published"]["approver"]["outcome"], done["last_error"]) == ("done", None)
    assert approvers(world) == [user(world, JORDAN)]
    assert world.calls("POST /bills/bulk") == 1 and world.markers() == []


@pytest.mark.parametrize("kind", ["commit_then_drop", "truncate"])
def test_a_lost_answer_is_looked_up(world: BillWorld, api: Api, kind: str) -> None:
    item = api.make(paper(1, approver={"name": JORDAN}))
    world.desk.fault("POST", SET, kind)
    done = api.publish(item["id"])
    assert done["published"]["approver"]["outcome"] == "done"
    assert approvers(world) == [user(world, JORDAN)]
    assert world.calls(f"POST {SET}") == 1


@pytest.mark.parametrize("after", ["/bills/bulk", SET])
def test_a_worker_killed_after_its_send_loses_no_approver(world: BillWorld, api: Api, after: str) -> None:
    item = api.make(paper(1, approver={"name": JORDAN}))
    api.ok("POST", f"items/{item['id']}/publish")
    assert any(killed_after(world, after) for _ in range(10))
    world.settle()
    assert api.item(item["id"])["published"]["approver"]["outcome"] == "done"
    assert approvers(world) == [user(world, JORDAN)]
    assert_sound(world)


@pytest.mark.parametrize("code", ["BDC_1109", "BDC_1322"])
def test_v2_tells_lost_sessions_and_limits_by_code(world: BillWorld, api: Api, code: str) -> None:
    item = api.make(paper(1, approver={"name": JORDAN}))
    said = f'{{"response_status": 1, "response_data": {{"error_code": "{code}", "error_message": "Said"}}}}'
    world.desk.fault("POST", SET, "status", status=200, body=said)
    done = api.publish(item["id"])
    assert (done["published"]["approver"]["outcome"], done["last_error"]) == ("done", None)
    assert approvers(world) == [user(world, JORDAN)]


def test_going_elsewhere_the_approver_is_kept_and_does_not_apply(world: BillWorld, api: Api) -> None:
    item = api.make(paper(1, approver={"name": JORDAN}))
    away = api.ok("PATCH", f"items/{item['id']}", {"integration": "main"}, version=item["version"])
    assert away["approver"] == item["approver"]
    assert not any(field == "approver" for _, field in reasons(away))
    unresolved = api.ok("GET", "unresolved")["entries"]
    assert not any(one["kind"] == "approvers" for one in unresolved)
    back = api.ok("PATCH", f"items/{item['id']}", {"integration": None}, version=away["version"])
    assert (back["stage"], back["approver"]) == ("ready", item["approver"])


def test_a_sale_has_no_approver(world: BillWorld, api: Api) -> None:
    sale = paper(1, side="sales", integration="main", lines=[line(category=None)], approver={"name": JORDAN})
    status, answer = api.call("POST", "items", sale)
    assert (status, answer["field"]) == (422, "approver")


def test_a_suppliers_rule_names_who_approves_its_bills(world: BillWorld, api: Api) -> None:
    depot = api.make(paper(1))["contact"]
    rule = api.ok("POST", "rules", {"kind": "supplier", "subject": depot, "approver": {"name": JORDAN}})
    item = api.make(paper(2))
    assert (item["approver"], item["sources"]["approver"]) == (rule["approver"], "supplier_rule")
    assert api.make(paper(3, approver={"name": TAYLOR}))["approver"] != rule["approver"], "a person's word counts"
    assert api.publish(item["id"])["published"]["approver"]["outcome"] == "done"
    assert approvers(world) == [user(world, JORDAN)]
    exported = api.ok("GET", "rules/export")["rules"][0]
    assert exported["approver"] == {"name": JORDAN, "code": None}
    gone = api.ok("PATCH", f"rules/{rule['id']}", {"approver": None}, version=rule["version"])
    assert gone["approver"] is None
    named = {"kind": "supplier", "subject": exported["subject"], "approver": exported["approver"]}
    done = api.ok("POST", "rules/import", {"format": "json", "rules": [named]})
    assert (done["changed"], done["refused"]) == (1, [])
    assert api.ok("GET", f"rules/{rule['id']}")["approver"] == rule["approver"]


def test_through_a_connection_that_ends_nobody_is_named_any_more(world: BillWorld, api: Api) -> None:
    item = api.make(paper(1, approver={"name": JORDAN}))
    api.ok("POST", f"items/{item['id']}/publish")
    assert any(killed_after(world, "/bills/bulk") for _ in range(10))
    api.ok("POST", f"connections/{world.bill_connection}/disconnect", {})
    world.settle()
    done = api.item(item["id"])
    assert done["stage"] == "published" and world.calls(f"POST {SET}") == 0
    fact = done["published"]["approver"]
    assert (fact["outcome"], fact["problem"]["code"]) == ("failed", "connection_disconnected")
    assert world.markers() == []
