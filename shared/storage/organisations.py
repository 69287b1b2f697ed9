"""Which connections hold a provider's organisation: one of the two tables that cross tenants."""

from dataclasses import dataclass

from shared.domain.errors import fail
from shared.storage.access import access
from shared.storage.codec import SCHEMA, decode
from shared.storage.keys import organisation_part, part
from shared.storage.operations import PRESENT, Check, ConditionFailed, Delete, Update
from shared.storage.rows import new
from shared.storage.table import Table

_OWNER = "OWNER"
_KEY = "pk O#<provider>:<organisation>, sk H#<tenant>#<account>#<connection> and OWNER"


@dataclass(frozen=True, slots=True)
class Holder:
    """A connection that holds an organisation."""

    tenant: str
    account: str
    connection: str


class OrganisationStore:
    """Holders by organisation, all of one tenant: the owner row counts them and refuses a second tenant."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("organisations", "TransactWriteItems", _KEY, "no holder of another tenant")
    def link(self, provider: str, organisation: str, tenant: str, account: str, connection: str) -> None:
        """Record that a connection holds the organisation; once more changes nothing.

        Raises organisation_taken while another tenant's connection holds it.
        """
        holder = Holder(tenant, account, connection)
        free = Check(
            "attribute_not_exists(#pk) OR #tenant = :tenant OR #holders = :none", {"tenant": tenant, "none": 0}
        )
        owned = Update(
            (_pk(provider, organisation), _OWNER), {"tenant": tenant, "schema": SCHEMA}, free, {"holders": 1}
        )
        try:
            self._table.transact([new(_holder(provider, organisation, holder), holder), owned])
        except ConditionFailed as refused:
            if refused.index == 1:
                raise fail("organisation_taken") from None

    @access("organisations", "TransactWriteItems", _KEY, "the holder is there")
    def unlink(self, provider: str, organisation: str, tenant: str, account: str, connection: str) -> None:
        """Record that the connection no longer holds it; once more changes nothing."""
        holder = Holder(tenant, account, connection)
        fewer = Update((_pk(provider, organisation), _OWNER), {}, PRESENT, {"holders": -1})
        try:
            self._table.transact([Delete(_holder(provider, organisation, holder), PRESENT), fewer])
        except ConditionFailed as refused:
            if refused.index != 0:
                raise

    @access("organisations", "Query", "pk O#<provider>:<organisation>, sk begins H#")
    def holders(self, provider: str, organisation: str) -> list[Holder]:
        return [decode(Holder, row) for row in self._table.query(_pk(provider, organisation), "H#")]


def _pk(provider: str, organisation: str) -> str:
    return f"O#{organisation_part(provider, organisation)}"


def _holder(provider: str, organisation: str, holder: Holder) -> tuple[str, str]:
    return _pk(provider, organisation), f"H#{part(holder.tenant)}#{part(holder.account)}#{part(holder.connection)}"
