"""What an organisation allows: lock dates, currencies, plan limits, the rights of the person who gave consent.

Source: Xero Accounting API, "Organisation" (lock dates, Class, Actions); Xero Central on lock dates (the period lock
does not bind advisers, the end of year lock binds everyone); pricing plans for the limits.
"""

from datetime import date

from sandbox.xero.books import Books
from sandbox.xero.formats import Record
from sandbox.xero.wire import XeroUser

APPROVALS_A_MONTH = {"STARTER": {"ACCREC": 20, "ACCPAY": 5}}
APPROVAL_LIMIT = "You have reached the limit of invoices you can approve"
NO_RIGHT = "The user specified does not have the correct permissions"  # gist of Xero's title, wording assumed
NO_PURCHASES = "Purchases are not available on this organisation's plan"  # assumed wording (Ledger plan)
NO_ATTACHMENTS = "Attachments are not available on this organisation's plan"  # assumed wording (Cashbook plans)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CASHBOOK = ("GST_CASHBOOK", "NON_GST_CASHBOOK")
_APPROVERS = ("STANDARD", "FINANCIALADVISER")
_DRAFTERS = (*_APPROVERS, "INVOICEONLY")


def lock_problem(books: Books, user: XeroUser, day: str) -> str | None:
    """The message for a document of that ISO day inside a locked period, or None. Drafts are not asked about."""
    year_end = books.organisation.get("EndOfYearLockDate")
    if year_end and day <= year_end:
        return f"The document date cannot be before the end of year lock date, currently set at {_worded(year_end)}"
    period = books.organisation.get("PeriodLockDate")
    if period and day <= period and user.role != "FINANCIALADVISER":
        return f"The document date cannot be before the period lock date, currently set at {_worded(period)}"
    return None


def _worded(day: str) -> str:
    at = date.fromisoformat(day)
    return f"{at.day:02d} {_MONTHS[at.month - 1]} {at.year}"


def currency_problem(books: Books, code: str) -> str | None:
    """The message for a currency the organisation has not added, or None."""
    if code == books.base_currency or books.get("Currencies", code) is not None:
        return None
    return f"Organisation is not subscribed to currency {code}"


def approval_problem(books: Books, kind: str, day: str) -> str | None:
    """The plan's monthly cap on approved invoices, counted by invoice date over all apps, or None."""
    limit = APPROVALS_A_MONTH.get(str(books.organisation["Class"]), {}).get(kind)
    if limit is None:
        return None
    counted = sum(
        1
        for one in books.tables["Invoices"].values()
        if one["Type"] == kind and one["Status"] in ("AUTHORISED", "PAID") and one["Date"][:7] == day[:7]
    )
    return APPROVAL_LIMIT if counted >= limit else None


def right_problem(books: Books, user: XeroUser, kind: str, *, approve: bool) -> str | None:
    """The message when this person, or the plan, may not make such a document, or None."""
    if books.organisation["Class"] == "LEDGER" and kind.startswith("ACCPAY"):
        return NO_PURCHASES
    return None if user.role in (_APPROVERS if approve else _DRAFTERS) else NO_RIGHT


def attachments_allowed(books: Books) -> bool:
    """Cashbook plans take no attachments by API."""
    return books.organisation["Class"] not in _CASHBOOK


def actions(books: Books, user: XeroUser) -> list[Record]:
    """Organisation/Actions: what this person may do here, Status ALLOWED or NOT-ALLOWED."""
    plan, role = str(books.organisation["Class"]), user.role
    approver, drafter = role in _APPROVERS, role in _DRAFTERS
    purchases = plan != "LEDGER"
    allowed = {
        "CreateApprovedInvoice": approver,
        "CreateDraftInvoice": drafter,
        "CreateApprovedBill": approver and purchases,
        "CreateDraftBill": drafter and purchases,
        "CreateInvoicePayment": approver,
        "AttachFilesIntoInvoice": drafter and attachments_allowed(books),
        "CreateBankTransaction": approver,
        "UseMulticurrency": len(books.tables["Currencies"]) > 1,
        "ApproveTransactionsBeforePeriodLockDate": role == "FINANCIALADVISER",
    }
    return [{"Name": name, "Status": "ALLOWED" if may else "NOT-ALLOWED"} for name, may in allowed.items()]
