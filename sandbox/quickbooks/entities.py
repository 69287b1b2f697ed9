"""The entities of the Accounting API that the sandbox keeps, and what may be asked of each.

Filterable properties are those that the API reference of each entity marks so. PrivateNote is among none of them.
"""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["list", "transaction", "attachable", "single"]
ID_OPERATORS = frozenset({"=", "in"})
_EVERYWHERE = ("Id", "MetaData.CreateTime", "MetaData.LastUpdatedTime")


@dataclass(frozen=True)
class Entity:
    """`sequence` names the numbering that gives its ids: names share one, and so do transactions."""

    name: str
    kind: Kind
    sequence: str
    filterable: frozenset[str] = field(default_factory=frozenset)
    writable: bool = True
    cdc: bool = True

    @property
    def has_active(self) -> bool:
        """Whether its records can be inactive, and are then left out unless asked for."""
        return "Active" in self.filterable

    def property_named(self, name: str) -> str | None:
        """A filterable property in its own spelling, however it is written; None for any other."""
        wanted = name.lower()
        return next((one for one in self.filterable if one.lower() == wanted), None)


def _entity(
    name: str,
    kind: Kind,
    filterable: str = "",
    *,
    sequence: str | None = None,
    writable: bool = True,
    cdc: bool = True,
) -> Entity:
    return Entity(name, kind, sequence or name, frozenset((*_EVERYWHERE, *filterable.split())), writable, cdc)


_NAME_FIELDS = "DisplayName GivenName FamilyName CompanyName PrintOnCheckName Active"
_SALES_FIELDS = "CustomerRef ProjectRef TxnDate DocNumber TotalAmt Balance"
_ALL = (
    _entity("CompanyInfo", "single", writable=False),
    _entity("Preferences", "single", writable=False),
    _entity(
        "Account", "list", "Name FullyQualifiedName AccountType AccountSubType Classification AcctNum SubAccount Active"
    ),
    _entity("Vendor", "list", _NAME_FIELDS, sequence="names"),
    _entity("Customer", "list", f"{_NAME_FIELDS} FullyQualifiedName Job", sequence="names"),
    _entity("Item", "list", "Name Type Sku Taxable FullyQualifiedName SubItem Active"),
    _entity("Class", "list", "Name FullyQualifiedName Active"),
    _entity("Department", "list", "Name FullyQualifiedName Active"),
    _entity("TaxCode", "list", "Name Description Active", writable=False, cdc=False),
    _entity("TaxRate", "list", "Name Description AgencyRef Active", writable=False, cdc=False),
    _entity("TaxAgency", "list", "DisplayName", writable=False, cdc=False),
    _entity("Term", "list", "Name Active", writable=False),
    _entity("PaymentMethod", "list", "Name Active", writable=False),
    _entity("CompanyCurrency", "list", "Code Name Active", writable=False),
    _entity(
        "Bill",
        "transaction",
        "VendorRef APAccountRef SalesTermRef TxnDate DueDate DocNumber TotalAmt Balance",
        sequence="transactions",
    ),
    _entity("Purchase", "transaction", "PaymentType TxnDate DocNumber TotalAmt", sequence="transactions"),
    _entity("VendorCredit", "transaction", "APAccountRef TxnDate DocNumber TotalAmt", sequence="transactions"),
    _entity("Invoice", "transaction", f"{_SALES_FIELDS} SalesTermRef DueDate", sequence="transactions"),
    _entity("SalesReceipt", "transaction", _SALES_FIELDS, sequence="transactions"),
    _entity("CreditMemo", "transaction", f"{_SALES_FIELDS} SalesTermRef", sequence="transactions"),
    _entity("BillPayment", "transaction", "VendorRef TxnDate DocNumber TotalAmt APAccountRef", sequence="transactions"),
    _entity(
        "Payment",
        "transaction",
        "CustomerRef TxnDate TotalAmt PaymentMethodRef PaymentRefNum",
        sequence="transactions",
    ),
    _entity(
        "Attachable",
        "attachable",
        "FileName Note Category ContentType Tag Size AttachableRef.EntityRef.type AttachableRef.EntityRef.value",
    ),
)
BY_NAME = {one.name: one for one in _ALL}
BY_PATH = {one.name.lower(): one for one in _ALL}
PURCHASE_SIDE = ("Bill", "Purchase", "VendorCredit")
SALES_SIDE = ("Invoice", "SalesReceipt", "CreditMemo")
