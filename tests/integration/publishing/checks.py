"""What must hold whatever happened: each item is in the books exactly once, or refused with none, or held."""

from collections import Counter
from collections.abc import Iterable

from rehearsal.ledger import Ledger
from rehearsal.world import World
from shared.domain.ids import marker_for
from shared.domain.items import FactOutcome, ItemState, Stage


def ledger(world: World) -> Ledger:
    return world.ledger()


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
