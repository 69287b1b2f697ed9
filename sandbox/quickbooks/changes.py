"""Change data capture: what changed since a time, entity by entity, with tombstones after the living.

Source: developer.intuit.com, "Change data capture operation" and the ChangeDataCapture reference page.
"""

from datetime import datetime, timedelta

from sandbox.quickbooks.books import Company
from sandbox.quickbooks.entities import BY_PATH, Entity
from sandbox.quickbooks.errors import RefusedError
from sandbox.quickbooks.formats import instant
from sandbox.quickbooks.wire import Record

LONGEST_LOOK_BACK = timedelta(days=30)
MOST_OBJECTS = 1_000


def answer(company: Company, entities: str, changed_since: str, now: datetime) -> Record:
    """The content of CDCResponse. An answer of 1,000 objects may be cut: the rest is simply not there.

    Raises RefusedError for an entity that CDC does not have or a time more than 30 days ago (both wordings assumed).
    """
    since = _since(changed_since, now)
    asked = [_asked(name.strip()) for name in entities.split(",") if name.strip()]
    if not asked:
        raise _refused("entities is a required parameter")
    room = MOST_OBJECTS
    rows: list[Record] = []
    for entity in asked:
        found = _changed(company, entity, since)[:room]
        room -= len(found)
        rows.append({entity.name: found, "startPosition": 1, "maxResults": len(found)} if found else {})
    return {"QueryResponse": rows}


def _changed(company: Company, entity: Entity, since: datetime) -> list[Record]:
    living = [row for row in company.tables[entity.name].values() if _updated(row) >= since]
    gone = [row for row in company.deleted.get(entity.name, []) if _updated(row) >= since]
    return [*sorted(living, key=_updated), *sorted(gone, key=_updated)]


def _updated(row: Record) -> datetime:
    return instant(row["MetaData"]["LastUpdatedTime"])


def _since(text: str, now: datetime) -> datetime:
    try:
        since = instant(text)
    except ValueError:
        raise _refused(f"changedSince {text} is not a date") from None
    if now - since > LONGEST_LOOK_BACK:
        raise _refused("changedSince must be within the last 30 days")
    return since


def _asked(name: str) -> Entity:
    entity = BY_PATH.get(name.lower())
    if entity is None or not entity.cdc:
        raise _refused(f"Entity {name} is not supported by the CDC operation")
    return entity


def _refused(detail: str) -> RefusedError:
    return RefusedError("4001", "Invalid query", f"QueryValidationError: {detail}")
