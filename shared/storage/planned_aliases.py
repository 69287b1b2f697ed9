"""Aliases as they would be with a merge that nobody has applied: what people see before they do."""

from collections.abc import Iterable, Mapping

from shared.domain.aliases import ALIAS, MIRROR, AliasRow, MirrorRow, RowKey
from shared.domain.lists import Entry
from shared.storage.aliases import AliasStore, Ask, FoundAliases
from shared.storage.table import Table


class PlannedAliases(AliasStore):
    """The rows that are stored, and others beside them that are not; `entries` would be made."""

    def __init__(self, table: Table, rows: Iterable[AliasRow | MirrorRow], entries: Mapping[Ask, Entry]) -> None:
        super().__init__(table)
        self._entries = entries
        self._rows: dict[RowKey, AliasRow | MirrorRow] = {}
        for row in rows:
            letter = ALIAS if isinstance(row, AliasRow) else MIRROR
            self._rows[RowKey(letter, row.kind, row.entry, row.merge)] = row

    def read(self, tenant: str, account: str, keys: Iterable[RowKey]) -> FoundAliases:
        asked = list(keys)
        return self._with_planned(super().read(tenant, account, asked), asked)

    def with_entries(
        self, tenant: str, account: str, asks: Iterable[Ask], keys: Iterable[RowKey]
    ) -> tuple[dict[Ask, Entry], FoundAliases]:
        wanted, asked = list(asks), list(keys)
        entries, found = super().with_entries(tenant, account, wanted, asked)
        made = {ask: self._entries[ask] for ask in wanted if ask in self._entries}
        return made | entries, self._with_planned(found, asked)

    def _with_planned(self, found: FoundAliases, asked: Iterable[RowKey]) -> FoundAliases:
        planned = [self._rows[key] for key in asked if key in self._rows]
        aliases = [row for row in planned if isinstance(row, AliasRow)]
        mirrors = [row for row in planned if isinstance(row, MirrorRow)]
        return FoundAliases([*found.aliases, *aliases], [*found.mirrors, *mirrors])
