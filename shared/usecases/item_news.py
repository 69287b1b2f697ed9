"""News of items: what became of a batch's documents, what was refused before it was sent."""

from collections.abc import Mapping
from typing import Final

from shared.domain.items import ItemState
from shared.domain.outgoing import EventType, News
from shared.domain.publishing import Batch, ElementAnswer, Verdict
from shared.usecases.drain import Drain
from shared.usecases.tell import tell_of_items
from shared.usecases.tell_reviews import said_of

_OF_VERDICT: Final = {
    Verdict.DONE: EventType.ITEM_PUBLISHED,
    Verdict.REFUSED: EventType.ITEM_REFUSED,
    Verdict.UNKNOWN: EventType.ITEM_UNKNOWN,
}


def tell_of_batch(drain: Drain, batch: Batch, answers: Mapping[str, ElementAnswer]) -> None:
    """Tell what became of each document of a batch. A batch that is concluded once more tells the same."""
    states = drain.states(batch.account, [member.subject for member in batch.members])
    news = []
    for member in batch.members:
        state = states.get(member.subject)
        if state is None:
            continue
        event = _OF_VERDICT[answers[member.marker].verdict]
        if event is not EventType.ITEM_PUBLISHED or state.published is not None:
            news.append(News(event, batch.account, member.subject, batch.id, said_of(state, batch.connection)))
    tell_of_items(drain.service, batch.tenant, news)


def tell_refused(drain: Drain, account: str, connection: str, state: ItemState, occasion: str) -> None:
    """Tell that a queued item came back to a person before anything of it was sent."""
    news = News(EventType.ITEM_REFUSED, account, state.item, occasion, said_of(state, connection))
    tell_of_items(drain.service, drain.tenant, [news])


def tell_published(drain: Drain, account: str, connection: str, state: ItemState) -> None:
    """Tell that the document was found which a person says an item of unknown outcome is."""
    news = News(
        EventType.ITEM_PUBLISHED, account, state.item, f"resolved|{state.generation}", said_of(state, connection)
    )
    tell_of_items(drain.service, drain.tenant, [news])
