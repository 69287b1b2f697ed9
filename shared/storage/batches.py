"""Batches: a small control row that changes, beside a body, members and answers that are written once."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.domain.errors import fail
from shared.domain.publishing import Batch, BatchStatus, ElementAnswer, Member, PendingMarker
from shared.storage.access import access
from shared.storage.codec import SCHEMA, decode, encode, refuse_newer
from shared.storage.keys import part, queue_key
from shared.storage.markers import marker_key
from shared.storage.operations import (
    ABSENT,
    PRESENT,
    Assert,
    Check,
    ConditionFailed,
    Delete,
    Operation,
    Put,
    version_is,
)
from shared.storage.rows import row_of
from shared.storage.table import Table
from shared.storage.wire import Row

_PART_BYTES: Final = 300_000  # of a body, per row; a row holds at most 400 KB
_QUEUE: Final = "pk T#<tenant>#O#<provider>:<organisation>"


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch that is not closed. One that was announced and never written has `markers`: those it did claim."""

    batch: str
    markers: tuple[PendingMarker, ...] = ()


class BatchStore:
    """Batches by organisation. Every write is fenced: by the version, and by the epoch of the publishing lease.

    Rows of a batch: B#<id> control, BB#<id>#<n> gzip'd body and members, BA#<id> answers, OB#<id> while it is open.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("items", "PutItem", f"{_QUEUE}, sk FENCE", "no later epoch there")
    def fence(self, tenant: str, provider: str, organisation: str, epoch: int) -> None:
        """Say which epoch holds the lease, once per lease: holders of earlier ones can make no more batches.

        Raises ConflictError when a later one is there.
        """
        pk = queue_key(tenant, provider, organisation)
        row = {"pk": pk, "sk": "FENCE", "schema": SCHEMA, "epoch": epoch}
        self._table.write(Put(row, _not_later(epoch)))

    @access("items", "PutItem", f"{_QUEUE}, sk OB#<batch>", "not there yet")
    def announce(
        self, tenant: str, provider: str, organisation: str, batch_id: str, markers: Sequence[PendingMarker]
    ) -> None:
        """Write which markers a batch is about to claim, so that claims of a worker that dies here are found."""
        pk = queue_key(tenant, provider, organisation)
        keys = [marker_key(marker)[1] for marker in markers]
        row = {"pk": pk, "sk": f"OB#{part(batch_id)}", "schema": SCHEMA, "batch": batch_id, "markers": _packed(keys)}
        self._table.write(Put(row, ABSENT))

    @access("items", "DeleteItem", f"{_QUEUE}, sk OB#<batch>", "it is there")
    def withdraw(self, tenant: str, provider: str, organisation: str, batch_id: str) -> None:
        """Take back an announcement once its claims are released; already gone is success."""
        self._forget_open(queue_key(tenant, provider, organisation), batch_id)

    @access("items", "Query, BatchGetItem", f"{_QUEUE}, sk begins OB#; control rows; marker rows")
    def open(self, tenant: str, provider: str, organisation: str) -> list[OpenBatch]:
        """The batches that are announced or written and not closed or split, oldest first."""
        pk = queue_key(tenant, provider, organisation)
        pointers = {row["batch"]: row for row in self._table.query(pk, "OB#")}
        written = {row["id"]: row for row in self._table.batch_get((pk, _control(batch)) for batch in pointers)}
        found = []
        for batch, pointer in pointers.items():
            if batch not in written:
                found.append(OpenBatch(batch, self._claimed(pk, batch, pointer)))
            elif decode(Batch, written[batch]).is_open:
                found.append(OpenBatch(batch))
            else:  # its worker died between closing it and this
                self._forget_open(pk, batch)
        return found

    def _claimed(self, pk: str, batch: str, pointer: Row) -> tuple[PendingMarker, ...]:
        refuse_newer(pointer)
        keys = _unpacked(pointer["markers"]) if "markers" in pointer else []
        markers = (decode(PendingMarker, row) for row in self._table.batch_get((pk, sk) for sk in keys))
        return tuple(marker for marker in markers if marker.batch == batch)

    @access(
        "items", "PutItem per part, TransactWriteItems", f"{_QUEUE}, sk BB#, OB#, B#<batch>", "new; epoch not older"
    )
    def create(self, batch: Batch, body: bytes, *, announced: bool = False) -> Batch:
        """Store a batch: the exact bytes and the members first, then the pointer, then the control row.

        The announcement of one that was `announced` is its pointer; whoever has taken that back holds a later epoch.
        Raises ConflictError when the batch is there already or a later epoch holds the lease.
        """
        self._write_body(batch, body)
        if not announced:
            self._point_to(batch)
        pk = _pk(batch)
        self._table.transact([Put(_control_row(batch), ABSENT), Assert((pk, "FENCE"), _not_later(batch.epoch))])
        return batch

    @access("items", "GetItem, Query", f"{_QUEUE}, sk B#<batch>; sk begins BB#<batch>")
    def get(self, tenant: str, provider: str, organisation: str, batch: str) -> Batch | None:
        pk = queue_key(tenant, provider, organisation)
        control = self._table.get(pk, _control(batch))
        return self._whole(pk, control) if control else None

    @access("items", "Query", f"{_QUEUE}, sk begins BB#<batch>")
    def body(self, batch: Batch) -> bytes:
        """The exact bytes as they were first stored; raises not_found."""
        parts = list(self._table.query(_pk(batch), f"BB#{part(batch.id)}#"))
        if not parts:
            raise fail("not_found", field="batch")
        return zlib.decompress(b"".join(row["body"] for row in parts))

    @access("items", "PutItem, DeleteItem", f"{_QUEUE}, sk B#<batch>; OB#<batch>", "version as read; epoch not older")
    def update(self, batch: Batch) -> Batch:
        """Store the control row and return the batch with its next version; a closed batch is no longer open.

        Members and body are never written again. Raises ConflictError: somebody else, or a later epoch, was here.
        """
        self._table.write(_changed(batch))
        if not batch.is_open:
            self._forget_open(_pk(batch), batch.id)
        return replace(batch, version=batch.version + 1)

    @access("items", "PutItem twice", f"{_QUEUE}, sk BA#<batch>; B#<batch>", "version as read; epoch not older")
    def put_answers(self, batch: Batch, answers: Sequence[ElementAnswer]) -> Batch:
        """Store all answers known of a batch, then the batch with its status; returns it with its next version.

        The answers replace those stored before: hand over the earlier ones as well. Raises ConflictError.
        """
        pk, sk = _pk(batch), f"BA#{part(batch.id)}"
        packed = _packed([encode(answer) for answer in answers])
        row = {"pk": pk, "sk": sk, "schema": SCHEMA, "epoch": batch.epoch, "answers": packed}
        self._table.write(Put(row, _not_later(batch.epoch)))
        return self.update(batch)

    @access("items", "GetItem", f"{_QUEUE}, sk BA#<batch>")
    def answers(self, batch: Batch) -> list[ElementAnswer]:
        """The answers stored so far; none before the first were."""
        row = self._table.get(_pk(batch), f"BA#{part(batch.id)}")
        if row is None:
            return []
        refuse_newer(row)
        return [decode(ElementAnswer, one) for one in _unpacked(row["answers"])]

    @access("items", "PutItem per part, TransactWriteItems", f"{_QUEUE}, sk BB#, OB#, B# of all", "version; epoch; new")
    def split(self, parent: Batch, children: Sequence[tuple[Batch, bytes]]) -> list[Batch]:
        """Put children in a batch's place, all or nothing; `parent` has been moved to SPLIT. Returns the children.

        Raises ConflictError when somebody else, or a later epoch, was at the parent.
        """
        if parent.status is not BatchStatus.SPLIT:
            raise ValueError("a batch that is split says so")
        operations: list[Operation] = [_changed(parent)]
        for child, body in children:
            self._write_body(child, body)
            operations += [Put(_control_row(child), ABSENT), _pointer(child)]
        self._table.transact(operations)
        self._forget_open(_pk(parent), parent.id)
        return [child for child, _ in children]

    def _write_body(self, batch: Batch, body: bytes) -> None:
        """Bodies are named by a batch's id, which nobody else uses: a worker's own earlier try may be there."""
        packed = zlib.compress(body, 6)
        parts = [packed[at : at + _PART_BYTES] for at in range(0, len(packed), _PART_BYTES)]
        members = _packed([encode(member) for member in batch.members])
        for number, one in enumerate(parts):
            row: Row = {"pk": _pk(batch), "sk": f"BB#{part(batch.id)}#{number:03}", "schema": SCHEMA, "body": one}
            if number == 0:
                row["members"] = members
            self._table.write(Put(row, _not_later(batch.epoch)))

    def _point_to(self, batch: Batch) -> None:
        try:
            self._table.write(_pointer(batch))
        except ConditionFailed as refused:
            if refused.found is None:  # there by a try before this one
                raise

    def _whole(self, pk: str, control: Row) -> Batch:
        refuse_newer(control)
        first = self._table.get(pk, f"BB#{part(control['id'])}#000")
        if first is None:
            raise fail("not_found", field="batch")
        batch = decode(Batch, control)
        return replace(batch, members=tuple(decode(Member, one) for one in _unpacked(first["members"])))

    def _forget_open(self, pk: str, batch: str) -> None:
        try:
            self._table.write(Delete((pk, f"OB#{part(batch)}"), PRESENT))
        except ConditionFailed:
            return


def _pk(batch: Batch) -> str:
    return queue_key(batch.tenant, batch.provider, batch.organisation)


def _control(batch: str) -> str:
    return f"B#{part(batch)}"


def _control_row(batch: Batch) -> Row:
    return row_of((_pk(batch), _control(batch.id)), replace(batch, members=()))


def _changed(batch: Batch) -> Put:
    after = replace(batch, version=batch.version + 1)
    return Put(_control_row(after), version_is(batch.version) & Check("#epoch <= :epoch", {"epoch": batch.epoch}))


def _pointer(batch: Batch) -> Put:
    return Put({"pk": _pk(batch), "sk": f"OB#{part(batch.id)}", "schema": SCHEMA, "batch": batch.id}, ABSENT)


def _not_later(epoch: int) -> Check:
    return Check("attribute_not_exists(#epoch) OR #epoch <= :epoch", {"epoch": epoch})


def _packed(values: Sequence[object]) -> bytes:
    return zlib.compress(json.dumps(values, separators=(",", ":")).encode(), 6)


def _unpacked(packed: bytes) -> list[Any]:
    unpacked: list[Any] = json.loads(zlib.decompress(packed))
    return unpacked
