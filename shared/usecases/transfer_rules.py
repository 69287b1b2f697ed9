"""Rules out of one account and into another: by code and name; what does not match there is said, row by row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from shared.domain.accounts import Account, Caller
from shared.domain.connections import Slot
from shared.domain.errors import LedgerbridgeError, Problem, fail
from shared.domain.item_drafts import Reference
from shared.domain.lists import Book, Entry, EntryStatus, Kind, folded
from shared.domain.rule_transfer import ENTRIES, SUBJECTS, PortableRule, Unnamed, chosen, portable, refs_of
from shared.domain.rules import Rule, RuleKind, rule_id
from shared.usecases.entry_cache import EntryCache
from shared.usecases.happenings import happened
from shared.usecases.integrations import Ways, check_named
from shared.usecases.readiness import book_of, kinds_of
from shared.usecases.references import References, approvers_book
from shared.usecases.rule_fields import check_decisions, check_whole, values_of
from shared.usecases.service import Service

MOST_AT_ONCE: Final = 1000
NO_MATCH: Final = "there is no active one of this code or name in the current books"
_CONTACTS: Final = frozenset({Kind.SUPPLIERS, Kind.CUSTOMERS})


@dataclass(frozen=True, slots=True)
class Exported:
    """A page of rules without ids; `unnamed` is what had to be left out, `position` where to go on."""

    rules: tuple[PortableRule, ...]
    unnamed: tuple[Unnamed, ...]
    position: str | None


def export_rules(service: Service, account: Account, *, position: str | None, limit: int) -> Exported:
    """Up to `limit` rules of the account, by what their entries are called in its current books."""
    found, following = service.rules.page(account.tenant, account.id, position, limit)
    names = _Names(service, account, found)
    rules, unnamed = [], []
    for rule in found:
        named, left_out = portable(rule, names)
        unnamed += left_out
        if named is not None:
            rules.append(named)
    return Exported(tuple(rules), tuple(unnamed), following)


class _Names:
    """What entries are called, looked for in each book that the account's rules may be of."""

    def __init__(self, service: Service, account: Account, rules: Iterable[Rule]) -> None:
        self._cache = EntryCache(service, account)
        own = Book.own(account.tenant, account.id)
        self._books = list(dict.fromkeys([*Ways(service, account).books(), own]))
        refs = {ref for rule in rules for ref in refs_of(rule)}
        for book in self._books:
            self._cache.load(book, refs)

    def __call__(self, kind: Kind, entry_id: str) -> Reference | None:
        entry, book = self._entry(kind, entry_id)
        if entry is None or book is None:
            return None
        if kind is not Kind.DIMENSIONS:
            return Reference(code=entry.code, name=entry.name)
        parent = self._cache.get(book, kind, entry.parent) if entry.parent else None
        return Reference(name=entry.name, dimension=parent.name) if parent else None

    def _entry(self, kind: Kind, entry_id: str) -> tuple[Entry | None, Book | None]:
        for book in self._books:
            entry = self._cache.get(book, kind, entry_id)
            if entry is not None:
                return entry, book
        return None, None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken: `row` is its number in the caller's counting, `field` the one that does not fit."""

    row: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of the rows. A row is taken whole or refused whole, then with everything that is wrong with it."""

    created: int
    changed: int
    unchanged: int
    refused: tuple[RefusedRow, ...]


def import_rules(
    service: Service, caller: Caller, account: Account, rows: Sequence[tuple[int, PortableRule]], *, write: bool = True
) -> Imported:
    """Make or change rules: the fields that a row names are set, others stay. Repeated, it changes nothing.

    An entry is found by its code, else by its name, in the books that items of the rule would be of. `write` False only
    says what would happen. Raises invalid_request for more rows than MOST_AT_ONCE, ConflictError when somebody changes
    one of the rules meanwhile.
    """
    if len(rows) > MOST_AT_ONCE:
        raise fail("invalid_request", field="rules", reason=f"more than {MOST_AT_ONCE} rules: send them in parts")
    intake = _Intake(service, account, caller, rows)
    for number, row in rows:
        intake.take(number, row)
    changes = intake.changes()
    if write and changes:
        service.rules.write_all(account.tenant, account.id, changes)
        service.accounts.bump_coding_version(account.tenant, account.id)
        counts: dict[str, object] = {"created": intake.created, "changed": intake.changed}
        service.events.append(account.tenant, happened(service, account.id, "rules.imported", by=caller, after=counts))
    return Imported(intake.created, intake.changed, intake.unchanged, tuple(intake.refused))


@dataclass(slots=True)
class _Intake:
    """Rows on their way into an account, with everything that is read once for all of them."""

    service: Service
    account: Account
    caller: Caller
    rows: Sequence[tuple[int, PortableRule]]
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    ways: Ways = field(init=False)
    book: Book = field(init=False)
    _references: dict[Book, References] = field(default_factory=dict)
    _contacts: dict[tuple[Book, Kind], dict[str, Entry]] = field(default_factory=dict)
    _methods: list[Entry] | None = None
    _before: dict[str, Rule | None] = field(default_factory=dict)
    _after: dict[str, Rule] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ways = Ways(self.service, self.account)
        self.book = book_of(self.account, None)
        subjects = [self._subject(row)[0] for _, row in self.rows]
        tenant, account = self.account.tenant, self.account.id
        ids = {
            rule_id(tenant, account, row.kind, subject)
            for (_, row), subject in zip(self.rows, subjects, strict=True)
            if subject
        }
        self._before = dict(self.service.rules.batch_get(tenant, account, ids))

    def take(self, number: int, row: PortableRule) -> None:
        """One row: its rule as it will be, or why it is refused."""
        subject, book = self._subject(row)
        if subject is None:
            self.refused.append(RefusedRow(number, "subject", NO_MATCH))
            return
        id_ = rule_id(self.account.tenant, self.account.id, row.kind, subject)
        before = self._after.get(id_) or self._before.get(id_) or self._fresh(id_, row.kind, subject)
        try:
            after = replace(before, **self._values(row, book))
            check_whole(after)
        except LedgerbridgeError as refusal:
            self.refused += [RefusedRow(number, one.field or "", _reason(one)) for one in refusal.problems]
            return
        is_new = id_ not in self._after and self._before.get(id_) is None
        self.created += is_new
        self.changed += not is_new and after != before
        self.unchanged += not is_new and after == before
        self._after[id_] = after

    def changes(self) -> list[tuple[Rule, Rule | None]]:
        """The rules to write, each with what it was."""
        now, by = self.service.clock.now(), self.caller.actor
        pairs = ((after, self._before.get(id_)) for id_, after in self._after.items())
        return [(replace(after, edited_at=now, edited_by=by), before) for after, before in pairs if after != before]

    def _fresh(self, id_: str, kind: RuleKind, subject: str) -> Rule:
        now = self.service.clock.now()
        return Rule(id=id_, kind=kind, subject=subject, created_at=now, edited_at=now, edited_by=self.caller.actor)

    def _subject(self, row: PortableRule) -> tuple[str | None, Book]:
        """What the rule is for, and the books that its entries are of; None where there is no such entry."""
        if row.kind is RuleKind.USER:
            return row.subject.name, self.book
        kind = SUBJECTS[row.kind]
        if kind is Kind.PAYMENT_METHODS:
            method = self._method(row.subject)
            return method.id if method is not None else None, self.book
        for book in self.ways.books():
            entry = self._contact(book, kind, row.subject)
            if entry is not None:
                return entry.id, book
        return None, self.book

    def _method(self, named: Reference) -> Entry | None:
        if self._methods is None:
            own = Book.own(self.account.tenant, self.account.id)
            self._methods = list(self.service.lists.all(own, Kind.PAYMENT_METHODS))
        found = [one for one in self._methods if one.usable and folded(one.name) == folded(named.name or "")]
        return found[0] if len(found) == 1 else None

    def _contact(self, book: Book, kind: Kind, named: Reference) -> Entry | None:
        """A contact by name; all that the rows name are read together."""
        key = (book, kind)
        if key not in self._contacts:
            wanted = {folded(one.name) for _, row in self.rows for one in _contacts_of(row, kind) if one.name}
            self._contacts[key] = self.service.lists.by_names(book, kind, wanted)
        entry = self._contacts[key].get(folded(named.name or ""))
        return entry if entry is not None and entry.status is EntryStatus.ACTIVE else None

    def _values(self, row: PortableRule, book: Book) -> dict[str, Any]:
        """The row's fields with local ids; raises everything that does not match, a problem a field."""
        check_decisions(row.kind, row.decisions)
        slot: Slot | None = row.decisions.get("integration")
        check_named(self.ways, slot)
        references = self._references_of(slot, book)
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, value in row.decisions.items():
            try:
                decision = chosen(name, value, partial(self._choose, references, name))
                values |= values_of(references, {name: decision})
            except LedgerbridgeError as refusal:
                problems += refusal.problems
        if problems:
            raise LedgerbridgeError(*problems)
        return values

    def _references_of(self, slot: Slot | None, book: Book) -> References:
        """Where a rule's entries are looked for: the books of the integration that it names, else its subject's."""
        named = self.ways.in_slot(slot) if slot is not None else None
        connection = named or next((one for one in self.ways.linked if book_of(self.account, one) == book), None)
        if named is not None:
            book = book_of(self.account, named)
        if book not in self._references:
            kinds = None if connection is None else kinds_of(self.account, connection)
            cache = EntryCache(self.service, self.account)
            self._references[book] = References(self.service, book, cache, kinds, self.book, approvers_book(self.ways))
        return self._references[book]

    def _choose(self, references: References, field_name: str, kind: Kind, named: Reference) -> Reference:
        """An active entry by its code, else by its name; raises invalid_request."""
        if kind in _CONTACTS or kind is Kind.PAYMENT_METHODS:
            methods = kind is Kind.PAYMENT_METHODS
            found = self._method(named) if methods else self._contact(references.book, kind, named)
            if found is None:
                raise fail("invalid_request", field=field_name, reason=NO_MATCH)
            return Reference(id=found.id)
        refusal = fail("invalid_request", field=field_name, reason=NO_MATCH)
        for way in (Reference(code=named.code), Reference(name=named.name)):
            if way.code is None and way.name is None:
                continue
            try:
                entry_id = references.entry(kind, way, field_name)
            except LedgerbridgeError as no_match:
                refusal = no_match
                continue
            books = [book for book in (references.book, references.approving, self.book) if book is not None]
            entries = (references.cache.get(book, kind, entry_id or "") for book in books)
            if any(entry is not None and entry.usable for entry in entries):
                return Reference(id=entry_id)
        raise refusal


def _contacts_of(row: PortableRule, kind: Kind) -> Iterable[Reference]:
    """The suppliers or customers that a row names."""
    if SUBJECTS.get(row.kind) is kind:
        yield row.subject
    named: Mapping[str, Any] = row.decisions
    yield from (value for name, value in named.items() if ENTRIES.get(name) is kind and value is not None)


def _reason(problem: Problem) -> str:
    said = problem.details.get("reason")
    return str(said) if said else problem.code
