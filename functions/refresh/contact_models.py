"""What callers send and see when they bring a list as CSV, or merge contacts."""

import json
from typing import Any

from pydantic import Field

from functions.refresh.models import EntryId, EntryView
from shared.aws.http import Model, View
from shared.domain.list_imports import MOST_ROWS
from shared.domain.merging import Conflict
from shared.usecases.import_list import Imported
from shared.usecases.merge_contacts import MOST_AT_ONCE, Merged


class ImportBody(Model):
    """A CSV text with a header row. A body of type text/csv is the text itself."""

    csv: str = Field(
        min_length=1,
        description="Columns: name; where wanted code (of one name alone) and, for suppliers and customers, category, "
        f"currency, tax_number and email. Separated by comma, semicolon or tab; at most {MOST_ROWS} rows",
    )
    dry_run: bool = Field(False, description="Only say what would happen")


class RefusedRowView(View):
    """A row that was not taken. The header is line 1."""

    line: int
    field: str
    reason: str


class DifferingView(View):
    """A value that was not taken: the entry of this name, or its rule, says something else and keeps it."""

    line: int
    field: str
    kept: Any
    given: Any


class ImportView(View):
    """What came of the rows: entries created, rows merged into entries of their name, rows refused."""

    created: int
    merged: int
    refused: list[RefusedRowView]
    differing: list[DifferingView]
    rules: int = Field(description="Rules of these suppliers or customers that were made or filled")
    ignored_columns: list[str]
    dry_run: bool

    @classmethod
    def of(cls, done: Imported, *, dry_run: bool) -> "ImportView":
        return cls(
            created=done.created,
            merged=done.merged,
            refused=[RefusedRowView(line=one.line, field=one.field, reason=one.reason) for one in done.refused],
            differing=[
                DifferingView(line=one.line, field=one.field, kept=one.kept, given=one.given) for one in done.differing
            ],
            rules=done.rules,
            ignored_columns=list(done.ignored),
            dry_run=dry_run,
        )


class MergeBody(Model):
    """Entries of one book. The survivor stays; whoever names one of the others means it from then on."""

    survivor: EntryId
    merged: list[EntryId] = Field(min_length=1, max_length=MOST_AT_ONCE)


class ConflictView(View):
    """A value of a merged entry or of its rule that gave way to the survivor's. `field` as in rule.category."""

    entry: str
    field: str
    kept: Any
    lost: Any

    @classmethod
    def of(cls, conflict: Conflict) -> "ConflictView":
        return cls(entry=conflict.entry, field=conflict.field, kept=conflict.kept, lost=conflict.lost)


class MergedView(View):
    """What a merge left. Merge them in the accounting software too: nothing is changed there."""

    survivor: EntryView
    merged: list[str]
    conflicts: list[ConflictView]

    @classmethod
    def of(cls, done: Merged) -> "MergedView":
        return cls(
            survivor=EntryView.of(done.survivor),
            merged=list(done.merged),
            conflicts=[ConflictView.of(one) for one in done.conflicts],
        )

    def outcome(self) -> dict[str, Any]:
        """What a repeat of the request needs to answer as the first did: later the conflicts are not seen any more."""
        said: dict[str, Any] = json.loads(self.model_dump_json(include={"merged", "conflicts"}))
        return said
