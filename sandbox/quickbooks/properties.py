"""Property names that each kind of body may carry; any other is refused with code 2010.

Names from Intuit's Finance.xsd, less those of products that the sandbox does not have.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.quickbooks.errors import unknown_property

_COMMON = "Id SyncToken MetaData domain sparse status CustomField AttachableRef"
_TRANSACTION = """
APAccountRef ARAccountRef AccountRef AllowIPNPayment AllowOnlineACHPayment AllowOnlineCreditCardPayment
AllowOnlinePayment ApplyTaxAfterDiscount AutoDocNumber Balance BillAddr BillEmail BillEmailBcc BillEmailCc CheckPayment
ClassRef Credit CreditCardPayment CurrencyRef CustomerMemo CustomerRef DeliveryInfo DepartmentRef Deposit
DepositToAccountRef DiscountAmt DiscountRate DocNumber DueDate EInvoiceStatus EmailStatus EntityRef ExchangeRate
FinanceCharge FreeFormAddress GlobalTaxCalculation HomeBalance HomeTotalAmt IncludeInAnnualTPAR InvoiceLink InvoiceRef
LessCIS Line LinkedTxn Memo PayType PayerRef PaymentMethodRef PaymentRefNum PaymentType PrintStatus PrivateNote
ProcessPayment ProjectRef RecurDataRef RemainingCredit RemitToAddr RemitToRef ReplyEmail SalesTermRef ShipAddr ShipDate
ShipFromAddr ShipMethodRef TotalAmt TrackingNum TransactionLocationType TxnDate TxnSource TxnStatus TxnTaxDetail
UnappliedAmt VendorAddr VendorRef
"""
_NAME = """
AcctNum Active AlternatePhone Balance BillAddr BillRate BusinessNumber CompanyName CostRate CurrencyRef
DefaultTaxCodeRef DisplayName FamilyName Fax FullyQualifiedName GSTIN GSTRegistrationType GivenName HasTPAR MiddleName
Mobile Notes OtherContactInfo PrimaryEmailAddr PrimaryPhone PrintOnCheckName ShipAddr Source Suffix T4AEligible
T5018Eligible TaxIdentifier TaxReportingBasis TermRef Title Vendor1099 VendorPaymentBankDetail WebAddr
"""
_CUSTOMER = """
ARAccountRef BalanceWithJobs BillWithParent CustomerTypeRef IsProject Job Level OpenBalanceDate ParentRef
PaymentMethodRef PreferredDeliveryMethod PrimaryTaxIdentifier ResaleNum RootCustomerRef SalesTermRef
SecondaryTaxIdentifier TaxExemptionReasonId Taxable
"""
_LISTED = "Active Name FullyQualifiedName ParentRef SubClass SubDepartment Address"
_ACCOUNT = """
AccountAlias AccountSubType AccountType AcctNum Active Classification CurrencyRef CurrentBalance
CurrentBalanceWithSubAccounts Description FullyQualifiedName Name ParentRef SubAccount TaxCodeRef TxnLocationType
"""
_ITEM = """
AbatementRate Active AssetAccountRef ClassRef Description ExpenseAccountRef FullyQualifiedName IncomeAccountRef
InvStartDate ItemCategoryType Level ManPartNum Name ParentRef PrefVendorRef PurchaseCost PurchaseDesc PurchaseTaxCodeRef
PurchaseTaxIncluded QtyOnHand ReorderPoint ReverseChargeRate SalesTaxCodeRef SalesTaxIncluded ServiceType Sku Source
SubItem TaxClassificationRef Taxable TrackQtyOnHand Type UnitPrice UQCDisplayText UQCId
"""
_ATTACHABLE = """
Category ContentType FileAccessUri FileName Lat Long Note PlaceName Size Tag TempDownloadUri ThumbnailFileAccessUri
ThumbnailTempDownloadUri
"""
_LINE = """
AccountBasedExpenseLineDetail Amount CustomExtensions CustomField Description DescriptionLineDetail DetailType
DiscountLineDetail Id ItemBasedExpenseLineDetail LineNum LinkedTxn ProjectRef Received SalesItemLineDetail
SubTotalLineDetail
"""
_DETAILS = {
    "AccountBasedExpenseLineDetail": (
        "AccountRef BillableStatus ClassRef CustomerRef MarkupInfo TaxAmount TaxCodeRef TaxInclusiveAmt"
    ),
    "ItemBasedExpenseLineDetail": (
        "BillableStatus ClassRef CustomerRef ItemAccountRef ItemRef MarkupInfo PriceLevelRef Qty RatePercent "
        "TaxCodeRef TaxClassificationRef TaxInclusiveAmt UOMRef UnitPrice"
    ),
    "SalesItemLineDetail": (
        "ClassRef DiscountAmt DiscountRate ItemAccountRef ItemRef MarkupInfo PriceLevelRef Qty RatePercent ServiceDate "
        "TaxClassificationRef TaxCodeRef TaxInclusiveAmt UOMRef UnitPrice"
    ),
}
_LISTS = {
    "Vendor": _NAME,
    "Customer": _NAME + _CUSTOMER,
    "Account": _ACCOUNT,
    "Item": _ITEM,
    "Class": _LISTED,
    "Department": _LISTED,
    "Attachable": _ATTACHABLE,
}
_ALLOWED = {name: frozenset(f"{_COMMON} {names}".split()) for name, names in _LISTS.items()}
_ALLOWED_TRANSACTION = frozenset(f"{_COMMON} {_TRANSACTION}".split())
_ALLOWED_LINE = frozenset(_LINE.split())
_ALLOWED_DETAIL = {name: frozenset(names.split()) for name, names in _DETAILS.items()}


def check(entity: str, body: Mapping[str, Any]) -> None:
    """Raises RefusedError (2010) for a property that the entity does not have."""
    _refuse_unknown(body, _ALLOWED.get(entity, _ALLOWED_TRANSACTION))


def check_line(line: Mapping[str, Any]) -> None:
    """The same for one line and the detail named by its DetailType."""
    _refuse_unknown(line, _ALLOWED_LINE)
    for name, allowed in _ALLOWED_DETAIL.items():
        detail = line.get(name)
        if isinstance(detail, Mapping):
            _refuse_unknown(detail, allowed)


def _refuse_unknown(body: Mapping[str, Any], allowed: frozenset[str]) -> None:
    unknown = next((name for name in body if name not in allowed), None)
    if unknown is not None:
        raise unknown_property(unknown)
