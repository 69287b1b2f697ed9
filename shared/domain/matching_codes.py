"""The error codes about comparing items: with each other, with the provider's documents, and with bank lines."""

from typing import Final

from shared.domain.document_codes import Row
from shared.domain.errors import Handling

_ASK = Handling.ASK_USER

BANK: Final[list[Row]] = [
    (
        "bank_match_off",
        _ASK,
        409,
        "Bank match is off for the connection that the item goes to.",
        "Switch it on in the connection's settings, or fill the payment's fields by hand.",
    ),
    (
        "bank_line_taken",
        _ASK,
        409,
        "The bank line has paid another item.",
        "Choose another line, or take this one from the other item first.",
    ),
    (
        "bank_line_not_fitting",
        _ASK,
        409,
        "The bank line's amount, currency or organisation is not the item's, or the item is no paid cost.",
        "Choose one of the lines that `bank-lines` of the item offers.",
    ),
]

BULK: Final[list[Row]] = [
    (
        "bulk_edit_running",
        Handling.RETRY_AT,
        409,
        "The bulk edit has not come to its end yet.",
        "Undo it when it is done.",
    ),
]

DUPLICATE: Final[list[Row]] = [
    (
        "duplicate_suspected",
        _ASK,
        409,
        "Another item of the account looks like the same document, or one in the accounting software does; "
        "`details.item`, or `details.document` with its id there, names it.",
        "Compare the two, then say with `duplicate` whether they are the same or different.",
    ),
    (
        "duplicate_confirmed",
        _ASK,
        409,
        "Somebody said that this is the document of another item, or one that the accounting software has already; "
        "`details.item` or `details.document` names it.",
        "Nothing, or say with `duplicate` that they are different after all.",
    ),
    (
        "duplicate_not_checked",
        _ASK,
        502,
        "The accounting software could not be asked whether it has this document already: it refused the question, or "
        "failed at it each time while it answered others. Nothing was created.",
        "Publish it again, and it is asked again; if it goes on, switch the connection's `duplicate_at_provider` off.",
    ),
    (
        "duplicate_not_suspected",
        _ASK,
        409,
        "The item does not look like another, or is compared with none.",
        "Only an item with `duplicate_of` or `duplicate_document` is decided on.",
    ),
]
