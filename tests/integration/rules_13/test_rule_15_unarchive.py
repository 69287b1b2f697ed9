"""Out of the archive: kept, an item is not published again; cleared, it becomes another document."""

from rehearsal.world import World
from tests.integration.rules_13.api import Api


def test_rule_15_unarchived_with_keep_is_refused_and_with_clear_is_another_document(world: World, api: Api) -> None:
    item = api.make(world.papers.bill())["id"]
    first = api.publish(item)
    assert first["place"] == "archive"
    kept = api.ok("POST", f"items/{item}/unarchive", {"mode": "keep"})
    assert (kept["place"], kept["stage"]) == ("inbox", "published")
    status, problem = api.call("POST", f"items/{item}/publish")
    assert (status, problem["code"]) == (409, "already_published")
    cleared = api.ok("POST", f"items/{item}/unarchive", {"mode": "clear"})
    assert (cleared["stage"], cleared["published"]) == ("ready", None)
    second = api.publish(item)
    ids = [view["published"]["document_id"] for view in (first, second)]
    assert len(set(ids)) == 2
    assert sorted(world.ledger().documents) == sorted(ids)
