"""News of connections: told before the write that makes them true, so that a crash in between loses none."""

from typing import Any

from shared.domain.connections import Connection
from shared.domain.outgoing import EventType
from shared.usecases.service import Service
from shared.usecases.tell import tell


def tell_of_connection(service: Service, connection: Connection, event: EventType, occasion: str, **more: Any) -> None:
    """Tell of a connection: its id, software and organisation, and `more`; the same occasion is one message."""
    organisation = connection.organisation
    data = {
        "connection": connection.id,
        "provider": connection.provider,
        "slot": connection.slot.value,
        "organisation": {"id": organisation.id, "name": organisation.name} if organisation else None,
        **more,
    }
    tell(service, connection.tenant, connection.account, event, connection.id, data, occasion=occasion)
