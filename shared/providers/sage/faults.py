"""Sage's messages and states, each with our code for it and who can do something about it.

A message is matched as "<$dataCode> <$message> (<$source>)". Wordings come from developer.sage.com ("Frequently raised
errors", "Response codes", "Idempotency") and from help pages of products that show them to their users; patterns hold
the part that does not change. `fault_table` prints them for docs/providers/sage.md.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.errors import Problem


@dataclass(frozen=True, slots=True)
class Message:
    """One way in which Sage, or a call to it, says no."""

    number: int
    says: str
    pattern: re.Pattern[str]
    code: str
    who: str


def _message(number: int, says: str, pattern: str, code: str, who: str) -> Message:
    return Message(number, says, re.compile(pattern, re.IGNORECASE | re.DOTALL), code, who)


ADMIN: Final = "an admin of the account"
CODER: Final = "whoever codes the item"
BOOKKEEPER: Final = "the bookkeeper, in Sage"
OWNER: Final = "the business's subscriber, in Sage"
US: Final = "nobody: it goes on by itself"

# Messages that say what is missing or unknown in general, with the field in `$source`.
_MISSING: Final = r"field is required|can'?t be blank|must be (present|given|filled)|is missing"
_NOT_THERE: Final = (
    r"RecordNotFound|could not be found|does(n'?t| not) exist|can'?t find|cannot find|is (invalid|not valid)"
)
_OFF: Final = r"is (inactive|not active|archived|deleted)|has been (archived|deleted|made inactive)"

# The first that fits is taken: the more exact ones stand first.
MESSAGES: Final = (
    _message(
        29,
        "No active subscription. (MSE)",
        r"no active subscription|subscription (has )?(ended|expired)",
        "provider_subscription",
        OWNER,
    ),
    _message(
        30,
        "The current user is not allowed to access that resource with that method.",
        r"MultiUserAccessDenied|not allowed to access that resource",
        "provider_permission",
        ADMIN,
    ),
    _message(
        1, "Connection expired", r"connection (has )?expired|access token (has )?expired", "connection_expired", ADMIN
    ),
    _message(
        19,
        "400 invalid_grant: the code was used twice, is over 60 seconds old, or its redirect differs",
        r"invalid_grant(?!.*rotat)",
        "connection_expired",
        ADMIN,
    ),
    _message(
        20,
        "An old refresh token was used again: it was rotated",
        r"refresh token .*(used|rotated|revoked|spent)|invalid_grant.*rotat",
        "connection_expired",
        ADMIN,
    ),
    _message(
        17,
        "Nothing arrives: the link was idle for 30 days",
        r"idle (for|since)|not been used for \d+ days",
        "connection_expired",
        ADMIN,
    ),
    _message(21, "Email already in use", r"e-?mail already in use", "consent_refused", ADMIN),
    _message(
        23,
        "Several businesses, and none was chosen",
        r"no business (was )?(chosen|selected)|business .*must be selected",
        "organisation_not_chosen",
        ADMIN,
    ),
    _message(
        22,
        "Data of another business: X-Business was missing, the lead business answered",
        r"x-business|(another|lead) business",
        "organisation_mismatch",
        ADMIN,
    ),
    _message(
        9,
        "Sage Start has no purchase ledger: only paid items, as other payments",
        r"(start|this plan|subscription).*purchase (invoice|credit|quick)"
        r"|purchase (invoice|credit|quick)[\w ]*(are|is) not (available|part)",
        "plan_without_bills",
        OWNER,
    ),
    _message(
        10,
        "Sage Start: the image is not sent",
        r"(start|plan).*(attachment|image)|attachments? (are|is) not (available|part)",
        "plan_without_attachments",
        OWNER,
    ),
    _message(
        31,
        "This is not part of the plan",
        r"not (available|included)\b.*(plan|subscription)",
        "plan_lacks_feature",
        OWNER,
    ),
    _message(
        11,
        "The attachment could not be uploaded: it is over 2.5 MB",
        r"(file|attachment).*(too (large|big)|exceeds|larger than|over 2\.?5)|PayloadTooLarge|\bfile_size\b",
        "file_too_large",
        CODER,
    ),
    _message(
        32,
        "The file is of a type that Sage does not take",
        r"(file|mime|content)[ _-]?type.*(not|un)[ -]?(supported|allowed|valid)|\(mime_type\)",
        "file_type_refused",
        CODER,
    ),
    _message(
        7,
        "You cannot record entries prior to your accounts start date of dd/mm/yyyy",
        r"(prior to|before) (your|the) accounts start date( of (?P<lock_date>[\d/ -]+))?",
        "before_accounts_start",
        BOOKKEEPER,
    ),
    _message(
        33,
        "The date is on or before the year end lockdown date",
        r"lock ?down|year.?end (lock|close)|financial year .*(closed|locked)",
        "year_locked",
        BOOKKEEPER,
    ),
    _message(
        26,
        "The period is locked: You cannot edit VAT reconciled transactions.",
        r"(vat|tax)[ -]reconciled|(period|vat return|tax return).*(locked|closed|submitted|filed)"
        r"|(locked|closed) period",
        "period_locked",
        BOOKKEEPER,
    ),
    _message(
        8,
        "The invoice date is later than today",
        r"date (is|must|can)[\w' ]*(later than|after|in the future|future)|cannot be in the future",
        "date_in_future",
        CODER,
    ),
    _message(
        12,
        "The invoice already exists",
        r"(invoice|credit note|document|entry|reference)[\w .'#-]*already (exists|been (used|taken|entered))"
        r"|duplicate (invoice|reference)|has already been taken",
        "document_exists",
        CODER,
    ),
    _message(
        15,
        "The tax summary does not match the invoice's tax",
        r"(tax (summary|analysis)|total|net|tax)( amounts?)? (do(es)? not|don'?t|must) (match|equal|agree|add)"
        r"[\w ]*(total|invoice|document|sum|tax analysis)",
        "lines_do_not_add_up",
        CODER,
    ),
    _message(
        16,
        "The lines' tax does not match the invoice's tax",
        r"line (tax|items?|totals?)[\w ]*(do(es)? not|don'?t) (match|equal|agree)"
        r"|tax amount (is|must)[\w ,.%]*(rate|line|net)|tax_amount.*(rate|tolerance)",
        "lines_do_not_add_up",
        CODER,
    ),
    _message(
        14,
        "Not approved: codes are missing on a line",
        r"not approved|codes? (are|is) missing|line items? (are|is) not coded",
        "item_not_ready",
        CODER,
    ),
    _message(
        24,
        "The category is hidden for purchases",
        r"ledger account.*(not (visible|available|enabled|allowed)|cannot be used|hidden)",
        "account_not_valid",
        BOOKKEEPER,
    ),
    _message(
        25,
        "The contact is a customer, not a supplier: can't find customer",
        r"can'?t find (customer|vendor|supplier)|contact.*(must be|is not) an? (customer|vendor|supplier)"
        r"|not an? (customer|vendor|supplier)",
        "contact_of_other_side",
        BOOKKEEPER,
    ),
    _message(
        34, "The contact is inactive", rf"contact\b.*({_OFF})|({_OFF}).*\(.*contact", "supplier_archived", BOOKKEEPER
    ),
    _message(
        35,
        "The ledger account is inactive",
        rf"ledger account\b.*({_OFF})|({_OFF}).*\(.*ledger_account",
        "account_archived",
        CODER,
    ),
    _message(
        36,
        "Multi-currency is not enabled",
        r"multi-?currency|currency.*(not (enabled|available|supported)|disabled)|\(.*currency_id.*\)",
        "currency_not_enabled",
        BOOKKEEPER,
    ),
    _message(
        2,
        "A paid item has no linked payment method",
        rf"(paid|payment).*(payment method|bank account).*({_MISSING})|({_MISSING}).*\(contact_payment.*bank_account",
        "bank_account_not_linked",
        ADMIN,
    ),
    _message(
        3,
        "Other expense without a linked payment method",
        rf"other (expense|payment|receipt).*(payment method|bank account)|({_MISSING}).*\(.*bank_account",
        "bank_account_not_linked",
        ADMIN,
    ),
    _message(
        37,
        "The bank account could not be found",
        rf"bank account\b.*({_NOT_THERE}|{_OFF})|({_NOT_THERE}|{_OFF}).*\(.*bank_account",
        "bank_account_not_found",
        ADMIN,
    ),
    _message(
        38,
        "The payment is more than what is outstanding",
        r"(payment|allocat\w+|amount).*(exceed|more than|greater than).*(outstanding|due|owed)|over-?allocat",
        "payment_exceeds_due",
        BOOKKEEPER,
    ),
    _message(
        6,
        "Domestic reverse charge has no effect: it is switched off",
        r"(?P<feature>reverse charge)",
        "feature_off",
        BOOKKEEPER,
    ),
    _message(
        27, "Bank Match is absent in Sage's South African products", r"bank match|pastel", "plan_lacks_feature", US
    ),
    _message(
        5,
        "A credit note was sent to another destination than purchase invoices",
        r"credit note.*(destination|not (allowed|supported|accepted))",
        "destination_not_offered",
        CODER,
    ),
    _message(
        39, "A line has no tax rate", rf"({_MISSING}).*\(.*tax_rate|tax rate.*({_MISSING})", "tax_rate_missing", CODER
    ),
    _message(
        40,
        "A line has no tax amount",
        rf"({_MISSING}).*\(.*tax_amount|tax amount.*({_MISSING})",
        "tax_amount_missing",
        CODER,
    ),
    _message(
        41,
        "The tax rate does not exist, or not on that date",
        rf"tax rate\b.*({_NOT_THERE}|{_OFF}|not applicable|cannot be used)|({_NOT_THERE}|{_OFF}).*\(.*tax_rate",
        "tax_rate_not_found",
        CODER,
    ),
    _message(42, "The analysis type category could not be found", r"analysis[ _]type", "tracking_not_found", CODER),
    _message(
        43,
        "The product or service could not be found",
        rf"(product|service|stock item)\b.*({_NOT_THERE}|{_OFF})|({_NOT_THERE}|{_OFF}).*\(.*(product|service)_id",
        "product_not_found",
        CODER,
    ),
    _message(
        4, "The category, supplier or total is missing", rf"({_MISSING}).*\(.*contact_id", "supplier_missing", CODER
    ),
    _message(
        4, "The category, supplier or total is missing", rf"({_MISSING}).*\(.*ledger_account", "category_missing", CODER
    ),
    _message(44, "The date is missing", rf"({_MISSING}).*\(([\w.]*\.)?date\)", "date_missing", CODER),
    _message(45, "The due date is missing", rf"({_MISSING}).*\(([\w.]*\.)?due_date\)", "due_date_missing", CODER),
    _message(
        46,
        "The contact does not exist",
        rf"contact\b.*({_NOT_THERE})|({_NOT_THERE}).*\(.*contact",
        "supplier_archived",
        BOOKKEEPER,
    ),
    _message(
        13,
        "Invalid or missing account / cost code",
        rf"(account|cost|nominal) code|ledger account\b.*({_NOT_THERE})|({_NOT_THERE}).*\(.*ledger_account",
        "account_not_valid",
        CODER,
    ),
    _message(
        47,
        "A text is longer than it may be",
        r"too long|maximum( is)? \d+ characters|no more than \d+ characters",
        "text_too_long",
        CODER,
    ),
    _message(
        48,
        "The same idempotency_id was used for another kind of document",
        r"IdempotencyResourceMismatch",
        "outcome_unknown",
        CODER,
    ),
    _message(
        18,
        "Nothing arrives after a new synchronisation",
        r"queued publish\w* (was|were) dropped",
        "outcome_unknown",
        OWNER,
    ),
    _message(
        49, "An unexpected error occurred. (500: it may have been done)", r"UnexpectedError", "provider_unavailable", US
    ),
    _message(50, "429 too many requests", r"too many requests", "rate_limited", US),
)
UNKNOWN_CODE: Final = "provider_refused"


def problem(errors: Iterable[Mapping[str, Any]]) -> Problem:
    """What the errors of an answer mean: the first that we know decides, all stand in `provider_text`.

    A message that nobody has met comes out as itself, with the code provider_refused (class unknown).
    """
    texts = [text for error in errors if (text := _text(error))]
    said = " ".join(_shown(text) for text in texts) or None
    for text in texts:
        for message in MESSAGES:
            found = message.pattern.search(text)
            if found:
                named = {name: value.strip() for name, value in found.groupdict().items() if value}
                return Problem(message.code, provider_text=said, details=named)
    return Problem(UNKNOWN_CODE, provider_text=said)


def _text(error: Mapping[str, Any]) -> str:
    """An error of the API, or of its token endpoint, as one text."""
    code = str(error.get("$dataCode") or error.get("error") or "")
    words = str(error.get("$message") or error.get("error_description") or "").strip()
    source = str(error.get("$source") or "").strip()
    return f"{code} {words}{f' ({source})' if source else ''}".strip()


def _shown(text: str) -> str:
    """Without the code that every refusal of a document has."""
    return text.removeprefix("RecordInvalid ")
