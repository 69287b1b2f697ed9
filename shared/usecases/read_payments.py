"""Read back whether published documents were paid in the accounting software, and write it to their items.

The software is asked what has changed since it was last asked, never for a document by itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from shared.aws.log import count, logger
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError
from shared.domain.items import ItemState, PaymentStatus, Published, TimelineEntry
from shared.providers.contract import CallFailed, Provider, Session, Standing, TellsPayments
from shared.providers.facts import Profile
from shared.usecases.service import Service
from shared.usecases.update_connection import update_connection

Call = Callable[[Session], Sequence[Standing]]
Ask = Callable[[Call], Sequence[Standing]]
PAGE: Final = 250  # items; the newest page says which collections are asked about
MOST_PAGES: Final = 8  # read in search of what has changed there
WATCHED_FOR: Final = timedelta(days=180)  # a document that is not paid by then is not looked at again
CLOCKS_DIFFER: Final = timedelta(minutes=2)
_OPEN: Final = frozenset({None, PaymentStatus.UNPAID})
Where = tuple[str, str]  # the provider's collection, and its id of a document there


def read_payments(service: Service, connection: Connection, provider: Provider, ask: Ask) -> int:
    """Bring the payment status of what this connection published up to date; returns how many items changed.

    One pass over what changed for each collection of which something is unpaid, or one for all where the software has
    such a call. What a call cannot answer is asked again at the next refresh. `ask` makes a call; it raises
    LimitReached, AccessLost and OutOfTime, which are the caller's.
    """
    if not isinstance(provider, TellsPayments):
        return 0
    watched = _Watched(service, connection)
    began, changed, read = service.clock.now(), 0, []
    for resources, since in _asked(connection, provider.profile, watched.unpaid_since()):
        try:
            told = ask(_call(provider, resources, since))
        except CallFailed as failed:
            logger.info("payments could not be read", extra={"code": failed.problem.code})
            continue
        changed += watched.write(told, provider.profile)
        read += [resource for resource in resources if resource not in watched.missed]
    if read:
        _remember(service, connection, dict.fromkeys(read, began - CLOCKS_DIFFER))
    count("payments_read_back", changed)
    return changed


def _call(provider: TellsPayments, resources: Sequence[str], since: datetime) -> Call:
    return lambda session: provider.standings(session, resources, since)


def _asked(
    connection: Connection, profile: Profile, unpaid: Mapping[str, datetime]
) -> Iterator[tuple[list[str], datetime]]:
    """What to ask for: collections, and since when. What changed before the oldest unpaid one was published is no news.

    A collection that was asked about before is asked from there on.
    """
    since = {
        resource: connection.payments_read.get(resource, oldest - CLOCKS_DIFFER) for resource, oldest in unpaid.items()
    }
    if profile.delta_together and since:
        yield sorted(since), min(since.values())
    else:
        yield from (([resource], at) for resource, at in sorted(since.items()))


def _remember(service: Service, connection: Connection, read: Mapping[str, datetime]) -> None:
    def change(stored: Connection) -> tuple[Connection] | None:
        after = replace(stored, payments_read={**stored.payments_read, **read})
        return None if after == stored else (after,)

    update_connection(service, connection, change)


@dataclass
class _Watched:
    """The account's items, newest first, read page by page and no further than needed."""

    service: Service
    connection: Connection
    found: dict[Where, ItemState] = field(default_factory=dict)  # what this connection published
    missed: set[str] = field(default_factory=set)  # collections of which something could not be written
    pages: int = 0
    cursor: str | None = None

    def unpaid_since(self) -> dict[str, datetime]:
        """When the oldest unpaid document was published, by collection, of the newest page of items."""
        self._more()
        earliest = self.service.clock.now() - self.service.clock.scale(WATCHED_FOR)
        oldest: dict[str, datetime] = {}
        for (resource, _), state in self.found.items():
            there = _published(state)
            if _may_be_paid(there) and there.payment_status in _OPEN and there.at >= earliest:
                oldest[resource] = min(there.at, oldest.get(resource, there.at))
        return oldest

    def write(self, told: Iterable[Standing], profile: Profile) -> int:
        """Keep what was told of documents that are ours; returns how many items changed."""
        statuses = {(one.resource, one.document_id): one.status for one in told}
        changed = 0
        while statuses:
            for where in statuses.keys() & self.found.keys():
                changed += self._write(where, statuses.pop(where), profile)
            if self.pages >= MOST_PAGES or self.cursor is None:
                break
            if statuses:
                self._more()
        return changed

    def _more(self) -> None:
        tenant, account = self.connection.tenant, self.connection.account
        rows, self.cursor = self.service.items.page(tenant, account, self.cursor, PAGE)
        self.pages += 1
        for state in (row.state for row in rows):
            there = state.published
            if there is None or there.connection != self.connection.id:
                continue
            if there.organisation == self.connection.pinned.id:
                self.found[there.document_type, there.document_id] = state

    def _write(self, where: Where, status: str, profile: Profile) -> bool:
        """Keep what was seen, where it is news; what is lost to somebody else's change is asked for again."""
        state, paid = self.found[where], profile.payment_statuses.get(status)
        there = _published(state)
        if paid is None or not _may_be_paid(there) or (paid, status) == (there.payment_status, there.status):
            return False
        after = replace(state, published=replace(there, payment_status=paid, status=status))
        tenant, account, clock = self.connection.tenant, self.connection.account, self.service.clock
        try:
            self.found[where] = self.service.items.update_state(tenant, account, after)
        except ConflictError:
            self.missed.add(where[0])
            return False
        if paid is not there.payment_status and (there.payment_status, paid) != (None, PaymentStatus.UNPAID):
            entry = TimelineEntry(clock.now(), "", f"item.{paid.value}", {"status": status})
            self.service.items.append_timeline(tenant, account, state.item, entry)
        return True


def _published(state: ItemState) -> Published:
    if state.published is None:
        raise TypeError("only published items are kept")
    return state.published


def _may_be_paid(there: Published) -> bool:
    """Money that was spent or received is its own payment."""
    return there.destination is None or not there.destination.moves_money
