"""Where tenants want to hear of what happened: a handful of endpoints each."""

from dataclasses import replace

from shared.domain.outgoing import Endpoint
from shared.storage.access import access
from shared.storage.codec import decode
from shared.storage.keys import part, tenant_key
from shared.storage.operations import Delete, version_is
from shared.storage.rows import new, record_in, replaced
from shared.storage.table import Table

_KEY = "pk T#<tenant>#W, sk <endpoint>"


class EndpointStore:
    """Endpoints by tenant, oldest first."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("connections", "PutItem", _KEY, "not there yet")
    def create(self, endpoint: Endpoint) -> None:
        """Store a new endpoint; raises ConflictError when it is there."""
        self._table.write(new(_key(endpoint.tenant, endpoint.id), endpoint))

    @access("connections", "GetItem", _KEY)
    def get(self, tenant: str, endpoint: str) -> Endpoint | None:
        return record_in(Endpoint, self._table.get(*_key(tenant, endpoint)))

    @access("connections", "Query", "pk T#<tenant>#W")
    def of_tenant(self, tenant: str) -> list[Endpoint]:
        return [decode(Endpoint, row) for row in self._table.query(tenant_key(tenant, "W"))]

    @access("connections", "PutItem", _KEY, "version as read")
    def update(self, endpoint: Endpoint) -> Endpoint:
        """Store a changed endpoint and return it with its next version; raises ConflictError."""
        self._table.write(replaced(_key(endpoint.tenant, endpoint.id), endpoint))
        return replace(endpoint, version=endpoint.version + 1)

    @access("connections", "DeleteItem", _KEY, "version as read")
    def delete(self, endpoint: Endpoint) -> None:
        """Take an endpoint away; raises ConflictError."""
        self._table.write(Delete(_key(endpoint.tenant, endpoint.id), version_is(endpoint.version)))


def _key(tenant: str, endpoint: str) -> tuple[str, str]:
    return tenant_key(tenant, "W"), part(endpoint)
