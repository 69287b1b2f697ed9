"""The whole state of one BILL organization, in memory, with undo and a JSON snapshot.

Records are replaced, never changed in place: that is what makes undoing a refused bulk request safe.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.bill.formats import Record, stamp
from sandbox.decimals import strings, tagged, untagged

# The prefixes of BILL's ids: developer.bill.com, the reference page of each object.
PREFIXES: Mapping[str, str] = {
    "vendors": "009",
    "bills": "00n",
    "vendor-credits": "vcr",
    "users": "006",
    "roles": "rol",  # assumed
    "customers": "0cu",
    "chart-of-accounts": "0ca",
    "departments": "0de",
    "accounting-classes": "cls",
    "locations": "loc",
    "jobs": "job",
    "items": "0ii",
    "employees": "emp",
}
ID_LENGTH = 20
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class Document:
    """A file on a bill. Until `filed_at` only its upload id (0du) is known. `content` is never part of a repr."""

    upload_id: str
    document_id: str
    bill_id: str
    name: str
    uploaded_at: datetime
    filed_at: datetime
    content: bytes = field(repr=False)


@dataclass
class Books:
    """One organization. `tables` maps a list to its records by id, in order of creation."""

    organization: Record
    tables: dict[str, dict[str, Record]] = field(default_factory=lambda: {name: {} for name in PREFIXES})
    policies: dict[str, Record] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    sequence: int = 0
    _undo: list[Callable[[], None]] = field(default_factory=list)

    @property
    def organization_id(self) -> str:
        return str(self.organization["id"])

    def new_id(self, prefix: str) -> str:
        """An id that depends on the organization and on what was made before only: runs can be repeated."""
        self.sequence += 1
        return fixed_id(prefix, f"{self.organization_id} {self.sequence}")

    def get(self, table: str, record_id: object) -> Record | None:
        return self.tables[table].get(record_id) if isinstance(record_id, str) else None

    def named(self, table: str, name: str) -> Record | None:
        """The first record of that name, archived or not; names are compared without case and outer spaces."""
        wanted = name.strip().casefold()
        return next((one for one in self.tables[table].values() if one["name"].casefold() == wanted), None)

    def create(self, table: str, record: Record, now: datetime) -> Record:
        """Store a new record under a new id."""
        made = {"id": self.new_id(PREFIXES[table]), "archived": False, **record}
        return self.put(table, {**made, "createdTime": stamp(now), "updatedTime": stamp(now)})

    def update(self, table: str, record: Record, now: datetime) -> Record:
        """Store a changed record."""
        return self.put(table, {**record, "updatedTime": stamp(now)})

    def put(self, table: str, record: Record) -> Record:
        """Store a record whole; undone by `undo_to` until the call commits."""
        rows, record_id = self.tables[table], str(record["id"])
        before = rows.get(record_id)
        rows[record_id] = record

        def back() -> None:
            if before is None:
                rows.pop(record_id, None)
            else:
                rows[record_id] = before

        self._undo.append(back)
        return record

    def mark(self) -> int:
        return len(self._undo)

    def undo_to(self, mark: int) -> None:
        """Take back every `put` since `mark`."""
        while len(self._undo) > mark:
            self._undo.pop()()

    def commit(self) -> None:
        """Forget how to undo: the call's changes stand."""
        self._undo.clear()

    def view(self) -> Record:
        """Everything in the books for a test to read: BILL's field names, amounts as strings, files by digest."""
        documents = [
            {
                "upload_id": one.upload_id,
                "document_id": one.document_id,
                "bill_id": one.bill_id,
                "name": one.name,
                "filed_at": stamp(one.filed_at),
                "size": len(one.content),
                "sha256": hashlib.sha256(one.content).hexdigest(),
            }
            for one in self.documents.values()
        ]
        tables = {name: [strings(one) for one in rows.values()] for name, rows in self.tables.items()}
        policies = [strings(one) for one in self.policies.values()]
        return {"organization": self.organization, **tables, "policies": policies, "documents": documents}

    def to_snapshot(self) -> Record:
        """A JSON-safe copy of the whole state, files included (base64)."""
        return {
            "organization": self.organization,
            "sequence": self.sequence,
            "tables": {name: [tagged(one) for one in rows.values()] for name, rows in self.tables.items()},
            "policies": tagged(self.policies),
            "documents": [
                {
                    **vars(one),
                    "uploaded_at": one.uploaded_at.isoformat(),
                    "filed_at": one.filed_at.isoformat(),
                    "content": base64.b64encode(one.content).decode(),
                }
                for one in self.documents.values()
            ],
        }

    @staticmethod
    def from_snapshot(saved: Mapping[str, Any]) -> "Books":
        """The books that `to_snapshot` wrote."""
        books = Books(organization=dict(saved["organization"]), sequence=saved["sequence"])
        for name, rows in saved["tables"].items():
            books.tables[name] = {row["id"]: untagged(row) for row in rows}
        books.policies = untagged(saved["policies"])
        for row in saved["documents"]:
            times = {name: datetime.fromisoformat(row[name]) for name in ("uploaded_at", "filed_at")}
            document = Document(**{**row, **times, "content": base64.b64decode(row["content"])})
            books.documents[document.upload_id] = document
        return books


def fixed_id(prefix: str, name: str) -> str:
    """The id of that prefix that belongs to a name."""
    digest = hashlib.sha256(name.encode()).digest()
    letters = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest)
    return prefix + letters[: ID_LENGTH - len(prefix)]
