"""What tests of disconnecting do and look at."""

from rehearsal.world import World
from shared.domain.accounts import Caller, Event
from shared.domain.connections import Closing, Connection, ConnectionStatus
from shared.domain.grants import GrantStatus
from shared.usecases.disconnect_connection import disconnect_connection

REASON = "connection_disconnected"


def caller(world: World) -> Caller:
    return Caller(world.tenant, "client-1", is_machine=True)


def disconnect(world: World, connection: Connection | None = None) -> Connection:
    """Ask for it; what follows waits in the queue and the agenda."""
    return disconnect_connection(world.service, caller(world), connection or world.connection)


def closing(world: World) -> Closing:
    found = world.connection.closing
    assert found is not None
    return found


def events(world: World, kind: str) -> list[Event]:
    page, _ = world.service.events.page(world.tenant, world.account_id, None, 200)
    return [event for event in page if event.kind == kind]


def assert_gone(world: World) -> None:
    """The connection is at its end, and with it all that it held."""
    service, connection = world.service, world.connection
    assert connection.status is ConnectionStatus.DISCONNECTED
    assert service.connections.in_slot(world.tenant, world.account_id, connection.slot) is None
    key = (world.tenant, connection.provider, connection.pinned.id)
    assert service.items.pending(*key) == []
    assert service.batches.open(*key) == []
    holders = service.organisations.holders(connection.provider, connection.pinned.id)
    assert connection.id not in {holder.connection for holder in holders}
    grant = service.grants.get(world.tenant, world.grant_id)
    assert grant is not None
    assert grant.status is GrantStatus.LET_GO
    assert service.grants.sealed(world.tenant, world.grant_id) is None
    assert len(events(world, "connection.disconnected")) == 1
    assert world.failures == []
    assert world.dead_letters == []


def reasons(world: World, item: str) -> list[str]:
    return [reason.code for reason in world.state(item).reasons]
