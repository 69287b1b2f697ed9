"""Suppliers, customers and categories from a CSV text; what a row says of coding becomes the contact's rule."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.domain.accounts import Account, Caller
from shared.domain.errors import fail
from shared.domain.ids import numbered_id
from shared.domain.list_imports import (
    COLUMNS,
    Differing,
    Refused,
    Row,
    category_named,
    plan,
    read_rows,
)
from shared.domain.lists import Book, Entry, Kind, folded
from shared.domain.merging import filled
from shared.domain.rules import Rule, RuleKind, decided, rule_id
from shared.usecases.happenings import happened
from shared.usecases.merge_contacts import RULES_OF
from shared.usecases.own_lists import MADE_AT_PUBLISHING, book_for, is_own
from shared.usecases.readiness import book_of
from shared.usecases.service import Service

KINDS: Final = frozenset(COLUMNS)


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of the rows: entries `created`, rows `merged` into entries of their name, and those refused.

    `rules` is how many rules of contacts were made or filled, `ignored` the columns that nothing is known of.
    """

    created: int
    merged: int
    refused: tuple[Refused, ...]
    differing: tuple[Differing, ...]
    rules: int
    ignored: tuple[str, ...]


def import_list(
    service: Service, account: Account, kind: Kind, text: str, first_id: str, *, by: Caller, write: bool = True
) -> Imported:
    """Take the rows of a CSV text into a list. Entries get ids that follow from `first_id`: a repeat meets its work.

    An entry of a row's name is kept: its blanks are filled, other values of the row are reported. A supplier's or
    customer's category and currency go to its rule in the same way. `write` False only says what would happen. Raises
    not_found for a list that is not imported, list_has_no_entries_of_own for one of the accounting software,
    invalid_request for a text that is no list, ConflictError.
    """
    if kind not in KINDS:
        raise fail("not_found", field="kind")
    book = book_for(account, kind)
    if not is_own(book) and kind not in MADE_AT_PUBLISHING:
        raise fail("list_has_no_entries_of_own", kind=kind.value)
    read = read_rows(kind, text)
    coded, unknown = _coded(service, account, read.rows)
    rows = [row for row in read.rows if row.line in coded]
    planned = plan(kind, rows, _known(service, book, kind, rows), lambda number: numbered_id(first_id, number))
    said = [(line, entry.id, coded[line]) for line, entry in planned.entries.items() if coded[line]]
    changes, differing = _rules(service, account, RULES_OF[kind], said, by) if said else ([], [])
    if write:
        service.lists.write_own(book, planned.changes)
        service.rules.write_all(account.tenant, account.id, changes)
    done = Imported(
        created=planned.created,
        merged=planned.merged,
        refused=tuple(sorted([*read.refused, *unknown, *planned.refused], key=lambda one: one.line)),
        differing=tuple(sorted([*planned.differing, *differing], key=lambda one: one.line)),
        rules=len(changes),
        ignored=read.ignored,
    )
    if write and (planned.changes or changes):
        _announce(service, account, kind, done, by)
    return done


def _known(service: Service, book: Book, kind: Kind, rows: Sequence[Row]) -> Mapping[str, Entry]:
    """The entries that the rows name, by folded name. Of categories that share a name an active one counts first."""
    names = {folded(row.name) for row in rows}
    if kind in RULES_OF:
        return service.lists.by_names(book, kind, names)
    every = sorted(service.lists.all(book, kind), key=lambda entry: entry.usable)
    return {folded(entry.name): entry for entry in every if folded(entry.name) in names}


def _coded(
    service: Service, account: Account, rows: Sequence[Row]
) -> tuple[Mapping[int, Mapping[str, Any]], list[Refused]]:
    """What each row says for a rule, by line; rows whose category is not in the current books are refused."""
    wanted = any(row.category for row in rows)
    categories = list(service.lists.all(book_of(account, None), Kind.CATEGORIES)) if wanted else []
    coded: dict[int, dict[str, Any]] = {}
    refused = []
    for row in rows:
        category = category_named(categories, row.category) if row.category else None
        if row.category and category is None:
            reason = "no category, or more than one, has this code or name in the current books"
            refused.append(Refused(row.line, "category", reason))
            continue
        said = {"category": category.id if category else None, "currency": row.currency}
        coded[row.line] = {name: value for name, value in said.items() if value is not None}
    return coded, refused


def _rules(
    service: Service, account: Account, kind: RuleKind, said: Sequence[tuple[int, str, Mapping[str, Any]]], by: Caller
) -> tuple[list[tuple[Rule, Rule | None]], list[Differing]]:
    """The rules to write, each with what it was; values that differ from those that are there are reported.

    `said` are lines with their entries and what they say for the rule.
    """
    tenant = account.tenant
    ids = {entry: rule_id(tenant, account.id, kind, entry) for _, entry, _ in said}
    there = service.rules.batch_get(tenant, account.id, ids.values())
    after: dict[str, dict[str, Any]] = {entry: decided(there[ids[entry]]) for entry in ids if ids[entry] in there}
    differing: list[Differing] = []
    for line, entry, values in said:
        found = filled(after.get(entry, {}), [(entry, values)], "rule")
        differing += [Differing(line, one.field, one.kept, one.lost) for one in found.conflicts]
        after[entry] = {**after.get(entry, {}), **found.values}
    now = service.clock.now()
    fresh = {
        entry: Rule(id=ids[entry], kind=kind, subject=entry, created_at=now, edited_at=now, edited_by=by.actor)
        for entry in ids
    }
    changes = (
        (replace(there.get(ids[entry], fresh[entry]), **values), there.get(ids[entry]))
        for entry, values in after.items()
    )
    return list(_edited(changes, fresh)), differing


def _edited(
    changes: Iterator[tuple[Rule, Rule | None]], fresh: Mapping[str, Rule]
) -> Iterator[tuple[Rule, Rule | None]]:
    for rule, before in changes:
        if before is None or rule != before:
            now = fresh[rule.subject]
            yield replace(rule, edited_at=now.edited_at, edited_by=now.edited_by), before


def _announce(service: Service, account: Account, kind: Kind, done: Imported, by: Caller) -> None:
    if done.rules:
        service.accounts.bump_coding_version(account.tenant, account.id)
    after: dict[str, object] = {
        "kind": kind.value,
        "created": done.created,
        "merged": done.merged,
        "refused": len(done.refused),
        "rules": done.rules,
    }
    service.events.append(account.tenant, happened(service, account.id, "list.imported", by=by, after=after))
