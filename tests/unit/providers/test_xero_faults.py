"""Every one of the 43 messages gets its code, and keeps Xero's own words."""

import pytest

from shared.domain.catalogue import CATALOGUE
from shared.providers.xero.faults import FAULTS, problem

# Number, message as it comes, code, what is named in it.
MESSAGES = [
    (1, "Your integration to Xero has expired", "connection_expired", {}),
    (1, "Connection is expired", "connection_expired", {}),
    (2, "Request to Xero was not authorized, please try again", "connection_expired", {}),
    (3, "You can't publish the item, make sure your Xero subscription is active", "provider_subscription", {}),
    (4, "You have reached the limit of invoices you can approve", "plan_limit", {}),
    (5, "The user specified does not have the correct permissions", "provider_permission", {}),
    (6, "A valid user should be identified using the UserID", "user_not_linked", {}),
    (
        7,
        "Account code '300' has been archived, or has been deleted. Each line item must reference a valid account.",
        "account_archived",
        {"code": "300"},
    ),
    (8, "Account code '999' is not a valid code for this document.", "account_not_valid", {"code": "999"}),
    (
        10,
        "The TaxType code 'OUTPUT2' cannot be used with account code '429'.",
        "tax_not_for_account",
        {"tax_rate": "OUTPUT2", "code": "429"},
    ),
    (10, "The TaxType code INPUT cannot be used with this account code", "tax_not_for_account", {"tax_rate": "INPUT"}),
    (
        11,
        "The TaxType code 'TAX001' does not exist or cannot be used for this type of transaction.",
        "tax_rate_not_found",
        {"tax_rate": "TAX001"},
    ),
    (12, "The tax amount cannot be greater than the line amount.", "tax_exceeds_line", {}),
    (13, "The specified bank account details do not match a known bank account", "bank_account_not_found", {}),
    (14, "To send to Bank Accounts you need to set a linked bank account", "bank_account_not_linked", {}),
    (
        15,
        "The document date cannot be before the end of year lock date, currently set at 31 Mar 2025",
        "year_locked",
        {"lock_date": "31 Mar 2025"},
    ),
    (
        16,
        "The document date cannot be before the period lock date, currently set at 31 Jan 2026",
        "period_locked",
        {"lock_date": "31 Jan 2026"},
    ),
    (17, "Invoice not of valid status for modification", "document_moved_on", {}),
    (17, "Credit Note not of valid status for modification", "document_moved_on", {}),
    (18, "The item already exists in Xero with status different from DRAFT", "document_moved_on", {}),
    (19, "An existing invoice with the specified InvoiceID could not be found", "document_gone", {}),
    (20, "Invoice # must be unique.", "number_taken", {}),
    (21, "Spend money transactions cannot be updated", "document_moved_on", {}),
    (22, "We were not able to publish the image for this item", "attachment_failed", {}),
    (
        23,
        "This document cannot be edited as it has a payment or credit note allocated to it.",
        "document_moved_on",
        {},
    ),
    (24, "The date cannot be changed on an invoice with payments or credits", "document_moved_on", {}),
    (25, "Payment amount exceeds the amount outstanding on this document", "payment_exceeds_due", {}),
    (
        26,
        "The contact with the specified contact details has been archived. The contact must be un-archived before "
        "creating new invoices or credit notes",
        "supplier_archived",
        {},
    ),
    (27, "The contact has been merged into another contact and cannot be changed.", "supplier_merged", {}),
    (
        28,
        "The contact name Café Ñandú is already assigned to another contact. The contact name must be unique across "
        "all active contacts.",
        "supplier_name_taken",
        {"name": "Café Ñandú"},
    ),
    (28, "Contact cannot be updated to new name, that name exists", "supplier_name_taken", {}),
    (29, "The Contact Number C-1 is already assigned to another contact.", "supplier_number_taken", {}),
    (29, "Another contact has this contact number", "supplier_number_taken", {}),
    (30, "Account code or ID must be specified", "category_missing", {}),
    (31, "Item code 'PEN 2' is not valid", "product_not_found", {"code": "PEN 2"}),
    (32, "The item has an incorrect inventory asset account", "inventory_account", {}),
    (33, "Invoice total less than 0 not accepted", "total_negative", {}),
    (34, "Quantity must not be less than zero", "quantity_negative", {}),
    (35, "Forbidden access, please reconnect", "provider_permission", {}),
    (35, 'Bearer error="insufficent_scope"', "provider_permission", {}),
    (36, '{"Title":"Forbidden","Status":403,"Detail":"AuthenticationUnsuccessful"}', "organisation_gone", {}),
    (37, "invalid_grant", "connection_expired", {}),
    (38, "429 Too Many Requests", "rate_limited", {}),
    (39, "The attachment is too large", "file_too_large", {}),
    (40, "Attachments are not available on this organisation's plan", "plan_without_attachments", {}),
    (41, "Purchases are not available on this organisation's plan", "plan_without_bills", {}),
    (
        42,
        "The currency of the transaction must be that of the bank account (GBP).",
        "currency_of_bank_account",
        {},
    ),
    (43, "You have authenticated to another company", "organisation_mismatch", {}),
    (44, "Organisation is not subscribed to currency EUR", "currency_not_enabled", {"currency": "EUR"}),
    (45, "The document DueDate field must be specified.", "due_date_missing", {}),
    (46, "The document total does not equal the sum of the lines.", "lines_do_not_add_up", {}),
    (46, "The line total 10.00 does not match the expected line total 11.00", "lines_do_not_add_up", {}),
    (47, "One or more line items must be specified", "lines_missing", {}),
    (48, "The tracking category or option 'East' could not be found or is not active.", "tracking_not_found", {}),
    (49, "The Name field must be no more than 255 characters.", "text_too_long", {}),
    (50, "A maximum of 10 attachments is allowed for each record.", "too_many_files", {}),
    (51, "A Contact must be specified for this type of transaction", "supplier_missing", {}),
]


@pytest.mark.parametrize(("number", "message", "code", "named"), MESSAGES)
def test_a_message_gets_its_code_and_keeps_its_words(
    number: int, message: str, code: str, named: dict[str, str]
) -> None:
    found = problem([message], "Invoices")
    assert (found.code, found.provider_text, found.details) == (code, message, named)
    assert next(fault.code for fault in FAULTS if fault.number == number) == code


def test_the_account_of_an_expense_claim_has_another_cause() -> None:
    """X8 and X9 have one wording; the collection decides."""
    message = "Account code '429' is not a valid code for this document."
    assert problem([message], "Receipts").code == "account_not_for_claims"
    assert problem([message], "Invoices").code == "account_not_valid"


def test_all_43_are_there_and_every_code_is_in_the_catalogue() -> None:
    numbers = [fault.number for fault in FAULTS]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 43
    assert {fault.code for fault in FAULTS} <= set(CATALOGUE)
    tried = {number for number, *_ in MESSAGES} | {9}
    assert tried == set(numbers), "every fault has a message that tries it"


def test_several_messages_are_kept_and_the_first_known_one_decides() -> None:
    found = problem(["Something new happened.", "Invoice # must be unique."])
    assert found.code == "number_taken"
    assert found.provider_text == "Something new happened. Invoice # must be unique."


def test_an_unknown_message_is_passed_on_as_it_is() -> None:
    found = problem(["The moon is in the wrong house."])
    assert (found.code, found.provider_text) == ("provider_refused", "The moon is in the wrong house.")
    assert problem([]).provider_text is None
