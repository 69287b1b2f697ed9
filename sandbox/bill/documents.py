"""Files on bills: taken in at once, filed some time later.

Source: developer.bill.com, "Upload bill document" (6 MB, raw bytes, name with extension, 0du until it is filed as 00h,
"a few minutes"), "Get document upload status". The fields of the answers are those of public clients (assumed).
"""

from datetime import datetime, timedelta
from pathlib import PurePosixPath
from urllib.parse import quote

from sandbox.bill.books import Books, Document
from sandbox.bill.formats import Problem, Record, RefusedError, bad_field, not_found, stamp
from sandbox.bill.wire import ApiCall

LARGEST_FILE = 6 * 1024 * 1024
TOO_LARGE = "File size exceeds the limit of 6 MB."  # assumed wording
# How long filing takes, by size in bytes (assumed from what a public client observed): sandbox seconds.
FILING_SECONDS = ((1_000_000, 5.0), (3_000_000, 30.0), (LARGEST_FILE, 120.0))
DOWNLOADS = "/documents-download"


def upload(books: Books, call: ApiCall, bill: Record) -> Record:
    """POST /v3/documents/bills/{billId}?name=file.pdf with the file as the body."""
    name = call.query.get("name", "")
    if not name:
        raise bad_field("name: must not be blank")
    if not PurePosixPath(name).suffix or len(name) > 255:
        raise bad_field("name: must have a file extension")  # assumed wording
    if not call.body:
        raise bad_field("file: must not be empty")
    if len(call.body) > LARGEST_FILE:
        raise RefusedError(413, Problem("BDC_1002", TOO_LARGE))  # assumed status
    upload_id = books.new_id("0du")
    document = Document(
        upload_id, books.new_id("00h"), bill["id"], name, call.now, call.now + _filing_time(call), call.body
    )
    books.documents[upload_id] = document
    if document.filed_at <= call.now:
        return describe(call, document)
    return {call.options.upload_id_field: upload_id}


def statuses(books: Books, call: ApiCall) -> list[Record]:
    """GET /v3/documents/upload-status?ids=0du...,0du...: IN_PROGRESS, or UPLOADED with the document's id."""
    ids = [one for one in call.query.get("ids", "").split(",") if one]
    if not ids:
        raise bad_field("ids: must not be empty")
    rows: list[Record] = []
    for upload_id in ids:
        found = books.documents.get(upload_id)
        if found is None:
            raise not_found(f"Document upload {upload_id}")
        filed = found.filed_at <= call.now
        done = {"documentId": found.document_id} if filed else {}
        rows.append({"uploadId": upload_id, "status": "UPLOADED" if filed else "IN_PROGRESS", **done})
    return rows


def of_bill(books: Books, call: ApiCall, bill: Record) -> list[Record]:
    """The filed documents of a bill: one under way is not among them."""
    return [describe(call, one) for one in books.documents.values() if one.bill_id == bill["id"] and _filed(one, call)]


def details(books: Books, call: ApiCall, document_id: str) -> Record:
    return describe(call, found(books, document_id, call.now))


def found(books: Books, document_id: str, now: datetime) -> Document:
    """A filed document by its 00h id. Raises RefusedError (404)."""
    for document in books.documents.values():
        if document.document_id == document_id and document.filed_at <= now:
            return document
    raise not_found(f"Document {document_id}")


def describe(call: ApiCall, document: Document) -> Record:
    link = f"{call.base_url}{DOWNLOADS}/{document.document_id}/{quote(document.name)}"
    created = stamp(document.filed_at)
    return {"id": document.document_id, "name": document.name, "downloadLink": link, "createdTime": created}


def _filed(document: Document, call: ApiCall) -> bool:
    return document.filed_at <= call.now


def _filing_time(call: ApiCall) -> timedelta:
    if call.options.document_seconds is not None:
        return timedelta(seconds=call.options.document_seconds)
    return timedelta(seconds=next(seconds for size, seconds in FILING_SECONDS if len(call.body) <= size))
