"""BILL's messages, each with our code for it and who can do something about it.

A message is matched as "<code> <message>". Wordings come from developer.bill.com ("Common API error codes", "FAQ",
"API rate limits", the former list of error codes), and from what public clients have recorded; patterns hold the part
that does not change. `fault_table` prints them for docs/providers/bill.md.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from shared.domain.errors import Problem

HOURLY_LIMIT: Final = "BDC_1144"
CONCURRENT_LIMIT: Final = "BDC_1322"
# A 401 with one of these is cured by a new login.
SESSION_ENDED: Final = frozenset({"BDC_1109", "BDC_1361"})
# A login refused for what was typed in.
SIGN_IN_REFUSED: Final = frozenset({"BDC_1101"})
# A login refused for our developer key: invalid, inactive, terms not accepted. It says nothing of what was typed in.
APP_REFUSED: Final = frozenset({"BDC_1102", "BDC_1103", "BDC_1104"})
# Errors that say nothing about what was asked: a failure on their side, a lost session, limits.
PASSING: Final = frozenset({"BDC_1001", "BDC_1107", *SESSION_ENDED, HOURLY_LIMIT, CONCURRENT_LIMIT})


@dataclass(frozen=True, slots=True)
class Message:
    """One way in which BILL says no."""

    number: int
    says: str
    pattern: re.Pattern[str]
    code: str
    who: str


def _message(number: int, says: str, pattern: str, code: str, who: str) -> Message:
    return Message(number, says, re.compile(pattern, re.IGNORECASE | re.DOTALL), code, who)


ADMIN: Final = "an admin of the account"
CODER: Final = "whoever codes the item"
BOOKKEEPER: Final = "the bookkeeper, in BILL"
OPERATOR: Final = "whoever runs this service"
US: Final = "nobody: it goes on by itself"

_REFUSED: Final = (
    r"(invalid|inactive|archived|unknown|(does not|must) (exist|belong)|not found|not active|cannot be found)"
)

# The first that fits is taken: the more exact ones stand first. Which code stands for a bad field or a refused
# reference is on no page: those are told by the field that the message names.
MESSAGES: Final = (
    _message(1, "BDC_1109 Session is invalid. Please log in.", r"^BDC_1109\b", "connection_expired", US),
    _message(2, "BDC_1361 Untrusted session, or one that has expired", r"^BDC_1361\b", "connection_expired", US),
    _message(
        3, "BDC_1101 User name and/or password do not match our records.", r"^BDC_1101\b", "credentials_refused", ADMIN
    ),
    _message(4, "BDC_1110 Login is locked.", r"^BDC_111[0-3]\b", "credentials_refused", ADMIN),
    _message(
        5,
        "BDC_1102 Developer key is invalid (1103 inactive, 1104 terms not accepted)",
        r"^BDC_110[2-4]\b",
        "provider_not_set_up",
        OPERATOR,
    ),
    _message(6, "BDC_1144 Max number of allowed requests per hour reached: 20000.", r"^BDC_1144\b", "rate_limited", US),
    _message(
        7,
        "BDC_1322 Max number of concurrent requests per organization reached.",
        r"^BDC_1322\b",
        "rate_limited",
        US,
    ),
    _message(8, "BDC_1107 Organization is locked out.", r"^BDC_1107\b", "provider_unavailable", US),
    _message(9, "BDC_1001 System error occurred.", r"^BDC_1001\b", "provider_unavailable", US),
    _message(10, "BDC_1123 Invalid organization id.", r"^BDC_1123\b", "organisation_gone", ADMIN),
    _message(
        11,
        "The user behind the token has no permission for this",
        r"(not have|no|insufficient) (the )?(required )?permission|not (permitted|authori[sz]ed)|access (is )?denied",
        "provider_permission",
        ADMIN,
    ),
    _message(
        12, "BDC_1171 Invoice number already exists.", r"invoice number .*(exist|taken|used)", "number_taken", CODER
    ),
    _message(
        13,
        "A vendor of this name exists already (BDC_1171 seen for numbers; for vendors assumed)",
        r"vendor .*already (exist|in use)|name:? .*already (exist|in use|taken)|^BDC_1171\b.*\bname\b",
        "supplier_name_taken",
        CODER,
    ),
    _message(
        14,
        "address: must not be null",
        r"\baddress(\.\w+)?: must not be (null|blank)",
        "supplier_address_missing",
        CODER,
    ),
    _message(
        15,
        "invoice.invoiceNumber: must not be blank",
        r"invoiceNumber: must not|invoice number .*required",
        "number_missing",
        CODER,
    ),
    _message(16, "invoice.invoiceDate: must not be null", r"invoiceDate: must", "date_missing", CODER),
    _message(17, "dueDate: must not be null", r"dueDate: must not", "due_date_missing", CODER),
    _message(18, "billLineItems: must not be empty", r"billLineItems: must not be", "lines_missing", CODER),
    _message(
        19,
        "A text is longer than it may be (size must be between 0 and 4000)",
        r"(description|name|number)\b.*size must be between",
        "text_too_long",
        CODER,
    ),
    _message(
        20,
        "payFromChartOfAccountId: the account does not exist or is archived",
        rf"payFromChartOfAccountId\b.*{_REFUSED}",
        "bank_account_not_found",
        ADMIN,
    ),
    _message(
        21,
        "chartOfAccountId: the account does not exist or is archived",
        rf"chartOfAccountId\b.*{_REFUSED}",
        "account_archived",
        CODER,
    ),
    _message(
        22,
        "vendorId: the vendor does not exist or is archived",
        rf"vendorId\b.*{_REFUSED}",
        "supplier_archived",
        CODER,
    ),
    _message(
        23,
        "accountingClassId, departmentId, locationId, jobId, employeeId: does not exist or is archived",
        rf"(accountingClass|department|location|job|employee)Id\b.*{_REFUSED}",
        "tracking_not_found",
        CODER,
    ),
    _message(
        24, "itemId: the item does not exist or is archived", rf"itemId\b.*{_REFUSED}", "product_not_found", CODER
    ),
    _message(25, "customerId: does not exist or is archived", rf"customerId\b.*{_REFUSED}", "entry_inactive", CODER),
    _message(
        26,
        "File size exceeds the limit of 6 MB",
        r"file (size )?.*(exceed|too large|larger than)",
        "file_too_large",
        CODER,
    ),
    _message(
        27,
        "The file's type is not supported, or its name has no extension",
        r"file (type|format|extension)|must have a file extension|unsupported (file|media)",
        "file_type_refused",
        CODER,
    ),
    _message(28, "BDC_1205: the record of the path is not there", r"^BDC_1205\b", "document_gone", BOOKKEEPER),
    _message(
        29,
        "Any other field that must be there or has a wrong form (BDC_1108, 1117, 1119, 1122, 1124, 1129)",
        r"^BDC_(1108|1117|1119|1122|1124|1129)\b|\b\w+: must (not )?be\b",
        "provider_validation",
        CODER,
    ),
    _message(
        30,
        "approvers: not a user who can approve bills (wording assumed)",
        r"\bapprovers?\b.*(not a user|cannot|can not|permission|invalid|inactive|archived|does not)",
        "approver_refused",
        CODER,
    ),
)
UNKNOWN_CODE: Final = "provider_refused"


def problem(messages: Iterable[str]) -> Problem:
    """What BILL's messages in one answer mean: the first that we know decides, all stand in `provider_text`.

    A message that nobody has met comes out as itself, with the code provider_refused (class unknown).
    """
    texts = [text.strip() for text in messages if text.strip()]
    said = " ".join(texts) or None
    for message in MESSAGES:  # of several the one that stands first here: it says most exactly what is wrong
        if any(message.pattern.search(text) for text in texts):
            return Problem(message.code, provider_text=said)
    return Problem(UNKNOWN_CODE, provider_text=said)
