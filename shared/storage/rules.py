"""Rules by account."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Final

from shared.domain.rules import Rule
from shared.storage.access import access
from shared.storage.codec import SCHEMA, decode, refuse_newer
from shared.storage.keys import account_key, part
from shared.storage.operations import Check, Delete, Put, version_is
from shared.storage.rows import new, record_in, replaced
from shared.storage.table import Table
from shared.storage.wire import Row

# A contact merged into another has a pointer in its rule's place: what is asked for it, the other's rule answers.
_MERGED: Final = "merged_into"
_POINTERS_IN_TURN: Final = 5
_WRITTEN_AT_ONCE: Final = 100  # writes that a transaction takes
_NO_POINTER: Final = Check(f"attribute_not_exists(#{_MERGED})")
_FREE: Final = Check(f"attribute_not_exists(#pk) OR attribute_exists(#{_MERGED})")
# The id that was asked for, and the contact that is meant where a pointer stood there.
_Asked = tuple[str, str | None]

_KEY = "pk T#<tenant>#A#<account>, sk R#<rule>"


class RuleStore:
    """Rules of an account; which one is for an entry follows from the entry."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("rules", "PutItem", _KEY, "not there yet")
    def create(self, tenant: str, account: str, rule: Rule) -> None:
        """Store a new rule; raises ConflictError when there is one for the same entry."""
        self._table.write(new(_key(tenant, account, rule.id), rule))

    @access("rules", "GetItem", _KEY)
    def get(self, tenant: str, account: str, rule: str) -> Rule | None:
        """A rule by its own id; the id of a merged contact's rule is nobody's any more."""
        row = self._table.get(*_key(tenant, account, rule))
        return None if row is None or _MERGED in row else record_in(Rule, row)

    @access("rules", "BatchGetItem", _KEY)
    def batch_get(self, tenant: str, account: str, rules: Iterable[str]) -> dict[str, Rule]:
        """Those of the rules that are there, by the id asked for.

        Asked for a merged contact's, the rule of the one it was merged into is given, as if it were of this one.
        """
        found: dict[str, Rule] = {}
        asked: dict[str, list[_Asked]] = {rule: [(rule, None)] for rule in rules}
        for _ in range(_POINTERS_IN_TURN):
            led: dict[str, list[_Asked]] = defaultdict(list)
            for row in self._table.batch_get(_key(tenant, account, rule) for rule in asked):
                refuse_newer(row)
                askers = asked[row["id"]]
                if _MERGED in row:
                    led[row[_MERGED]] += [(first, subject or row["subject"]) for first, subject in askers]
                else:
                    rule = decode(Rule, row)
                    found |= {first: replace(rule, subject=subject or rule.subject) for first, subject in askers}
            asked = led
        return found

    @access("rules", "Query", "pk T#<tenant>#A#<account>, sk begins R#, by id")
    def page(self, tenant: str, account: str, cursor: str | None, limit: int) -> tuple[list[Rule], str | None]:
        """Up to `limit` rules, and where to go on (None at the end)."""
        after = f"R#{part(cursor)}" if cursor else None
        rows = self._table.query(account_key(tenant, account), "R#", after=after, where=_NO_POINTER, page=limit + 1)
        found = [decode(Rule, row) for row in islice(rows, limit + 1)]
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    @access("rules", "PutItem", _KEY, "version as read")
    def update(self, tenant: str, account: str, rule: Rule) -> Rule:
        """Store a changed rule and return it with its next version; raises ConflictError."""
        self._table.write(replaced(_key(tenant, account, rule.id), rule))
        return replace(rule, version=rule.version + 1)

    @access("rules", "TransactWriteItems", _KEY, "not there yet, or version as read")
    def write_all(self, tenant: str, account: str, changes: Iterable[tuple[Rule, Rule | None]]) -> None:
        """Store many rules, each over the one that was read (None: new), in groups of 100, each all or none.

        Raises ConflictError; a repeat goes on where this stopped.
        """
        source = iter(changes)
        while some := list(islice(source, _WRITTEN_AT_ONCE)):
            keys = [_key(tenant, account, rule.id) for rule, _ in some]
            self._table.transact(
                [
                    new(key, rule) if before is None else replaced(key, replace(rule, version=before.version))
                    for key, (rule, before) in zip(keys, some, strict=True)
                ]
            )

    @access("rules", "DeleteItem", _KEY, "version as read")
    def delete(self, tenant: str, account: str, rule: Rule) -> None:
        """Take a rule away; raises ConflictError."""
        self._table.write(Delete(_key(tenant, account, rule.id), version_is(rule.version)))

    @access("rules", "PutItem", _KEY, "version as read; not there, or a pointer")
    def lead(self, tenant: str, account: str, rule: str, subject: str, into: str, *, expected: Rule | None) -> None:
        """Put a pointer to the rule `into` in the place of a merged contact's, which was `expected` (None: none).

        Raises ConflictError when there is another there.
        """
        pk, sk = _key(tenant, account, rule)
        pointer: Row = {"pk": pk, "sk": sk, "schema": SCHEMA, "id": rule, "subject": subject, _MERGED: into}
        self._table.write(Put(pointer, _FREE if expected is None else version_is(expected.version)))


def _key(tenant: str, account: str, rule: str) -> tuple[str, str]:
    return account_key(tenant, account), f"R#{part(rule)}"
