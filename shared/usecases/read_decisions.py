"""Read back what people decided on published documents, and write it to their items.

Through the books, the document's own status there is the fact; the software in which people decide adds when and by
whom, where it can be asked and the request can be told for certain. Over its API, its request is the fact.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from shared.aws.log import count, logger
from shared.domain.approvals import (
    GIVEN_UP_AFTER,
    Approval,
    ApprovalOutcome,
    Awaiting,
    Decision,
    look_again_in,
)
from shared.domain.connections import Connection, ConnectionStatus
from shared.domain.errors import ConflictError, LedgerbridgeError
from shared.domain.ids import new_id
from shared.domain.items import ItemState, TimelineEntry
from shared.domain.limits import Work
from shared.domain.publishing import Batch, BatchStatus, ElementAnswer, FactKind, Member
from shared.providers.contract import AccessLost, CallFailed, Decides, LimitReached, Session, amount_text
from shared.usecases.await_decision import plan_look
from shared.usecases.service import Service
from shared.usecases.sessions import settle_calls, with_token

T = TypeVar("T")

PAGE: Final = 200  # documents looked up together
CALL_TIME: Final = timedelta(seconds=40)  # a call and the writes after it
CLOCKS_DIFFER: Final = timedelta(minutes=2)
_SCHEMA: Final = 1


def decisions_message(tenant: str, account: str, connection: str) -> dict[str, Any]:
    """The refresh queue's message that has decisions read."""
    return {"schema": _SCHEMA, "kind": "decisions", "tenant": tenant, "account": account, "connection": connection}


def read_decisions(
    service: Service, tenant: str, account: str, connection_id: str, deadline: datetime, *, plan: bool = True
) -> None:
    """Read the decisions that a connection's documents wait for, and plan the next look while some still wait.

    `deadline` is when the invocation ends (UTC). May run twice at once. Failures of the provider are for the next
    look; a limit that is reached puts that off.
    """
    connection = service.connections.get(tenant, account, connection_id)
    if connection is None or not connection.is_live:
        return
    look = _Look(service, connection, deadline)
    youngest, after, until = None, None, service.clock.now()
    try:
        while rows := service.approvals.page(tenant, account, connection_id, after, PAGE):
            if service.clock.now() + CALL_TIME >= deadline:
                youngest = youngest or rows[-1].sent_at
                break
            left = look.settle(rows)
            youngest = max((row.sent_at for row in left), default=youngest)
            after = rows[-1].item
    except LimitReached as limit:
        youngest, until = service.clock.now(), limit.blocked.until
    finally:
        look.end()
    if plan and youngest is not None:
        age = (service.clock.now() - youngest) * service.clock.pace
        at = max(until, service.clock.now() + service.clock.scale(look_again_in(age)))
        plan_look(service, tenant, account, connection_id, at)


def take_decision_notice(service: Service, provider: str, organisation: str, deadline: datetime) -> int:
    """A webhook said that somebody decided: every connection that holds the organisation looks; returns how many."""
    holders = service.organisations.holders(provider, organisation)
    for holder in holders:
        read_decisions(service, holder.tenant, holder.account, holder.connection, deadline, plan=False)
    return len(holders)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a look showed of one document."""

    outcome: ApprovalOutcome
    status: str
    at: datetime | None = None
    by: str | None = None


class _Look:
    """One look at everything that waits for a connection's people."""

    def __init__(self, service: Service, connection: Connection, deadline: datetime) -> None:
        self.service = service
        self.connection = connection
        self.deadline = deadline
        self._called: dict[str, Connection] = {}

    def settle(self, rows: Sequence[Awaiting]) -> list[Awaiting]:
        """Write what was decided to the items; returns what is still waiting."""
        ids = [row.item for row in rows]
        states = self.service.items.batch_states(self.connection.tenant, self.connection.account, ids)
        waiting = []
        for row in rows:
            if _awaits(states.get(row.item), row):
                waiting.append(row)
            else:
                self.service.approvals.done(row)  # cleared, or written before its worker died
        seen = self._seen(waiting, states)
        return [row for row in waiting if not self._write(row, states[row.item], seen.get(row.item))]

    def end(self) -> None:
        for one in self._called.values():
            settle_calls(self.service, one.provider, one.pinned.id, Work.REFRESH)

    # --- asking
    def _seen(self, rows: Sequence[Awaiting], states: Mapping[str, ItemState]) -> dict[str, _Seen]:
        own = [row for row in rows if row.through == self.connection.id]
        found: dict[str, _Seen] = {}
        for (through, resource), some in _grouped(row for row in rows if row.through != self.connection.id).items():
            found |= self._in_books(through, resource, some)
        decided = [row for row in rows if row.item in found and found[row.item].outcome is not ApprovalOutcome.PENDING]
        if not own and not decided:
            return found
        decisions = self._decisions([*own, *decided])
        by_request = {one.request.lower(): one for one in decisions}
        for row in own:
            decision = by_request.get(row.document_id.lower())
            if decision is not None:
                found[row.item] = _Seen(decision.outcome, decision.outcome.value, decision.at, decision.by)
        for row in decided:
            found[row.item] = _with_person(found[row.item], states[row.item], decisions)
        return found

    def _in_books(self, through: str, resource: str, rows: Sequence[Awaiting]) -> dict[str, _Seen]:
        """The documents' own statuses, found by the markers they carry, in few calls for all."""
        connection = self.service.connections.get(self.connection.tenant, self.connection.account, through)
        if connection is None:
            return {}
        batch = looked_up(connection, resource, rows)
        provider = self.service.provider(connection.provider)

        def find(session: Session) -> list[ElementAnswer]:
            return provider.find(session, batch, frozenset())

        statuses = provider.profile.approval_statuses
        answers = {answer.marker: answer for answer in self._ask(connection, find) or ()}
        return {
            row.item: _Seen(statuses.get(answer.status or "", ApprovalOutcome.PENDING), answer.status or "")
            for row in rows
            if (answer := answers.get(row.marker)) is not None
        }

    def _decisions(self, rows: Sequence[Awaiting]) -> Sequence[Decision]:
        provider = self.service.provider(self.connection.provider)
        if not isinstance(provider, Decides):
            return ()
        since = min(row.sent_at for row in rows) - CLOCKS_DIFFER
        pinned = self.connection.pinned
        return self._ask(self.connection, lambda session: provider.decisions(session, pinned, since)) or ()

    def _ask(self, connection: Connection, call: Callable[[Session], T]) -> T | None:
        """What a call brought; None where it failed, which is for the next look. Raises LimitReached."""
        if connection.status is not ConnectionStatus.ACTIVE:
            return None
        self._called[connection.id] = connection
        try:
            return with_token(self.service, connection, call, deadline=self.deadline, work=Work.REFRESH)
        except (CallFailed, AccessLost) as failed:
            logger.info("decisions could not be read", extra={"code": failed.problem.code})
        except LedgerbridgeError as failed:
            logger.info("decisions could not be read", extra={"code": failed.problem.code})
        return None

    # --- writing
    def _write(self, row: Awaiting, state: ItemState, seen: _Seen | None) -> bool:
        """Write a decision to its item; True when nothing is awaited any more."""
        if seen is None or seen.outcome is ApprovalOutcome.PENDING:
            given_up = self.service.clock.now() - row.sent_at >= self.service.clock.scale(GIVEN_UP_AFTER)
            if given_up:
                self.service.approvals.done(row)
            return given_up
        if state.published is None:
            return False
        approval = Approval(row.connection, seen.outcome, seen.at, seen.by)
        published = replace(state.published, approval=approval, status=seen.status)
        try:
            self.service.items.update_state(row.tenant, row.account, replace(state, published=published))
        except ConflictError:
            return False  # changed in this moment: the next look sees it as it is then
        details: dict[str, object] = {"at": seen.at.isoformat() if seen.at else None, "by": seen.by}
        entry = TimelineEntry(self.service.clock.now(), "", f"approval.{seen.outcome.value}", details)
        self.service.items.append_timeline(row.tenant, row.account, row.item, entry)
        self.service.approvals.done(row)
        count(f"documents_{seen.outcome.value}")
        return True


def _awaits(state: ItemState | None, row: Awaiting) -> bool:
    published = state.published if state is not None else None
    approval = published.approval if published is not None else None
    if published is None or approval is None or approval.connection != row.connection:
        return False
    return published.document_id == row.document_id and approval.outcome is ApprovalOutcome.PENDING


def _grouped(rows: Iterable[Awaiting]) -> dict[tuple[str, str], list[Awaiting]]:
    groups: dict[tuple[str, str], list[Awaiting]] = defaultdict(list)
    for row in rows:
        groups[(row.through, row.resource)].append(row)
    return groups


def looked_up(connection: Connection, resource: str, rows: Sequence[Awaiting]) -> Batch:
    """The documents as one batch that was sent, for looking it up; it is never stored."""
    sent_at = min(row.sent_at for row in rows)
    batch_id = new_id(sent_at)
    return Batch(
        id=batch_id,
        claim=batch_id,
        tenant=connection.tenant,
        account=connection.account,
        connection=connection.id,
        provider=connection.provider,
        organisation=connection.pinned.id,
        fact=FactKind.DOCUMENTS,
        resource=resource,
        key=batch_id,
        status=BatchStatus.UNKNOWN,
        members=tuple(Member(row.item, row.marker, {}, row.account) for row in rows),
        created_at=sent_at,
        first_sent_at=sent_at,
    )


def _with_person(seen: _Seen, state: ItemState, decisions: Sequence[Decision]) -> _Seen:
    """When and by whom, where exactly one request can be this bill: by its page, else by all that is known of it."""
    summary, published = state.summary, state.published
    if published is None:
        return seen
    total = published.total if published.total is not None else summary.total
    decided = [one for one in decisions if one.outcome is seen.outcome]
    linked = [one for one in decided if published.document_id in one.page]
    same = linked or [
        one
        for one in decided
        if one.number == (summary.number or "")
        and one.currency == summary.currency
        and one.total == amount_text(total)
        and (summary.date is None or one.date in {"", summary.date.isoformat()})
    ]
    return replace(seen, at=same[0].at, by=same[0].by) if len(same) == 1 else seen
