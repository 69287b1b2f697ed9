"""Every error code there is, with class, handling, cause and remedy. Codes are stable: tenants' programs read them."""

from typing import Final

from shared.domain.errors import ErrorClass as About
from shared.domain.errors import ErrorKind, Handling, Problem

_ASK, _NOW, _AT, _BUG = Handling.ASK_USER, Handling.RETRY_NOW, Handling.RETRY_AT, Handling.BUG

_REQUEST = [
    ("invalid_request", _ASK, 422, "A value in the request is missing or malformed.", "Correct the named field."),
    ("invalid_json", _ASK, 400, "The body is not JSON.", "Send a JSON object with Content-Type: application/json."),
    (
        "body_too_large",
        _ASK,
        413,
        "The body is larger than 1 MB.",
        "Send files with the presigned form, and items in several requests.",
    ),
    (
        "unauthenticated",
        _ASK,
        401,
        "The access token is missing, expired or not from a trusted issuer.",
        "Get a new access token.",
    ),
    ("not_found", _ASK, 404, "There is nothing here under this id that you may see.", "Check the id and the account."),
    ("conflict", _NOW, 409, "Somebody else changed this at the same time.", "Read it again and repeat the change."),
    (
        "precondition_failed",
        _ASK,
        412,
        "The record has another version than If-Match names.",
        "Read it again, then repeat the change.",
    ),
    (
        "precondition_required",
        _ASK,
        428,
        "The change needs If-Match with the version you read.",
        "Send If-Match with the ETag of your last read.",
    ),
    (
        "idempotency_key_reused",
        _ASK,
        422,
        "This Idempotency-Key was used with another body.",
        "Use a new key for a new request.",
    ),
    (
        "idempotency_in_progress",
        _AT,
        409,
        "The first request with this Idempotency-Key is still running.",
        "Repeat after Retry-After seconds.",
    ),
    (
        "invalid_cursor",
        _ASK,
        400,
        "The cursor is damaged, older than 24 hours, or of another list.",
        "Start again without a cursor.",
    ),
    ("too_many_requests", _AT, 429, "Too many requests in a short time.", "Wait and repeat."),
    (
        "busy",
        _AT,
        503,
        "A part we depend on did not answer in time; nothing was changed.",
        "Repeat the request after Retry-After seconds, with the same Idempotency-Key.",
    ),
    ("internal", _BUG, 500, "Something went wrong on our side.", "Repeat later; tell us the request id if it stays."),
]

_PERMISSION = [
    (
        "admin_needed",
        _ASK,
        403,
        "Only an admin of the account may do this.",
        "Ask one of the admins named in `admins`.",
    ),
    (
        "publisher_needed",
        _ASK,
        403,
        "Only an admin or publisher of the account may do this.",
        "Ask one of the admins named in `admins`.",
    ),
    (
        "scope_missing",
        _ASK,
        403,
        "The client's access token lacks the scope for this.",
        "Ask for a token with the scope named in `scope`.",
    ),
    ("last_admin", _ASK, 409, "An account keeps at least one admin.", "Make somebody else an admin first."),
    (
        "provider_permission",
        _ASK,
        403,
        "The person who connected may not do this in the accounting software.",
        "Reconnect as a person with more rights, or publish with a lower status.",
    ),
]

_CONNECTION = [
    (
        "no_connection",
        _ASK,
        409,
        "The account has no active connection to publish through.",
        "Connect accounting software first.",
    ),
    (
        "main_connection_exists",
        _ASK,
        409,
        "The account already has a main connection.",
        "Disconnect it or change the connection named in `connection`.",
    ),
    (
        "connection_not_active",
        _ASK,
        409,
        "The connection is not active.",
        "See its status: finish connecting, or reconnect.",
    ),
    ("connection_paused", _ASK, 409, "The connection is paused.", "Resume it; the queue goes on from where it stood."),
    (
        "connection_parked",
        _AT,
        409,
        "Five tries in a row failed, so the connection is parked.",
        "It is tried again by itself; look at its last error.",
    ),
    (
        "connection_expired",
        _ASK,
        409,
        "The accounting software no longer accepts our access.",
        "Reconnect, then publish again.",
    ),
    (
        "organisation_gone",
        _ASK,
        409,
        "The organisation is no longer among those the consent covers.",
        "Reconnect and choose the organisation.",
    ),
    (
        "organisation_mismatch",
        _ASK,
        409,
        "Another organisation was chosen than the one connected.",
        "Choose the same organisation, or use change connection to move to another.",
    ),
    ("organisation_taken", _ASK, 409, "This organisation is connected elsewhere.", "End the other connection first."),
    (
        "organisation_not_chosen",
        _ASK,
        409,
        "No organisation has been chosen yet.",
        "List the organisations and choose one.",
    ),
    (
        "oauth_state_invalid",
        _ASK,
        400,
        "The sign-in was not started here, has been used, or is older than 15 minutes.",
        "Start connecting again.",
    ),
    (
        "consent_refused",
        _ASK,
        403,
        "Consent was not given in the accounting software.",
        "Start again and allow access.",
    ),
    (
        "result_code_invalid",
        _ASK,
        409,
        "The result code is not valid for you, has been used, or has expired.",
        "Start connecting again, and finish as the same user.",
    ),
    (
        "code_exchange_failed",
        _ASK,
        502,
        "The accounting software refused the authorisation code.",
        "Start connecting again.",
    ),
    (
        "return_url_refused",
        _ASK,
        422,
        "The return_url is not on the tenant's allow-list.",
        "Add its origin to the tenant settings.",
    ),
    ("provider_unknown", _ASK, 422, "There is no such provider.", "See GET /v1/providers."),
    (
        "provider_not_set_up",
        _ASK,
        409,
        "No app of this provider has been set up for this deployment.",
        "An operator stores the app's client id and secret.",
    ),
    ("refresh_in_progress", _AT, 409, "The lists of this connection are being refreshed.", "Wait for it to end."),
    (
        "list_suddenly_empty",
        _ASK,
        409,
        "The accounting software answered with an empty list that had entries before; nothing was changed here.",
        "Look at the list there; a later refresh takes it up once it has entries again.",
    ),
]

_PLAN = [
    (
        "provider_subscription",
        _ASK,
        409,
        "The organisation's subscription in the accounting software is not active.",
        "Settle the subscription there, then publish again.",
    ),
    (
        "plan_limit",
        _ASK,
        409,
        "The organisation's plan allows no more documents of this status.",
        "Publish as draft, wait, or upgrade the plan.",
    ),
    (
        "plan_without_bills",
        _ASK,
        409,
        "The organisation's plan has no bills.",
        "Upgrade the plan, or publish elsewhere.",
    ),
    ("plan_without_attachments", _ASK, 409, "The organisation's plan takes no files.", "Attach the file by hand."),
]

_REFERENCE = [
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

_SETUP = [
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

_VALIDATION = [
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

_LOCK = [
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

_DUPLICATE = [
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

_RATE = [
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

_ATTACHMENT = [
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

_UNKNOWN = [
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
        "Look in the accounting software; then clear the publishing data or mark it published.",
    ),
    (
        "provider_refused",
        _ASK,
        409,
        "The accounting software refused the request for a reason we do not know yet.",
        "Read its own words in `provider_text`.",
    ),
]


def _entries() -> dict[str, ErrorKind]:
    groups = [
        (About.REQUEST, _REQUEST),
        (About.PERMISSION, _PERMISSION),
        (About.CONNECTION, _CONNECTION),
        (About.PLAN, _PLAN),
        (About.REFERENCE, _REFERENCE),
        (About.SETUP, _SETUP),
        (About.VALIDATION, _VALIDATION),
        (About.LOCK, _LOCK),
        (About.DUPLICATE, _DUPLICATE),
        (About.RATE, _RATE),
        (About.ATTACHMENT, _ATTACHMENT),
        (About.UNKNOWN, _UNKNOWN),
    ]
    return {
        code: ErrorKind(code, about, handling, status, cause, remedy)
        for about, rows in groups
        for code, handling, status, cause, remedy in rows
    }


CATALOGUE: Final = _entries()


def kind_of(problem: Problem) -> ErrorKind:
    """The catalogue's entry for a problem; a code outside the catalogue is our own mistake and raises KeyError."""
    return CATALOGUE[problem.code]
