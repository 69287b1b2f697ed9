"""Tenants, the issuers whose tokens are trusted, and which tenant a client or person belongs to."""

from dataclasses import dataclass, replace

from shared.domain.accounts import Tenant
from shared.storage.access import access
from shared.storage.keys import part, tenant_key
from shared.storage.operations import Check, Delete, Put
from shared.storage.rows import new, record_in, replaced, row_of
from shared.storage.table import Table


@dataclass(frozen=True, slots=True)
class Issuer:
    """A trusted issuer of access tokens. `tenant` is set where all its tokens belong to one tenant."""

    issuer: str
    jwks_uri: str
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class _Client:
    client: str
    tenant: str
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Subject:
    subject: str
    tenant: str


# An operator's entry may be written again, but never moves to another tenant.
_SAME_TENANT = "attribute_not_exists(#pk) OR #tenant = :tenant"


class TenantStore:
    """Written by operators, read by the authoriser: always strongly consistent."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("connections", "GetItem", "pk T#<tenant>, sk TENANT")
    def get(self, tenant: str) -> Tenant | None:
        return record_in(Tenant, self._table.get(*_tenant(tenant)))

    @access("connections", "PutItem", "pk T#<tenant>, sk TENANT", "not there yet")
    def create(self, tenant: Tenant) -> None:
        """Store a new tenant; raises ConflictError when the id is taken."""
        self._table.write(new(_tenant(tenant.id), tenant))

    @access("connections", "PutItem", "pk T#<tenant>, sk TENANT", "version as read")
    def update(self, tenant: Tenant) -> Tenant:
        """Store a changed tenant and return it with its next version; raises ConflictError."""
        self._table.write(replaced(_tenant(tenant.id), tenant))
        return replace(tenant, version=tenant.version + 1)

    @access("connections", "GetItem", "pk ISSUER#<issuer>, sk ISSUER")
    def issuer(self, issuer: str) -> Issuer | None:
        return record_in(Issuer, self._table.get(*_issuer(issuer)))

    @access("connections", "PutItem", "pk ISSUER#<issuer>, sk ISSUER", "not there, or of the same tenant")
    def put_issuer(self, issuer: Issuer) -> None:
        """Trust an issuer, or change its jwks_uri. Raises ConflictError when it belongs to another tenant."""
        check = (
            Check(_SAME_TENANT, {"tenant": issuer.tenant})
            if issuer.tenant
            else Check("attribute_not_exists(#pk) OR attribute_not_exists(#tenant)")
        )
        self._table.write(Put(row_of(_issuer(issuer.issuer), issuer), check))

    @access("connections", "GetItem", "pk ISSUER#<issuer>, sk CLIENT#<client>")
    def client_tenant(self, issuer: str, client_id: str) -> tuple[str, frozenset[str]] | None:
        """The tenant of a machine client and the scopes it may have at most, or None."""
        found = record_in(_Client, self._table.get(*_client(issuer, client_id)))
        return (found.tenant, found.scopes) if found else None

    @access("connections", "PutItem", "pk ISSUER#<issuer>, sk CLIENT#<client>", "not there, or of the same tenant")
    def put_client(self, issuer: str, client_id: str, tenant: str, scopes: frozenset[str]) -> None:
        """Map a machine client to its tenant; raises ConflictError when it is another tenant's."""
        row = row_of(_client(issuer, client_id), _Client(client_id, tenant, scopes))
        self._table.write(Put(row, Check(_SAME_TENANT, {"tenant": tenant})))

    @access("connections", "DeleteItem", "pk ISSUER#<issuer>, sk CLIENT#<client>", "of this tenant")
    def remove_client(self, issuer: str, client_id: str, tenant: str) -> None:
        """Refuse a machine client from now on; raises ConflictError when it is not this tenant's, or not there."""
        self._table.write(Delete(_client(issuer, client_id), Check("#tenant = :tenant", {"tenant": tenant})))

    @access("connections", "GetItem", "pk ISSUER#<issuer>, sk SUBJECT#<sub>")
    def subject_tenant(self, issuer: str, sub: str) -> str | None:
        """The tenant that a person of a shared issuer belongs to, or None."""
        found = record_in(_Subject, self._table.get(*_subject(issuer, sub)))
        return found.tenant if found else None

    @access("connections", "PutItem", "pk ISSUER#<issuer>, sk SUBJECT#<sub>", "not there, or of the same tenant")
    def put_subject(self, issuer: str, sub: str, tenant: str) -> None:
        """Map a person to a tenant; raises ConflictError when the person is another tenant's."""
        row = row_of(_subject(issuer, sub), _Subject(sub, tenant))
        self._table.write(Put(row, Check(_SAME_TENANT, {"tenant": tenant})))


def _tenant(tenant: str) -> tuple[str, str]:
    return tenant_key(tenant), "TENANT"


def _issuer(issuer: str) -> tuple[str, str]:
    return f"ISSUER#{part(issuer)}", "ISSUER"


def _client(issuer: str, client_id: str) -> tuple[str, str]:
    return f"ISSUER#{part(issuer)}", f"CLIENT#{part(client_id)}"


def _subject(issuer: str, sub: str) -> tuple[str, str]:
    return f"ISSUER#{part(issuer)}", f"SUBJECT#{part(sub)}"
