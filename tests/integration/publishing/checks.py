"""What must hold whatever happened: every item is in Xero exactly once, or refused with none, or held for a person."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rehearsal.world import World
from shared.domain.ids import find_marker, marker_for
from shared.domain.items import FactOutcome, ItemState, Stage

_IDS = {"Invoices": "InvoiceID", "CreditNotes": "CreditNoteID", "BankTransactions": "BankTransactionID"}


@dataclass
class Ledger:
    """Xero's books as far as items can be in them. `unmarked` are documents without a field for our marker."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    by_marker: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unmarked: set[str] = field(default_factory=set)
    payments: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)
    contacts: Counter[str] = field(default_factory=Counter)


def ledger(world: World) -> Ledger:
    books = world.books()
    found = Ledger()
    for table, id_field in _IDS.items():
        for record in books[table]:
            one_id = record[id_field]
            found.documents[one_id] = record
            marker = find_marker(record.get("Url") or record.get("Reference"))
            if marker is None:
                found.unmarked.add(one_id)
            else:
                found.by_marker[marker].append(one_id)
    for payment in books["Payments"]:
        if payment["Status"] != "DELETED":
            paid = payment.get("Invoice") or payment.get("CreditNote") or {}
            found.payments[str(paid.get("InvoiceID") or paid.get("CreditNoteID"))] += 1
    for owner, files in books["Attachments"].items():
        found.files[owner] = len(files)
    found.contacts = Counter(
        " ".join(one["Name"].split()).casefold() for one in books["Contacts"] if one["ContactStatus"] == "ACTIVE"
    )
    return found


def problems(world: World) -> list[str]:
    """Everything that is wrong, in words; empty when nothing is lost, doubled or left hanging."""
    books, states = ledger(world), world.states()
    wrong = [f"{item}: marker left behind" for item in world.markers()]
    wrong += [f"left in the queue: {message}" for message in world.queue + world.dead_letters]
    wrong += [f"contact {name} is there {times} times" for name, times in books.contacts.items() if times > 1]
    for item in world.items:
        wrong += _of_item(world, books, states[item])
    ours = [state.published.document_id for state in states.values() if state.published]
    wrong += [f"document {one} belongs to {times} items" for one, times in Counter(ours).items() if times > 1]
    held = sum(1 for state in states.values() if state.stage is Stage.UNKNOWN)
    strangers = len(books.documents.keys() - set(ours))
    wrong += [f"{strangers} documents of no item, {held} held"] if strangers > held else []
    return wrong


def _of_item(world: World, books: Ledger, state: ItemState) -> Iterable[str]:
    there = books.by_marker[marker_for(world.tenant, state.item, state.generation)]
    if len(there) > 1:
        yield f"{state.item}: {len(there)} documents"
    if state.published is None:
        if there and state.stage is not Stage.UNKNOWN:
            yield f"{state.item}: {state.stage}, {state.last_error}, but it is in the books"
        if state.stage is Stage.READY and state.last_error is None:
            yield f"{state.item}: asked for and forgotten"
        return
    document = state.published.document_id
    if document not in books.documents:
        yield f"{state.item}: published as {document}, which is not there"
    elif there != [document] and document not in books.unmarked:
        yield f"{state.item}: published as {document}, its marker is on {there}"
    yield from _parts(state, "payment", books.payments[document])
    yield from _parts(state, "attachment", books.files[document])


def _parts(state: ItemState, name: str, times: int) -> Iterable[str]:
    fact = getattr(state.published, name)
    allowed = {
        None: {0},
        FactOutcome.DONE: {1},
        FactOutcome.FAILED: {0},
        FactOutcome.UNKNOWN: {0, 1},
        FactOutcome.PENDING: set[int](),
    }[fact.outcome if fact else None]
    if times not in allowed:
        yield f"{state.item}: {name} {fact.outcome if fact else 'not wanted'}, {times} in the books"


def assert_sound(world: World) -> None:
    wrong = problems(world)
    assert not wrong, "\n".join(wrong)


def stages(world: World) -> Counter[str]:
    return Counter(state.stage.value for state in world.states().values())
