"""Files on documents, contacts and accounts.

Source: Xero Accounting API, "Attachments": at most 10 files for one record, 10 MB each (the endpoint pages say 25 MB;
the smaller figure is taken), raw bytes with the file's own Content-Type; the same name replaces.
"""

import mimetypes
from urllib.parse import quote

from sandbox.xero import documents, rules
from sandbox.xero.books import ID_FIELDS, Attachment, Books
from sandbox.xero.contacts import RESOURCE_URL
from sandbox.xero.formats import Record, RefusedError, not_found, stamp, validation_exception
from sandbox.xero.wire import ApiCall, WebhookEvent

MOST_FILES = 10
LARGEST_FILE = 10 * 1024 * 1024
OWNERS = ("Invoices", "CreditNotes", "BankTransactions", "Contacts", "Accounts")
TOO_MANY = "A maximum of 10 attachments is allowed for each record."  # assumed wording
EMPTY = "The attachment has no content."  # assumed wording
BAD_NAME = "The file name is not valid."  # assumed wording
_FORBIDDEN = frozenset('<>:"/\\|?*+\0')


def upload(
    books: Books, call: ApiCall, table: str, owner_id: str, file_name: str
) -> tuple[Attachment, tuple[WebhookEvent, ...]]:
    """Store the body as a file of one record. Raises RefusedError: 400, 404, or 413 above 10 MB (as recorded)."""
    owner = _owner(books, table, owner_id)
    owner_id = owner[ID_FIELDS[table]]
    if len(call.body) > LARGEST_FILE:
        body = {"Title": "RequestEntityTooLarge", "Status": 413, "Detail": "PayloadTooLarge", "Extensions": {}}
        raise RefusedError(413, body)
    files = books.attachments.get(owner_id, [])
    others = [one for one in files if one.file_name.casefold() != file_name.casefold()]
    message = _problem(books, call, file_name, len(others))
    if message:
        raise validation_exception([{"ValidationErrors": [{"Message": message}]}])
    replaced = [one for one in files if one not in others]
    stored = Attachment(
        replaced[0].attachment_id if replaced else books.new_id(),
        file_name,
        _mime_type(call, file_name),
        call.query.get("IncludeOnline", "").lower() == "true" and owner.get("Type") == "ACCREC",
        call.body,
    )
    books.put_attachments(owner_id, [*others, stored])
    if table not in documents.KINDS:
        books.put(table, {**owner, "HasAttachments": True})
        return stored, ()
    # That a new file moves the document's UpdatedDateUTC and raises a webhook event is assumed.
    changed = {**owner, "HasAttachments": True, "UpdatedDateUTC": stamp(call.now)}
    books.put(table, changed)
    return stored, documents.event(call, documents.KINDS[table], changed, created=False)


def listed(books: Books, table: str, owner_id: str) -> list[Record]:
    """The files of one record, as answered. Raises RefusedError (404)."""
    owner = _owner(books, table, owner_id)
    key = owner[ID_FIELDS[table]]
    return [describe(table, key, one) for one in books.attachments.get(key, [])]


def content(books: Books, table: str, owner_id: str, name_or_id: str) -> Attachment:
    """One file by its id or name. Raises RefusedError (404)."""
    owner = _owner(books, table, owner_id)
    for one in books.attachments.get(owner[ID_FIELDS[table]], []):
        if name_or_id.casefold() in (one.attachment_id, one.file_name.casefold()):
            return one
    raise not_found()


def describe(table: str, owner_id: str, one: Attachment) -> Record:
    """An attachment as Xero answers it."""
    return {
        "AttachmentID": one.attachment_id,
        "FileName": one.file_name,
        "Url": f"{RESOURCE_URL}/{table}/{owner_id}/Attachments/{quote(one.file_name)}",
        "MimeType": one.mime_type,
        "ContentLength": len(one.content),
        "IncludeOnline": one.include_online,
    }


def _owner(books: Books, table: str, owner_id: str) -> Record:
    owner = books.get(table, owner_id)
    if owner is None:
        raise not_found()
    return owner


def _problem(books: Books, call: ApiCall, file_name: str, others: int) -> str | None:
    if not rules.attachments_allowed(books):
        return rules.NO_ATTACHMENTS
    if not file_name or set(file_name) & _FORBIDDEN or len(file_name) > 255:
        return BAD_NAME
    if not call.body:
        return EMPTY
    return TOO_MANY if others >= MOST_FILES else None


def _mime_type(call: ApiCall, file_name: str) -> str:
    """The Content-Type sent; "application/octet-stream" or none gives way to the type of the file's extension."""
    sent = call.headers.get("content-type", "").split(";")[0].strip().lower()
    if sent and sent != "application/octet-stream":
        return sent
    return mimetypes.guess_type(file_name)[0] or "application/octet-stream"
