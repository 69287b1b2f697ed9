"""The error codes about comparing items: with each other, with the provider's documents, and with bank lines."""

from typing import Final

from shared.domain.document_codes import Row
from shared.domain.errors import Handling

_ASK = Handling.ASK_USER

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
        "Another item of the account looks like the same document; `details.item` names it.",
        "Compare the two, then say with `duplicate` whether they are the same or different.",
    ),
    (
        "duplicate_confirmed",
        _ASK,
        409,
        "Somebody said that this is the document of another item; `details.item` names it.",
        "Nothing, or say with `duplicate` that they are different after all.",
    ),
    (
        "duplicate_not_suspected",
        _ASK,
        409,
        "The item does not look like another, or is compared with none.",
        "Only an item with `duplicate_of` is decided on.",
    ),
]
