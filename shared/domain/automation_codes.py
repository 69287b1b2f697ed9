"""The error codes about what may be published without a person, and what people have to say first."""

from typing import Final

from shared.domain.document_codes import Row
from shared.domain.errors import Handling

_ASK = Handling.ASK_USER

SETTINGS: Final[list[Row]] = [
    (
        "exchange_rate_missing",
        _ASK,
        409,
        "The document is to be converted to the organisation's currency, and has no exchange rate.",
        "Give its `exchange_rate`, or have the connection send documents in their own currency.",
    ),
    (
        "supplier_new",
        _ASK,
        409,
        "The supplier or customer is not in the accounting software yet: publishing makes it there.",
        "Choose one that is there, or go on.",
    ),
    (
        "payment_not_recorded",
        _ASK,
        409,
        "The document is paid, but no payment is recorded with it: the accounting software takes none from here, or "
        "the payment method has no bank account there.",
        "It arrives awaiting payment: record its payment there, or link the payment method to a bank account first.",
    ),
]

APPROVERS: Final[list[Row]] = [
    (
        "approver_refused",
        _ASK,
        409,
        "The document is in the accounting software, which does not take the person named as its approver.",
        "Give the person the right to approve there and publish again for the approver alone, or name one there.",
    ),
    (
        "approver_not_named",
        _ASK,
        409,
        "The document is in the accounting software, which did not answer when its approver was named.",
        "Publish again: only the approver is named then.",
    ),
]

APPROVAL: Final[list[Row]] = [
    (
        "approval_pending",
        _ASK,
        409,
        "The item waits for its approval; an edit after an approval asks for another.",
        "An admin approves it, or says that it needs no approval.",
    ),
    (
        "approval_rejected",
        _ASK,
        409,
        "The item was refused its approval.",
        "Correct it, then an admin approves it; or leave it unpublished.",
    ),
]
