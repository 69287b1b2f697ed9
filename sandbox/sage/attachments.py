"""Files on documents and contacts: base64 inside JSON.

Source: the published description (fields), developer.sage.com/accounting guide "Attachments"; 2.5 MB is what
AutoEntry's help gives as the largest file (assumed to hold for the API too).
"""

import base64
import binascii
from pathlib import PurePosixPath
from typing import Any

from sandbox.sage import catalogues, messages
from sandbox.sage.checks import Desk
from sandbox.sage.formats import Fields, Problems, Record, not_found, ref, stamp

LARGEST_FILE = 2_500_000


def create(desk: Desk, raw: Any) -> Record:
    """Store a file on a document. Never idempotent: twice the same call is two files. Raises RefusedError."""
    problems = Problems()
    fields = Fields(raw, problems)
    encoded = fields.text("file", required=True)
    name = fields.text("file_name", longest=255, required=True) or ""
    mime_type = fields.text("mime_type", required=True)
    extension = fields.text("file_extension") or PurePosixPath(name).suffix
    content = _content(fields, encoded) if encoded else b""
    context, owner = _context(desk, fields)
    problems.raise_any()
    at = stamp(desk.now)
    attachment_id = desk.books.new_id()
    record = {
        "id": attachment_id,
        "displayed_as": name,
        "created_at": at,
        "updated_at": at,
        "deleted_at": None,
        "file_name": name,
        "mime_type": mime_type,
        "file_extension": f".{extension.lstrip('.')}" if extension else "",
        "file_size": len(content),
        "$file_path": f"/attachments/{attachment_id}/file",
        "description": fields.text("description") or "",
        "attachment_context_type": ref("attachment_context_types", context),
        "attachment_context": ref(catalogues.ATTACHMENT_CONTEXTS[str(context)], owner["id"] if owner else None),
        "transaction": owner.get("transaction") if owner else None,
        "is_public": fields.flag("is_public"),
    }
    desk.books.files[attachment_id] = content
    return desk.books.put("attachments", record)


def content(desk: Desk, attachment_id: str) -> tuple[Record, bytes]:
    """A file with its record. Raises RefusedError (404)."""
    record = desk.books.live("attachments", attachment_id)
    if record is None:
        raise not_found()
    return record, desk.books.files[attachment_id]


def delete(desk: Desk, attachment_id: str) -> None:
    """Raises RefusedError (404)."""
    record, _ = content(desk, attachment_id)
    at = stamp(desk.now)
    desk.books.put("attachments", {**record, "deleted_at": at, "updated_at": at})
    del desk.books.files[attachment_id]


def _content(fields: Fields, encoded: str) -> bytes:
    try:
        found = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        fields.wrong("file", messages.FILE_BASE64)
        return b""
    if not found:
        fields.wrong("file", messages.FILE_EMPTY)
    if len(found) > LARGEST_FILE:
        fields.wrong("file", messages.FILE_TOO_LARGE)
    return found


def _context(desk: Desk, fields: Fields) -> tuple[str | None, Record | None]:
    """The kind of document and the document. That both are needed is assumed: the description says optional."""
    kind = fields.text("attachment_context_type_id", required=True)
    key = fields.text("attachment_context_id", required=True)
    if kind is None or key is None:
        return None, None
    table = catalogues.ATTACHMENT_CONTEXTS.get(kind)
    owner = desk.books.live(table, key) if table else None
    if owner is None:
        fields.wrong("attachment_context_id" if table else "attachment_context_type_id", messages.CONTEXT)
    return kind, owner
