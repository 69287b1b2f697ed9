"""Finding what was created in calls whose answers were lost: one read for a whole batch, matched on this side.

Sources: "Change data capture" (1,000 objects an answer, tombstones of what was deleted), "Query operations".
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from shared.domain.publishing import Batch, ElementAnswer, Member
from shared.providers.contract import Session, Standing
from shared.providers.quickbooks import api, lists
from shared.providers.quickbooks.answers import CONTACTS, WITH_BALANCE, found_answers, held, standing
from shared.providers.quickbooks.lists import changed_records, is_tombstone
from shared.providers.quickbooks.profile import PAGE_SIZE
from shared.providers.transport import broken

LOOK_BACK: Final = timedelta(minutes=2)  # before the first send, for clocks that differ
MOST_PAGES: Final = 20
_CHANGED: Final = "LastUpdatedTime"
NAMES_LENGTH: Final = 1500  # characters of names in one query, so that the address stays within common limits


def look_up(session: Session, batch: Batch) -> list[ElementAnswer]:
    """What is known of the batch's members: documents by marker among what changed since, contacts by name.

    A document that was deleted leaves a tombstone without our marker: where there is one, a member that is not found
    may be it, and is left to a person rather than made a second time.
    """
    if batch.resource in CONTACTS:
        return named(session, batch.resource, batch.members)
    since = api.moment((batch.first_sent_at or batch.created_at) - LOOK_BACK)
    told = api.get(session, "/cdc", {"entities": batch.resource, "changedSince": since})
    changed = changed_records(told, [batch.resource])[batch.resource]
    there = [record for record in changed if not is_tombstone(record)]
    if len(changed) >= PAGE_SIZE:
        there += _since(session, batch.resource, since)
    answers = found_answers(batch.resource, batch.members, there)
    deleted = sorted(str(record.get("Id")) for record in changed if is_tombstone(record))
    if deleted:
        answered = {answer.marker for answer in answers}
        answers += [held(member, deleted) for member in batch.members if member.marker not in answered]
    return answers


def _since(session: Session, entity: str, since: str, counted: str = "CreateTime") -> list[dict[str, Any]]:
    """Everything of an entity that was created (or changed) since, page by page: where change data capture ends."""
    found: list[dict[str, Any]] = []
    for _ in range(MOST_PAGES):
        where = f"MetaData.{counted} >= {api.literal(since)} ORDERBY Id"
        page = api.query(session, api.select("*", entity, where, len(found) + 1), entity)
        found += page
        if len(page) < PAGE_SIZE:
            return found
    raise broken(f"more than {MOST_PAGES} pages of {entity} since {since}")


def standings(session: Session, resources: Sequence[str], since: datetime) -> list[Standing]:
    """What was paid, voided or deleted since: one call for all, or a query for each where that does not reach."""
    asked = sorted(WITH_BALANCE.intersection(resources))
    if not asked:
        return []
    text = api.moment(since)
    if session.now() - since > lists.LOOK_BACK:
        return [one for entity in asked for one in standing(entity, _since(session, entity, text, _CHANGED))]
    told = api.get(session, "/cdc", {"entities": ",".join(asked), "changedSince": text})
    found = changed_records(told, asked)
    if sum(map(len, found.values())) >= PAGE_SIZE:
        found = {entity: [*found[entity], *_since(session, entity, text, _CHANGED)] for entity in asked}
    return [one for entity in asked for one in standing(entity, found[entity])]


def named(session: Session, entity: str, members: Sequence[Member]) -> list[ElementAnswer]:
    """The vendors (or customers) that have the members' names, whoever made them and whenever."""
    found: list[dict[str, Any]] = []
    names = [str(member.fingerprint["spelt"]) for member in members]
    while names:
        some = [names.pop(0)]
        while names and sum(map(len, some)) + len(names[0]) < NAMES_LENGTH:
            some.append(names.pop(0))
        where = f"Active IN (true, false) AND DisplayName IN ({api.joined(some)})"
        found += api.query(session, api.select("*", entity, where, 1), entity)
    return found_answers(entity, members, found)
