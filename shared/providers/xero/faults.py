"""Xero's messages and states, each with our code for it and who can do something about it.

Wordings come from Xero's OpenAPI description, its developer pages, and from help pages of products that show Xero's
messages to their users; patterns hold the part of a message that does not change. `fault_table` prints them for
docs/providers/xero.md.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.errors import Problem


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which Xero, or a call to it, says no."""

    number: int
    says: str
    pattern: re.Pattern[str]
    code: str
    who: str
    resources: frozenset[str] = frozenset()  # Xero's collections it is about; empty: all


def _fault(number: int, says: str, pattern: str, code: str, who: str, *resources: str) -> Fault:
    return Fault(number, says, re.compile(pattern, re.IGNORECASE | re.DOTALL), code, who, frozenset(resources))


ADMIN: Final = "an admin of the account"
CODER: Final = "whoever codes the item"
BOOKKEEPER: Final = "the bookkeeper, in Xero"
OWNER: Final = "the organisation's subscriber, in Xero"
US: Final = "nobody: it goes on by itself"

# The first that fits is taken: the more exact ones stand first.
FAULTS: Final = (
    _fault(
        1,
        "Your integration to Xero has expired (connection is expired)",
        r"(integration|connection)( to xero)? (has|is) expired",
        "connection_expired",
        ADMIN,
    ),
    _fault(
        2,
        "Request to Xero was not authorized, please try again",
        r"not authori[sz]ed, please try again|TokenExpired",
        "connection_expired",
        ADMIN,
    ),
    _fault(
        3,
        "Make sure your Xero subscription is active",
        r"subscription is (not )?active|organisation is not (currently )?active",
        "provider_subscription",
        OWNER,
    ),
    _fault(
        4,
        "You have reached the limit of invoices you can approve",
        r"reached the limit of (invoices|bills)",
        "plan_limit",
        OWNER,
    ),
    _fault(
        5,
        "The user specified does not have the correct permissions",
        r"does not have the (correct )?permission",
        "provider_permission",
        ADMIN,
    ),
    _fault(
        6,
        "A valid user should be identified using the UserID",
        r"valid user should be identified|identified using the UserID",
        "user_not_linked",
        ADMIN,
    ),
    _fault(
        7,
        "Account code '###' has been archived, or has been deleted",
        r"account code '?(?P<code>[^' ]+)'? has been (archived|deleted)",
        "account_archived",
        CODER,
    ),
    _fault(
        9,
        "Account code '###' is not a valid code for this document (on an expense claim)",
        r"account code '?(?P<code>[^' ]+)'? is not a valid code for this (document|claim|receipt)",
        "account_not_for_claims",
        BOOKKEEPER,
        "Receipts",
        "ExpenseClaims",
    ),
    _fault(
        8,
        "Account code '###' is not a valid code for this document",
        r"account code '?(?P<code>[^' ]+)'? is not a valid code",
        "account_not_valid",
        CODER,
    ),
    _fault(
        10,
        "The TaxType code '###' cannot be used with account code '###'",
        r"TaxType code '?(?P<tax_rate>[^' ]+)'? cannot be used with (this )?account code( '?(?P<code>[^'. ]+))?",
        "tax_not_for_account",
        CODER,
    ),
    _fault(
        11,
        "The TaxType code '###' does not exist or cannot be used for this type of transaction",
        r"TaxType code( '?(?P<tax_rate>[^' ]+)'?)? does not exist or cannot be used",
        "tax_rate_not_found",
        CODER,
    ),
    _fault(
        12,
        "The tax amount cannot be greater than the line amount",
        r"tax amount cannot be (greater|more) than the line",
        "tax_exceeds_line",
        CODER,
    ),
    _fault(
        13,
        "The specified bank account details do not match a known bank account",
        r"bank account details do not match",
        "bank_account_not_found",
        ADMIN,
    ),
    _fault(
        14,
        "To send to Bank Accounts you need to set a linked bank account",
        r"need to set a linked bank account|bank ?account must be specified",
        "bank_account_not_linked",
        ADMIN,
    ),
    _fault(
        15,
        "The document date cannot be before the end of year lock date, currently set at ###",
        r"before the end of year lock date(, currently set at (?P<lock_date>\d+ \w+ \d{4}))?",
        "year_locked",
        BOOKKEEPER,
    ),
    _fault(
        16,
        "The document date cannot be before the period lock date, currently set at ###",
        r"before the period lock date(, currently set at (?P<lock_date>\d+ \w+ \d{4}))?",
        "period_locked",
        BOOKKEEPER,
    ),
    _fault(
        17,
        "Invoice (or credit note) not of valid status for modification",
        r"not of valid status for modification",
        "document_moved_on",
        BOOKKEEPER,
    ),
    _fault(
        18,
        "The item already exists in Xero with status different from DRAFT",
        r"already exists .*status different from draft",
        "document_moved_on",
        BOOKKEEPER,
    ),
    _fault(
        19,
        "An existing invoice with the specified InvoiceID could not be found",
        r"existing [\w ]+ with the specified \w+ could not be found|document with the supplied id was not found",
        "document_gone",
        CODER,
    ),
    _fault(20, "Invoice # must be unique.", r"(invoice|credit note) (#|number) must be unique", "number_taken", CODER),
    _fault(
        21,
        "Spend money transactions cannot be updated",
        r"(spend|receive) money transactions cannot be updated",
        "document_moved_on",
        BOOKKEEPER,
    ),
    _fault(
        22,
        "We were not able to publish the image for this item",
        r"not able to publish the image",
        "attachment_failed",
        CODER,
    ),
    _fault(
        23,
        "This document cannot be edited as it has a payment or credit note allocated to it",
        r"cannot be edited as it has a payment or credit note",
        "document_moved_on",
        BOOKKEEPER,
    ),
    _fault(
        24,
        "The date cannot be changed on an invoice with payments or credits",
        r"date cannot be changed on an? (invoice|document)",
        "document_moved_on",
        BOOKKEEPER,
    ),
    _fault(
        25,
        "Payment amount exceeds the amount outstanding on this document",
        r"payment amount exceeds the amount outstanding",
        "payment_exceeds_due",
        BOOKKEEPER,
    ),
    _fault(
        27,
        "The contact has been merged into another contact",
        r"contact .*(has been|was) merged|merged contact",
        "supplier_merged",
        CODER,
    ),
    _fault(
        26,
        "The contact with the specified contact details has been archived",
        r"contact .*has been archived|contact must be un-?archived",
        "supplier_archived",
        BOOKKEEPER,
    ),
    _fault(
        28,
        "The contact name ### is already assigned to another contact",
        r"contact name (?P<name>.+) is already assigned|contact .*cannot be updated to .*name",
        "supplier_name_taken",
        CODER,
    ),
    _fault(
        29,
        "Another contact has this contact number",
        r"contact number .*(already|another contact)|another contact .*contact number",
        "supplier_number_taken",
        BOOKKEEPER,
    ),
    _fault(
        30,
        "Account code or ID must be specified",
        r"account code or id must be specified",
        "category_missing",
        CODER,
    ),
    _fault(
        31,
        "Item code '###' is not valid",
        r"item code '?(?P<code>[^']+?)'? is not valid",
        "product_not_found",
        CODER,
    ),
    _fault(
        32,
        "The item has an incorrect inventory asset account",
        r"incorrect inventory (asset )?account|inventory asset account",
        "inventory_account",
        CODER,
    ),
    _fault(
        33,
        "Invoice total less than 0 is not accepted",
        r"total (must be greater than or equal to zero|less than 0|cannot be negative)",
        "total_negative",
        CODER,
    ),
    _fault(
        34,
        "Quantity must not be less than zero",
        r"quantity must (not be less than|be greater than or equal to) zero",
        "quantity_negative",
        CODER,
    ),
    _fault(
        35,
        "Forbidden access, please reconnect",
        r"forbidden access|insuffi?ci?ent_scope",
        "provider_permission",
        ADMIN,
    ),
    _fault(
        36,
        "403 AuthenticationUnsuccessful: the organisation is no longer among the grant's connections",
        r"AuthenticationUnsuccessful",
        "organisation_gone",
        ADMIN,
    ),
    _fault(37, "invalid_grant when refreshing the token", r"invalid_grant", "connection_expired", ADMIN),
    _fault(38, "429 too many requests", r"too many requests", "rate_limited", US),
    _fault(
        39,
        "The attachment is too large (413, or by message)",
        r"attachment .*too large|PayloadTooLarge|file .*(too large|exceeds)",
        "file_too_large",
        CODER,
    ),
    _fault(
        40,
        "Cashbook plans take no attachments by API",
        r"attachments? (are|is) not (available|supported|allowed)|cashbook .*attachment",
        "plan_without_attachments",
        OWNER,
    ),
    _fault(
        41,
        "Ledger plans have no purchases",
        r"purchases are not available|ledger .*(purchases|bills)",
        "plan_without_bills",
        OWNER,
    ),
    _fault(
        42,
        "Foreign currency Spend Money is refused",
        r"currency of the transaction must be that of the bank account|spend money .*foreign currency"
        r"|payment account's currency",
        "currency_of_bank_account",
        CODER,
    ),
    _fault(
        43,
        "Authenticated to another company",
        r"authenticated to (another|a different) (company|organisation)",
        "organisation_mismatch",
        ADMIN,
    ),
    # Beyond the 43: messages of Xero's description and of recorded answers.
    _fault(
        44,
        "Organisation is not subscribed to currency ###",
        r"not subscribed to currency (?P<currency>[A-Z]{3})?",
        "currency_not_enabled",
        BOOKKEEPER,
    ),
    _fault(
        45,
        "The document DueDate field must be specified",
        r"due ?date (field )?must be specified",
        "due_date_missing",
        CODER,
    ),
    _fault(
        46,
        "The document total does not equal the sum of the lines",
        r"does not (equal the sum of|match the expected line total)",
        "lines_do_not_add_up",
        CODER,
    ),
    _fault(47, "One or more line items must be specified", r"line items? must be specified", "lines_missing", CODER),
    _fault(
        48,
        "The tracking category or option could not be found or is not active",
        r"tracking (category|option)",
        "tracking_not_found",
        CODER,
    ),
    _fault(
        49,
        "The field is longer than it may be",
        r"no more than \d+ characters|max(imum)? length",
        "text_too_long",
        CODER,
    ),
    _fault(50, "A maximum of 10 attachments is allowed", r"maximum of \d+ attachments", "too_many_files", BOOKKEEPER),
    _fault(
        51, "A Contact must be specified", r"contact must (be specified|contain at least)", "supplier_missing", CODER
    ),
)
UNKNOWN_CODE: Final = "provider_refused"


def problem(messages: Iterable[str], resource: str = "") -> Problem:
    """What Xero's messages about one element mean: the first that we know decides, all stand in `provider_text`.

    `resource` is Xero's collection, which decides between two meanings of one wording.
    """
    texts = [text.strip() for text in messages if text.strip()]
    said = " ".join(texts) or None
    for text in texts:
        for fault in FAULTS:
            found = fault.pattern.search(text)
            if found and (not fault.resources or resource in fault.resources):
                return Problem(fault.code, provider_text=said, details=_named(found))
    return Problem(UNKNOWN_CODE, provider_text=said)


def _named(found: re.Match[str]) -> dict[str, Any]:
    return {name: value for name, value in found.groupdict().items() if value}


def messages_of(element: Mapping[str, Any]) -> list[str]:
    """The texts of an element's ValidationErrors; empty for an element that was taken."""
    errors = element.get("ValidationErrors")
    if not isinstance(errors, list):
        return []
    return [str(error["Message"]) for error in errors if isinstance(error, dict) and error.get("Message")]
