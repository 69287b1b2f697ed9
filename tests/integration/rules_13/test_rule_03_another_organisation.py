"""At a reconnect another organisation is refused, and nothing of the connection is altered."""

from dataclasses import replace

from rehearsal.world import World
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.automation import supplier_rule
from tests.integration.rules_13.consenting import agree, kept, returns_home


def test_rule_03_a_reconnect_to_another_organisation_is_refused(world: World, api: Api) -> None:
    returns_home(world)
    supplier_rule(api, "no", category={"code": "429"})
    item = api.make(world.papers.bill())["id"]
    before, whole = kept(api, item), world.connection
    offered = agree(api, world.connection_id)
    others = [one for name, one in offered.items() if name != world.software.organisation]
    assert len(others) >= 2
    for other in others:
        path = f"connections/{world.connection_id}/organisation"
        status, problem = api.call("PUT", path, {"organisation_id": other})
        assert (status, problem["code"]) == (409, "organisation_mismatch")
        assert problem["remedy"]
    after = world.connection
    assert replace(after, pending_grant=None, version=whole.version) == whole
    assert kept(api, item) == before
    assert api.publish(item)["published"]["organisation"] == world.tenant_id
    assert len(world.ledger().documents) == 1
