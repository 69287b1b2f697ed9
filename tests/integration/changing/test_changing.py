"""Changing the main connection: what a person sees from the request to the end, and what must not happen meanwhile."""

from shared.domain.connections import ConnectionStatus
from shared.domain.workflows import Outcome
from tests.integration.changing.driver import Changing

OURS = "Harbour & Finch Ltd"


def test_from_xero_to_quickbooks(changing: Changing) -> None:
    old = changing.main()
    ended = changing.change("quickbooks", OURS)
    assert ended.outcome is Outcome.DONE
    new = changing.main()
    assert (new.id, new.provider, new.status) == (ended.successor, "quickbooks", ConnectionStatus.ACTIVE)
    assert changing.connection(old.id).status is ConnectionStatus.DISCONNECTED
    assert changing.world.account.current_book == f"quickbooks:{new.pinned.id}"
    assert changing.granted() == changing.held()
    assert len(changing.events("connection.changed")) == 1
    assert len(changing.events("merge.offered")) == 1
