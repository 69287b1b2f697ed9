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
    (
        "supplier_not_in_books",
        _ASK,
        409,
        "The supplier is new, and this way of publishing makes no suppliers.",
        "Make the supplier in the accounting software and reload, or publish one document through the main connection.",
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
        "contact_of_other_side",
        _ASK,
        409,
        "The contact is a customer where a supplier is needed, or the reverse.",
        "Make it both in the accounting software and reload, or choose another.",
    ),
    (
        "supplier_merged",
        _ASK,
        409,
        "The supplier or customer was merged into another in the accounting software.",
        "Reload the list; the survivor takes its place.",
    ),
    (
        "supplier_address_missing",
        _ASK,
        409,
        "The accounting software takes no new supplier without street, city, postal code and country.",
        "Give the supplier an `address`, or the connection a `default_supplier_address`; or make it there and reload.",
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
        "product_missing",
        _ASK,
        409,
        "A line has no product or service, and the accounting software sells nothing else.",
        "Choose a product or service for the line.",
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
        "approval_workflow_off",
        _ASK,
        409,
        "The software that approves bills has no active workflow for them.",
        "Switch the bill workflow on there, then publish again.",
    ),
    (
        "field_not_carried",
        _ASK,
        409,
        "This way of publishing has no field for it, so that it would be lost.",
        "Leave the field empty, or choose a destination or connection that has it.",
    ),
    (
        "feature_off",
        _ASK,
        409,
        "The feature named in `feature` is not switched on in the accounting software.",
        "Switch it on there and reload, or leave the field empty.",
    ),
    (
        "tax_rate_not_combined",
        _ASK,
        409,
        "The line's tax is more than its tax rate gives: it may hold a second tax.",
        "Choose a tax rate that combines both taxes, or correct the tax.",
    ),
    (
        "list_has_no_entries_of_own",
        _ASK,
        409,
        "This list comes from the accounting software.",
        "Change it there, then reload.",
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
    (
        "before_accounts_start",
        _ASK,
        409,
        "The date lies before the day the organisation's accounts start.",
        "Correct the date, or the start date in the accounting software, and refresh.",
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
        "document_exists",
        _ASK,
        409,
        "The accounting software has a document like this already.",
        "Compare the two there; correct the number, or archive the item without publishing it.",
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
    (
        "item_in_claim",
        _ASK,
        409,
        "The item is inside an expense claim, and is published with it.",
        "Publish the claim named in `claim`, or take the item out of it first.",
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
    (
        "file_in_process",
        _AT,
        409,
        "The accounting software has taken the file, or may have, and has not filed it yet.",
        "It is looked for again by itself.",
    ),
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
        "provider_failing",
        _ASK,
        502,
        "The accounting software failed each time it was sent this, and did not take it, while it answered others.",
        "Publish it again later; if it fails again, make it simpler or ask the provider's support.",
    ),
    (
        "outcome_unknown",
        _ASK,
        409,
        "It could not be found out whether the document arrived.",
        "Look in the accounting software, then say with `resolve` what you saw: published, with its id, or absent.",
    ),
    (
        "payment_unknown",
        _ASK,
        409,
        "The document is published; it could not be found out whether its payment was recorded.",
        "Look at the document's payments in the accounting software, or publish again: the payment is looked up first.",
    ),
    (
        "outcome_known",
        _ASK,
        409,
        "What became of the item is known.",
        "Only an item in stage `unknown` is resolved; see its stage and `published`.",
    ),
    (
        "document_not_found",
        _ASK,
        409,
        "The organisation has no document of this id and of the kind that the item is published as.",
        "Copy the document's id from the accounting software; if it is not there, resolve the item as absent.",
    ),
    (
        "document_of_another_item",
        _ASK,
        409,
        "The document is another item's, or of an earlier publication.",
        "Look for the document of this item; if it is not there, resolve the item as absent.",
    ),
    (
        "provider_refused",
        _ASK,
        409,
        "The accounting software refused the request for a reason we do not know yet.",
        "Read its own words in `provider_text`.",
    ),
]
