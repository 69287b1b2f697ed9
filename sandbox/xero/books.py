"""The whole state of one Xero organisation, in memory, with indexes, undo and a JSON snapshot.

Records are replaced, never changed in place: that is what makes undoing a refused element safe.
"""

import base64
import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from sandbox.decimals import strings, tagged, untagged
from sandbox.xero.formats import Record

ID_FIELDS: Mapping[str, str] = {
    "Accounts": "AccountID",
    "Contacts": "ContactID",
    "TaxRates": "TaxType",
    "TrackingCategories": "TrackingCategoryID",
    "Items": "ItemID",
    "Currencies": "Code",
    "Users": "UserID",
    "Invoices": "InvoiceID",
    "CreditNotes": "CreditNoteID",
    "BankTransactions": "BankTransactionID",
    "Payments": "PaymentID",
}
_GONE = ("DELETED", "VOIDED")


def folded(text: str) -> str:
    """Names are compared without regard to case or outer spaces."""
    return text.strip().casefold()


def _contact_name(record: Record) -> str | None:
    return f"{record['ContactStatus']}:{folded(record['Name'])}"


def _contact_number(record: Record) -> str | None:
    number = record.get("ContactNumber")
    return folded(number) if number and record["ContactStatus"] == "ACTIVE" else None


def _sales_number(record: Record) -> str | None:
    """Numbers are unique for sales documents only, among those neither deleted nor voided."""
    if not record["Type"].startswith("ACCREC") or record["Status"] in _GONE:
        return None
    return folded(record.get("InvoiceNumber") or record.get("CreditNoteNumber") or "") or None


def _code(record: Record) -> str | None:
    code = record.get("Code")
    return folded(code) if code else None


INDEXES: Mapping[tuple[str, str], Callable[[Record], str | None]] = {
    ("Contacts", "name"): _contact_name,
    ("Contacts", "number"): _contact_number,
    ("Accounts", "code"): _code,
    ("Items", "code"): _code,
    ("Invoices", "number"): _sales_number,
    ("CreditNotes", "number"): _sales_number,
}


@dataclass(frozen=True)
class Attachment:
    """One file on a document. `content` is never part of a repr."""

    attachment_id: str
    file_name: str
    mime_type: str
    include_online: bool
    content: bytes = field(repr=False)


@dataclass
class Books:
    """One organisation's books. `tables` maps a resource name to its records by id, in order of creation."""

    organisation: Record
    tables: dict[str, dict[str, Record]] = field(default_factory=lambda: {name: {} for name in ID_FIELDS})
    attachments: dict[str, list[Attachment]] = field(default_factory=dict)
    sequence: int = 0
    _indexes: dict[tuple[str, str], dict[str, str]] = field(default_factory=lambda: {key: {} for key in INDEXES})
    _undo: list[Callable[[], None]] = field(default_factory=list)

    def copy(self) -> "Books":
        """Books of their own with the same records, which nobody changes in place."""
        return Books(
            deepcopy(self.organisation),
            {name: dict(rows) for name, rows in self.tables.items()},
            {owner: list(files) for owner, files in self.attachments.items()},
            self.sequence,
            {key: dict(index) for key, index in self._indexes.items()},
        )

    @property
    def organisation_id(self) -> str:
        """OrganisationID; the tenant id of its connections is another."""
        return str(self.organisation["OrganisationID"])

    @property
    def base_currency(self) -> str:
        """ISO code of the books' own currency."""
        return str(self.organisation["BaseCurrency"])

    def new_id(self) -> str:
        """A GUID that depends on the organisation and on what was made before only: runs can be repeated."""
        self.sequence += 1
        return str(uuid.uuid5(uuid.UUID(self.organisation_id), str(self.sequence)))

    def next_number(self, prefix: str, table: str) -> str:
        """A free document number, "INV-0001" or "CN-0001"; like Xero's sequence it may skip some."""
        count = len(self.tables[table]) + 1
        while self.find(table, "number", f"{prefix}-{count:04d}") is not None:
            count += 1
        return f"{prefix}-{count:04d}"

    def get(self, table: str, record_id: object) -> Record | None:
        """A record by its id (GUIDs in any case), or None."""
        if not isinstance(record_id, str):
            return None
        return self.tables[table].get(record_id) or self.tables[table].get(record_id.lower())

    def find(self, table: str, index: str, key: str) -> Record | None:
        """A record by an indexed key: Contacts name ("STATUS:name") or number, codes, sales document numbers."""
        found = self._indexes[table, index].get(folded(key) if index != "name" else key)
        return self.tables[table][found] if found else None

    def contact_named(self, name: str, status: str = "ACTIVE") -> Record | None:
        """A contact of that name and ContactStatus."""
        return self.find("Contacts", "name", f"{status}:{folded(name)}")

    def put(self, table: str, record: Record) -> None:
        """Store a record whole; it is undone by `undo_to` until the call commits."""
        record_id = str(record[ID_FIELDS[table]])
        before = self.tables[table].get(record_id)
        self._replace(table, record_id, record)
        self._undo.append(lambda: self._replace(table, record_id, before))

    def put_attachments(self, owner_id: str, files: list[Attachment]) -> None:
        """The files of one document, whole."""
        self.attachments[owner_id] = files

    def remove(self, table: str, record: Record) -> None:
        """Take a record out for good, as Xero does with items; undone like a `put`."""
        record_id = str(record[ID_FIELDS[table]])
        self._replace(table, record_id, None)
        self._undo.append(lambda: self._replace(table, record_id, record))

    def mark(self) -> int:
        """A point that `undo_to` can return to within this call."""
        return len(self._undo)

    def undo_to(self, mark: int) -> None:
        """Take back every `put` since `mark`."""
        while len(self._undo) > mark:
            self._undo.pop()()

    def commit(self) -> None:
        """Forget how to undo: the call's changes stand."""
        self._undo.clear()

    def _replace(self, table: str, record_id: str, record: Record | None) -> None:
        before = self.tables[table].get(record_id)
        for key_of, index in self._indexes_of(table):
            if before is not None:
                old = key_of(before)
                if old is not None and index.get(old) == record_id:
                    del index[old]
            if record is not None:
                new = key_of(record)
                if new is not None:
                    index.setdefault(new, record_id)
        if record is None:
            self.tables[table].pop(record_id, None)
        else:
            self.tables[table][record_id] = record

    def _indexes_of(self, table: str) -> Iterator[tuple[Callable[[Record], str | None], dict[str, str]]]:
        for key, key_of in INDEXES.items():
            if key[0] == table:
                yield key_of, self._indexes[key]

    def view(self) -> Record:
        """Everything in the books for a test to read: Xero's field names, amounts as strings, files by digest."""
        tables = {name: [strings(record) for record in rows.values()] for name, rows in self.tables.items()}
        files = {
            owner: [
                {
                    "file_name": one.file_name,
                    "mime_type": one.mime_type,
                    "size": len(one.content),
                    "sha256": hashlib.sha256(one.content).hexdigest(),
                }
                for one in attached
            ]
            for owner, attached in self.attachments.items()
        }
        return {"Organisation": strings(self.organisation), **tables, "Attachments": files}

    def to_snapshot(self) -> Record:
        """A JSON-safe copy of the whole state, files included (base64)."""
        return {
            "organisation": tagged(self.organisation),
            "sequence": self.sequence,
            "tables": {name: [tagged(record) for record in rows.values()] for name, rows in self.tables.items()},
            "attachments": {
                owner: [
                    [a.attachment_id, a.file_name, a.mime_type, a.include_online, base64.b64encode(a.content).decode()]
                    for a in files
                ]
                for owner, files in self.attachments.items()
            },
        }

    @staticmethod
    def from_snapshot(snapshot: Mapping[str, Any]) -> "Books":
        """The books that `to_snapshot` wrote."""
        books = Books(organisation=untagged(snapshot["organisation"]), sequence=snapshot["sequence"])
        for name, records in snapshot["tables"].items():
            for record in records:
                books.put(name, untagged(record))
        for owner, files in snapshot["attachments"].items():
            books.attachments[owner] = [
                Attachment(one, name, mime, online, base64.b64decode(content))
                for one, name, mime, online, content in files
            ]
        books.commit()
        return books
