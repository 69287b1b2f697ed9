"""Rules by account."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from shared.domain.rules import Rule
from shared.storage.access import access
from shared.storage.codec import decode
from shared.storage.keys import account_key, part
from shared.storage.operations import Delete, version_is
from shared.storage.rows import new, record_in, replaced
from shared.storage.table import Table

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
        return record_in(Rule, self._table.get(*_key(tenant, account, rule)))

    @access("rules", "BatchGetItem", _KEY)
    def batch_get(self, tenant: str, account: str, rules: Iterable[str]) -> dict[str, Rule]:
        """Those of the rules that are there, by id."""
        rows = self._table.batch_get(_key(tenant, account, rule) for rule in rules)
        return {rule.id: rule for rule in (decode(Rule, row) for row in rows)}

    @access("rules", "Query", "pk T#<tenant>#A#<account>, sk begins R#, by id")
    def page(self, tenant: str, account: str, cursor: str | None, limit: int) -> tuple[list[Rule], str | None]:
        """Up to `limit` rules, and where to go on (None at the end)."""
        after = f"R#{part(cursor)}" if cursor else None
        rows = self._table.query(account_key(tenant, account), "R#", after=after, page=limit + 1)
        found = [decode(Rule, row) for row in islice(rows, limit + 1)]
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    @access("rules", "PutItem", _KEY, "version as read")
    def update(self, tenant: str, account: str, rule: Rule) -> Rule:
        """Store a changed rule and return it with its next version; raises ConflictError."""
        self._table.write(replaced(_key(tenant, account, rule.id), rule))
        return replace(rule, version=rule.version + 1)

    @access("rules", "DeleteItem", _KEY, "version as read")
    def delete(self, tenant: str, account: str, rule: Rule) -> None:
        """Take a rule away; raises ConflictError."""
        self._table.write(Delete(_key(tenant, account, rule.id), version_is(rule.version)))


def _key(tenant: str, account: str, rule: str) -> tuple[str, str]:
    return account_key(tenant, account), f"R#{part(rule)}"
