"""Read back whether published documents were paid in the accounting software, and write it to their items.

The software is asked what has changed since it was last asked, never for a document by itself.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from shared.aws.log import count, logger
from shared.domain.claims import is_claim
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError
from shared.domain.items import ItemState, PaymentStatus, Published, TimelineEntry
from shared.domain.watched import Watched, is_document_of, is_open, short
from shared.providers.contract import CallFailed, Provider, Session, Standing, TellsPayments
from shared.providers.facts import Profile
from shared.usecases.service import Service
from shared.usecases.update_connection import update_connection
from shared.usecases.watch_payments import watched_documents

Call = Callable[[Session], Sequence[Standing]]
Ask = Callable[[Call], Sequence[Standing]]
AT_ONCE: Final = 100  # items read together
CLOCKS_DIFFER: Final = timedelta(minutes=2)
Where = tuple[str, str]  # the provider's collection, and the short name of a document there


def read_payments(service: Service, connection: Connection, provider: Provider, ask: Ask) -> int:
    """Bring the payment status of what this connection published up to date; returns how many items changed.

    One pass over what changed for each collection of which something that is watched is unpaid, or one for all where
    the software has such a call. What a call cannot answer is asked again at the next refresh. `ask` makes a call; it
    raises LimitReached, AccessLost and OutOfTime, which are the caller's.
    """
    if not isinstance(provider, TellsPayments):
        return 0
    watched = _Watching(service, connection, watched_documents(service, connection))
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
class _Watching:
    """What is watched in the connection's organisation; the items are read where something changed."""

    service: Service
    connection: Connection
    rows: Sequence[Watched]
    missed: set[str] = field(default_factory=set)  # collections of which something could not be written

    def unpaid_since(self) -> dict[str, datetime]:
        """Since when there is something unpaid, by collection."""
        oldest: dict[str, datetime] = {}
        for row in self.rows:
            if row.open:
                oldest[row.resource] = min(row.at, oldest.get(row.resource, row.at))
        return oldest

    def write(self, told: Iterable[Standing], profile: Profile) -> int:
        """Keep what was told of documents that are ours; returns how many items changed."""
        by_name = {(one.resource, short(one.document_id)): one for one in told}
        changed = 0
        now_open: dict[int, dict[str, bool]] = defaultdict(dict)
        for some in _slices(self._ours(by_name)):
            states = self._states(item for _, _, item in some)
            for number, name, item in some:
                one = by_name[self.rows[number].resource, name]
                state = states.get(item)
                if state is None or not self._is_its(state, one):
                    now_open[number][name] = False
                    continue
                after, written = self._write(state, one.status, profile)
                changed += written
                now_open[number][name] = is_open(_published(after))
        self._sort(now_open)
        return changed

    def _ours(self, told: Mapping[Where, Standing]) -> Iterator[tuple[int, str, str]]:
        """What was told of: the place of its row, the document's short name, and its item."""
        for number, row in enumerate(self.rows):
            for name, item in row.documents.items():
                if (row.resource, name) in told:
                    yield number, name, item

    def _is_its(self, state: ItemState, one: Standing) -> bool:
        return is_document_of(state, self.connection.pinned.id, one.resource, one.document_id)

    def _sort(self, now_open: Mapping[int, Mapping[str, bool]]) -> None:
        """Keep in the rows what is open and settled by now, after the items say so."""
        for number, documents in now_open.items():
            row = self.rows[number]
            after = row.sorted_anew(documents)
            if after != row:
                try:
                    self.service.watched.update(after)
                except ConflictError:
                    self.missed.add(row.resource)

    def _states(self, items: Iterable[str]) -> Mapping[str, ItemState]:
        return self.service.items.batch_states(self.connection.tenant, self.connection.account, items)

    def _write(self, state: ItemState, status: str, profile: Profile) -> tuple[ItemState, int]:
        """Keep what was seen, where it is news, of an item and of those inside it; what is lost to somebody else's
        change is asked for again. Returns the item as it is then, and how many were changed.
        """
        paid = profile.payment_statuses.get(status)
        if paid is None:
            return state, 0
        inside = self._inside(state) if is_claim(state) else []
        after, *others = (self._keep(one, paid, status) for one in (state, *inside))
        return after or state, (after is not None) + sum(other is not None for other in others)

    def _inside(self, claim: ItemState) -> list[ItemState]:
        """The items inside a claim, as far as its document is theirs."""
        item = self.service.items.get(self.connection.tenant, self.connection.account, claim.item)
        there = _published(claim)
        states = self._states(item.items) if item is not None else {}
        where = there.organisation, there.document_type, there.document_id
        return [one for one in states.values() if one.claim == claim.item and is_document_of(one, *where)]

    def _keep(self, state: ItemState, paid: PaymentStatus, status: str) -> ItemState | None:
        """The item with what was seen; None where it said so already, or somebody else changed it just now."""
        there = _published(state)
        if (paid, status) == (there.payment_status, there.status):
            return None
        after = replace(state, published=replace(there, payment_status=paid, status=status))
        tenant, account, clock = self.connection.tenant, self.connection.account, self.service.clock
        try:
            after = self.service.items.update_state(tenant, account, after)
        except ConflictError:
            self.missed.add(there.document_type)
            return None
        if paid is not there.payment_status and (there.payment_status, paid) != (None, PaymentStatus.UNPAID):
            entry = TimelineEntry(clock.now(), "", f"item.{paid.value}", {"status": status})
            self.service.items.append_timeline(tenant, account, state.item, entry)
        return after


def _slices(found: Iterator[tuple[int, str, str]]) -> Iterator[list[tuple[int, str, str]]]:
    while some := list(islice(found, AT_ONCE)):
        yield some


def _published(state: ItemState) -> Published:
    if state.published is None:
        raise TypeError("only published items are kept")
    return state.published
