"""The one record that says how publishing stands in the whole stack."""

from typing import Final

from shared.domain.standing import Standing
from shared.storage.access import access
from shared.storage.operations import ABSENT, Put, version_is
from shared.storage.rows import record_in, row_of
from shared.storage.table import Table

_KEY: Final = ("STACK", "STANDING")


class StandingStore:
    """Written by operators, read by the workers. In the connections table: it outlives a restore of items or claims."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("connections", "GetItem", "pk STACK, sk STANDING")
    def get(self) -> Standing:
        return record_in(Standing, self._table.get(*_KEY)) or Standing()

    @access("connections", "PutItem", "pk STACK, sk STANDING", "version as read, or not there")
    def put(self, standing: Standing) -> None:
        """Store it over the version it was read as; raises ConflictError when another operator was first."""
        row = row_of(_KEY, standing) | {"version": standing.version + 1}
        self._table.write(Put(row, version_is(standing.version) if standing.version else ABSENT))
