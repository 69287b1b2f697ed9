"""The error codes about documents: what may be wrong with an item, and how its publishing may fail."""

from typing import Final

from shared.domain.errors import Handling

_ASK, _AT = Handling.ASK_USER, Handling.RETRY_AT
Row = tuple[str, Handling, int, str, str]  # code, handling, HTTP status, cause, remedy

REFERENCE: Final[list[Row]] = [
    ("category_missing", _ASK, 409, "A line has no category.", "Choose a category for every line."),
    (
        "account_archived",
        _ASK,
        409,
        "The category is archived or deleted in the accounting software.",
        "Choose an active category, or restore it there and reload.",
    ),
    (
        "account_not_valid",
        _ASK,
        409,
        "The category cannot be used for this document.",
        "Choose a category and tax rate that fit the document.",
    ),
    (
        "account_not_for_claims",
        _ASK,
        409,
        "The category is not shown in expense claims.",
        "Set `show in expense claims` in the accounting software, then reload.",
    ),
    ("supplier_missing", _ASK, 409, "The item has no supplier or customer.", "Choose one, or give its name."),
    (
        "supplier_archived",
        _ASK,
        409,
        "The supplier or customer is archived in the accounting software.",
        "Restore it there, or choose another.",
    ),
    (
        "supplier_merged",
        _ASK,
        409,
        "The supplier or customer was merged into another in the accounting software.",
        "Reload the list; the survivor takes its place.",
    ),
    (
        "supplier_name_taken",
        _ASK,
        409,
        "Another contact has this name.",
        "Choose the existing contact, or change the name.",
    ),
    (
        "supplier_number_taken",
        _ASK,
        409,
        "Another contact has this contact number.",
        "Make the number unique in the accounting software.",
    ),
    (
        "tax_rate_missing",
        _ASK,
        409,
        "A line has no tax rate and no default applies.",
        "Choose a tax rate, or set a default.",
    ),
    (
        "tax_rate_not_found",
        _ASK,
        409,
        "The tax rate does not exist or cannot be used here.",
        "Choose an active tax rate and reload the list.",
    ),
    (
        "product_not_found",
        _ASK,
        409,
        "The product is not in the accounting software.",
        "Choose another product, or reload.",
    ),
    (
        "project_not_found",
        _ASK,
        409,
        "The project is not active in the accounting software.",
        "Choose another project, or reload.",
    ),
    (
        "tracking_not_found",
        _ASK,
        409,
        "The tracking category or its option is not active.",
        "Choose an active option, or reload.",
    ),
    (
        "too_many_dimensions",
        _ASK,
        409,
        "A line has more tracking values than the accounting software takes, or two of one category.",
        "Keep at most one value of each category, and no more than `most` in all.",
    ),
    (
        "bank_account_not_found",
        _ASK,
        409,
        "The bank account is archived or is not a bank account.",
        "Reload, and link the payment method to an active bank account.",
    ),
    (
        "entry_unresolved",
        _ASK,
        409,
        "The entry belongs to other books and has no counterpart here.",
        "Choose an entry of the connected organisation.",
    ),
    ("entry_inactive", _ASK, 409, "The entry is no longer active.", "Choose another, or restore it and reload."),
]

SETUP: Final[list[Row]] = [
    ("payment_method_missing", _ASK, 409, "The item has no payment method.", "Choose a payment method."),
    (
        "bank_account_not_linked",
        _ASK,
        409,
        "The payment method has no linked bank account.",
        "Link the payment method to a bank account.",
    ),
    (
        "user_not_linked",
        _ASK,
        409,
        "The owner is not linked to a user of the accounting software.",
        "Link the user, refresh, publish again.",
    ),
    (
        "destination_not_offered",
        _ASK,
        409,
        "The connection does not offer this destination for this kind of item.",
        "Choose a destination from the provider's profile.",
    ),
    (
        "list_has_no_entries_of_own",
        _ASK,
        409,
        "This list comes from the accounting software.",
        "Change it there, then reload.",
    ),
]

VALIDATION: Final[list[Row]] = [
    ("date_missing", _ASK, 409, "The item has no date.", "Give the document's date."),
    ("due_date_missing", _ASK, 409, "A due date is needed for this status.", "Give a due date, or publish as draft."),
    ("number_missing", _ASK, 409, "The document number is missing.", "Give the document's number."),
    ("lines_missing", _ASK, 409, "The item has no lines.", "Give at least one line."),
    ("lines_do_not_add_up", _ASK, 409, "The lines do not add up to the total.", "Correct the lines or the total."),
    ("total_negative", _ASK, 409, "The total is below zero.", "Make it a credit note."),
    ("quantity_negative", _ASK, 409, "A quantity is below zero.", "Use a positive quantity, or a credit note."),
    (
        "tax_wrong_side",
        _ASK,
        409,
        "The tax rate belongs to the other side (sales instead of costs, or the reverse).",
        "Choose a tax rate of the document's side.",
    ),
    (
        "tax_not_for_account",
        _ASK,
        409,
        "The tax rate cannot be used with the category.",
        "Choose a tax rate that fits the category.",
    ),
    ("tax_exceeds_line", _ASK, 409, "The tax is larger than its line.", "Correct the tax or the line."),
    (
        "currency_not_enabled",
        _ASK,
        409,
        "The organisation does not use this currency.",
        "Add the currency in the accounting software and reload.",
    ),
    (
        "currency_of_bank_account",
        _ASK,
        409,
        "The bank account has another currency than the item.",
        "Choose a bank account of the item's currency, or publish as a bill.",
    ),
    ("payment_exceeds_due", _ASK, 409, "The payment is larger than what is due.", "Record the payment by hand."),
    ("text_too_long", _ASK, 409, "A text is longer than the accounting software takes.", "Shorten it."),
    (
        "inventory_account",
        _ASK,
        409,
        "A tracked product needs its inventory account.",
        "Use the product's inventory account.",
    ),
    (
        "provider_validation",
        _ASK,
        409,
        "The accounting software refused the document.",
        "Read its own words in `provider_text` and correct the item.",
    ),
]

LOCK: Final[list[Row]] = [
    (
        "period_locked",
        _ASK,
        409,
        "The date lies in a period that is locked in the accounting software.",
        "Publish as draft or awaiting approval, or move the lock date and refresh.",
    ),
    (
        "year_locked",
        _ASK,
        409,
        "The date lies before the end of year lock date.",
        "Publish as draft or awaiting approval, or move the lock date and refresh.",
    ),
]

DUPLICATE: Final[list[Row]] = [
    (
        "number_taken",
        _ASK,
        409,
        "The sales invoice number is already used.",
        "Change the number, or remove the other invoice.",
    ),
    (
        "already_published",
        _ASK,
        409,
        "The item has been published.",
        "Unarchive it with `clear` to publish it as a new document.",
    ),
    (
        "document_moved_on",
        _ASK,
        409,
        "The document has been paid, voided or changed in the accounting software.",
        "Handle it there, then clear the publishing data and publish anew.",
    ),
    (
        "document_gone",
        _ASK,
        409,
        "The document is no longer in the accounting software.",
        "Clear the publishing data and publish anew.",
    ),
    (
        "publication_in_progress",
        _AT,
        409,
        "The item is being sent to the accounting software.",
        "Wait until it ends, then repeat.",
    ),
    ("item_not_ready", _ASK, 409, "The item still has problems.", "See `reasons` of the item."),
]

RATE: Final[list[Row]] = [
    (
        "rate_limited",
        _AT,
        429,
        "The accounting software's limit is used up.",
        "It goes on by itself at the time named in `until`.",
    ),
    (
        "day_limit",
        _AT,
        429,
        "The accounting software's daily limit is used up.",
        "It goes on by itself at the time named in `until`.",
    ),
]

ATTACHMENT: Final[list[Row]] = [
    ("file_too_large", _ASK, 409, "The file is larger than the accounting software takes.", "Attach a smaller file."),
    (
        "file_type_refused",
        _ASK,
        409,
        "The file's content is not of a type we take.",
        "Send a PDF, PNG, JPEG, GIF, TIFF, HEIC, DOCX, XLSX, CSV or text file.",
    ),
    ("file_missing", _ASK, 409, "The file has not arrived.", "Send it with the presigned form, then complete it."),
    ("file_changed", _ASK, 409, "The file is not the one that was accepted.", "Upload it again."),
    (
        "attachment_failed",
        _ASK,
        409,
        "The document is published, its file is not.",
        "Publish the file again; the document stays as it is.",
    ),
    (
        "too_many_files",
        _ASK,
        409,
        "The document has as many files as the accounting software takes.",
        "Remove one there, or attach by hand.",
    ),
]

UNKNOWN: Final[list[Row]] = [
    ("provider_unavailable", _AT, 503, "The accounting software does not answer.", "It is tried again by itself."),
    (
        "provider_answer_broken",
        _AT,
        502,
        "The accounting software's answer could not be read.",
        "It is looked up and tried again by itself.",
    ),
    (
        "outcome_unknown",
        _ASK,
        409,
        "It could not be found out whether the document arrived.",
        "Look in the accounting software; only if it is not there, unarchive with `clear` and publish anew.",
    ),
    (
        "provider_refused",
        _ASK,
        409,
        "The accounting software refused the request for a reason we do not know yet.",
        "Read its own words in `provider_text`.",
    ),
]
