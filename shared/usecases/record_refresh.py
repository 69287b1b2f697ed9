"""What a refresh leaves on the connection and its account: facts, health of each list, first activation, the report."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from shared.domain.accounts import Account
from shared.domain.bank_reading import BankReading
from shared.domain.catalogue import kind_of
from shared.domain.connections import Connection, ConnectionStatus, ListHealth, Organisation, Refreshing, Slot
from shared.domain.errors import ConflictError, Handling, Problem
from shared.domain.lists import ESSENTIAL_KINDS, Kind
from shared.domain.outgoing import EventType
from shared.domain.refresh_requests import ALL, RECONNECTED, RefreshRequest
from shared.domain.refreshing import Counts, next_refresh, retry_wait
from shared.storage.accounts import recoding
from shared.storage.operations import Operation
from shared.usecases.connection_news import tell_of_connection
from shared.usecases.count_failed import count_failed
from shared.usecases.follow_change import follow_change_to
from shared.usecases.happenings import happened
from shared.usecases.note_attention import note_attention
from shared.usecases.pull_lists import Pulled
from shared.usecases.service import Service

TRIES: Final = 8  # against other writers of the same connection: settings, pausing, the publish worker
REPORTED_ONCE_IN: Final = timedelta(days=1)  # a message delivered twice, or repeated by its guard, ends once
SCHEDULE: Final = "schedule"
RETRY: Final = "retry"


def record_facts(service: Service, connection: Connection, facts: Organisation) -> tuple[Connection, bool]:
    """Store what the provider says of the organisation; True when it changed. The coding version moves with it then,
    in one write: who dies in between leaves no item judged by the facts before.
    """

    def with_facts(stored: Connection) -> Connection:
        return replace(stored, organisation=_with_what_was_known(facts, stored.pinned))

    before = connection.organisation
    recode = recoding(connection.tenant, connection.account) if connection.is_linked else None
    after = _change(service, connection, with_facts, beside=recode)
    return after, before != after.organisation and after.is_linked


def _with_what_was_known(facts: Organisation, pinned: Organisation) -> Organisation:
    """Facts with what was learned at the choice: a secondary may tell less of itself than the main one knows of it."""
    told = facts.ledger is not None and facts.ledger.organisation is not None
    return replace(
        facts,
        id=pinned.id,
        removal_id=pinned.removal_id,
        base_currency=facts.base_currency or pinned.base_currency,
        country=facts.country or pinned.country,
        ledger=facts.ledger if told else pinned.ledger,
    )


def record_change(service: Service, connection: Connection, counts: Mapping[Kind, Counts]) -> bool:
    """Move the coding version when entries changed that items may refer to; True when it did.

    A new entry changes nothing for items that cannot name it yet, but a new currency does: items name its code.
    Entries lie in another table and are too many for one write with the account: who dies between them and this finds
    them changed once more, as the digest records that tell of a change are written last.
    """
    new_currencies = counts.get(Kind.CURRENCIES, Counts()).added
    if not new_currencies and not any(change.touched_known for change in counts.values()):
        return False
    if connection.successor_of is not None:
        return False  # no item refers to its book yet: the switch moves the coding version
    service.accounts.bump_coding_version(connection.tenant, connection.account)
    return True


def record_begun(service: Service, connection: Connection, request: RefreshRequest) -> Connection:
    """Store which refresh is under way; one that goes on, or is delivered again, is known already."""
    kinds = tuple(sorted(request.kinds or ()))
    begun = Refreshing(request.id, request.reason, request.requested_at, kinds)

    def with_begun(stored: Connection) -> Connection:
        known = stored.refreshing is not None and stored.refreshing.id == request.id
        return stored if known else replace(stored, refreshing=begun)

    return _change(service, connection, with_begun)


def record_lists(
    service: Service, connection: Connection, pulled: Pulled, request: RefreshRequest
) -> tuple[Connection, bool]:
    """Store how lists ended; active, and True, once what nothing can be coded without is in.

    The successor of a main connection waits for the switch, whatever lists are in.
    """
    after = _change(service, connection, lambda stored: _progressed(_with_lists(stored, pulled), pulled, request))
    if after.successor_of is not None:
        return after, False
    if after.status is ConnectionStatus.IMPORTING and _essentials_are_in(service, after):
        return _activate(service, after), True
    return after, False


def record_bank_reading(service: Service, connection: Connection, reading: BankReading) -> Connection:
    """Store how far the bank transactions are read."""
    return _change(service, connection, lambda stored: replace(stored, bank_reading=reading))


def _with_lists(stored: Connection, pulled: Pulled) -> Connection:
    lists = dict(stored.lists)
    for kind, health in pulled.healths.items():
        old = lists.get(kind) or ListHealth(kind)
        full_at = health.last_full_at or old.last_full_at
        lists[kind] = replace(health, cursor=health.cursor or old.cursor, last_full_at=full_at)
    for kind, problem in pulled.problems.items():
        lists[kind] = replace(lists.get(kind) or ListHealth(kind), problem=problem)
    return replace(stored, lists=lists)


def _progressed(stored: Connection, pulled: Pulled, request: RefreshRequest) -> Connection:
    """How far the refresh is, for who looks; a later one's progress is left alone."""
    now = stored.refreshing
    if now is None or now.id != request.id:
        return stored
    done = {*now.done, *pulled.healths} - set(pulled.problems)
    failed = {*now.failed, *pulled.problems} - done
    counts = {kind.value: found.as_dict() for kind, found in request.counts.items()}
    moved = replace(now, done=tuple(sorted(done)), failed=tuple(sorted(failed)), counts=counts)
    return replace(stored, refreshing=moved)


def _ended(stored: Connection, request: RefreshRequest, now: datetime) -> Connection:
    at = stored.refreshing
    if at is None or at.id != request.id or at.ended_at is not None:
        return stored
    return replace(stored, refreshing=replace(at, ended_at=now))


def _essentials_are_in(service: Service, connection: Connection) -> bool:
    """Whether the lists that nothing can be coded without are in, as far as the software has them."""
    wanted = ESSENTIAL_KINDS.intersection(service.provider(connection.provider).profile.kinds)
    return all(kind in connection.lists and connection.lists[kind].last_good_at for kind in wanted)


def _activate(service: Service, connection: Connection) -> Connection:
    """Active for the first time, or again: in one transaction with the account's book and defaults, and the event."""
    for _ in range(TRIES):
        stored = service.connections.get(connection.tenant, connection.account, connection.id)
        account = service.accounts.get(connection.tenant, connection.account)
        if stored is None or account is None or stored.status is not ConnectionStatus.IMPORTING:
            return stored or connection
        activated_at = stored.activated_at or service.clock.now()
        active = replace(stored.moved(ConnectionStatus.ACTIVE), activated_at=activated_at)
        event = happened(
            service,
            account.id,
            "connection.activated",
            subject=stored.id,
            before={"status": stored.status.value, "current_book": account.current_book},
            after={"status": active.status.value, "organisation": stored.pinned.id, "name": stored.pinned.name},
        )
        tell_of_connection(service, active, EventType.CONNECTION_CONNECTED, "activated")
        try:
            return service.connections.update(active, event, account=with_defaults(account, active))
        except ConflictError:
            continue
    raise ConflictError("the connection is being changed by others all the time")


def with_defaults(account: Account, connection: Connection) -> Account:
    """The account once a connection is active: its book is the current one, and what had no default goes there."""
    if connection.slot is not Slot.MAIN:
        return account
    return replace(
        account.moved_to(connection.book.key),
        publishing_integration=account.publishing_integration or connection.slot.value,
        expense_claims_integration=account.expense_claims_integration or connection.slot.value,
    )


def _change(
    service: Service,
    connection: Connection,
    change: Callable[[Connection], Connection],
    *,
    beside: Operation | None = None,
) -> Connection:
    """Apply a change to the connection as stored now, with another write of its table in the same transaction; nothing
    is written when it changes nothing.
    """
    for _ in range(TRIES):
        changed = change(connection)
        if changed == connection:
            return connection
        try:
            return service.connections.update(changed, beside=beside)
        except ConflictError:
            stored = service.connections.get(connection.tenant, connection.account, connection.id)
            if stored is None:
                raise
            connection = stored
    raise ConflictError("the connection is being changed by others all the time")


def ask_recheck(service: Service, tenant: str, account: str) -> None:
    """Have the account's open items looked at again: something they refer to has changed."""
    body = {"schema": 1, "kind": "recheck", "tenant": tenant, "account": account}
    service.refresh_queue.send(body, group=tenant)


def plan_next(service: Service, connection: Connection) -> None:
    """The next regular refresh, written before the work of this one so that the chain never ends."""
    account = service.accounts.get(connection.tenant, connection.account)
    now = service.clock.now()
    at = next_refresh(now, refresh_every(account, connection), connection.id)
    _plan(service, connection, None, at - now, reason=SCHEDULE)


def refresh_every(account: Account | None, connection: Connection) -> timedelta:
    """How often a connection is refreshed: as its account wishes, else as its software asks for."""
    from shared.providers import registry

    if account is not None and account.refresh_hours is not None:
        return timedelta(hours=account.refresh_hours)
    return registry.profile(connection.provider).refresh_every


def _plan(
    service: Service,
    connection: Connection,
    kinds: Iterable[Kind] | None,
    wait: timedelta,
    *,
    reason: str,
    tries: int = 0,
) -> None:
    body = {
        "schema": 1,
        "kind": "refresh",
        "tenant": connection.tenant,
        "account": connection.account,
        "connection": connection.id,
        "kinds": ALL if kinds is None else sorted(kinds),
        "reason": reason,
        "tries": tries,
    }
    service.agenda.put("refresh", service.clock.now() + wait, connection.id, body)


def report_done(service: Service, connection: Connection, request: RefreshRequest, problem: Problem | None) -> None:
    """The event that ends a refresh: what changed in each list, and which failed. Those are asked for again later."""
    now = service.clock.now()
    connection = _change(service, connection, lambda stored: _ended(stored, request, now))
    failed = {
        Kind(kind): health.problem
        for kind, health in connection.lists.items()
        if health.problem and (request.kinds is None or kind in request.kinds)
    }
    after: dict[str, object] = {
        "refresh": request.id,
        "reason": request.reason,
        "calls": request.calls,
        "lists": {kind.value: counts.as_dict() for kind, counts in request.counts.items()},
        "failed": {kind.value: found.code for kind, found in failed.items()},
        "problem": problem.code if problem else None,
    }
    if request.reason == RECONNECTED:
        after["publish_again"] = count_failed(service, connection)
    event = happened(service, connection.account, "refresh.done", subject=connection.id, after=after)
    tell_of_connection(service, connection, EventType.REFRESH_DONE, request.id, **after)
    if failed:
        note_attention(service, connection.tenant, connection.account)
    if service.seen.first_time(f"refresh.done#{request.id}", REPORTED_ONCE_IN, service.clock.now()):
        service.events.append(connection.tenant, event)
    wait = retry_wait(request.tries)
    again = [kind for kind, found in failed.items() if kind_of(found).handling is not Handling.ASK_USER]
    if again and wait is not None:
        _plan(service, connection, again, wait, reason=RETRY, tries=request.tries + 1)
    if connection.successor_of is not None:
        follow_change_to(service, connection)
