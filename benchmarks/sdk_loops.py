"""The same bills published the two ways people write it with Xero's own SDK: one by one, and in batches of 50.

Neither keeps anything: no record of what was sent, no look-up after a lost answer, nothing that a second run could see.
"""

# mypy: disable-error-code="attr-defined, no-untyped-call"
# (the SDK carries no types and re-exports its models by assignment)

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from unittest.mock import patch

from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry
from xero_python.accounting import AccountingApi, Contact, CurrencyCode, Invoice, Invoices, LineAmountTypes, LineItem
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token

from rehearsal.sandbox_process import CLIENT_ID, CLIENT_SECRET, Connected

_AT_ONCE: Final = 50  # Xero, "Limits": at most 50 elements in one call


@dataclass(frozen=True)
class Bill:
    """One line of 40.00 plus 20 % on a number of its own."""

    number: str
    supplier: str


class Sdk:
    """xero-python set up as its documentation says, for one consent."""

    def __init__(self, connected: Connected) -> None:
        token = {**connected.tokens, "scope": connected.tokens["scope"].split()}
        configuration = Configuration()
        configuration.oauth2_token = OAuth2Token(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        client = ApiClient(configuration, oauth2_token_getter=lambda: token, oauth2_token_saver=lambda _: None)
        self.tenant = connected.tenant
        self.api: Any = AccountingApi(client, base_url=f"{connected.sandbox.xero}/api.xro/2.0")

    def contact(self, name: str) -> Contact:
        """The contact of this name, or one that Xero makes with the bill."""
        found = self.api.get_contacts(self.tenant, where=f'Name=="{name}"').contacts
        return Contact(contact_id=found[0].contact_id) if found else Contact(name=name)

    def create(self, invoices: Sequence[Invoice]) -> list[Any]:
        made = self.api.create_invoices(self.tenant, Invoices(invoices=list(invoices)), summarize_errors=False)
        created: list[Any] = made.invoices
        return created

    def attach(self, invoice_id: str, content: bytes) -> None:
        self.api.create_invoice_attachment_by_file_name(self.tenant, invoice_id, "paper.pdf", content)


def _invoice(bill: Bill, contact: Contact) -> Invoice:
    line = LineItem(
        description="Sundries", quantity=1, unit_amount=Decimal("40.00"), account_code="429", tax_type="INPUT2"
    )
    return Invoice(
        type="ACCPAY",
        contact=contact,
        date=date(2026, 3, 11),
        due_date=date(2026, 4, 10),
        invoice_number=bill.number,
        line_amount_types=LineAmountTypes.EXCLUSIVE,
        currency_code=CurrencyCode.GBP,
        status="AUTHORISED",
        line_items=[line],
    )


def one_by_one(sdk: Sdk, bills: Sequence[Bill], file: bytes | None) -> None:
    """Find the contact, create the bill, attach the file; then the next bill."""
    for bill in bills:
        (made,) = sdk.create([_invoice(bill, sdk.contact(bill.supplier))])
        if file is not None:
            sdk.attach(made.invoice_id, file)


def in_batches(sdk: Sdk, bills: Sequence[Bill], file: bytes | None) -> None:
    """Find every contact once, create 50 bills a call, attach the files one after another."""
    contacts = {name: sdk.contact(name) for name in dict.fromkeys(bill.supplier for bill in bills)}
    for start in range(0, len(bills), _AT_ONCE):
        some = bills[start : start + _AT_ONCE]
        for made in sdk.create([_invoice(bill, contacts[bill.supplier]) for bill in some]):
            if file is not None:
                sdk.attach(made.invoice_id, file)


@contextmanager
def waiting_by(wait: Callable[[float], None]) -> Iterator[None]:
    """Let the SDK's HTTP library wait for the end of a Retry-After in another way than by sleeping."""

    def sleep_for_retry(self: Retry, response: BaseHTTPResponse) -> bool:
        seconds = self.get_retry_after(response)
        if seconds:
            wait(seconds)
        return bool(seconds)

    with patch.object(Retry, "sleep_for_retry", sleep_for_retry):
        yield
