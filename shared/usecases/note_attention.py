"""Keep the tenant's list of accounts that wait for somebody: noted when something happens, looked at in the background.

An account comes onto the list at once. Counts, and leaving the list, lag: by five minutes after something happened in
the account, else by an hour at most.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from shared.domain.attention import Attention, counted, looked_at
from shared.domain.errors import ConflictError
from shared.domain.ids import new_id
from shared.domain.items import ItemState
from shared.domain.limits import window_start
from shared.storage.agenda import AgendaKind
from shared.usecases.service import Service

LOOK: Final = "attention"  # the refresh queue's message
FIRST_LOOK: Final = timedelta(minutes=5)
LONGEST_WAIT: Final = timedelta(hours=1)
_SCHEMA: Final = 1
_PAGE: Final = 500
_MOST_PAGES: Final = 20  # states of one account that a look reads: the newest 10,000


def note_attention(service: Service, tenant: str, account: str) -> None:
    """Put an account on the list, and have it looked at within minutes. May be repeated freely."""
    now = service.clock.now()
    step = window_start(now, FIRST_LOOK) + FIRST_LOOK
    if service.noted.get((tenant, account)) == step:
        return  # this process has said so already
    where = {"tenant": tenant, "account": account}
    chain = new_id(now)
    if service.attention.get(tenant, account) is None:
        service.agenda.put(AgendaKind.ATTENTION, now + FIRST_LOOK, chain, {**where, "chain": chain})
        service.attention.note(Attention(tenant, account, now, chain))
    else:
        service.agenda.put(AgendaKind.ATTENTION, step, account, where)
    service.noted[(tenant, account)] = step


def look_again(service: Service, said: Mapping[str, Any]) -> None:
    """The agenda's part: have an account on the list looked at, and plan the next look, later each time."""
    tenant, account = said["tenant"], said["account"]
    noted = service.attention.get(tenant, account)
    chain = said.get("chain")
    if noted is None or (chain is not None and noted.chain != chain):
        return  # off the list, or on it again with another chain of looks
    if chain is not None:
        wait = min(timedelta(seconds=said.get("wait", FIRST_LOOK.total_seconds())) * 2, LONGEST_WAIT)
        service.agenda.put(
            AgendaKind.ATTENTION, service.clock.now() + wait, chain, {**said, "wait": int(wait.total_seconds())}
        )
    body = {"schema": _SCHEMA, "kind": LOOK, "tenant": tenant, "account": account}
    service.refresh_queue.send(body, group=tenant)


def look_at_attention(service: Service, tenant: str, account: str) -> None:
    """Count anew what waits in an account that is on the list, and take it off when nothing does."""
    noted = service.attention.get(tenant, account)
    if noted is None:
        return
    now = service.clock.now()
    connections = service.connections.of_account(tenant, account)
    found = counted(connections, _states(service, tenant, account), now)
    known = service.accounts.get(tenant, account)
    gone = known is None or known.deleted_at is not None
    after = None if gone else looked_at(noted, found, now)
    with suppress(ConflictError):  # somebody else looked at the same moment
        if after is None:
            service.attention.clear(noted)
        else:
            service.attention.update(noted, after)


def _states(service: Service, tenant: str, account: str) -> Iterator[ItemState]:
    cursor = None
    for _ in range(_MOST_PAGES):
        page, cursor = service.items.page(tenant, account, cursor, _PAGE)
        yield from (row.state for row in page)
        if cursor is None:
            return
