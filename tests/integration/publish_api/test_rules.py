"""Rules over the API: one for a supplier, and only for connections that are there."""

from typing import Any

from tests.integration.publish_api.conftest import World


def _rule(world: World, subject: str, **more: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
    headers = {"idempotency-key": more.pop("key", "the-first")}
    return world.call("POST", "rules", {"kind": "supplier", "subject": subject, **more}, headers=headers)


def test_a_rule_is_made_read_changed_and_taken_away(world: World) -> None:
    supplier = _supplier(world)
    before = world.service.accounts.get(world.account.tenant, world.account.id)
    status, made, headers = _rule(world, supplier, integration="main")
    assert (status, made["subject"], made["integration"], headers["etag"]) == (201, supplier, "main", '"0"')
    assert world.call("GET", f"rules/{made['id']}")[1] == made
    assert [one["id"] for one in world.call("GET", "rules")[1]["rules"]] == [made["id"]]
    status, changed, _ = world.call(
        "PATCH", f"rules/{made['id']}", {"integration": None}, headers={"if-match": headers["etag"]}
    )
    assert (status, changed["integration"], changed["version"]) == (200, None, 1)
    after = world.service.accounts.get(world.account.tenant, world.account.id)
    assert before is not None
    assert after is not None
    assert after.coding_version == before.coding_version + 2  # what was worked out under the old rule is done anew
    assert world.call("DELETE", f"rules/{made['id']}")[0] == 200
    assert world.call("GET", f"rules/{made['id']}")[0] == 404


def test_there_is_one_rule_for_a_supplier(world: World) -> None:
    supplier = _supplier(world)
    _, made, _ = _rule(world, supplier, integration="main")
    status, problem, _ = _rule(world, supplier, integration=None, key="another")
    assert (status, problem["code"], problem["details"]["rule"]) == (409, "rule_exists", made["id"])


def test_a_rule_names_what_is_there(world: World) -> None:
    status, problem, _ = _rule(world, "01ARZ3NDEKTSV4RRFFQ69G5FAV", integration="main")
    assert (status, problem["field"]) == (422, "subject")
    status, problem, _ = _rule(world, _supplier(world), integration="bill", key="another")
    assert (status, problem["code"], problem["field"]) == (409, "no_connection", "integration")


def test_a_change_needs_the_version_that_was_read(world: World) -> None:
    _, made, _ = _rule(world, _supplier(world), integration="main")
    status, problem, _ = world.call("PATCH", f"rules/{made['id']}", {"integration": None}, headers={"if-match": '"7"'})
    assert (status, problem["code"]) == (412, "precondition_failed")


def _supplier(world: World) -> str:
    return next(entry.id for entry in world.entries.values() if entry.kind.value == "suppliers")
