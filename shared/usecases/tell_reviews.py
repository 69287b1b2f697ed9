"""Tell which items have begun to need a person; and what any news says of an item."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from shared.domain.errors import Problem
from shared.domain.items import Fact, ItemState, Published, Stage
from shared.domain.outgoing import EventType, News
from shared.usecases.service import Service
from shared.usecases.tell import tell_of_items


def tell_arrivals(service: Service, tenant: str, account: str, states: Iterable[ItemState]) -> None:
    """Tell which of the items that have just arrived need a person."""
    tell_reviews(service, tenant, account, ((replace(state, stage=Stage.RECEIVED), state) for state in states))


def tell_reviews(service: Service, tenant: str, account: str, changes: Iterable[tuple[ItemState, ItemState]]) -> None:
    """Tell which of the items, each given as it was and as it is, have begun to need a person."""
    news = [
        News(EventType.ITEM_NEEDS_REVIEW, account, after.item, _judgement(after), said_of(after))
        for before, after in changes
        if after.stage is Stage.NEEDS_REVIEW and before.stage is not Stage.NEEDS_REVIEW
    ]
    tell_of_items(service, tenant, news)


def _judgement(state: ItemState) -> str:
    return f"{state.generation}|{state.coding_version}|{','.join(sorted(reason.code for reason in state.reasons))}"


def said_of(state: ItemState, connection: str | None = None) -> dict[str, Any]:
    """An item in a message: what a list shows of it, where it stands and why; nothing of its lines or its file."""
    summary = state.summary
    return {
        "item": state.item,
        "side": summary.side.value,
        "item_type": summary.type.value,
        "stage": state.stage.value,
        "number": summary.number,
        "total": format(summary.total, "f"),
        "currency": summary.currency,
        **({"connection": connection} if connection else {}),
        "reasons": [_problem(reason) for reason in state.reasons],
        "error": _problem(state.last_error) if state.last_error else None,
        "published": _published(state.published) if state.published else None,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    """Code and field; what the provider wrote may quote the document, and stands in the API alone."""
    return {"code": problem.code, "field": problem.field}


def _published(published: Published) -> dict[str, Any]:
    return {
        "document_id": published.document_id,
        "document_type": published.document_type,
        "number": published.number,
        "status": published.status,
        "url": published.url,
        "at": published.at.isoformat(),
        "payment": _fact(published.payment),
        "attachment": _fact(published.attachment),
        "approver": _fact(published.approver),
    }


def _fact(fact: Fact | None) -> str | None:
    return fact.outcome.value if fact else None
