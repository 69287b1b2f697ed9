"""One worker's turn at one organisation: what it holds, how it calls, and why it may have to stop."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, TypeVar

from shared.domain.accounts import Account
from shared.domain.catalogue import kind_of
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError, Handling, LedgerbridgeError, Problem, fail
from shared.domain.items import Item, ItemState
from shared.domain.publishing import Answered, Batch, Member, PendingMarker
from shared.domain.settling import Patience
from shared.domain.standing import Standing
from shared.providers.contract import AccessLost, CallFailed, Provider, Session
from shared.usecases.access_token import Access, access_token
from shared.usecases.entry_cache import EntryCache
from shared.usecases.service import Service
from shared.usecases.sessions import OutOfTime, with_token

T = TypeVar("T")

# The longest a provider call may take (transport.HTTP_DEADLINE), and what the writes after it need.
CALL_DEADLINE: Final = timedelta(seconds=20)
AFTER_CALL: Final = timedelta(seconds=20)


class NotBefore(Exception):
    """A batch cannot go on before `until`, and nothing else of its organisation does, unless it waits alone.

    `failing` is why the provider, working otherwise, fails at this batch: the others do not wait for it. Nor do they
    for one that is done but for what the provider is still working at (`alone`), nor for an element that `rests`,
    proven absent, before it is sent again.
    """

    def __init__(
        self, until: datetime, failing: Problem | None = None, *, alone: bool = False, rests: bool = False
    ) -> None:
        super().__init__(until.isoformat())
        self.until = until
        self.failing = failing
        self.alone = alone
        self.rests = rests


@dataclass(slots=True)
class Drain:
    """The lease's holder at work. `epoch` fences its writes, `deadline` is the invocation's own end (UTC)."""

    service: Service
    tenant: str
    provider_name: str
    organisation: str
    epoch: int
    deadline: datetime
    entries: EntryCache
    standing: Standing
    progress: int = 0  # documents published in this turn
    refused_suppliers: dict[str, Problem] = field(default_factory=dict)
    passed: list[NotBefore] = field(default_factory=list)  # failing batches that others went past
    waiting_suppliers: set[str] = field(default_factory=set)  # entries in such batches
    closed_resources: set[str] = field(default_factory=set)  # whose documents could not be told from such batches'
    pooled: list[Answered] | None = None  # batches whose files wait for those of others; None where each goes by itself
    connections: dict[str, Connection] = field(default_factory=dict)
    reminded: set[str] = field(default_factory=set)  # connections whose decisions are looked at soon
    _secondaries: dict[str, Connection] = field(default_factory=dict)
    _accounts: dict[str, Account] = field(default_factory=dict)
    _tokens: dict[str, Access] = field(default_factory=dict)
    _states: dict[str, ItemState] = field(default_factory=dict)
    _held: dict[str, tuple[str, ItemState]] = field(default_factory=dict)  # account and what is stored, by item
    _items: dict[str, Item] = field(default_factory=dict)
    _token_lock: Lock = field(default_factory=Lock)

    @property
    def provider(self) -> Provider:
        return self.service.provider(self.provider_name)

    def now(self) -> datetime:
        return self.service.clock.now()

    # --- calls
    def need_time_for_a_call(self) -> None:
        """Raises OutOfTime when a call that starts now might outlive the invocation."""
        if self.now() + CALL_DEADLINE + AFTER_CALL >= self.deadline:
            raise OutOfTime

    def patience(self) -> Patience:
        facts = self.provider.profile.publishing
        scale = self.service.clock.scale
        return Patience(scale(facts.key_lifetime), facts.key_bound_to_token, scale(facts.settle))

    def access(self, connection: Connection, refused_version: int | None = None) -> Access:
        """The access token to use, renewed where `refused_version` is the one the provider refused.

        Raises AccessLost where only a person's new consent helps, CallFailed (nothing was sent) where time does.
        """
        if connection.grant is None:
            raise AccessLost(Problem("connection_expired"))
        with self._token_lock:  # files go up in several threads
            held = self._tokens.get(connection.grant)
            if held is None or held.token_version == refused_version or not held.is_fresh(self.now()):
                try:
                    held = access_token(self.service, self.tenant, connection.grant, refused_version=refused_version)
                except LedgerbridgeError as error:
                    raise _without_token(error.problem) from error
                self._tokens[connection.grant] = held
            return held

    def call(self, connection: Connection, attempt: Callable[[Session, Access], T]) -> T:
        """Run one provider call; a refused token is renewed once and the attempt repeated, then access is lost.

        Raises LimitReached (remembered for every worker), CallFailed and AccessLost (the connection is marked).
        """

        def tell(session: Session) -> T:
            return attempt(session, tokens[-1])

        tokens: list[Access] = []

        def token(refused_version: int | None) -> Access:
            tokens.append(self.access(connection, refused_version))
            return tokens[-1]

        return with_token(self.service, connection, tell, deadline=self.deadline, token=token)

    # --- what this turn has read; nobody else publishes for this organisation while it holds the lease
    def connection(self, account: str, connection: str) -> Connection:
        """The connection as it was when this turn first met it."""
        if connection not in self.connections:
            found = self.service.connections.get(self.tenant, account, connection)
            if found is None:
                raise fail("no_connection")
            self.connections[connection] = found
        return self.connections[connection]

    def behalf(self, marker: PendingMarker) -> Connection | None:
        """The secondary that an item goes to through the main connection's books, as this turn first met it."""
        if marker.behalf is None:
            return None
        if marker.behalf not in self._secondaries:
            found = self.service.connections.get(self.tenant, marker.account, marker.behalf)
            if found is None:
                raise fail("no_connection")
            self._secondaries[marker.behalf] = found
        return self._secondaries[marker.behalf]

    def account(self, account: str) -> Account:
        if account not in self._accounts:
            found = self.service.accounts.get(self.tenant, account)
            if found is None:
                raise fail("not_found", field="account")
            self._accounts[account] = found
            self.entries.of(found)
        return self._accounts[account]

    def states(self, account: str, items: Iterable[str]) -> Mapping[str, ItemState]:
        """The items' states; those that this turn has read or written are not read again."""
        wanted = list(items)
        unread = [item for item in wanted if item not in self._states]
        if unread:
            self._states.update(self.service.items.batch_states(self.tenant, account, unread))
        return {item: self._states[item] for item in wanted if item in self._states}

    def read_items(self, account: str, items: Iterable[str]) -> Mapping[str, Item]:
        """The items' contents as they are now; what is read before a claim is what the claim holds fast."""
        found = self.service.items.batch_get(self.tenant, account, items)
        self._items.update(found)
        return found

    def claimed_items(self, account: str, items: Iterable[str]) -> Mapping[str, Item]:
        """Contents of items that a batch has claimed: nobody changes them, so that each is read once a turn."""
        wanted = list(items)
        unread = [item for item in wanted if item not in self._items]
        if unread:
            self.read_items(account, unread)
        return {item: self._items[item] for item in wanted if item in self._items}

    def hold_state(self, account: str, state: ItemState) -> None:
        """Take note of an item's new state, to be written once: with what follows, or by `write_held`."""
        self._held.setdefault(state.item, (account, self._states[state.item]))
        self._states[state.item] = state

    def write_held(self) -> None:
        """Write the states that nothing has followed yet."""
        for item, (account, _) in list(self._held.items()):
            self.save_state(account, self._states[item])

    def save_state(self, account: str, state: ItemState) -> None:
        """Write an item's state; a person's change in between (a move, a new look at its coding) stays under our facts.

        Raises ConflictError where the facts are not those that this turn has seen: then another holder was here, and
        this one was held up past its lease.
        """
        _, before = self._held.pop(state.item, (account, self._states[state.item]))
        try:
            self._states[state.item] = self.service.items.update_state(self.tenant, account, state)
        except ConflictError:
            current = self.service.items.state(self.tenant, account, state.item)
            if current is None or _facts(current) != _facts(before):
                raise
            ours = replace(
                current,
                stage=state.stage,
                place=state.place,
                reasons=state.reasons,
                last_error=state.last_error,
                published=state.published,
            )
            self._states[state.item] = self.service.items.update_state(self.tenant, account, ours)

    def marker(self, batch: Batch, member: Member) -> PendingMarker:
        """The marker that a batch's member was claimed with, as far as its key and claim go."""
        return PendingMarker(
            tenant=batch.tenant,
            account=batch.account,
            connection=batch.connection,
            provider=batch.provider,
            organisation=batch.organisation,
            item=member.subject,
            item_version=0,
            generation=0,
            queued_at=batch.created_at,
            batch=batch.claim,
        )

    def remember(self, connection: Connection) -> None:
        """Write what this turn learned of a connection; when somebody else changed it meanwhile, theirs stands."""
        try:
            self.connections[connection.id] = self.service.connections.update(connection)
        except ConflictError:
            self.connections.pop(connection.id, None)


def _facts(state: ItemState) -> tuple[object, ...]:
    """What only the publisher writes."""
    return state.generation, state.published, state.last_error


def _without_token(problem: Problem) -> AccessLost | CallFailed:
    if kind_of(problem).handling is Handling.ASK_USER:
        return AccessLost(problem)
    return CallFailed(problem, sent=False)
