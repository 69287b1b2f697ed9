"""ApprovalMax's messages, each with our code for it and who can do something about it.

The API answers ASP.NET problem details ("Errors", seen by clients). Only the wordings of 1 and 2 have been seen in
public; the others are assumed from the names of the fields and from what the product's own pages refuse.
`fault_table` prints them for docs/providers/approvalmax.md.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.errors import Problem


@dataclass(frozen=True, slots=True)
class Message:
    """One way in which ApprovalMax says no."""

    number: int
    says: str
    pattern: re.Pattern[str]
    code: str
    who: str


def _message(number: int, says: str, pattern: str, code: str, who: str) -> Message:
    return Message(number, says, re.compile(pattern, re.IGNORECASE | re.DOTALL), code, who)


ADMIN: Final = "an admin of the account"
CODER: Final = "whoever codes the item"
APPROVER: Final = "an administrator, in ApprovalMax"
US: Final = "nobody: it goes on by itself"

_REFUSED: Final = r"(invalid|inactive|archived|unknown|not (exist|found|active|valid|recogni[sz]ed)|unrecogni[sz]ed)"

# The first that fits is taken: the more exact ones stand first.
MESSAGES: Final = (
    _message(1, "The <companyId> is disabled.", r"\bis disabled\b", "plan_lacks_feature", APPROVER),
    _message(
        3,
        "The bill workflow is not active",
        r"workflow\b.*(not active|inactive|disabled|off\b|not (exist|found))",
        "approval_workflow_off",
        APPROVER,
    ),
    _message(
        4,
        "The token has no write scope, or its person no rights in the company",
        r"insufficient.?scope|forbidden|not have (the )?(required )?(permission|access)|access (is )?denied",
        "provider_permission",
        ADMIN,
    ),
    _message(5, "The company is not among those of the consent", r"\bcompany\b.*not found", "organisation_gone", ADMIN),
    _message(6, "documentNumber: already used", r"document ?number\b.*(already|exist|unique)", "number_taken", CODER),
    _message(7, "contactId: the supplier is not there", rf"\bcontact\w*\b.*{_REFUSED}", "supplier_archived", CODER),
    _message(
        8, "accountId: the account is not there", rf"\baccount(id|code)?\b.*{_REFUSED}", "account_archived", CODER
    ),
    _message(9, "taxCode: missing on a line", r"\btax ?code\b.*(required|missing)", "tax_rate_missing", CODER),
    _message(10, "taxCode: the rate is not there", rf"\btax ?code\b.*{_REFUSED}", "tax_rate_not_found", CODER),
    _message(
        11, "tracking: the option is not there", rf"\b(tracking|option)\w*\b.*{_REFUSED}", "tracking_not_found", CODER
    ),
    _message(12, "itemId: the item is not there", rf"\bitem(id|code)\b.*{_REFUSED}", "product_not_found", CODER),
    _message(
        13, "currencyCode: the currency is not enabled", rf"\bcurrency\w*\b.*{_REFUSED}", "currency_not_enabled", CODER
    ),
    _message(14, "lineItems: must not be empty", r"\bline ?items\b.*(required|empty|at least)", "lines_missing", CODER),
    _message(15, "date: required", r"(^|[\s.:])date\b.*(required|missing)", "date_missing", CODER),
    _message(16, "The file is larger than 3 MB", r"\bfile\b.*(exceed|too large|larger|3 ?MB)", "file_too_large", CODER),
    _message(
        17,
        "More than nine files",
        r"(maximum|more than|too many)\b.*\b(files|attachments)|\b(nine|9) (files|attachments)",
        "too_many_files",
        CODER,
    ),
    _message(18, "The file's type is not supported", r"\bfile (type|format|extension)", "file_type_refused", CODER),
    _message(19, "The request does not exist", r"\brequest\b.*not found", "document_gone", APPROVER),
    # Of all the rest that is wrong with the input.
    _message(
        2,
        "Invalid input: a field has a value that is not recognised",
        r"invalid input|unrecogni[sz]ed value|validation errors|is required",
        "provider_validation",
        CODER,
    ),
)
UNKNOWN_CODE: Final = "provider_refused"


def messages_of(told: Any) -> list[str]:
    """The texts of a refusal: those about single fields first, then detail and title. Empty for anything else."""
    if not isinstance(told, Mapping):
        return []
    texts = [*_parameters(told.get("error")), *_fields(told.get("errors")), told.get("detail"), told.get("title")]
    return list(dict.fromkeys(str(text).strip() for text in texts if isinstance(text, str) and text.strip()))


def _parameters(error: Any) -> Iterator[str]:
    listed = error.get("parameters") if isinstance(error, Mapping) else None
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, Mapping) and one.get("errorMessage"):
            yield f"{one.get('path') or one.get('name') or 'input'}: {one['errorMessage']}"


def _fields(errors: Any) -> Iterator[str]:
    """Errors of model binding: {"lineItems[0].taxCode": ["..."]}."""
    for name, texts in errors.items() if isinstance(errors, Mapping) else ():
        for text in texts if isinstance(texts, list) else [texts]:
            yield f"{name}: {text}"


def problem(messages: Iterable[str]) -> Problem:
    """What ApprovalMax's messages in one answer mean: the first that we know decides, all stand in `provider_text`.

    A message that nobody has met comes out as itself, with the code provider_refused (class unknown).
    """
    texts = [text for text in messages if text]
    said = " ".join(texts) or None
    for message in MESSAGES:
        if any(message.pattern.search(text) for text in texts):
            return Problem(message.code, provider_text=said)
    return Problem(UNKNOWN_CODE, provider_text=said)
