"""Keep the tenant's list of accounts that wait for somebody: noted when something happens, looked at in the background.

An account comes onto the list at once. Counts, and leaving the list, lag: by five minutes after something happened in
the account, else by an hour at most. A look reads an account's newest 10,000 items; what is older is counted once a
day, in as many turns as it takes, and stands in the note between.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from shared.domain.attention import Attention, Cause, Older, counted, looked_at
from shared.domain.errors import ConflictError
from shared.domain.ids import new_id
from shared.domain.limits import window_start
from shared.storage.agenda import AgendaKind
from shared.usecases.service import Service

LOOK: Final = "attention"  # the refresh queue's message
FIRST_LOOK: Final = timedelta(minutes=5)
LONGEST_WAIT: Final = timedelta(hours=1)
_SCHEMA: Final = 1
PAGE: Final = 500
MOST_PAGES: Final = 20  # that a look reads, or a turn of counting what is older: 10,000 states
OLDER_FOR: Final = timedelta(hours=24)  # how long the count of older items stands
MOST_TURNS: Final = 100  # of one such count


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
    _send(service, tenant, account)


def _send(service: Service, tenant: str, account: str, **more: object) -> None:
    body = {"schema": _SCHEMA, "kind": LOOK, "tenant": tenant, "account": account, **more}
    service.refresh_queue.send(body, group=tenant)


def look_at_attention(service: Service, tenant: str, account: str, older: Mapping[str, Any] | None = None) -> None:
    """Count anew what waits in an account that is on the list, and take it off when nothing does.

    `older` is how far the count of its older items is, where the message goes on with that.
    """
    noted = service.attention.get(tenant, account)
    if noted is not None and older is not None:
        noted = _count_older(service, noted, older)
    if noted is None:
        return
    now = service.clock.now()
    found = counted(service.connections.of_account(tenant, account), (), now)
    newest, behind = _count(service, noted, None, noted.older.item if noted.older else None)
    found += newest
    known = service.accounts.get(tenant, account)
    gone = known is None or known.deleted_at is not None
    if behind is None:
        noted = replace(noted, older=None)
    elif noted.older is not None:
        found.update({Cause(cause): count for cause, count in noted.older.causes.items()})
    if behind is not None and not gone and _is_due(noted, behind, now):
        _send(service, tenant, account, older={"item": behind, "cursor": behind, "causes": {}, "turns": 1})
        if not found:
            return  # the older items may wait: the account leaves the list when they are counted
    after = None if gone else looked_at(noted, found, now)
    with suppress(ConflictError):  # somebody else looked at the same moment
        if after is None:
            service.attention.clear(noted)
        else:
            service.attention.update(noted, after)


def _is_due(noted: Attention, behind: str, now: datetime) -> bool:
    """Whether what lies behind an item is to be counted: nobody has, for a day, or from there on."""
    return noted.older is None or noted.older.item != behind or now - noted.older.at >= OLDER_FOR


def _count_older(service: Service, noted: Attention, said: Mapping[str, Any]) -> Attention | None:
    """One turn of counting the older items; None while another has to follow, or where somebody else came between."""
    found, cursor = _count(service, noted, said["cursor"], None)
    causes = Counter(said["causes"]) + Counter({cause.value: count for cause, count in found.items()})
    if cursor is not None and said["turns"] < MOST_TURNS:
        further = {**said, "cursor": cursor, "causes": dict(causes), "turns": said["turns"] + 1}
        _send(service, noted.tenant, noted.account, older=further)
        return None
    older = Older(said["item"], service.clock.now(), dict(causes))
    with suppress(ConflictError):  # the next look has them counted again
        return service.attention.update(noted, replace(noted, older=older))
    return None


def _count(
    service: Service, noted: Attention, cursor: str | None, last: str | None
) -> tuple[Counter[Cause], str | None]:
    """What waits of the account's items behind a cursor, newest first, `last` being the last one that is wanted.

    Up to 10,000 are read, and as many again to get to `last`: what arrived since it was the 10,000th. Returns the
    item behind which there may be more: `last` itself where it came so far, None at the end.
    """
    found: Counter[Cause] = Counter()
    now = service.clock.now()
    for _ in range(MOST_PAGES if last is None else 2 * MOST_PAGES):
        page, cursor = service.items.page(noted.tenant, noted.account, cursor, PAGE)
        states = [row.state for row in page]
        wanted = [state for state in states if last is None or state.item >= last]
        found += counted((), wanted, now)
        if len(wanted) < len(states):
            return found, last
        if cursor is None:
            return found, None
    return found, cursor
