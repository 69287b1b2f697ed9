"""What senders put into an inbox: items, read leniently where nothing is lost by it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from pydantic import Field, ModelWrapValidatorHandler, PrivateAttr, ValidationError, model_validator

from functions.publish.models import MOST_ITEMS, NewItem, NewItems
from shared.domain.arrival import MOST_QUARANTINED, quarantined
from shared.domain.item_drafts import ItemDraft
from shared.domain.items import Quarantined

_DATES: Final = frozenset({"date", "due_date", "paid_on"})
_SOURCE: Final = "Whether the fields were read from paper, as a rule, or are a person's word, which no rule changes"


class InboxDocument(NewItem):
    """A document: an item's body. What means nothing here is put aside and the document is stored: members that an item
    does not have, dates that are none, references that the books do not have. What would change an amount or the kind
    of document (a malformed amount, type, currency) is refused.
    """

    source: Literal["manual", "extracted"] = Field("extracted", description=_SOURCE)
    _aside: tuple[Quarantined, ...] = PrivateAttr(default=())

    @model_validator(mode="wrap")
    @classmethod
    def _lenient(cls, value: Any, handler: ModelWrapValidatorHandler["InboxDocument"]) -> "InboxDocument":
        try:
            return handler(value)
        except ValidationError as error:
            found = [(one["loc"], one["msg"]) for one in error.errors(include_url=False) if _means_nothing(one)]
            if not found or not isinstance(value, dict):
                raise
        if len(found) > MOST_QUARANTINED:
            raise ValueError(f"more than {MOST_QUARANTINED} members of the document mean nothing here")
        cleaned, aside = _without(value, found)
        made = handler(cleaned)
        made._aside = aside
        return made

    def draft(self) -> ItemDraft:
        return replace(super().draft(), lenient=True, quarantine=self._aside)


class InboxDocuments(NewItems):
    """1 to 100 documents: {"items": [...]}. One may also be sent bare; its fields are then named items[0]..."""

    items: list[InboxDocument] = Field(min_length=1, max_length=MOST_ITEMS)  # type: ignore[assignment]


def _means_nothing(error: Mapping[str, Any]) -> bool:
    """A member that an item does not have, or one of its dates that is none."""
    place = error["loc"]
    return error["type"] == "extra_forbidden" or (len(place) == 1 and place[0] in _DATES)


def _without(
    value: dict[str, Any], found: Iterable[tuple[tuple[int | str, ...], str]]
) -> tuple[dict[str, Any], tuple[Quarantined, ...]]:
    cleaned, aside = json.loads(json.dumps(value)), []
    for place, reason in found:
        holder = cleaned
        for part in place[:-1]:
            holder = holder[part]
        member = holder.pop(place[-1])
        aside.append(quarantined(_path(place), json.dumps(member, ensure_ascii=False), reason))
    return cleaned, tuple(aside)


def _path(place: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
