"""What passes between the sandbox's Xero shell (HTTP, tokens, limits, faults) and its books (accounting).

The shell answers for everything before the Accounting API proper: authorisation, tenant, limits, idempotency keys
and faults. It then hands an ApiCall to `sandbox.xero.accounting.answer` and delivers what comes back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

EventCategory = Literal["CONTACT", "INVOICE", "CREDITNOTE"]
EventType = Literal["CREATE", "UPDATE"]


@dataclass(frozen=True)
class XeroUser:
    """A person who can log in. `role` is Xero's OrganisationRole: STANDARD, FINANCIALADVISER, INVOICEONLY, READONLY."""

    user_id: str
    name: str
    email: str
    role: str


@dataclass(frozen=True)
class ApiCall:
    """One call of the Accounting API, already authorised.

    `path` is what follows /api.xro/2.0, percent-encoding kept ("/Invoices", "/Invoices/{id}/Attachments/a%20b.pdf");
    `headers` have lower-case names; `now` is the sandbox clock in UTC.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    now: datetime
    user: XeroUser
    app_id: str
    app_name: str
    scopes: frozenset[str]


@dataclass(frozen=True)
class WebhookEvent:
    """A change that Xero reports by webhook (specification xero-webhooks.yaml): thin, without the document.

    `resource_url` is the real provider's URL of the resource; `at` is UTC; `data` holds the document's Type and Status
    for INVOICE and CREDITNOTE events only.
    """

    category: EventCategory
    type: EventType
    resource_id: str
    resource_url: str
    at: datetime
    data: Mapping[str, str] | None = None


@dataclass(frozen=True)
class ApiAnswer:
    """An answer to an ApiCall: headers as sent on the wire (content-type included), body as bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    events: tuple[WebhookEvent, ...] = ()
