"""Xero's own Python SDK (xero-python) as a client of the sandbox: what it understands, other clients will."""

# mypy: disable-error-code="attr-defined, no-untyped-call"
# (the SDK carries no types and re-exports its models by assignment)

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from xero_python.accounting import (
    Account,
    AccountingApi,
    BankTransaction,
    BankTransactions,
    Contact,
    CreditNote,
    CreditNotes,
    CurrencyCode,
    Invoice,
    Invoices,
    LineAmountTypes,
    LineItem,
    LineItemTracking,
    Payment,
    Payments,
)
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token, TokenApi
from xero_python.exceptions import AccountingBadRequestException, HTTPStatusException, RateLimitException
from xero_python.identity import IdentityApi

from rehearsal.sandbox_process import CLIENT_ID, CLIENT_SECRET, SandboxClient


@dataclass
class Sdk:
    """The SDK set up as its documentation says, with the sandbox's address in place of Xero's."""

    sandbox: SandboxClient
    token: dict[str, Any]
    saved: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.oauth: Any = OAuth2Token(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        configuration = Configuration()
        # The class keeps the arguments of its first construction for all later ones; an attribute is our own.
        configuration.oauth2_token = self.oauth
        self.client: Any = ApiClient(
            configuration,
            oauth2_token_getter=lambda: self.token,
            oauth2_token_saver=self._save,
        )
        self.accounting: Any = AccountingApi(self.client, base_url=f"{self.sandbox.xero}/api.xro/2.0")
        self.identity: Any = IdentityApi(self.client, base_url=self.sandbox.xero)
        self.tenant = self.identity.get_connections()[0].tenant_id

    def _save(self, token: dict[str, Any]) -> None:
        self.saved.append(token)
        self.token = token


@pytest.fixture
def log_in(sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Sdk]:
    monkeypatch.setattr(TokenApi, "refresh_token_url", f"{sandbox.xero}/connect/token")
    monkeypatch.setattr(TokenApi, "revoke_token_url", f"{sandbox.xero}/connect/revocation")

    def made() -> Sdk:
        token = sandbox.connect().tokens
        token["scope"] = token["scope"].split()
        return Sdk(sandbox, token)

    return made


@pytest.fixture
def sdk(log_in: Callable[[], Sdk]) -> Sdk:
    return log_in()


def a_bill(**changes: Any) -> Invoice:
    whole = {
        "type": "ACCPAY",
        "contact": Contact(name="Müller Büromöbel GmbH"),
        "date": date(2026, 11, 11),
        "due_date": date(2026, 12, 11),
        "invoice_number": "SUP-77",
        "line_amount_types": LineAmountTypes.EXCLUSIVE,
        "currency_code": CurrencyCode.GBP,
        "status": "AUTHORISED",
        "line_items": [LineItem(description="Fuel", quantity=1, unit_amount=Decimal("40.00"), account_code="429")],
    }
    return Invoice(**(whole | changes))


def test_log_in_shows_the_chosen_organisation(sdk: Sdk) -> None:
    connections = sdk.identity.get_connections()
    assert [one.tenant_type for one in connections] == ["ORGANISATION"]
    found = sdk.accounting.get_organisations(sdk.tenant).organisations[0]
    assert found.name == connections[0].tenant_name
    assert found.base_currency == CurrencyCode.GBP
    assert found.period_lock_date == date(2025, 12, 31)
    allowed = {
        one.name for one in sdk.accounting.get_organisation_actions(sdk.tenant).actions if one.status == "ALLOWED"
    }
    assert "CreateApprovedBill" in allowed


def test_tokens_are_refreshed_and_rotated(sdk: Sdk) -> None:
    before = dict(sdk.token)
    sdk.sandbox.control("/clock", {"advance_seconds": 1801})
    with pytest.raises(HTTPStatusException) as expired:
        sdk.accounting.get_accounts(sdk.tenant)
    assert expired.value.status == 401
    assert sdk.oauth.refresh_access_token(sdk.client)
    assert sdk.saved[0]["refresh_token"] != before["refresh_token"]
    sdk.token["scope"] = sdk.token["scope"].split() if isinstance(sdk.token["scope"], str) else sdk.token["scope"]
    assert sdk.accounting.get_accounts(sdk.tenant).accounts


def test_revoked_consent_cannot_be_refreshed(sdk: Sdk) -> None:
    sdk.oauth.update_token(**sdk.token)
    refresh_token = sdk.token["refresh_token"]
    TokenApi(sdk.client, CLIENT_ID, CLIENT_SECRET).revoke_token(refresh_token)
    with pytest.raises(HTTPStatusException) as refused:
        TokenApi(sdk.client, CLIENT_ID, CLIENT_SECRET).refresh_token(refresh_token, sdk.token["scope"])
    assert refused.value.status == 400
    assert b"invalid_grant" in refused.value.http_resp.data


def test_every_list_is_read(sdk: Sdk) -> None:
    api, tenant = sdk.accounting, sdk.tenant
    bank = api.get_accounts(tenant, where='Type=="BANK" AND Status=="ACTIVE"').accounts
    assert {"GBP", "EUR", "USD"} == {one.currency_code.value for one in bank}
    assert all(one.effective_rate is not None for one in api.get_tax_rates(tenant).tax_rates)
    categories = api.get_tracking_categories(tenant, include_archived=True).tracking_categories
    assert {one.status for one in categories} == {"ACTIVE", "ARCHIVED"}
    assert all(one.options for one in categories)
    assert {one.code for one in api.get_currencies(tenant).currencies} == set(map(CurrencyCode, ("GBP", "EUR", "USD")))
    assert any(one.purchase_details.unit_price == Decimal("9.9975") for one in api.get_items(tenant, unitdp=4).items)
    assert any(one.organisation_role == "STANDARD" for one in api.get_users(tenant).users)


def test_contacts_are_paged(sdk: Sdk) -> None:
    sdk.sandbox.control("/reset", {"seed": {"contacts": 250, "items": 1, "accounts": 1}})
    token = sdk.sandbox.connect().tokens
    again = Sdk(sdk.sandbox, token | {"scope": token["scope"].split()})
    seen: list[str] = []
    page, pages = 1, 1
    while page <= pages:
        answer = again.accounting.get_contacts(again.tenant, page=page, page_size=100, include_archived=True)
        pages = answer.pagination.page_count
        seen += [one.contact_id for one in answer.contacts]
        page += 1
    assert (pages, len(seen), len(set(seen))) == (3, 250, 250)


def test_delta_by_if_modified_since(sdk: Sdk) -> None:
    assert sdk.accounting.get_contacts(sdk.tenant, if_modified_since=datetime(2026, 1, 1)).contacts  # noqa: DTZ001 - the SDK wants it naive
    assert sdk.accounting.get_contacts(sdk.tenant, if_modified_since=datetime(2099, 1, 1)).contacts == []  # noqa: DTZ001


def test_bill_created_found_and_paid(sdk: Sdk) -> None:
    tracked = LineItem(
        description="Fuel",
        quantity=1,
        unit_amount=Decimal("40.00"),
        account_code="429",
        tracking=[LineItemTracking(name="Region", option="Westküste")],
    )
    given = a_bill(url="https://product.example/items/LB1", line_items=[tracked])
    made = sdk.accounting.create_invoices(sdk.tenant, Invoices(invoices=[given]), summarize_errors=False).invoices[0]
    assert (made.status, made.total, made.due_date) == ("AUTHORISED", Decimal("48.00"), date(2026, 12, 11))
    assert made.status_attribute_string == "OK"
    found = sdk.accounting.get_invoices(
        sdk.tenant, where='Type=="ACCPAY" AND Date>=DateTime(2026,11,01)', page=1, created_by_my_app=True
    )
    assert [one.url for one in found.invoices] == ["https://product.example/items/LB1"]
    assert found.invoices[0].line_items[0].tracking[0].option == "Westküste"
    payment = Payment(
        invoice=Invoice(invoice_id=made.invoice_id),
        account=Account(code="090"),
        date=date(2026, 11, 12),
        amount=Decimal("48.00"),
    )
    paid = sdk.accounting.create_payments(sdk.tenant, Payments(payments=[payment])).payments[0]
    assert paid.invoice.amount_due == 0
    assert sdk.accounting.get_invoice(sdk.tenant, made.invoice_id).invoices[0].status == "PAID"


def test_credit_notes_and_bank_transactions(sdk: Sdk) -> None:
    lines = [LineItem(description="Return", quantity=1, unit_amount=Decimal("10.00"), account_code="429")]
    note = CreditNote(
        type="ACCPAYCREDIT", contact=Contact(name="Severn Power"), date=date(2026, 11, 1), line_items=lines
    )
    made = sdk.accounting.create_credit_notes(sdk.tenant, CreditNotes(credit_notes=[note])).credit_notes[0]
    assert (made.status, made.total) == ("DRAFT", Decimal("12.00"))
    spent = BankTransaction(
        type="SPEND",
        contact=Contact(name="Severn Power"),
        date=date(2026, 11, 1),
        line_items=lines,
        bank_account=Account(code="090"),
    )
    sent = BankTransactions(bank_transactions=[spent])
    stored = sdk.accounting.create_bank_transactions(sdk.tenant, sent).bank_transactions[0]
    assert (stored.status, stored.currency_code) == ("AUTHORISED", CurrencyCode.GBP)


def test_validation_errors_carry_xeros_text(sdk: Sdk) -> None:
    with pytest.raises(AccountingBadRequestException) as refused:
        sdk.accounting.create_invoices(sdk.tenant, Invoices(invoices=[a_bill(date=date(2025, 3, 1))]))
    expected = "The document date cannot be before the end of year lock date, currently set at 31 Mar 2025"
    assert refused.value.reason == expected
    mixed = Invoices(invoices=[a_bill(), a_bill(currency_code=CurrencyCode.JPY)])
    rows = sdk.accounting.create_invoices(sdk.tenant, mixed, summarize_errors=False).invoices
    assert [one.status_attribute_string for one in rows] == ["OK", "ERROR"]
    assert rows[1].validation_errors[0].message == "Organisation is not subscribed to currency JPY"


def test_a_repeated_key_answers_once(sdk: Sdk) -> None:
    sent = Invoices(invoices=[a_bill()])
    first, again = (sdk.accounting.create_invoices(sdk.tenant, sent, idempotency_key="k-1").invoices for _ in range(2))
    assert first[0].invoice_id == again[0].invoice_id
    assert len(sdk.accounting.get_invoices(sdk.tenant).invoices) == 1


def test_attachment_by_name(sdk: Sdk) -> None:
    made = sdk.accounting.create_invoices(sdk.tenant, Invoices(invoices=[a_bill()])).invoices[0]
    content = b"%PDF-1.7 a file"
    sdk.accounting.create_invoice_attachment_by_file_name(sdk.tenant, made.invoice_id, "bill 77.pdf", content)
    listed = sdk.accounting.get_invoice_attachments(sdk.tenant, made.invoice_id).attachments
    assert [(one.file_name, one.mime_type, one.content_length) for one in listed] == [
        ("bill 77.pdf", "application/pdf", len(content))
    ]
    assert sdk.accounting.get_invoice(sdk.tenant, made.invoice_id).invoices[0].has_attachments is True


def test_limits_are_told_by_kind(sdk: Sdk) -> None:
    # Without Retry-After the SDK raises; with it, its HTTP library waits and repeats by itself.
    sdk.sandbox.fault("GET", "/Accounts", "limiter", problem="concurrent")
    with pytest.raises(RateLimitException) as limited:
        sdk.accounting.get_accounts(sdk.tenant)
    assert limited.value.rate_limit == "concurrent"
    sdk.sandbox.fault("GET", "/Accounts", "limiter", problem="minute", retry_after=1)
    assert sdk.accounting.get_accounts(sdk.tenant).accounts
    assert sdk.sandbox.calls("GET /Accounts") == 3
