"""The whole state of one Sage business, in memory, with what a test reads of it and a JSON snapshot."""

import base64
import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from sandbox.decimals import strings, tagged, untagged
from sandbox.sage.formats import Record

# Lists that an organisation fills, then those that are the same for every business of a country.
OWN_TABLES = (
    *("ledger_accounts", "contacts", "tax_rates", "bank_accounts", "products", "services", "stock_items"),
    *("analysis_types", "analysis_type_categories", "business_exchange_rates"),
    *("purchase_invoices", "sales_invoices", "purchase_credit_notes", "sales_credit_notes"),
    *("purchase_quick_entries", "sales_quick_entries", "contact_payments", "other_payments"),
    *("attachments", "transactions", "ledger_entries"),
)
FIXED_TABLES = (
    *("currencies", "payment_methods", "contact_types", "transaction_types", "artefact_statuses"),
    *("quick_entry_types", "attachment_context_types", "ledger_account_types", "ledger_account_classifications"),
    *("bank_account_types", "catalog_item_types", "tax_schemes", "countries"),
)
TABLES = (*OWN_TABLES, *FIXED_TABLES)


@dataclass
class Books:
    """One business's books. `tables` maps a resource to its records by id, in order of creation; `files` holds what
    was attached, by attachment id. Records are replaced, never changed in place."""

    business: Record
    settings: Record
    tables: dict[str, dict[str, Record]] = field(default_factory=lambda: {name: {} for name in TABLES})
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    sequence: int = 0

    def copy(self) -> "Books":
        """Books of their own with the same records, which nobody changes in place."""
        tables = {name: dict(rows) for name, rows in self.tables.items()}
        return Books(deepcopy(self.business), deepcopy(self.settings), tables, dict(self.files), self.sequence)

    @property
    def business_id(self) -> str:
        """32 hexadecimal digits, as sent in X-Business."""
        return str(self.business["id"])

    @property
    def base_currency(self) -> str:
        return str(self.settings["base_currency"]["id"])

    @property
    def country(self) -> str:
        return str(self.business["country"]["id"])

    @property
    def plan(self) -> str:
        """PLUS, STANDARD or START."""
        return str(self.business["_plan"])

    def active(self) -> bool:
        """Whether any subscription is active."""
        return any(one["active"] for one in self.business["subscriptions"])

    def new_id(self) -> str:
        """32 hexadecimal digits that depend on the business and on what was made before only: runs can be repeated."""
        self.sequence += 1
        return uuid.uuid5(uuid.UUID(self.business_id), str(self.sequence)).hex

    def get(self, table: str, record_id: object) -> Record | None:
        """A record by its id, deleted ones too; None when there is none."""
        return self.tables[table].get(record_id) if isinstance(record_id, str) else None

    def live(self, table: str, record_id: object) -> Record | None:
        """A record by its id unless it was deleted."""
        found = self.get(table, record_id)
        return None if found is None or found.get("deleted_at") else found

    def put(self, table: str, record: Record) -> Record:
        self.tables[table][str(record["id"])] = record
        return record

    def rows(self, table: str) -> Iterable[Record]:
        return self.tables[table].values()

    def find(self, table: str, wanted: Callable[[Record], bool]) -> Record | None:
        """The first record that is wanted."""
        return next((one for one in self.rows(table) if wanted(one)), None)

    def control(self, name: str) -> str:
        """The id of the ledger account that Sage books by itself under a control name."""
        found = self.find("ledger_accounts", lambda one: one["control_name"] == name)
        if found is None:
            raise LookupError(f"no control account {name}")
        return str(found["id"])

    def written(self, value: Any) -> Any:
        """A stored value with its references written out as Sage does: id, displayed_as, $path."""
        if isinstance(value, dict):
            if "$in" in value:
                return self._reference(value)
            return {key: self.written(inner) for key, inner in value.items() if not key.startswith("_")}
        if isinstance(value, list):
            return [self.written(inner) for inner in value]
        return value

    def _reference(self, value: Record) -> Record:
        table, record_id = value["$in"], value["id"]
        target = self.get(table, record_id)
        shown = target["displayed_as"] if target else ""
        return {"id": record_id, "displayed_as": shown, "$path": f"/{table}/{record_id}"}

    def view(self) -> Record:
        """Everything in the books for a test to read: Sage's field names, amounts as texts, files by digest."""
        lists = {name: [strings(self.written(one)) for one in self.rows(name)] for name in OWN_TABLES}
        files = {
            key: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for key, content in self.files.items()
        }
        return {
            "business": self.written(self.business),
            "settings": self.written(self.settings),
            **lists,
            "files": files,
        }

    def to_snapshot(self) -> Record:
        """A JSON-safe copy of the whole state, files included (base64)."""
        return {
            "business": tagged(self.business),
            "settings": tagged(self.settings),
            "sequence": self.sequence,
            "tables": {name: [tagged(one) for one in rows.values()] for name, rows in self.tables.items()},
            "files": {key: base64.b64encode(content).decode() for key, content in self.files.items()},
        }

    @staticmethod
    def from_snapshot(saved: Mapping[str, Any]) -> "Books":
        """The books that `to_snapshot` wrote."""
        books = Books(untagged(saved["business"]), untagged(saved["settings"]), sequence=saved["sequence"])
        for name, rows in saved["tables"].items():
            for one in rows:
                books.put(name, untagged(one))
        books.files = {key: base64.b64decode(content) for key, content in saved["files"].items()}
        return books
