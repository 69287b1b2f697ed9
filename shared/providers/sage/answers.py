"""Which of Sage's records are ours: documents and payments carry our marker in `reference`, contacts in `source_guid`.

Nothing is matched by position: a call creates one element, and its answer counts only where it names that element.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from shared.domain.errors import Problem
from shared.domain.ids import find_marker
from shared.domain.lists import folded
from shared.domain.publishing import ElementAnswer, Member, Verdict
from shared.providers.contract import Standing, amount_text
from shared.providers.sage.api import number_of, ref, text_of
from shared.providers.sage.mapping import CONTACTS

Record = Mapping[str, Any]

VOID: Final = "VOID"  # assumed: the status of a document that was voided; others vanish from lists
# What a look-up asks to be told; the answer to a creating call has everything.
DOCUMENT_ATTRIBUTES: Final = "reference,total_amount,status,deleted_at"
PAYMENT_ATTRIBUTES: Final = "reference,total_amount,transaction_type,deleted_at"
_DELETED: Final = "DELETED"
_MOST_SHOWN: Final = 5
# Where Sage shows the number of a document; purchases have the supplier's.
_NUMBERS: Final = ("vendor_reference", "invoice_number", "credit_note_number")


def id_of(record: Record) -> str | None:
    """Sage's id of a record."""
    return text_of(record, "id")


def marker_of(record: Record) -> str | None:
    """The marker that a document or a payment carries."""
    return find_marker(text_of(record, "reference"))


def made(resource: str, member: Member, record: Record) -> ElementAnswer | None:
    """What the answer to a creating call says of its element; None where it names another one."""
    if id_of(record) is None:
        return None
    same = _same_contact(member, record) if resource == CONTACTS else marker_of(record) == member.marker
    return done(resource, member.marker, record) if same else None


def found(resource: str, member: Member, records: Iterable[Record]) -> ElementAnswer | None:
    """What a look-up says of a member: found once is done (void or not), found more often only a person can tell."""
    if resource == CONTACTS:
        matching = _contacts(member, list(records))
    else:
        matching = [record for record in records if marker_of(record) == member.marker]
    by_id = {one_id: record for record in matching if (one_id := id_of(record)) is not None}
    if len(by_id) == 1:
        return done(resource, member.marker, next(iter(by_id.values())))
    return held(member, sorted(by_id)) if by_id else None


def held(member: Member, ids: Sequence[str]) -> ElementAnswer:
    """A member that only a person can tell about: `ids` are those of what it may be."""
    problem = Problem("outcome_unknown", details={"found": list(ids)[:_MOST_SHOWN]})
    return ElementAnswer(member.marker, Verdict.UNKNOWN, problem=problem)


def _contacts(member: Member, records: Sequence[Record]) -> list[Record]:
    """The contact that we made, else any that is active under this name: whoever made it, it is the one meant."""
    ours = [one for one in records if find_marker(text_of(one, "source_guid")) == member.marker]
    active = [one for one in records if one.get("is_active") is not False and one.get("deleted_at") is None]
    return ours or [one for one in active if _same_contact(member, one)]


def _same_contact(member: Member, record: Record) -> bool:
    name = text_of(record, "name") or text_of(record, "displayed_as") or ""
    return folded(name) == member.fingerprint.get("name")


def standing(resource: str, record: Record) -> Standing | None:
    """How a document of ours stands; one that was deleted may not say whose it was, and is known by its id alone."""
    record_id, status = id_of(record), ref(record, "status")
    if record_id and record.get("deleted_at") is not None:
        return Standing(resource, record_id, _DELETED)
    return Standing(resource, record_id, status) if record_id and status and marker_of(record) else None


def done(resource: str, marker: str, record: Record) -> ElementAnswer:
    """A record that is in Sage, as the answer for the member of this marker."""
    deleted = record.get("deleted_at") is not None
    status = _DELETED if deleted else ref(record, "status")
    total = number_of(record, "total_amount")
    return ElementAnswer(
        marker=marker,
        verdict=Verdict.DONE,
        provider_id=id_of(record),
        number=next((number for name in _NUMBERS if (number := text_of(record, name))), None),
        status=None if resource == CONTACTS else status,
        total=None if total is None else amount_text(total),
        voided=deleted or status == VOID,
    )
