"""Count what failed while a connection had lost access: said at the end of the refresh that follows a reconnect."""

from collections import Counter
from typing import Final

from shared.domain.connections import Connection
from shared.domain.failed import FOR_LOST_ACCESS, RETRIABLE, has_failed
from shared.usecases.service import Service

LOOKED_AT: Final = 5_000  # the newest items, of which those that failed are counted
_PAGE: Final = 500


def count_failed(service: Service, connection: Connection) -> dict[str, int]:
    """How many of the account's newest items wait since the connection took nothing, by error code."""
    found: Counter[str] = Counter()
    cursor, looked_at = None, 0
    while looked_at < LOOKED_AT:
        page, cursor = service.items.page(
            connection.tenant, connection.account, cursor, _PAGE, connections=[connection]
        )
        looked_at += len(page)
        states = [one.state for one in page if one.stage in RETRIABLE]
        found.update(code for code in FOR_LOST_ACCESS for state in states if has_failed(state, code))
        if cursor is None:
            break
    return dict(found)
