"""What is left at each provider after a disconnection: nothing that we were let into."""

import pytest

from shared.domain.connections import ConnectionStatus
from tests.integration.changing.conftest import MakeChanging


@pytest.mark.parametrize("provider", ["xero", "quickbooks", "sage"])
def test_the_consent_is_ended_at_the_provider(changings: MakeChanging, provider: str) -> None:
    at = changings(provider)
    assert at.granted() == at.held()
    assert at.granted().total() == 1
    answer = at.api.ok("POST", f"connections/{at.world.connection_id}/disconnect", {"mode": "reinstate"})
    assert (answer["status"], answer["disconnection"]["mode"]) == ("closing", "reinstate")
    at.rest()
    assert at.world.connection.status is ConnectionStatus.DISCONNECTED
    assert at.granted().total() == 0
    assert at.service.grants.sealed(at.world.tenant, at.world.grant_id) is None


def test_codings_are_set_aside_after_a_confirmation_and_restored(changings: MakeChanging) -> None:
    at = changings("xero")
    (item,) = at.world.create([at.world.papers.bill()])
    path = f"connections/{at.world.connection_id}/disconnect"
    status, refusal = at.api.call("POST", path, {"mode": "merge_later"})
    assert (status, refusal["code"], refusal["field"]) == (409, "confirmation_needed", "confirm")
    assert refusal["details"] == {"rules": 0, "items": 1, "all": True}
    assert at.world.connection.status is ConnectionStatus.ACTIVE
    at.api.ok("POST", path, {"mode": "merge_later", "confirm": True})
    at.rest()
    assert at.api.ok("GET", f"/v1/accounts/{at.world.account_id}")["codings_suspended_at"] is not None
    assert [reason["code"] for reason in at.api.item(item)["reasons"]] == ["codings_suspended"]
    assert at.api.ok("POST", "codings/restore")["codings_suspended_at"] is None
    at.rest()
    assert at.api.item(item)["stage"] == "ready"
    assert at.api.call("POST", path, {"mode": "shred"})[1]["field"] == "mode"
