"""Every message of Sage comes out with its code; one that nobody has met comes out as itself."""

from typing import Any

import pytest

from shared.domain.catalogue import CATALOGUE
from shared.domain.errors import ErrorClass
from shared.providers.sage.fault_table import table
from shared.providers.sage.faults import MESSAGES, problem

SAID: tuple[tuple[str, str, str], ...] = (
    # what Sage (or a call to it) says, the field it names, our code
    ("Connection expired", "", "connection_expired"),  # S1
    ("The payment method has no bank account: this field is required.", "", "bank_account_not_linked"),  # S2
    ("This field is required.", "other_payment.bank_account_id", "bank_account_not_linked"),  # S3
    ("This field is required.", "contact_id", "supplier_missing"),  # S4
    ("This field is required.", "invoice_lines[0].ledger_account_id", "category_missing"),  # S4
    ("A credit note is not allowed here.", "", "destination_not_offered"),  # S5
    ("Domestic reverse charge is not enabled.", "vat_reverse_charge", "feature_off"),  # S6
    (
        "You cannot record entries prior to your accounts start date of 01/04/2024",
        "date",
        "before_accounts_start",
    ),  # S7
    ("The invoice date is later than today", "date", "date_in_future"),  # S8
    ("Sage Start has no purchase invoices.", "", "plan_without_bills"),  # S9
    ("Your plan does not take attachments", "", "plan_without_attachments"),  # S10
    ("The attachment is too large", "file", "file_too_large"),  # S11
    ("This invoice already exists", "reference", "document_exists"),  # S12
    ("Invalid or missing account code", "", "account_not_valid"),  # S13
    ("The invoice is not approved", "", "item_not_ready"),  # S14
    ("The tax summary does not match the invoice total", "", "lines_do_not_add_up"),  # S15
    ("The line tax does not match the invoice tax", "", "lines_do_not_add_up"),  # S16
    ("The link has been idle for 30 days", "", "connection_expired"),  # S17
    ("Your queued publishes were dropped", "", "outcome_unknown"),  # S18
    ("The refresh token has been used", "", "connection_expired"),  # S20
    ("Email already in use", "", "consent_refused"),  # S21
    ("X-Business is missing", "", "organisation_mismatch"),  # S22
    ("A business must be selected", "", "organisation_not_chosen"),  # S23
    ("The ledger account is not visible in purchases", "", "account_not_valid"),  # S24
    ("Can't find customer", "contact_id", "contact_of_other_side"),  # S25
    ("You cannot edit VAT reconciled transactions.", "", "period_locked"),  # S26
    ("Bank Match is not offered in Pastel", "", "plan_lacks_feature"),  # S27
    ("The date is before the year end lockdown date", "date", "year_locked"),
    ("No active subscription. (MSE)", "", "provider_subscription"),
    ("This field is required.", "invoice_lines[0].tax_rate_id", "tax_rate_missing"),
    ("This field is required.", "invoice_lines[0].tax_amount", "tax_amount_missing"),
    ("This field is required.", "date", "date_missing"),
    ("This field is required.", "due_date", "due_date_missing"),
    ("The ledger account is inactive", "", "account_archived"),
    ("Contact is inactive", "", "supplier_archived"),
    ("Multi-currency is disabled", "currency_id", "currency_not_enabled"),
    ("The amount allocated is more than the outstanding amount", "", "payment_exceeds_due"),
    ("is invalid", "invoice_lines[0].tax_rate_id", "tax_rate_not_found"),
    ("is invalid", "invoice_lines[0].ledger_account_id", "account_not_valid"),
    ("is invalid", "invoice_lines[0].product_id", "product_not_found"),
    ("is invalid", "contact_id", "supplier_archived"),
    ("is invalid", "bank_account_id", "bank_account_not_found"),
    ("The analysis type category could not be found", "", "tracking_not_found"),
    ("is too long (maximum is 25 characters)", "reference", "text_too_long"),
)


def error(message: str, source: str = "", code: str = "RecordInvalid") -> dict[str, Any]:
    return {"$severity": "error", "$dataCode": code, "$message": message, "$source": source}


@pytest.mark.parametrize(("message", "source", "code"), SAID)
def test_a_message_has_its_code_and_keeps_its_words(message: str, source: str, code: str) -> None:
    found = problem([error(message, source)])
    assert found.code == code
    assert message in (found.provider_text or "")
    assert CATALOGUE[code].cause and CATALOGUE[code].remedy


@pytest.mark.parametrize(
    ("code", "message", "ours"),
    [
        ("MultiUserAccessDenied", "The current user is not allowed to access that resource with that method.",
         "provider_permission"),
        ("AuthorizationFailure", "No active subscription. (MSE)", "provider_subscription"),
        ("UnexpectedError", "An unexpected error occurred.", "provider_unavailable"),
        ("IdempotencyResourceMismatch", "Entity type mismatch", "outcome_unknown"),
    ],
)  # fmt: skip
def test_codes_of_sages_own(code: str, message: str, ours: str) -> None:
    assert problem([error(message, "", code)]).code == ours


def test_the_token_endpoints_errors_are_objects() -> None:
    assert problem([{"error": "invalid_grant"}]).code == "connection_expired"  # S19


def test_a_message_that_nobody_has_met_comes_out_as_itself() -> None:
    found = problem([error("The moon is in the wrong house.", "phase")])
    assert found.code == "provider_refused" and CATALOGUE[found.code].about is ErrorClass.UNKNOWN
    assert found.provider_text == "The moon is in the wrong house. (phase)"


def test_several_errors_are_all_shown_and_the_first_known_decides() -> None:
    found = problem([error("Never seen."), error("This field is required.", "contact_id")])
    assert found.code == "supplier_missing"
    assert found.provider_text == "Never seen. This field is required. (contact_id)"


def test_all_27_are_there_and_every_code_is_in_the_catalogue() -> None:
    assert {one.number for one in MESSAGES} >= set(range(1, 28))
    assert all(one.code in CATALOGUE for one in MESSAGES)
    assert len(table().splitlines()) == len(MESSAGES) + 3
