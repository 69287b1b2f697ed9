"""Items whose connection is gone: out of the queue, and in front of a person."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from shared.domain.connections import Connection
from shared.domain.errors import ConflictError, Problem
from shared.domain.items import ItemState
from shared.domain.publishing import PendingMarker
from shared.domain.readiness import set_back
from shared.usecases.service import Service

DISCONNECTED: Final = Problem("connection_disconnected")
CHANGED: Final = Problem("connection_changed")
_TRIES: Final = 6


def why_gone(connection: Connection) -> Problem:
    """Why items that were to go through an ending connection wait for a person: it was ended, or replaced."""
    replaced = connection.closing is not None and connection.closing.successor is not None
    return CHANGED if replaced else DISCONNECTED


def free_queued(service: Service, markers: Sequence[PendingMarker], why: Problem = DISCONNECTED) -> int:
    """Take unclaimed markers of one account away, each after its item says why; how many items are set back.

    A marker that asks for a file or a payment alone goes without a word: its item is published, and says what it
    lacks. One that a person moves at this moment stays, for the next look. May be repeated.
    """
    if not markers:
        return 0
    tenant, account = markers[0].tenant, markers[0].account
    states = service.items.batch_states(tenant, account, [marker.item for marker in markers])
    freed = 0
    for marker in markers:
        state = states.get(marker.item)
        if marker.makes_document and state is not None:
            set_item_back(service, tenant, account, state, why)
        with suppress(ConflictError):
            service.items.delete_marker(marker)
            freed += marker.makes_document
    return freed


def set_item_back(service: Service, tenant: str, account: str, state: ItemState, why: Problem = DISCONNECTED) -> None:
    """Let one open item wait for a person, whoever else changes its state; raises ConflictError when many do."""
    current: ItemState | None = state
    for _ in range(_TRIES):
        after = set_back(current, why) if current is not None else None
        if after is None or after == current:
            return
        try:
            service.items.update_state(tenant, account, after)
        except ConflictError:
            current = service.items.state(tenant, account, state.item)
        else:
            return
    raise ConflictError("the item changes too often")
