"""Connections, and the slot rows that keep an account to one connection per slot."""

from dataclasses import replace
from typing import Final

from shared.domain.accounts import Account, Event
from shared.domain.connections import Connection, Slot
from shared.domain.errors import LedgerbridgeError, fail
from shared.storage.access import access
from shared.storage.accounts import changed_account
from shared.storage.codec import SCHEMA, decode
from shared.storage.events import appended
from shared.storage.keys import account_key, part
from shared.storage.operations import ABSENT, Assert, Check, ConditionFailed, Delete, Operation, Put, Update
from shared.storage.rows import new, record_in, replaced
from shared.storage.table import Table
from shared.storage.wire import Row


def announcing(successor: Connection) -> tuple[Operation, ...]:
    """The writes that begin a connection which is to replace the main one, for a transaction with its workflow's.

    The main connection keeps its slot, whose row names the successor. They hold while it is neither closing nor has
    another successor, and no secondary stands beside it: see `refuse_beside`.
    """
    tenant, account, old = successor.tenant, successor.account, successor.successor_of
    if old is None:
        raise ValueError("a successor says whom it replaces")
    announced = Update(_slot(tenant, account, Slot.MAIN), {"successor": successor.id}, _held_by(old) & _STAYS)
    return new(_connection(successor), successor), announced, *_alone(tenant, account)


class ConnectionStore:
    """Connections by account. A slot row names the connection that holds the slot, from its start to its end."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access(
        "connections",
        "TransactWriteItems",
        "slot row, connection, event",
        "slot free, connection not there yet; for a secondary: `beside` holds the main slot, is not closing and has no "
        "successor",
    )
    def create(self, connection: Connection, event: Event, *, beside: str | None = None) -> Connection:
        """Store a new connection and take its slot. `beside` is the main connection that a secondary goes with.

        Raises main_connection_exists or secondary_connection_exists (naming the holder), main_connection_missing,
        workflow_in_progress while the main connection is being changed, ConflictError when this very connection is
        there already.
        """
        slot = _slot(connection.tenant, connection.account, connection.slot)
        taken = Put({"pk": slot[0], "sk": slot[1], "schema": SCHEMA, "connection": connection.id}, ABSENT)
        writes: list[Operation] = [taken, new(_connection(connection), connection), appended(connection.tenant, event)]
        if beside is not None:
            main = _slot(connection.tenant, connection.account, Slot.MAIN)
            writes.append(Assert(main, _held_by(beside) & _STAYS))
        try:
            self._table.transact(writes)
        except ConditionFailed as refused:
            if refused.index == 3:
                raise _why_not_beside(refused.found) from None
            if refused.index != 0:
                raise
            holder = self.in_slot(connection.tenant, connection.account, connection.slot)
            if holder == connection.id:
                raise
            raise fail(slot_taken(connection.slot), connection=holder) from None
        return connection

    @access("connections", "GetItem", "pk T#<tenant>#A#<account>, sk C#<connection>")
    def get(self, tenant: str, account: str, connection: str) -> Connection | None:
        return record_in(Connection, self._table.get(account_key(tenant, account), f"C#{part(connection)}"))

    @access("connections", "Query", "pk T#<tenant>#A#<account>, sk begins C#")
    def of_account(self, tenant: str, account: str) -> list[Connection]:
        """All connections of an account, oldest first, ended ones included."""
        return [decode(Connection, row) for row in self._table.query(account_key(tenant, account), "C#")]

    @access("connections", "GetItem", "pk T#<tenant>#A#<account>, sk SLOT#<slot>")
    def in_slot(self, tenant: str, account: str, slot: Slot) -> str | None:
        """The id of the connection that holds a slot, or None."""
        row = self._table.get(*_slot(tenant, account, slot))
        return row["connection"] if row else None

    @access("connections", "PutItem or TransactWriteItems", "connection, events, account, slot row", "versions as read")
    def update(
        self,
        connection: Connection,
        *events: Event,
        account: Account | None = None,
        release_slot: bool = False,
        beside: Operation | None = None,
    ) -> Connection:
        """Store a changed connection with what belongs to the change, all or nothing; returns it with its next version.

        With the account its coding version grows: other lists may count now. `release_slot` frees the slot that the
        connection holds; `beside` is another write of the same table. Raises ConflictError.
        """
        change = replaced(_connection(connection), connection)
        more: list[Operation] = [appended(connection.tenant, event) for event in events]
        if account is not None:
            more.append(changed_account(account, recode=True))
        if release_slot:
            slot = _slot(connection.tenant, connection.account, connection.slot)
            more.append(Delete(slot, _held_by(connection.id)))
        if beside is not None:
            more.append(beside)
        if more:
            self._table.transact([change, *more])
        else:
            self._table.write(change)
        return replace(connection, version=connection.version + 1)

    @access(
        "connections",
        "TransactWriteItems",
        "connection, event, slot rows",
        "version as read, the main slot is its own, no secondary slot held",
    )
    def close_main(self, connection: Connection, event: Event) -> Connection:
        """Store a main connection that begins to close: its slot says so, and no secondary begins beside it any more.

        Returns it with its next version. Raises secondary_connected, naming the connections that are in the way in
        the order to disconnect them, workflow_in_progress while it is being changed, and ConflictError.
        """
        tenant, account = connection.tenant, connection.account
        unchanged = _held_by(connection.id) & Check("attribute_not_exists(#successor)")
        closing = Update(_slot(tenant, account, Slot.MAIN), {"closing": True}, unchanged)
        change = replaced(_connection(connection), connection)
        try:
            self._table.transact([change, appended(tenant, event), closing, *_alone(tenant, account)])
        except ConditionFailed as refused:
            self.refuse_beside(tenant, account)
            successor = (refused.found or {}).get("successor")
            if successor is not None:
                raise fail("workflow_in_progress", connection=successor) from None
            raise
        return replace(connection, version=connection.version + 1)

    @access("connections", "TransactWriteItems", "connection, slot row, event", "versions as read")
    def give_up_successor(self, connection: Connection, event: Event) -> Connection:
        """Store a successor that has ended before it took its place; the slot's holder may have another then.

        Returns it with its next version. Raises ConflictError.
        """
        announced = Check("#successor = :successor", {"successor": connection.id})
        slot = _slot(connection.tenant, connection.account, Slot.MAIN)
        change = replaced(_connection(connection), connection)
        withdrawn = Update(slot, {"successor": None}, announced)
        self._table.transact([change, withdrawn, appended(connection.tenant, event)])
        return replace(connection, version=connection.version + 1)

    @access(
        "connections",
        "TransactWriteItems",
        "both connections, slot row, account, event, and what `beside` writes (workflow)",
        "versions as read; the main slot is the old one's with the new one as its successor; no secondary slot held",
    )
    def switch(
        self, old: Connection, new: Connection, account: Account, event: Event, beside: Operation
    ) -> tuple[Connection, Connection]:
        """Let one main connection take the other's place, all or nothing: both, the slot, the account's book and
        defaults with its coding version, the event, and `beside`.

        Returns both with their next versions. Raises ConflictError.
        """
        slot = _slot(old.tenant, old.account, Slot.MAIN)
        expected = _held_by(old.id) & Check("#successor = :successor", {"successor": new.id})
        taken = Put({"pk": slot[0], "sk": slot[1], "schema": SCHEMA, "connection": new.id}, expected)
        self._table.transact(
            [
                replaced(_connection(old), old),
                replaced(_connection(new), new),
                taken,
                changed_account(account, recode=True),
                appended(old.tenant, event),
                beside,
                *_alone(old.tenant, old.account),
            ]
        )
        return replace(old, version=old.version + 1), replace(new, version=new.version + 1)

    @access("connections", "GetItem per slot", "pk T#<tenant>#A#<account>, sk SLOT#<slot>")
    def refuse_beside(self, tenant: str, account: str) -> None:
        """Raises secondary_connected where secondaries work through the main connection, in the order to end them."""
        held = [self.in_slot(tenant, account, slot) for slot in _SECONDARIES]
        there = [connection for connection in held if connection is not None]
        if there:
            raise fail("secondary_connected", connections=there)


_SECONDARIES: Final = tuple(slot for slot in Slot if slot is not Slot.MAIN)
# Of the main slot's row: its holder neither ends nor is about to be replaced.
_STAYS: Final = Check("attribute_not_exists(#closing) AND attribute_not_exists(#successor)")


def _alone(tenant: str, account: str) -> list[Operation]:
    """That no secondary is there."""
    return [Assert(_slot(tenant, account, slot), ABSENT) for slot in _SECONDARIES]


def _why_not_beside(main_slot: Row | None) -> LedgerbridgeError:
    """Why no secondary may begin beside the main connection now."""
    row = main_slot or {}
    if "successor" in row and "closing" not in row:
        return fail("workflow_in_progress", connection=row["successor"])
    return fail("main_connection_missing", field="slot")


def _held_by(connection: str) -> Check:
    return Check("#connection = :connection", {"connection": connection})


def slot_taken(slot: Slot) -> str:
    """The code that says that a slot has a connection already."""
    return "main_connection_exists" if slot is Slot.MAIN else "secondary_connection_exists"


def _connection(connection: Connection) -> tuple[str, str]:
    return account_key(connection.tenant, connection.account), f"C#{part(connection.id)}"


def _slot(tenant: str, account: str, slot: Slot) -> tuple[str, str]:
    return account_key(tenant, account), f"SLOT#{slot.value}"
