"""QuickBooks' messages, each with our code for it and who can do something about it.

A message is matched as "<code> <Message> : <Detail>". Wordings come from Intuit's "Handling common errors" and "Error
codes", from recorded answers, and from help pages of products that show them to their users; patterns hold the part
that does not change. `fault_table` prints them for docs/providers/quickbooks.md.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.errors import Problem

THROTTLED: Final = "3001"
# The person or the app has lost access: no refresh of the token helps.
ACCESS_CODES: Final = frozenset({"120", "3100"})
# Errors that say nothing about what was asked: throttling, a stale version, a failure on their side.
PASSING_CODES: Final = frozenset({THROTTLED, "3200", "5010", "10000"})


@dataclass(frozen=True, slots=True)
class Message:
    """One way in which QuickBooks says no."""

    number: int
    says: str
    pattern: re.Pattern[str]
    code: str
    who: str


def _message(number: int, says: str, pattern: str, code: str, who: str) -> Message:
    return Message(number, says, re.compile(pattern, re.IGNORECASE | re.DOTALL), code, who)


ADMIN: Final = "an admin of the account"
CODER: Final = "whoever codes the item"
BOOKKEEPER: Final = "the bookkeeper, in QuickBooks"
OWNER: Final = "the company's subscriber, in QuickBooks"
US: Final = "nobody: it goes on by itself"

# The first that fits is taken: the more exact ones stand first.
MESSAGES: Final = (
    _message(
        12,
        "6190 Invalid Company Status: subscription period has ended or canceled",
        r"^6190\b|subscription period has ended|invalid company status",
        "provider_subscription",
        OWNER,
    ),
    _message(
        1,
        "The subscription is inactive, or restricted for payment failure",
        r"subscription (is )?(inactive|not active|expired)|restricted .*payment|billing problem",
        "provider_subscription",
        OWNER,
    ),
    _message(
        2,
        "6000 You can only use one foreign currency per transaction",
        r"only (use )?one foreign currency|same currency as the (vendor|customer|transaction)",
        "currencies_differ",
        CODER,
    ),
    _message(
        3,
        "6210 Account Period Closed, Cannot Update Through Services API",
        r"^6210\b.*(period|closed)|account period (has )?closed|books (are|have been) closed",
        "period_locked",
        BOOKKEEPER,
    ),
    _message(
        19,
        "6140 Duplicate Document Number Error (one of Intuit's posts prints 6210)",
        r"^6140\b|duplicate document number",
        "number_taken",
        CODER,
    ),
    _message(
        4,
        "6000 Make sure all your transactions have a VAT (GST) rate before you save",
        r"(have|has|select|need) an? \w*[/ ]?\w* ?(rate|tax code|tax rate)( before|\b.*required)|no tax rate",
        "tax_rate_missing",
        CODER,
    ),
    _message(
        5,
        "One or more charge lines have no tax code",
        r"lines? (have|has|with) no tax code|TaxCodeRef is missing",
        "tax_rate_missing",
        CODER,
    ),
    _message(
        6,
        "Bills are missing: a Simple Start or Easy Start subscription",
        r"^50[23]0\b.*\b(bills?|vendor ?credits?|accounts payable)\b",
        "plan_without_bills",
        OWNER,
    ),
    _message(
        7,
        "A paid destination without a payment account (2020 for the AccountRef of a Purchase)",
        r"^2020\b.*(PaymentType|DepositToAccountRef)|linked (bank|payment) account|payment account .*required",
        "bank_account_not_linked",
        ADMIN,
    ),
    _message(8, "The connection has expired", r"connection (has|is) expired", "connection_expired", ADMIN),
    _message(
        9,
        "120 Authorization Failure: you do not have access to use QuickBooks Online",
        r"^120\b|authorization failure|do not have access to use quickbooks",
        "provider_permission",
        ADMIN,
    ),
    _message(
        10,
        "3200 AuthenticationFailed, InvalidToken",
        r"^3200\b|authenticationfailed|invalid_?token|token expired",
        "connection_expired",
        ADMIN,
    ),
    _message(
        11,
        "invalid_grant: incorrect or invalid refresh token",
        r"invalid_grant|invalid refresh token|refresh of access token failed",
        "connection_expired",
        ADMIN,
    ),
    _message(
        13,
        "5020 Permission Denied: the plan lacks the feature",
        r"^5020\b",
        "plan_lacks_feature",
        OWNER,
    ),
    _message(14, "5030 Feature Not Supported", r"^5030\b|feature not supported", "plan_lacks_feature", OWNER),
    _message(
        39,
        "610 Another user has deleted this transaction",
        r"another user has deleted this transaction",
        "document_gone",
        CODER,
    ),
    _message(
        15,
        "610 Object Not Found: something you're trying to use has been made inactive",
        r"^610\b|has been made inactive",
        "entry_inactive",
        CODER,
    ),
    _message(
        30,
        "2500 Invalid Reference Id: the tax code was renamed or removed",
        r"^2500\b.*tax ?(code|rate)|tax (code|rate) .*(not found|does not exist|deleted|renamed)",
        "tax_rate_not_found",
        CODER,
    ),
    _message(
        16,
        "2500 Invalid Reference Id: Accounts element id ### not found",
        r"^2500\b.*accounts? element|invalid reference id.*account",
        "account_archived",
        CODER,
    ),
    _message(
        17,
        "A related object does not exist (2500 for any other list)",
        r"^2500\b|related object does not exist|invalid reference id",
        "entry_inactive",
        CODER,
    ),
    _message(
        18,
        "6240 Duplicate Name Exists Error",
        r"^6240\b|duplicate name exists",
        "supplier_name_taken",
        CODER,
    ),
    _message(20, "5010 Stale Object Error", r"^5010\b|stale object", "provider_unavailable", US),
    _message(
        21,
        "6070 Amount is not equal to UnitPrice * Qty",
        r"^6070\b|amount is not equal to unitprice|amount calculation incorrect",
        "lines_do_not_add_up",
        CODER,
    ),
    _message(
        22,
        "6100 Line tax code must be TAX or NON (US)",
        r"^6100\b|must be TAX or NON|(tax code .*|valid .*)TAX.*NON",
        "tax_rate_not_on_lines",
        CODER,
    ),
    _message(
        24,
        "An accounts payable account needs a vendor (2020 for VendorRef or CustomerRef)",
        r"(when you use|using|use an?) accounts payable.*(vendor|supplier)|accounts payable.*needs? a"
        r"|^2020\b.*(VendorRef|CustomerRef|EntityRef)|must (choose|select|specify) a (vendor|supplier|customer) ",
        "supplier_missing",
        CODER,
    ),
    _message(
        23,
        "6000 You cannot use an accounts payable account on the lines",
        r"accounts payable account|can(no|')t use an? accounts (payable|receivable)",
        "account_not_valid",
        CODER,
    ),
    _message(
        25,
        "2020 Required parameter AccountRef is missing",
        r"^2020\b.*AccountRef|AccountRef is missing",
        "category_missing",
        CODER,
    ),
    _message(40, "2020 Required parameter ItemRef is missing", r"^2020\b.*ItemRef", "product_missing", CODER),
    _message(41, "2020 Required parameter Line is missing", r"^2020\b.*\bLine\b", "lines_missing", CODER),
    _message(42, "2020 Required parameter CurrencyRef is missing", r"^2020\b.*CurrencyRef", "currencies_differ", CODER),
    _message(
        26,
        "The due date is before the transaction date",
        r"due ?date .*(before|earlier|prior)",
        "due_date_before_date",
        CODER,
    ),
    _message(
        27,
        "For billable expenses you must use an account of one of the following account types",
        r"billable expenses you must use an account|selected account .*invalid type",
        "billable_not_allowed",
        CODER,
    ),
    _message(
        28,
        "Billable status NotBillable: the target is not reimbursable",
        r"billable ?status|not reimbursable",
        "billable_not_allowed",
        CODER,
    ),
    _message(
        43,
        "A billable line must name a customer",
        r"billable.*(specify|choose|select|need).* customer|customer .*billable",
        "customer_missing",
        CODER,
    ),
    _message(
        29,
        "The account's currency must match the transaction's or the home currency",
        r"account('s)? currency|currency of the (payment |bank )?account",
        "currency_of_bank_account",
        CODER,
    ),
    _message(
        44,
        "6000 Multi Currency should be enabled to perform this operation",
        r"multi ?-?currency (should|must|needs to|has to) be|multi ?-?currency is (not|off|disabled)",
        "currency_not_enabled",
        BOOKKEEPER,
    ),
    _message(
        31,
        "500 Unsupported operation: a text is not valid UTF-8",
        r"^500\b.*unsupported operation|invalid utf-?8|malformed .*utf",
        "text_not_accepted",
        CODER,
    ),
    _message(
        32,
        "Special characters (colon, tab, line break) in a name or text",
        r"(special|invalid|illegal|unsupported) character|cannot contain .*(colon|tab|line)",
        "text_not_accepted",
        CODER,
    ),
    _message(33, "3001 ThrottleExceeded", r"^3001\b|throttle ?exceeded|request limit was reached", "rate_limited", US),
    _message(
        34,
        "A deposited or paid transaction cannot be changed",
        r"(deposited|paid|reconciled) transaction can(no|')t be|has been deposited|linked to (a|another) payment",
        "document_moved_on",
        BOOKKEEPER,
    ),
    _message(
        35,
        "The vendor on one of the bills does not match the vendor on that bill",
        r"vendor .*does(n't| not) match .*vendor|incorrect vendor merge",
        "supplier_merged",
        CODER,
    ),
    _message(
        36,
        "The upload is above 100 MB, or the attachment above 25 MB",
        r"(upload|attachment|file|request).*(too large|exceeds|larger than|above)|PayloadTooLarge",
        "file_too_large",
        CODER,
    ),
    _message(
        45,
        "The type of the file is not supported",
        r"(file|content) ?-?type .*(not supported|unsupported|not allowed|invalid)|unsupported (file|content)",
        "file_type_refused",
        CODER,
    ),
    _message(
        37,
        "Classes, locations or billable expenses are not switched on",
        r"(class|location|department|billable|project)\w* .*(not (been )?(enabled|turned on|switched on)|is off)",
        "feature_off",
        BOOKKEEPER,
    ),
    _message(
        38,
        "Canada: one default tax where a combined code is needed",
        r"combined tax (code|rate)",
        "tax_rate_not_combined",
        ADMIN,
    ),
    _message(
        46,
        "2050 String length is either shorter or longer than supported",
        r"^2050\b|string (length )?is (either )?(too|shorter|longer)",
        "text_too_long",
        CODER,
    ),
    _message(
        47,
        "3100 ApplicationAuthorizationFailed: consent revoked, or another company",
        r"^3100\b|applicationauthorizationfailed",
        "organisation_gone",
        ADMIN,
    ),
    _message(
        48,
        "6000 The transaction amount must be 0 or greater",
        r"amount must be (0|zero) or (greater|more)|total .*(negative|less than (0|zero))",
        "total_negative",
        CODER,
    ),
    _message(
        49,
        "10000 An application error has occurred",
        r"^10000\b|application error has occurred",
        "provider_unavailable",
        US,
    ),
)
UNKNOWN_CODE: Final = "provider_refused"
_NAMED: Final = (
    re.compile(r"\A(?P<provider_code>\d{3,5})\b"),
    re.compile(r"DocNumber=(?P<number>\S+)"),
)


def problem(messages: Iterable[str]) -> Problem:
    """What QuickBooks' messages about one element mean: the first that we know decides, all stand in `provider_text`.

    A message that nobody has met comes out as itself, with the code provider_refused (class unknown).
    """
    texts = [text.strip(" :") for text in messages if text.strip(" :")]
    said = " ".join(texts) or None
    for text in texts:
        for message in MESSAGES:
            if message.pattern.search(text):
                return Problem(message.code, provider_text=said, details=_named(text))
    return Problem(UNKNOWN_CODE, provider_text=said, details=_named(said or ""))


def _named(text: str) -> dict[str, Any]:
    found = (pattern.search(text) for pattern in _NAMED)
    return {name: value for one in found if one for name, value in one.groupdict().items()}
