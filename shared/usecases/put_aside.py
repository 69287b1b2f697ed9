"""Put aside what a document that came in names and the books do not have, so that it is stored all the same."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from decimal import Decimal
from functools import partial
from typing import Any, Final

from shared.domain.arrival import MOST_QUARANTINED, quarantined
from shared.domain.errors import LedgerbridgeError, fail
from shared.domain.item_drafts import ItemDraft, LineDraft, Reference
from shared.domain.items import Quarantined
from shared.usecases.references import References
from shared.usecases.rule_fields import values_of

_LINE_FIELDS: Final = ("category", "tax_rate", "product", "project", "customer")
_BARE: Final = LineDraft("", Decimal(0))


def without_unknown(references: References, draft: ItemDraft) -> ItemDraft:
    """The draft with every reference taken out that is not in the books, and named in its quarantine.

    Raises invalid_request when there is more of that than an item keeps.
    """
    aside = _Aside(list(draft.quarantine))
    lines = tuple(_line(references, line, number, aside) for number, line in enumerate(draft.lines))
    contact, method = draft.contact, draft.payment_method
    if contact is not None and contact.name is None:  # a name that the books do not have becomes a new contact
        known = aside.unless(lambda: references.contact(contact, draft.side), contact)
        contact = contact if known else None
    if method is not None and not aside.unless(lambda: references.payment_method(method), method):
        method = None
    approver = draft.approver
    if approver is not None and not aside.unless(lambda: references.approver(approver, draft.side), approver):
        draft = replace(draft, approver=None)
    suggested = {
        name: value
        for name, value in draft.suggested.items()
        if aside.unless(partial(values_of, references, {name: value}), value, within="suggested.")
    }
    if len(aside.found) > MOST_QUARANTINED:
        last = aside.found[MOST_QUARANTINED]
        reason = f"more than {MOST_QUARANTINED} members of the document mean nothing here"
        raise fail("invalid_request", field=last.field, reason=reason)
    found = tuple(aside.found)
    return replace(draft, lines=lines, contact=contact, payment_method=method, suggested=suggested, quarantine=found)


class _Aside:
    """What was put aside so far."""

    def __init__(self, found: list[Quarantined]) -> None:
        self.found = found

    def unless(self, look_up: Callable[[], Any], named: Any, *, within: str = "") -> bool:
        """Whether a look-up finds what is named; it is put aside otherwise, its field behind `within`."""
        try:
            look_up()
        except LedgerbridgeError as refusal:
            problem = refusal.problem
            if problem.code != "invalid_request" or problem.field is None:
                raise
            reason = str(problem.details.get("reason", ""))
            self.found.append(quarantined(within + problem.field, _written(named), reason))
            return False
        return True


def _line(references: References, line: LineDraft, number: int, aside: _Aside) -> LineDraft:
    for name in _LINE_FIELDS:
        named: Reference | None = getattr(line, name)
        if named is not None and not aside.unless(_looked_up(references, number, **{name: named}), named):
            gone: dict[str, Any] = {name: None}
            line = replace(line, **gone)
    if not line.tracking:
        return line
    kept: tuple[Reference, ...] = ()
    for place, value in enumerate(line.tracking):
        before = len(aside.found)
        if aside.unless(_looked_up(references, number, tracking=(*kept, value)), value):
            kept = (*kept, value)
        else:
            aside.found[before] = replace(aside.found[before], field=f"lines[{number}].tracking[{place}]")
    return replace(line, tracking=kept)


def _looked_up(references: References, number: int, **named: Any) -> Callable[[], Any]:
    return lambda: references.line(replace(_BARE, **named), number)


def _written(named: Any) -> str:
    """What was named, as JSON like it came."""
    return json.dumps(_plain(named), ensure_ascii=False)


def _plain(named: Any) -> Any:
    if isinstance(named, tuple):
        return [_plain(one) for one in named]
    if isinstance(named, Reference):
        return {name: value for name, value in asdict(named).items() if value is not None}
    return named
