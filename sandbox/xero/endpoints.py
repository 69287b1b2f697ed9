"""Names and scopes of the Accounting API's endpoints. Paths are taken in any case, as Xero takes them."""

import re

API_PREFIX = "/api.xro/2.0"
_NAMES = (
    *("Accounts", "Allocations", "Attachments", "Actions", "BankTransactions", "Contacts", "CreditNotes", "Currencies"),
    *("History", "Invoices", "Items", "OnlineInvoice", "Organisation", "Payments", "TaxRates", "TrackingCategories"),
    *("Options", "Users"),
)
_CANONICAL = {name.lower(): name for name in _NAMES}
_GUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
# developer.xero.com/faq/granular-scopes; each scope has a ".read" twin. Items are found under both of theirs.
_SCOPES = {
    "Organisation": ("accounting.settings",),
    "Accounts": ("accounting.settings",),
    "TaxRates": ("accounting.settings",),
    "TrackingCategories": ("accounting.settings",),
    "Currencies": ("accounting.settings",),
    "Users": ("accounting.settings",),
    "Items": ("accounting.settings", "accounting.invoices"),
    "Contacts": ("accounting.contacts",),
    "Invoices": ("accounting.invoices",),
    "CreditNotes": ("accounting.invoices",),
    "BankTransactions": ("accounting.banktransactions",),
    "Payments": ("accounting.payments",),
}


def canonical(path: str) -> str:
    """ "/invoices/{id}/attachments/a.pdf" in Xero's own spelling; ids and file names stay as they are."""
    segments = path.strip("/").split("/")
    return "/" + "/".join(
        _CANONICAL.get(s.lower(), s) if _may_be_name(segments, i) else s for i, s in enumerate(segments)
    )


def endpoint(path: str) -> str:
    """A canonical path with its ids and names taken out, to count by: "/Invoices/{id}/Attachments/{name}"."""
    segments = path.strip("/").split("/")
    if len(segments) >= 4 and segments[2] == "Attachments" and not _GUID.match(segments[3]):
        segments[3:] = ["{name}"]
    known = [s if s in _NAMES or s == "{name}" else "{id}" for s in segments[1:]]
    return "/" + "/".join([segments[0], *known])


def collection(path: str) -> str:
    """The first segment of a canonical path."""
    return path.strip("/").partition("/")[0]


def sufficient_scopes(method: str, path: str) -> frozenset[str]:
    """The scopes of which a call needs one; none for a path that does not exist (it is answered 404)."""
    segments = path.strip("/").split("/")
    family = ("accounting.attachments",) if "Attachments" in segments[2:3] else _SCOPES.get(segments[0], ())
    read = frozenset(f"{scope}.read" for scope in family) if method in {"GET", "HEAD"} else frozenset()
    return read | frozenset(family)


def _may_be_name(segments: list[str], index: int) -> bool:
    return not (index == 3 and segments[2].lower() == "attachments")
