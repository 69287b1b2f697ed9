"""The error codes about how documents come in: signatures, addresses, files under way, values that mean nothing."""

from typing import Final

from shared.domain.document_codes import Row
from shared.domain.errors import Handling

_ASK, _AT = Handling.ASK_USER, Handling.RETRY_AT

REQUEST: Final[list[Row]] = [
    (
        "signature_refused",
        _ASK,
        401,
        "The request is not signed with a secret of the inbox, or not at this time.",
        "Sign the very bytes that are sent, with one of the tenant's inbox secrets, not more than 5 minutes ago.",
    ),
    (
        "address_refused",
        _ASK,
        422,
        "The address is not one of the open internet.",
        "Name an https address of a public host, without user and password.",
    ),
    (
        "inbox_secrets_full",
        _ASK,
        409,
        "Two inbox secrets are live already.",
        "End the one that is no longer signed with, then make the next.",
    ),
]

VALIDATION: Final[list[Row]] = [
    (
        "kept_not_published",
        _ASK,
        409,
        "Statements and delivery notes are kept here: accounting software has no such document.",
        "Leave it, or give it another type if it is another document.",
    ),
    (
        "value_not_mapped",
        _ASK,
        409,
        "A value of the document means nothing here and was put aside.",
        "Give the field a value, or empty the quarantine if it is not needed.",
    ),
]

ATTACHMENT: Final[list[Row]] = [
    ("file_under_way", _AT, 409, "The file is still being fetched.", "It goes on by itself."),
    (
        "file_not_fetched",
        _ASK,
        409,
        "The file could not be fetched from its address.",
        "Name the address again to have it fetched once more, name another, send the file, or empty `file`.",
    ),
]
