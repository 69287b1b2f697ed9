"""Every error code there is, with class, handling, cause and remedy. Codes are stable: tenants' programs read them."""

from typing import Final

from shared.domain import (
    arrival_codes,
    automation_codes,
    document_codes,
    matching_codes,
    merging_codes,
    outgoing_codes,
    validation_codes,
    workflow_codes,
)
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
        "rule_exists",
        _ASK,
        409,
        "There is a rule for this supplier already.",
        "Change the one named in `rule`.",
    ),
    (
        "secondary_connection_exists",
        _ASK,
        409,
        "The account already has a connection in this place.",
        "Disconnect the one named in `connection` first.",
    ),
    (
        "credentials_refused",
        _ASK,
        409,
        "The accounting software did not accept these credentials.",
        "Check them there, make new ones where they have been withdrawn, and type them in again.",
    ),
    (
        "main_connection_missing",
        _ASK,
        409,
        "This software is connected beside a main connection, and the account has none that is in use.",
        "Connect the accounting software first, or reconnect it.",
    ),
    (
        "secondary_not_allowed",
        _ASK,
        409,
        "This software does not go together with the account's main connection.",
        "GET /v1/providers names what each software can have beside it.",
    ),
    (
        "secondary_connected",
        _ASK,
        409,
        "Other connections work through this one.",
        "Disconnect the connections named in `connections` first, in that order.",
    ),
    (
        "confirmation_needed",
        _ASK,
        409,
        "This sets as many rules and coded items aside as `rules` and `items` say, until lists are merged or an undo.",
        "Look at the counts, then ask again with `confirm` true.",
    ),
    (
        "integration_not_for_sales",
        _ASK,
        409,
        "Sales go through the main connection; no other takes them.",
        "Empty the item's `integration`, or name `main`.",
    ),
    (
        "connection_not_active",
        _ASK,
        409,
        "The connection is not active.",
        "See its status: finish connecting, or reconnect.",
    ),
    (
        "connection_disconnected",
        _ASK,
        409,
        "The connection that this was to go through has been disconnected.",
        "Look where it is to go now: edit the item, or ask for it to be published as it is.",
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
    (
        "organisation_not_of_main",
        _ASK,
        409,
        "The secondary's organisation works on other books than the account's main connection.",
        "Choose the one that is linked to the main connection's organisation, or link it there first.",
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
    (
        "plan_lacks_feature",
        _ASK,
        409,
        "The organisation's plan, or its settings, do not have this feature.",
        "Upgrade the plan or switch the feature on there, or choose another destination.",
    ),
    ("plan_without_attachments", _ASK, 409, "The organisation's plan takes no files.", "Attach the file by hand."),
]


def _entries() -> dict[str, ErrorKind]:
    groups = [
        (About.REQUEST, _REQUEST),
        (About.REQUEST, outgoing_codes.REQUEST),
        (About.PERMISSION, _PERMISSION),
        (About.CONNECTION, _CONNECTION),
        (About.PLAN, _PLAN),
        (About.REFERENCE, document_codes.REFERENCE),
        (About.SETUP, document_codes.SETUP),
        (About.VALIDATION, validation_codes.VALIDATION),
        (About.REQUEST, arrival_codes.REQUEST),
        (About.VALIDATION, arrival_codes.VALIDATION),
        (About.ATTACHMENT, arrival_codes.ATTACHMENT),
        (About.LOCK, document_codes.LOCK),
        (About.DUPLICATE, document_codes.DUPLICATE),
        (About.DUPLICATE, matching_codes.DUPLICATE),
        (About.REQUEST, matching_codes.BULK),
        (About.REQUEST, workflow_codes.WORKFLOWS),
        (About.SETUP, matching_codes.BANK),
        (About.PERMISSION, automation_codes.APPROVAL),
        (About.REFERENCE, automation_codes.SETTINGS),
        (About.REFERENCE, automation_codes.APPROVERS),
        (About.REQUEST, merging_codes.MERGE),
        (About.CONNECTION, merging_codes.CHANGE),
        (About.REFERENCE, merging_codes.REFERENCE),
        (About.RATE, document_codes.RATE),
        (About.ATTACHMENT, document_codes.ATTACHMENT),
        (About.UNKNOWN, document_codes.UNKNOWN),
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
