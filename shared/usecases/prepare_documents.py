"""From pending markers to prepared batches: check, claim, freeze."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from shared.aws.log import count
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError, Problem
from shared.domain.ids import new_id
from shared.domain.items import Item, ItemState, TimelineEntry
from shared.domain.publishing import Batch, FactKind, Member, PendingMarker
from shared.domain.readiness import coded, judged, repeated
from shared.providers.approvers import approver_of
from shared.providers.contract import Decides, Draft, Target
from shared.usecases.ask_for_alike import alike_there, sought_for, suspected
from shared.usecases.create_suppliers import create_suppliers
from shared.usecases.drain import Drain
from shared.usecases.item_news import tell_refused
from shared.usecases.on_behalf import on_behalf_of
from shared.usecases.prepare_batch import new_batch, store_batch
from shared.usecases.readiness import Prepared, book_of, prefetch, prepare


@dataclass(frozen=True, slots=True)
class Candidate:
    """A queued item with everything that was found for it; `stored` is the item as people see it."""

    marker: PendingMarker
    stored: Item
    found: Prepared
    target: Target


def prepare_documents(drain: Drain, connection: Connection, markers: list[PendingMarker]) -> Iterator[Batch]:
    """Batches for what can go, refusals written for what cannot.

    Checked once more against the lists as they are now: hours may lie between acceptance and this moment. A batch is
    claimed and frozen when it is asked for: until then its items can be edited and taken back.
    """
    candidates = _fit(drain, connection, markers)
    contacts = [candidate.found.resolved.contact for candidate in candidates]
    create_suppliers(drain, connection, [contact for contact in contacts if contact is not None])
    groups: dict[str, list[tuple[Candidate, Draft]]] = defaultdict(list)
    for candidate in candidates:
        ready = _with_supplier(drain, connection, candidate)
        if ready is not None:
            draft = drain.provider.draft(ready.found.item, ready.found.resolved, ready.target)
            groups[draft.resource].append((ready, draft))
    for resource, drafted in groups.items():
        if resource in drain.closed_resources:
            continue
        for part in _cut(drain, resource, _not_there_yet(drain, connection, resource, drafted)):
            drain.need_time_for_a_call()
            batch = _freeze(drain, connection, part)
            if batch is not None:
                yield batch


def _fit(drain: Drain, connection: Connection, markers: list[PendingMarker]) -> list[Candidate]:
    ids = [marker.item for marker in markers]
    items = drain.read_items(connection.account, ids)
    states = drain.states(connection.account, ids)
    account = drain.account(connection.account)
    book = book_of(account, connection)
    drain.entries.load_inside(items.values())
    settings, whole = connection.settings, drain.entries.whole
    prefetch(drain.entries, (coded(whole(item), settings) for item in items.values()), book)
    fit = []
    for marker in markers:
        item, state = items.get(marker.item), states.get(marker.item)
        gone = item is None or state is None or state.generation != marker.generation
        if item is None or state is None or gone or state.published is not None or state.claim is not None:
            _take_out(drain, marker)  # cleared, published, or put into a claim since: nothing is wanted any more
            continue
        behalf = drain.behalf(marker)
        if behalf is not None and behalf.is_ending:
            refuse(drain, marker, state, (Problem("connection_disconnected", "integration"),))
            continue
        found = _prepared(drain, connection, item, state, behalf)
        if found.problems or found.target is None:
            refuse(drain, marker, state, found.problems or (Problem("no_connection"),))
        else:
            # The version that was read is the version that is claimed: an edit in between makes the claim fail.
            fit.append(Candidate(replace(marker, item_version=item.version), item, found, found.target))
    return fit


def _prepared(
    drain: Drain, connection: Connection, item: Item, state: ItemState, behalf: Connection | None
) -> Prepared:
    return prepare(
        drain.service,
        drain.account(connection.account),
        item,
        on_behalf_of(connection, behalf) if behalf is not None else connection,
        generation=state.generation,
        cache=drain.entries,
        behalf=behalf,
    )


def _with_supplier(drain: Drain, connection: Connection, candidate: Candidate) -> Candidate | None:
    """The candidate with its supplier as the provider now has it; None when it was refused, or must be waited for."""
    contact = candidate.found.resolved.contact
    if contact is None or contact.provider_id is not None:
        return candidate
    problem = drain.refused_suppliers.get(contact.id)
    if problem is not None:
        refuse(drain, candidate.marker, _state(drain, candidate), (replace(problem, field="contact"),))
        return None
    book = book_of(drain.account(connection.account), connection)
    made = drain.entries.get(book, contact.kind, contact.id)
    if contact.id in drain.waiting_suppliers and (made is None or made.provider_id is None):
        return None
    resolved = replace(candidate.found.resolved, contact=made)
    return replace(candidate, found=replace(candidate.found, resolved=resolved))


def _not_there_yet(
    drain: Drain, connection: Connection, resource: str, drafted: list[tuple[Candidate, Draft]]
) -> list[tuple[Candidate, Draft]]:
    """Those that the books have nothing like, where they are asked; the others are sent back to a person.

    So are those that the provider cannot be asked about: made unasked, they might be there twice.
    """
    sought = {}
    for candidate, draft in drafted:
        state = _state(drain, candidate)
        contact = candidate.found.resolved.contact
        known_as = contact.provider_id if contact is not None else None
        one = sought_for(drain, candidate.stored, state, candidate.target, draft, contact=known_as)
        if one is not None:
            sought[candidate.target.marker] = one
    told = alike_there(drain, connection, resource, list(sought.values()))
    fresh = []
    for candidate, draft in drafted:
        marker, state = candidate.target.marker, _state(drain, candidate)
        if marker in told.there:
            state = suspected(candidate.stored, state, told.there[marker])
            refuse(drain, candidate.marker, state, tuple(repeated(state)))
        elif marker in told.not_asked:
            refuse(drain, candidate.marker, state, (told.not_asked[marker],))
        else:
            fresh.append((candidate, draft))
    return fresh


def _state(drain: Drain, candidate: Candidate) -> ItemState:
    return drain.states(candidate.marker.account, [candidate.marker.item])[candidate.marker.item]


def refuse(drain: Drain, marker: PendingMarker, state: ItemState, problems: tuple[Problem, ...]) -> None:
    """Send a queued item back to a person with its reasons; nothing of it has left us.

    Where a person has just changed it, the reasons may no longer hold: the next turn looks at it anew.
    """
    back = replace(judged(state, problems, state.coding_version), last_error=problems[0])
    try:
        drain.service.items.update_state(drain.tenant, marker.account, back)
    except ConflictError:
        return
    tell_refused(drain, marker.account, marker.connection, back, marker.queued_at.isoformat())
    _take_out(drain, marker)
    count("documents_refused")


def _take_out(drain: Drain, marker: PendingMarker) -> None:
    with suppress(ConflictError):  # edited in this moment: it stays queued
        drain.service.items.delete_marker(marker)


def _cut(drain: Drain, resource: str, drafted: list[tuple[Candidate, Draft]]) -> list[list[tuple[Candidate, Draft]]]:
    """Parts that keep the provider's bounds on elements and bytes of one call."""
    facts = drain.provider.profile.publishing
    parts: list[list[tuple[Candidate, Draft]]] = [[]]
    size = 0
    for candidate, draft in drafted:
        weight = len(drain.provider.body(resource, [draft.element]))
        if parts[-1] and (len(parts[-1]) == facts.batch_elements or size + weight > facts.batch_bytes):
            parts.append([])
            size = 0
        parts[-1].append((candidate, draft))
        size += weight
    return [part for part in parts if part]


def _freeze(drain: Drain, connection: Connection, part: list[tuple[Candidate, Draft]]) -> Batch | None:
    """Claim the markers, then store the exact bytes; an item edited in between is left for the next round."""
    batch_id = new_id(drain.now())
    drain.service.batches.announce(
        drain.tenant, drain.provider_name, drain.organisation, batch_id, [candidate.marker for candidate, _ in part]
    )
    claimed = [
        (_member(drain, candidate, draft, connection), draft)
        for candidate, draft in part
        if _claim(drain, candidate.marker, batch_id)
    ]
    _tell_changes(drain, part, {member.subject for member, _ in claimed})
    if not claimed:
        drain.service.batches.withdraw(drain.tenant, drain.provider_name, drain.organisation, batch_id)
        return None
    batch = new_batch(drain, connection, FactKind.DOCUMENTS, batch_id, claimed)
    return store_batch(drain, batch, claimed, announced=True)


def _tell_changes(drain: Drain, part: list[tuple[Candidate, Draft]], claimed: set[str]) -> None:
    """Write into the items' history what goes into the books otherwise than they say, by the connection's settings."""
    for candidate, _ in part:
        item, changes = candidate.found.item, candidate.found.changes
        if changes and item.id in claimed:
            details: dict[str, object] = {"changes": [asdict(change) for change in changes]}
            entry = TimelineEntry(drain.now(), "", "item.sent_otherwise", details)
            drain.service.items.append_timeline(item.tenant, item.account, item.id, entry)


def _claim(drain: Drain, marker: PendingMarker, batch_id: str) -> bool:
    try:
        drain.service.items.claim(marker, batch_id)
    except ConflictError:
        return False
    return True


def _member(drain: Drain, candidate: Candidate, draft: Draft, connection: Connection) -> Member:
    item = candidate.found.item
    decides = connection.id if isinstance(drain.provider, Decides) else None
    return Member(
        subject=item.id,
        marker=candidate.target.marker,
        fingerprint=dict(draft.fingerprint),
        account=item.account,
        has_payment=candidate.target.records_payment,
        carries_marker=draft.carries_marker,
        destination=candidate.target.destination,
        has_file=item.document is not None and candidate.target.settings.attach_files,
        approval=candidate.marker.behalf or decides,
        by=candidate.marker.by,
        approver=approver_of(candidate.found.resolved),
    )
