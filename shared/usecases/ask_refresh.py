"""Ask for lists to be refreshed: a person's wish, or a provider's notice that something changed there."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from shared.domain.accounts import Account
from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.errors import LedgerbridgeError, fail
from shared.domain.ids import new_id, numbered_id
from shared.domain.lists import Kind
from shared.domain.refresh_requests import RefreshRequest
from shared.storage.organisations import Holder
from shared.usecases.readiness import linked_connections
from shared.usecases.refresh_lists import REFRESHABLE
from shared.usecases.service import Service


def ask_refresh(
    service: Service,
    connection: Connection,
    refresh_id: str,
    *,
    reason: str,
    kinds: frozenset[Kind] | None = None,
    full: bool = False,
) -> RefreshRequest:
    """Send a refresh on its way; sent twice, or while another runs, it asks the provider for nothing twice.

    Raises connection_expired or connection_not_active where the provider cannot be asked.
    """
    if connection.status not in REFRESHABLE:
        raise LedgerbridgeError(connection.why_not_publishing() or fail("connection_not_active").problem)
    request = RefreshRequest(
        id=refresh_id,
        tenant=connection.tenant,
        account=connection.account,
        connection=connection.id,
        reason=reason,
        requested_at=service.clock.now(),
        kinds=kinds,
        full=full,
    )
    service.refresh_queue.send(request.body(), group=connection.tenant)
    return request


def ask_reload(
    service: Service, account: Account, kind: Kind, refresh_id: str, *, connection_id: str | None = None
) -> list[RefreshRequest]:
    """Read one list whole again, on every live connection that supplies it or on the one that is named.

    Each refresh has an id that follows from `refresh_id`; the first has it as it is. Raises no_connection where
    nothing is connected, not_found for a list or connection that is not there, and, where none can be asked, why.
    """
    importing = ConnectionStatus.IMPORTING  # reads every list whole as it is
    linked = [one for one in linked_connections(service, account) if one.status is not importing]
    if connection_id is not None:
        linked = [connection for connection in linked if connection.id == connection_id]
        if not linked:
            raise fail("not_found", field="connection")
    if not linked:
        raise fail("no_connection")
    suppliers = [one for one in linked if kind in service.provider(one.provider).profile.kinds]
    if not suppliers:
        raise fail("not_found", field="kind")
    # One that cannot be asked now (expired) does not keep the others from being read.
    able = [one for one in suppliers if one.status in REFRESHABLE] or suppliers[:1]
    return [
        ask_refresh(service, one, _id_of(refresh_id, number), reason="reload", kinds=frozenset({kind}), full=True)
        for number, one in enumerate(able)
    ]


def _id_of(refresh_id: str, number: int) -> str:
    return numbered_id(refresh_id, number) if number else refresh_id


def take_notice(service: Service, provider: str, organisation: str, kinds: Iterable[Kind]) -> int:
    """A webhook said that something changed in an organisation: every connection that holds it goes and looks.

    Returns how many do. A notice that names no list is about all that can be asked for changes only.
    """
    wanted = frozenset(kinds) or service.provider(provider).profile.delta_kinds
    asked = 0
    for holder in service.organisations.holders(provider, organisation):
        asked += _go_and_look(service, holder, wanted)
    return asked


def _go_and_look(service: Service, holder: Holder, kinds: frozenset[Kind]) -> bool:
    connection = service.connections.get(holder.tenant, holder.account, holder.connection)
    if connection is None or connection.status not in REFRESHABLE:
        return False
    ask_refresh(service, connection, new_id(service.clock.now()), reason="webhook", kinds=kinds)
    return True


class Look(NamedTuple):
    """What a notice message has looked at in one organisation: lists, decisions of people, or both."""

    organisation: str
    kinds: frozenset[Kind]
    decisions: bool


def notices_of(body: dict[str, Any]) -> list[Look]:
    """The organisations that a notice message is about, with what may have changed there."""
    return [
        Look(
            str(notice["organisation"]),
            frozenset(Kind(kind) for kind in notice.get("kinds", ())),
            bool(notice.get("decisions")),
        )
        for notice in body["notices"]
    ]
