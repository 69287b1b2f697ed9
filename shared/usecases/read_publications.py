"""How a bulk request is getting on: outcomes counted, totals compared, refusals with their reasons."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from shared.domain.accounts import Account
from shared.domain.connections import Connection, Settings, Slot
from shared.domain.errors import ConflictError, Problem
from shared.domain.items import FactOutcome, ItemState, ItemType, Side, Stage
from shared.domain.publishing import ControlTotal, PendingMarker, Publication, PublicationStatus
from shared.usecases.accept_publication import found_publication
from shared.usecases.expand_publication import Sums, as_totals
from shared.usecases.readiness import linked_connections
from shared.usecases.service import Service

_SLICE: Final = 500


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item that is not in the accounting software because of this request, and why."""

    item: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class TotalsCompared:
    """Control totals of one currency, destination and integration: of the items accepted, and of the documents there.

    `agrees` is None while documents are still on their way.
    """

    currency: str
    destination: str
    integration: Slot
    expected_count: int
    expected_total: Decimal
    published_count: int
    published_total: Decimal
    agrees: bool | None


@dataclass(frozen=True, slots=True)
class Progress:
    """A bulk request as it stands. Counts are of items; `waiting` still have to be expanded or sent.

    `published` counts documents; of those, `payments_failed` and `files_failed` miss a part. `unknown` are held for
    a person.
    """

    publication: Publication
    waiting: int
    sending: int
    published: int
    refused: int
    unknown: int
    payments_failed: int
    files_failed: int
    totals: tuple[TotalsCompared, ...]
    refusals: tuple[Refusal, ...]


def publication_progress(service: Service, account: Account, publication_id: str) -> Progress:
    """Read a bulk request with the states of its items; raises not_found.

    The first reading after the last item is settled marks the request done.
    """
    publication = found_publication(service, account, publication_id)
    linked = linked_connections(service, account)
    # Markers first: an item whose marker is gone has its outcome written already.
    pending = _pending(service, linked, publication)
    refused_here = dict(publication.refused)
    expanded = [item for item in publication.items[: publication.expanded] if item not in refused_here]
    states = _states(service, account, expanded)
    settled = [state for state in states if state.item not in pending]
    outcome = Counter(_outcome(state) for state in settled)
    refusals = [Refusal(item, problem) for item, problem in publication.refused]
    refusals += [Refusal(state.item, _why(state)) for state in settled if _outcome(state) is Stage.NEEDS_REVIEW]
    sending = sum(1 for marker in pending.values() if marker.batch is not None)
    # What a slice has queued already counts once, though the request does not yet say that it is expanded.
    untouched = [item for item in publication.items[publication.expanded :] if item not in pending]
    waiting = len(untouched) + len(pending) - sending
    over = waiting + sending == 0
    publication = _finished(service, publication, over=over)
    published = [state for state in settled if state.published is not None]
    there = {one.id: one for one in service.connections.of_account(account.tenant, account.id)}
    return Progress(
        publication=publication,
        waiting=waiting,
        sending=sending,
        published=len(published),
        refused=len(refusals),
        unknown=outcome[Stage.UNKNOWN],
        payments_failed=sum(1 for state in published if _failed(state, "payment")),
        files_failed=sum(1 for state in published if _failed(state, "attachment")),
        totals=tuple(compared(publication.expected, _provider_totals(published, there), over=over)),
        refusals=tuple(refusals),
    )


def _pending(service: Service, linked: Iterable[Connection], publication: Publication) -> dict[str, PendingMarker]:
    """The request's items that are queued or being sent, whoever queued them."""
    ours = set(publication.items)
    found = {}
    for connection in linked:
        for marker in service.items.pending(publication.tenant, connection.provider, connection.pinned.id):
            if marker.account == publication.account and marker.item in ours:
                found[marker.item] = marker
    return found


def _states(service: Service, account: Account, ids: Sequence[str]) -> list[ItemState]:
    states: list[ItemState] = []
    for start in range(0, len(ids), _SLICE):
        found = service.items.batch_states(account.tenant, account.id, ids[start : start + _SLICE])
        states += [found[item] for item in ids[start : start + _SLICE] if item in found]
    return states


def _outcome(state: ItemState) -> Stage:
    """Where an accepted item ended: published, unknown, or back with a person."""
    return state.stage if state.stage in {Stage.PUBLISHED, Stage.UNKNOWN} else Stage.NEEDS_REVIEW


def _why(state: ItemState) -> Problem:
    if state.last_error is not None:
        return state.last_error
    return state.reasons[0] if state.reasons else Problem("item_not_ready")


def _failed(state: ItemState, fact: str) -> bool:
    """Whether a payment or a file is not there, or is not known to be: publishing the item again asks for it alone."""
    found = getattr(state.published, fact)
    return found is not None and found.outcome in {FactOutcome.FAILED, FactOutcome.UNKNOWN}


def _finished(service: Service, publication: Publication, *, over: bool) -> Publication:
    if not over or publication.status is not PublicationStatus.RUNNING:
        return publication
    try:
        return service.publications.update(replace(publication, status=PublicationStatus.DONE))
    except ConflictError:
        return publication


def _provider_totals(published: Iterable[ItemState], connections: Mapping[str, Connection]) -> tuple[ControlTotal, ...]:
    """What the provider says the documents come to; the item's own total where it did not say."""
    sums: Sums = defaultdict(lambda: (0, Decimal(0)))
    for state in published:
        if state.published is None:
            continue
        approval = state.published.approval
        went = connections.get(approval.connection if approval is not None else state.published.connection)
        settings, slot = (went.settings, went.slot) if went is not None else (Settings(), Slot.MAIN)
        default = settings.costs_destination if state.summary.side is Side.COSTS else settings.sales_destination
        key = (state.summary.currency, (state.published.destination or default).value, slot)
        total = state.summary.total if state.published.total is None else Decimal(state.published.total)
        count, so_far = sums[key]
        signed = -total if state.summary.type is ItemType.CREDIT_NOTE else total
        sums[key] = (count + 1, so_far + signed)
    return as_totals(sums)


def compared(
    expected: Iterable[ControlTotal], there: Iterable[ControlTotal], *, over: bool
) -> Iterator[TotalsCompared]:
    """Expected and actual totals side by side. They agree when the provider's documents come to what was accepted.

    Refused and unknown documents are missing there, so a request with any of them does not agree: that is the point.
    """
    wanted = {one.key: one for one in expected}
    found = {one.key: one for one in there}
    for key in sorted(wanted.keys() | found.keys()):
        currency, destination, integration = key
        nothing = ControlTotal(currency, destination, 0, "0", integration)
        one, other = wanted.get(key, nothing), found.get(key, nothing)
        same = (one.count, Decimal(one.total)) == (other.count, Decimal(other.total))
        yield TotalsCompared(
            currency=currency,
            destination=destination,
            integration=integration,
            expected_count=one.count,
            expected_total=Decimal(one.total),
            published_count=other.count,
            published_total=Decimal(other.total),
            agrees=same if over else None,
        )


def page_of_publications(
    service: Service, account: Account, *, position: str | None, limit: int
) -> tuple[list[Publication], str | None]:
    """Bulk requests, newest first, and where the next page starts (None after the last)."""
    return service.publications.page(account.tenant, account.id, position, limit)
