"""Reading QuickBooks' lists: whole lists by query, changes by change data capture, tax and dimensions in one batch.

Sources: "Query operations" (1,000 records a page), "Change data capture" (30 days back, 1,000 objects an answer, no
tax codes and rates), "Batch" (1,000 objects an answer) of developer.intuit.com.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from shared.domain.lists import Entry, Kind
from shared.providers.contract import CallFailed, ListPage, Session
from shared.providers.quickbooks import api, entries
from shared.providers.quickbooks.profile import PAGE_SIZE
from shared.providers.quickbooks.terms import NAMING, TERM, Terms, read_terms, terms_for, with_days, written_terms
from shared.providers.transport import broken

_K = Kind
LOOK_BACK: Final = timedelta(days=29)  # a day less than change data capture reaches
# Changes within the second a pass began in, or while its first answer was made, come again with the next delta.
DELTA_OVERLAP: Final = timedelta(seconds=2)
MOST_PAGES: Final = 20  # of a list that is read within one call for several
_EVERY: Final = "Active IN (true, false)"  # inactive records come only when asked for


@dataclass(frozen=True, slots=True)
class Entity:
    """A list of QuickBooks, the kinds its records are, and how they are read."""

    name: str
    kinds: tuple[Kind, ...]
    entries: Callable[[Mapping[str, Any]], Iterator[Entry]]


ENTITIES: Final = (
    Entity("Account", (_K.CATEGORIES, _K.BANK_ACCOUNTS), entries.account),
    Entity("Vendor", (_K.SUPPLIERS,), entries.vendor),
    Entity("Customer", (_K.CUSTOMERS, _K.PROJECTS), entries.customer),
    Entity("Item", (_K.PRODUCTS,), entries.item),
)
TOGETHER: Final = (_K.TAX_RATES, _K.DIMENSIONS, _K.CURRENCIES)
# In the order in which they are pulled: what a connection cannot do without comes first.
GROUPS: Final = (ENTITIES[0].kinds, ENTITIES[1].kinds, TOGETHER, ENTITIES[2].kinds, ENTITIES[3].kinds)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a list is read on: the entity, the first record wanted, how many there are (None: unknown), the cursor.

    `terms` are the payment terms, once this pass has read them; `terms_changed` where some have changed, so that the
    records that name terms are read whether they changed themselves or not.
    """

    entity: str
    start: int
    count: int | None
    cursor: str
    terms: Terms | None = None
    terms_changed: bool = False

    def text(self) -> str:
        count = "" if self.count is None else self.count
        changed = f"|{TERM}" if self.terms_changed else ""
        return f"{self.entity}|{self.start}|{count}|{self.cursor}|{written_terms(self.terms)}{changed}"

    @classmethod
    def of(cls, text: str) -> "_Place":
        entity, start, count, cursor, known, *changed = text.split("|")
        return cls(entity, int(start), int(count) if count else None, cursor, read_terms(known), bool(changed))


def list_page(session: Session, kinds: Sequence[Kind], page: str | None, since: str | None) -> ListPage:
    """One page of the lists. Raises CallFailed, LimitReached, TokenRefused, AccessLost."""
    if set(kinds) & set(TOGETHER):
        return _together(session)
    wanted = [entity for entity in ENTITIES if set(entity.kinds) & set(kinds)]
    if page is not None:
        return _more(session, wanted, _Place.of(page), since)
    if since is not None:
        return _changes(session, wanted, since)
    return _first(session, wanted[0])


# --- whole lists
def _first(session: Session, entity: Entity) -> ListPage:
    """The first page, and how many there are, in one call: so that a full last page costs no further call."""
    started = session.now()
    texts = {"count": api.select("COUNT(*)", entity.name, _EVERY), "page": _page_text(entity, 1, None)}
    told, at = api.queries(session, texts)
    found = api.records_of(told["page"], entity.name)
    count = api.answered(told["count"]).get("totalCount")
    place = _Place(entity.name, 1, count if isinstance(count, int) else None, _cursor(session, at, started))
    return _listed(session, [entity], place, found, delta=False)


def _more(session: Session, wanted: Sequence[Entity], place: _Place, since: str | None) -> ListPage:
    entity = next(one for one in wanted if one.name == place.entity)
    whole = place.terms_changed and entity.name in NAMING
    found = api.query(session, _page_text(entity, place.start, None if whole else since), entity.name)
    if not found and place.count is not None and place.start <= place.count:
        raise broken(f"{place.count} of {entity.name} were counted, none came from {place.start} on")
    return _listed(session, wanted, place, found, delta=since is not None)


def _page_text(entity: Entity, start: int, since: str | None) -> str:
    """In the order of ids: a record that is changed while pages are read keeps its place and is not missed."""
    changed = f" AND MetaData.LastUpdatedTime >= {api.literal(since)}" if since else ""
    return api.select("*", entity.name, f"{_EVERY}{changed} ORDERBY Id", start)


def _listed(
    session: Session, wanted: Sequence[Entity], place: _Place, found: list[dict[str, Any]], *, delta: bool
) -> ListPage:
    """A page of one entity's records, and where to read on: the next page, else in a delta the next entity."""
    names = [entity.name for entity in wanted]
    entity = wanted[names.index(place.entity)]
    after = place.start + len(found)
    known = terms_for(session, found, place.terms)
    more = after <= place.count if place.count is not None else len(found) >= PAGE_SIZE
    following: _Place | None = None
    if more:
        following = replace(place, start=after, terms=known)
    elif entity is not wanted[-1]:
        following = replace(place, entity=names[names.index(place.entity) + 1], start=1, count=None, terms=known)
    made = [entry for record in found for entry in entity.entries(with_days(record, known))]
    gone = _moved(entity, made) if delta else ()
    return ListPage(tuple(made), following.text() if following else None, place.cursor, gone)


# --- changes
def _changes(session: Session, wanted: Sequence[Entity], since: str) -> ListPage:
    """Everything that changed, in one call; where its answer may be cut short, each list is asked for its changes.

    So it is where a payment term changed: the days of a term are its records' news, which QuickBooks does not tell.
    """
    began = api.instant(since)
    if began is None or session.now() - began > LOOK_BACK:
        cursor = api.moment(session.now() - DELTA_OVERLAP)
        place = _Place(wanted[0].name, 1, None, cursor)
        return ListPage((), place.text(), cursor)
    started = session.now()
    names = [entity.name for entity in wanted]
    asked = [*names, TERM] if NAMING.intersection(names) else names
    told = api.get(session, "/cdc", {"entities": ",".join(asked), "changedSince": since})
    found = changed_records(told, asked)
    cursor = _cursor(session, api.instant(told.get("time")), started)
    made: list[Entry] = []
    gone: list[tuple[Kind, str]] = []
    known = terms_for(session, (record for name in names for record in found[name]), None)
    for entity in wanted:
        there = [record for record in found[entity.name] if not is_tombstone(record)]
        of_entity = [entry for record in there for entry in entity.entries(with_days(record, known))]
        made += of_entity
        gone += _moved(entity, of_entity)
        gone += [(kind, str(one["Id"])) for one in found[entity.name] if is_tombstone(one) for kind in entity.kinds]
    cut_short = sum(len(records) for records in found.values()) >= PAGE_SIZE
    new_terms = bool(found.get(TERM))
    following = _Place(names[0], 1, None, cursor, known, new_terms).text() if cut_short or new_terms else None
    return ListPage(tuple(made), following, cursor, tuple(gone))


def changed_records(told: Mapping[str, Any], names: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The records in an answer of change data capture by entity, tombstones among them. Raises CallFailed."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for answer in api.elements(told, "CDCResponse"):
        fault = api.fault_of(answer)
        if fault is not None:
            raise CallFailed(fault.problem(), sent=True)
        for response in api.elements({"QueryResponse": answer.get("QueryResponse", [])}, "QueryResponse"):
            for name in found:
                found[name] += api.records(response, name)
    return found


def is_tombstone(record: Mapping[str, Any]) -> bool:
    """Whether all that is told of a record is that it was deleted."""
    return record.get("status") == "Deleted"


def _moved(entity: Entity, made: Iterable[Entry]) -> tuple[tuple[Kind, str], ...]:
    """A record that is of one of its entity's kinds is of no other any more (a customer that became a job)."""
    return tuple(
        (kind, entry.provider_id)
        for entry in made
        if entry.provider_id
        for kind in entity.kinds
        if kind is not entry.kind
    )


# --- tax, dimensions, currencies
def _together(session: Session) -> ListPage:
    """Lists that are small, or that change data capture does not know, with the preferences they hang on: one call."""
    names = ("TaxCode", "TaxRate", "Class", "Department", "CompanyCurrency")
    texts = {name: _whole_text(name, 1) for name in names}
    told, _ = api.queries(session, {**texts, "Preferences": api.select("*", "Preferences")})
    found = {name: api.records_of(told[name], name) for name in names}
    if sum(map(len, found.values())) >= PAGE_SIZE:  # the most that one answer holds: each list by itself
        found = {name: _whole(session, name) if found[name] else [] for name in names}
    preferences = next(iter(api.records_of(told["Preferences"], "Preferences")), None)
    if preferences is None:
        raise broken("no preferences")
    made = (
        *entries.tax_rates(found["TaxCode"], found["TaxRate"]),
        *entries.dimensions(preferences, found["Class"], found["Department"]),
        *entries.currencies(preferences, found["CompanyCurrency"]),
    )
    return ListPage(made, None, None)


def _whole_text(name: str, start: int) -> str:
    return api.select("*", name, f"{_EVERY} ORDERBY Id", start)


def _whole(session: Session, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for _ in range(MOST_PAGES):
        page = api.query(session, _whole_text(name, len(found) + 1), name)
        found += page
        if len(page) < PAGE_SIZE:
            return found
    raise broken(f"more than {MOST_PAGES} pages of {name}")


def _cursor(session: Session, at: datetime | None, started: datetime) -> str:
    """Where the next delta starts: QuickBooks' own clock when it began to answer, less the overlap."""
    ended = session.now()
    return api.moment((at or ended) - (ended - started) * session.pace - DELTA_OVERLAP)
