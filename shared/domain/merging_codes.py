"""The error codes about changing the accounting software, and about merging the lists of two books."""

from typing import Final

from shared.domain.document_codes import Row
from shared.domain.errors import Handling

_ASK = Handling.ASK_USER

MERGE: Final[list[Row]] = [
    (
        "merge_not_decided",
        _ASK,
        409,
        "Lists of the merge wait for a decision, or for their proposals; `details.lists` names them.",
        "Say for each list what its entries become, or skip it.",
    ),
    (
        "merge_not_proposed",
        Handling.RETRY_AT,
        409,
        "The entries of this list are still being compared with those of the new books.",
        "Ask for the merge until the list is there.",
    ),
    (
        "merge_books_not_in_use",
        _ASK,
        409,
        "The merge leads to books that no live connection of the account is of, and that are not its current ones.",
        "Begin a merge into books that are in use.",
    ),
    (
        "merge_in_progress",
        Handling.RETRY_AT,
        409,
        "A merge of this account is being applied; `details.merge` names it.",
        "Wait for its end, then try again.",
    ),
    (
        "merge_not_open",
        _ASK,
        409,
        "The merge is not in a state for this: `details.status` says which one it is in.",
        "Choose and apply while it is a draft; undo it once it is applied; begin another one otherwise.",
    ),
    (
        "merge_limit",
        _ASK,
        409,
        "The account has as many applied merges as an account may have.",
        "Undo merges that nothing needs any more.",
    ),
    (
        "mapping_does_not_fit",
        _ASK,
        409,
        "An old entry cannot become this new one: they are of different classes, sides, currencies or dimensions.",
        "Choose another entry, or leave this one unmapped.",
    ),
]

CHANGE: Final[list[Row]] = [
    (
        "connection_switching",
        Handling.RETRY_AT,
        409,
        "The connection is about to give way to another one: what was sent is being settled.",
        "Wait until the change has ended.",
    ),
    (
        "connection_changed",
        _ASK,
        409,
        "The item waited for a connection that has given way to another one.",
        "Look at it in the new books, then publish it again.",
    ),
    (
        "organisation_connected",
        _ASK,
        409,
        "This is the organisation that is connected now; a change leads to another one.",
        "Choose another organisation; or cancel the change, and reconnect.",
    ),
]

REFERENCE: Final[list[Row]] = [
    (
        "dimension_twice",
        _ASK,
        409,
        "A line has two values of one dimension: two dimensions of the books before have become one.",
        "Take one of the values away.",
    ),
    (
        "codings_suspended",
        _ASK,
        409,
        "Rules and codings are suspended: the account was disconnected with its lists to be merged later.",
        "Merge the lists, or undo the suspension.",
    ),
]
