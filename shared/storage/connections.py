"""Connections, and the slot rows that keep an account to one connection per slot."""

from dataclasses import replace

from shared.domain.accounts import Account, Event
from shared.domain.connections import Connection, Slot
from shared.domain.errors import fail
from shared.storage.access import access
from shared.storage.accounts import changed_account
from shared.storage.codec import SCHEMA, decode
from shared.storage.events import appended
from shared.storage.keys import account_key, part
from shared.storage.operations import ABSENT, Assert, Check, ConditionFailed, Delete, Operation, Put, Update
from shared.storage.rows import new, record_in, replaced
from shared.storage.table import Table


class ConnectionStore:
    """Connections by account. A slot row names the connection that holds the slot, from its start to its end."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access(
        "connections",
        "TransactWriteItems",
        "slot row, connection, event",
        "slot free, connection not there yet; for a secondary: `beside` holds the main slot and is not closing",
    )
    def create(self, connection: Connection, event: Event, *, beside: str | None = None) -> Connection:
        """Store a new connection and take its slot. `beside` is the main connection that a secondary goes with.

        Raises main_connection_exists or secondary_connection_exists (naming the holder), main_connection_missing,
        ConflictError when this very connection is there already.
        """
        slot = _slot(connection.tenant, connection.account, connection.slot)
        taken = Put({"pk": slot[0], "sk": slot[1], "schema": SCHEMA, "connection": connection.id}, ABSENT)
        writes: list[Operation] = [taken, new(_connection(connection), connection), appended(connection.tenant, event)]
        if beside is not None:
            main = _slot(connection.tenant, connection.account, Slot.MAIN)
            writes.append(Assert(main, _held_by(beside) & Check("attribute_not_exists(#closing)")))
        try:
            self._table.transact(writes)
        except ConditionFailed as refused:
            if refused.index == 3:
                raise fail("main_connection_missing", field="slot") from None
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
        self, connection: Connection, *events: Event, account: Account | None = None, release_slot: bool = False
    ) -> Connection:
        """Store a changed connection with what belongs to the change, all or nothing; returns it with its next version.

        With the account its coding version grows: other lists may count now. `release_slot` frees the slot that the
        connection holds. Raises ConflictError.
        """
        change = replaced(_connection(connection), connection)
        more: list[Operation] = [appended(connection.tenant, event) for event in events]
        if account is not None:
            more.append(changed_account(account, recode=True))
        if release_slot:
            slot = _slot(connection.tenant, connection.account, connection.slot)
            more.append(Delete(slot, _held_by(connection.id)))
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
        the order to disconnect them, and ConflictError.
        """
        tenant, account = connection.tenant, connection.account
        secondaries = [slot for slot in Slot if slot is not Slot.MAIN]
        closing = Update(_slot(tenant, account, Slot.MAIN), {"closing": True}, _held_by(connection.id))
        alone = [Assert(_slot(tenant, account, slot), ABSENT) for slot in secondaries]
        change = replaced(_connection(connection), connection)
        try:
            self._table.transact([change, appended(tenant, event), closing, *alone])
        except ConditionFailed:
            there = [held for slot in secondaries if (held := self.in_slot(tenant, account, slot)) is not None]
            if there:
                raise fail("secondary_connected", connections=there) from None
            raise
        return replace(connection, version=connection.version + 1)


def _held_by(connection: str) -> Check:
    return Check("#connection = :connection", {"connection": connection})


def slot_taken(slot: Slot) -> str:
    """The code that says that a slot has a connection already."""
    return "main_connection_exists" if slot is Slot.MAIN else "secondary_connection_exists"


def _connection(connection: Connection) -> tuple[str, str]:
    return account_key(connection.tenant, connection.account), f"C#{part(connection.id)}"


def _slot(tenant: str, account: str, slot: Slot) -> tuple[str, str]:
    return account_key(tenant, account), f"SLOT#{slot.value}"
