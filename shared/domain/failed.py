"""What failed for a cause that lies in the connection, and may be asked for again once that is put right."""

from typing import Final

from shared.domain.auto_published import Level
from shared.domain.connections import Connection
from shared.domain.errors import Problem
from shared.domain.items import ItemState, Stage

# Stages from which what failed may be tried again: published, where a payment or a file failed.
RETRIABLE: Final = frozenset({Stage.READY, Stage.NEEDS_REVIEW, Stage.PUBLISHED})
# What items say that met a connection whose access was lost: `connection_not_active` where its organisation was gone.
FOR_LOST_ACCESS: Final = ("connection_expired", "connection_not_active")


def has_failed(state: ItemState, code: str) -> bool:
    """Whether an item waits for a person because of this: refused with it, or kept by it from publishing itself."""
    if state.last_error is not None:
        return state.last_error.code == code
    auto = state.auto_publish
    kept_back = auto is not None and not auto.decided and auto.level is Level.CONNECTION and auto.reason == code
    return kept_back and state.published is None


def lost_for(connection: Connection | None, state: ItemState) -> Problem | None:
    """What an unpublished item is to remember of a wish that met lost access, so that one call repeats all of them."""
    if connection is None or not connection.has_lost_access or state.published is not None:
        return None
    return connection.why_not_publishing()
