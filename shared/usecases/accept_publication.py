"""Take a bulk request in: freeze what it is about, answer at once, and leave the rest to the worker."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.accounts import Account
from shared.domain.connections import Slot
from shared.domain.errors import ConflictError, LedgerbridgeError, Problem, fail
from shared.domain.failed import RETRIABLE, has_failed
from shared.domain.items import Place, Side, Stage
from shared.domain.publishing import ControlTotal, Publication, PublicationStatus
from shared.storage.items import Listed
from shared.usecases.entry_cache import EntryCache
from shared.usecases.expand_publication import added, publication_message, sort_items, sweep_row, totals
from shared.usecases.integrations import Ways, why_not_sending
from shared.usecases.readiness import linked_connections
from shared.usecases.service import Service

MOST_ITEMS: Final = 5_000  # of one publication; more go in several
_PAGE: Final = 500
_SLICE: Final = 100


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which items a bulk request is about: those named, or those that a filter finds when the request arrives.

    `stage` None is any from which an item may be sent (again); `error_code` is the last failure's, or what kept the
    item from publishing itself.
    """

    items: tuple[str, ...] = ()
    stage: Stage | None = Stage.READY
    side: Side | None = None
    place: Place | None = None
    error_code: str | None = None


def accept_publication(
    service: Service, account: Account, chosen: Chosen, *, requested_by: str, publication_id: str
) -> Publication:
    """Store a bulk request under an id and have the worker expand it; a repeat with the same id finds it again.

    Raises no_connection and the other reasons why a connection does not publish, invalid_request.
    """
    _check_any_sends(Ways(service, account))
    now = service.clock.now()
    publication = Publication(
        id=publication_id,
        tenant=account.tenant,
        account=account.id,
        requested_by=requested_by,
        requested_at=now,
        items=chosen_items(service, account, chosen),
        status=PublicationStatus.EXPANDING,
    )
    sweep = sweep_row(publication)
    service.agenda.put(sweep.kind, sweep.at, sweep.key, sweep.payload)
    try:
        publication = service.publications.create(publication)
    except ConflictError:
        return found_publication(service, account, publication_id)
    service.publish_queue.send(publication_message(publication), group=account.tenant)
    return publication


def _check_any_sends(ways: Ways) -> None:
    """Raises no_connection, or why the main connection takes nothing now, where no connection takes anything.

    Where some do, an item whose own does not is refused by itself.
    """
    reasons = [why_not_sending(connection) for connection in ways.linked]
    if reasons and None in reasons:
        return
    main = ways.in_slot(Slot.MAIN)
    raise LedgerbridgeError((why_not_sending(main) if main is not None else None) or Problem("no_connection"))


def found_publication(service: Service, account: Account, publication_id: str) -> Publication:
    """A bulk request by its id; raises not_found."""
    publication = service.publications.get(account.tenant, account.id, publication_id)
    if publication is None:
        raise fail("not_found", field="publication")
    return publication


def chosen_items(service: Service, account: Account, chosen: Chosen) -> tuple[str, ...]:
    """The items' ids, each once; raises invalid_request when there are none or too many.

    In the order of the ids, so that the worker reads items that lie together in one go.
    """
    items = tuple(sorted(set(chosen.items))) or tuple(sorted(_filtered(service, account, chosen)))
    if not items:
        raise fail("invalid_request", field="filter", reason="no item matches")
    if len(items) > MOST_ITEMS:
        raise fail("invalid_request", field="items", reason=f"one publication takes at most {MOST_ITEMS} items")
    return items


def _filtered(service: Service, account: Account, chosen: Chosen) -> Iterator[str]:
    linked = linked_connections(service, account)
    cursor = None
    found = 0
    while found <= MOST_ITEMS:
        page, cursor = service.items.page(
            account.tenant,
            account.id,
            cursor,
            _PAGE,
            stage=chosen.stage,
            side=chosen.side,
            place=chosen.place,
            connections=linked,
        )
        fitting = [row.state.item for row in page if _fits(row, chosen)]
        found += len(fitting)
        yield from fitting
        if cursor is None:
            return


def _fits(row: Listed, chosen: Chosen) -> bool:
    if chosen.error_code is None:
        return True
    return row.stage in RETRIABLE and has_failed(row.state, chosen.error_code)


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a bulk request would do: how many would go, their control totals, and why the others would not."""

    ready: int
    refused: tuple[tuple[str, Problem], ...]
    reasons: tuple[tuple[str, int], ...]  # code and count, the most frequent first
    totals: tuple[ControlTotal, ...]


def dry_run(service: Service, account: Account, chosen: Chosen) -> DryRun:
    """Judge every item of a bulk request against the lists as they are now, and queue none."""
    ways = Ways(service, account)
    _check_any_sends(ways)
    cache = EntryCache(service, account)
    ready = 0
    refused: list[tuple[str, Problem]] = []
    expected: tuple[ControlTotal, ...] = ()
    for ids in _slices(chosen_items(service, account, chosen)):
        found = sort_items(service, ways, ids, cache)
        ready += len(found.accepted)
        refused += found.refused
        expected = added(expected, totals(found.accepted))
    reasons = Counter(problem.code for _, problem in refused).most_common()
    return DryRun(ready, tuple(refused), tuple(reasons), expected)


def _slices(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _SLICE):
        yield ids[start : start + _SLICE]
