"""The whole state of one QuickBooks company, in memory, with indexes, undo, tombstones and a JSON snapshot.

Records are replaced, never changed in place: that is what makes undoing a refused call safe.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.decimals import strings, tagged, untagged
from sandbox.quickbooks.entities import BY_NAME
from sandbox.quickbooks.formats import stamp
from sandbox.quickbooks.wire import Record

# Names of vendors, customers and employees are unique together; the others each among themselves.
_NAMED = {"Vendor": "names", "Customer": "names", "Account": "Account", "Item": "Item", "Class": "Class"}
_NAMED |= {"Department": "Department"}
# Ids as they look in a real company: attachables have long ones.
_FIRST_IDS = {"Attachable": 5_000_000_000_000_010_001, "transactions": 145, "names": 55}


def folded(text: str) -> str:
    """Names and numbers are compared without regard to case or outer spaces."""
    return text.strip().casefold()


@dataclass
class Company:
    """One company's books. `tables` maps an entity to its records by id, in order of creation."""

    realm_id: str
    tables: dict[str, dict[str, Record]] = field(default_factory=lambda: {name: {} for name in BY_NAME})
    deleted: dict[str, list[Record]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    plan: str = "Plus"
    suspended: bool = False
    access_lost: bool = False
    one_file_per_upload: bool = False
    warns_of_duplicates: bool = True
    _sequences: dict[str, int] = field(default_factory=dict)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)
    _numbers: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    _hidden: set[tuple[str, str]] = field(default_factory=set)
    _hiding: bool = False
    _undo: list[Callable[[], None]] = field(default_factory=list)

    @property
    def info(self) -> Record:
        return self.tables["CompanyInfo"]["1"]

    @property
    def preferences(self) -> Record:
        return self.tables["Preferences"]["1"]

    @property
    def country(self) -> str:
        return str(self.info["Country"])

    @property
    def home_currency(self) -> str:
        return str(self.preferences["CurrencyPrefs"]["HomeCurrency"]["value"])

    @property
    def multicurrency(self) -> bool:
        return bool(self.preferences["CurrencyPrefs"]["MultiCurrencyEnabled"])

    def preference(self, group: str, name: str) -> Any:
        return self.preferences[group].get(name)

    def new_id(self, entity: str) -> str:
        """The next id of the entity's numbering; ids are never used twice."""
        sequence = BY_NAME[entity].sequence
        self._sequences[sequence] = self._sequences.get(sequence, _FIRST_IDS.get(sequence, 1) - 1) + 1
        return str(self._sequences[sequence])

    def get(self, entity: str, record_id: str) -> Record | None:
        """A record by id. What the same batch has just made is not seen by its other elements."""
        return None if (entity, record_id) in self._hidden else self.tables[entity].get(record_id)

    def named(self, entity: str, name: str) -> tuple[str, str] | None:
        """Who bears a name among those it must be unique with: entity and id."""
        found = self._names.get((_NAMED[entity], folded(name)))
        return (found.partition(":")[0], found.partition(":")[2]) if found else None

    def numbered(self, entity: str, number: str) -> list[str]:
        """Ids of the entity's documents with that number, voided ones too."""
        return list(self._numbers.get((entity, folded(number)), {}))

    def add(self, entity: str, record: Record, at: datetime) -> Record:
        """Store a new record under a new id."""
        record_id = record.get("Id") or self.new_id(entity)
        head = {"domain": "QBO", "sparse": False, "Id": record_id, "SyncToken": "0"}
        made = {**record, **head, "MetaData": {"CreateTime": stamp(at), "LastUpdatedTime": stamp(at)}}
        self._put(entity, made)
        if self._hiding:
            self._hidden.add((entity, record_id))
        return made

    def change(self, entity: str, record: Record, at: datetime) -> Record:
        """Store a changed record: SyncToken goes up, LastUpdatedTime is now."""
        token = str(int(record["SyncToken"]) + 1)
        meta = {**record["MetaData"], "LastUpdatedTime": stamp(at)}
        changed = {**record, "SyncToken": token, "MetaData": meta}
        self._put(entity, changed)
        return changed

    def delete(self, entity: str, record: Record, at: datetime) -> None:
        """Take a record out for good; a tombstone stays for CDC."""
        gone = {"status": "Deleted", "domain": "QBO", "Id": record["Id"], "MetaData": {"LastUpdatedTime": stamp(at)}}
        self._replace(entity, record["Id"], None)
        self.deleted.setdefault(entity, []).append(gone)

        def back() -> None:
            self.deleted[entity].remove(gone)
            self._replace(entity, record["Id"], record)

        self._undo.append(back)

    def one_at_a_time(self, hiding: bool) -> None:
        """Begin or end a batch, whose elements do not see what the others make."""
        self._hiding = hiding
        self._hidden.clear()

    def mark(self) -> int:
        return len(self._undo)

    def undo_to(self, mark: int) -> None:
        """Take back every change since `mark`."""
        while len(self._undo) > mark:
            self._undo.pop()()

    def commit(self) -> None:
        """Forget how to undo: the call's changes stand."""
        self._undo.clear()

    def _put(self, entity: str, record: Record) -> None:
        before = self.tables[entity].get(record["Id"])
        self._replace(entity, record["Id"], record)
        self._undo.append(lambda: self._replace(entity, record["Id"], before))

    def _replace(self, entity: str, record_id: str, record: Record | None) -> None:
        before = self.tables[entity].get(record_id)
        if before is not None:
            self._unindex(entity, before)
        if record is None:
            self.tables[entity].pop(record_id, None)
            return
        self.tables[entity][record_id] = record
        if name := _name_of(entity, record):
            self._names.setdefault((_NAMED[entity], folded(name)), f"{entity}:{record_id}")
        if number := record.get("DocNumber"):
            self._numbers.setdefault((entity, folded(number)), {})[record_id] = None

    def _unindex(self, entity: str, record: Record) -> None:
        if name := _name_of(entity, record):
            key = (_NAMED[entity], folded(name))
            if self._names.get(key) == f"{entity}:{record['Id']}":
                del self._names[key]
        if number := record.get("DocNumber"):
            self._numbers.get((entity, folded(number)), {}).pop(record["Id"], None)

    def view(self, journals: Iterable[Record]) -> Record:
        """Everything in the books for a test to read: Intuit's names, amounts as strings, files by digest."""
        files = [
            {"attachable_id": one, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for one, content in self.files.items()
        ]
        tables = {name: [strings(record) for record in rows.values()] for name, rows in self.tables.items()}
        return {**tables, "Files": files, "Deleted": self.deleted, "Journals": [strings(one) for one in journals]}

    def to_snapshot(self) -> Record:
        """A JSON-safe copy of the whole state, files included (base64)."""
        flags = ("plan", "suspended", "access_lost", "one_file_per_upload", "warns_of_duplicates")
        return {
            "realm_id": self.realm_id,
            "tables": {name: [tagged(record) for record in rows.values()] for name, rows in self.tables.items()},
            "deleted": self.deleted,
            "files": {one: base64.b64encode(content).decode() for one, content in self.files.items()},
            "sequences": self._sequences,
            "flags": {name: getattr(self, name) for name in flags},
        }

    @staticmethod
    def from_snapshot(saved: Record) -> "Company":
        company = Company(saved["realm_id"], **saved["flags"])
        for name, rows in saved["tables"].items():
            for row in rows:
                company._put(name, untagged(row))
        company.deleted = saved["deleted"]
        company.files = {one: base64.b64decode(content) for one, content in saved["files"].items()}
        company._sequences = saved["sequences"]
        company.commit()
        return company


def _name_of(entity: str, record: Record) -> str | None:
    if entity not in _NAMED:
        return None
    if entity in {"Vendor", "Customer"}:
        return str(record["DisplayName"])
    # A sub-account may be called as another parent's: the whole path is what must be unique.
    return str(record.get("FullyQualifiedName") or record["Name"])
