"""Finding what was created in calls whose answers were lost, matched on this side.

Documents are searched for by their reference; payments have no search and are looked for among what changed since the
first send. What was deleted since then is asked for before anything is called absent: a document that somebody deleted
is never made a second time. Sources: the API description's `search`, `updated_or_created_since` and `deleted_since`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.domain.publishing import Batch, ElementAnswer, Member
from shared.providers.contract import Session, Standing
from shared.providers.sage import api
from shared.providers.sage.answers import DOCUMENT_ATTRIBUTES, PAYMENT_ATTRIBUTES, found, held, id_of, standing
from shared.providers.sage.entries import CONTACT_ATTRIBUTES, contact_types
from shared.providers.sage.mapping import CONTACTS, OTHER_PAYMENTS, PAYMENTS

LOOK_BACK: Final = timedelta(minutes=2)  # before the first send, for clocks that differ
_CONTACT_ATTRIBUTES: Final = f"{CONTACT_ATTRIBUTES},source_guid"


def look_up(session: Session, batch: Batch) -> list[ElementAnswer]:
    """What is known of the batch's members; those that are not there, and were not deleted, are missing."""
    if batch.resource == CONTACTS:
        found_each = (named_contact(session, member) for member in batch.members)
    else:
        since = api.moment((batch.first_sent_at or batch.created_at) - LOOK_BACK)
        found_each = (_document(session, batch.resource, member, since) for member in batch.members)
    return [answer for answer in found_each if answer is not None]


def standings(session: Session, resources: Sequence[str], at: datetime) -> list[Standing]:
    """What was paid, voided or deleted since a time: two lists of each collection, however many documents.

    That a payment counts as an update of what it settles is assumed.
    """
    found = []
    for resource in resources:
        if resource in {OTHER_PAYMENTS, PAYMENTS}:
            continue
        for name in ("updated_or_created_since", "deleted_since"):
            asked = {"attributes": DOCUMENT_ATTRIBUTES, name: api.moment(at)}
            found += [standing(resource, row) for row in api.rows(session, f"/{resource}", asked)]
    return [one for one in found if one is not None]


def named_contact(session: Session, member: Member) -> ElementAnswer | None:
    """The contact of the member's type that has its name, or that we made."""
    wanted = str(member.fingerprint["type"])
    asked = {"search": str(member.fingerprint["spelt"]), "attributes": _CONTACT_ATTRIBUTES}
    rows = [one for one in api.rows(session, "/contacts", asked) if wanted in contact_types(one)]
    return found(CONTACTS, member, rows)


def _document(session: Session, resource: str, member: Member, since: str) -> ElementAnswer | None:
    searchable = resource not in {OTHER_PAYMENTS, PAYMENTS}
    attributes = {"attributes": DOCUMENT_ATTRIBUTES if searchable else PAYMENT_ATTRIBUTES}
    by = {"search": member.marker} if searchable else {"updated_or_created_since": since}
    answer = found(resource, member, api.rows(session, f"/{resource}", attributes | by))
    return answer or _deleted(session, resource, member, attributes | {"deleted_since": since})


def _deleted(session: Session, resource: str, member: Member, asked: Mapping[str, str]) -> ElementAnswer | None:
    """What was deleted since the first send: ours, or rows that do not say whose they were, which a person must see."""
    rows = list(api.rows(session, f"/{resource}", asked))
    nameless = sorted(str(id_of(one)) for one in rows if "reference" not in one)
    return found(resource, member, rows) or (held(member, nameless) if nameless else None)
