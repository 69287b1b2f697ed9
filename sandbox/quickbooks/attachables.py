"""Attachables: notes and files, linked to documents, and the multipart upload that brings several files at once.

Source: the Attachable reference page ("an upload request may contain as many files as possible", 100 MB in all).
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.quickbooks import properties
from sandbox.quickbooks.books import Company
from sandbox.quickbooks.entities import BY_PATH
from sandbox.quickbooks.errors import RefusedError, no_such_reference, required
from sandbox.quickbooks.formats import read_flag, read_text, without_nulls
from sandbox.quickbooks.wire import EntityEvent, Record

LARGEST_REQUEST = 100 * 1024 * 1024
# Assumed: the documentation sets no number ("as many files as possible"), so the sandbox takes 20 and refuses the rest.
MOST_FILES = 20
LONGEST_FILE_NAME = 1_000
LONGEST_ATTACHED_NOTE = 2_000
APPROVED_TYPES = frozenset(
    [
        "ai",
        "csv",
        "doc",
        "docx",
        "eps",
        "gif",
        "jpeg",
        "jpg",
        "ods",
        "pdf",
        "png",
        "rtf",
        "tif",
        "txt",
        "xls",
        "xlsx",
        "xml",
    ]
)  # "Approved file types for uploading"
_SYSTEM = frozenset({"MetaData", "SyncToken", "domain", "sparse", "Id", "status"})
_DISPOSITION = re.compile(rb'name="?([^";\r\n]+)"?', re.IGNORECASE)
_FILE_NAME = re.compile(rb'filename="?([^";\r\n]+)"?', re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One part of a multipart body; header names in lower case."""

    name: str
    file_name: str | None
    headers: dict[str, str]
    content: bytes


def checked(company: Company, sent: Record) -> Record:
    """An attachable as it will be stored, without its identity. Raises RefusedError."""
    body = {key: value for key, value in sent.items() if key not in _SYSTEM and value not in ("", {})}
    if not body.get("FileName") and not body.get("Note"):
        raise required("FileName")
    for name, longest in (("FileName", LONGEST_FILE_NAME), ("Note", LONGEST_ATTACHED_NOTE)):
        if name in body:
            body[name] = read_text(body[name], name, longest)
    links = body.get("AttachableRef", [])
    body["AttachableRef"] = [_link(company, one) for one in links if isinstance(one, dict)]
    return body


def upload(
    company: Company, raw: bytes, content_type: str, files_at: str, now: datetime
) -> tuple[list[Record], list[EntityEvent]]:
    """The AttachableResponse of an upload, one entry per file in the order sent, each an Attachable or a Fault.

    A file that is refused leaves no trace and does not stop the others. Raises RefusedError for the request as a whole.
    """
    if len(raw) > LARGEST_REQUEST:
        raise RefusedError("2010", "Request has invalid or unsupported property", "The upload is larger than 100 MB.")
    pairs = list(_pairs(parts(raw, content_type)))
    most = 1 if company.one_file_per_upload else MOST_FILES
    if not pairs:
        raise required("file_content")
    if len(pairs) > most:
        detail = f"An upload request may contain at most {most} files."  # the wording is assumed
        raise RefusedError("2010", "Request has invalid or unsupported property", detail, element="file_content")
    rows: list[Record] = []
    events: list[EntityEvent] = []
    for metadata, content in pairs:
        try:
            made = _stored(company, metadata, content, files_at, now)
        except RefusedError as refused:
            rows.append({"Fault": refused.fault()})
            continue
        rows.append({"Attachable": made})
        events.append(EntityEvent("Attachable", "Create", made["Id"], now))
    return rows, events


def parts(raw: bytes, content_type: str) -> Iterator[Part]:
    """The parts of a multipart body. Bare line feeds are taken too, as Intuit takes them from python-quickbooks.

    Raises RefusedError (2010) for another content type or a body without its boundary.
    """
    found = re.search(r'boundary="?([^";,]+)"?', content_type)
    if not content_type.lower().startswith("multipart/form-data") or found is None:
        raise RefusedError("2010", "Request has invalid or unsupported property", "multipart/form-data is expected.")
    pieces = raw.split(b"--" + found.group(1).strip().encode())
    if len(pieces) < 3:
        raise RefusedError("2010", "Request has invalid or unsupported property", "The multipart body is not complete.")
    for piece in pieces[1:-1]:
        break_at = re.search(rb"\r?\n\r?\n", piece)
        if break_at is None:
            continue
        head, content = piece[: break_at.start()], piece[break_at.end() :]
        content = content[:-2] if content.endswith(b"\r\n") else content.removesuffix(b"\n")
        headers = dict(_headers(head))
        disposition = headers.get("content-disposition", "").encode()
        name, file_name = _DISPOSITION.search(disposition), _FILE_NAME.search(disposition)
        if name:
            yield Part(name.group(1).decode(), file_name.group(1).decode() if file_name else None, headers, content)


def _headers(head: bytes) -> Iterator[tuple[str, str]]:
    for line in head.splitlines():
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def _pairs(found: Iterator[Part]) -> Iterator[tuple[Record, bytes]]:
    """Metadata and content, matched by the number at the end of file_metadata_01 and file_content_01."""
    metadata: dict[str, Record] = {}
    contents: list[Part] = []
    for part in found:
        if part.name.startswith("file_metadata_"):
            metadata[part.name.rpartition("_")[2]] = _metadata(part.content)
        elif part.name.startswith("file_content_"):
            contents.append(part)
    for part in contents:
        about = metadata.get(part.name.rpartition("_")[2], {})
        guessed = {"FileName": part.file_name, "ContentType": part.headers.get("content-type")}
        yield {**{k: v for k, v in guessed.items() if v}, **about}, _decoded(part)


def _metadata(raw: bytes) -> Record:
    try:
        body = json.loads(raw)
    except ValueError:
        raise RefusedError("2010", "Request has invalid or unsupported property", "Invalid JSON in metadata.") from None
    return without_nulls(body) if isinstance(body, dict) else {}


def _decoded(part: Part) -> bytes:
    if part.headers.get("content-transfer-encoding", "").lower() != "base64":
        return part.content
    try:
        return base64.b64decode(part.content, validate=False)
    except binascii.Error:
        raise RefusedError("2010", "Request has invalid or unsupported property", "Invalid base64 content.") from None


def _stored(company: Company, metadata: Record, content: bytes, files_at: str, now: datetime) -> Record:
    properties.check("Attachable", metadata)
    body = checked(company, metadata)
    extension = str(body.get("FileName", "")).rpartition(".")[2].lower()
    if extension not in APPROVED_TYPES:
        detail = f"Unsupported file type: {extension}"  # the wording is assumed
        raise RefusedError("2010", "Request has invalid or unsupported property", detail, element="FileName")
    if not content:
        raise RefusedError("2010", "Request has invalid or unsupported property", "The file is empty.")
    attachable_id = company.new_id("Attachable")
    address = f"{files_at}/{attachable_id}"
    system = {"Id": attachable_id, "Size": len(content), "FileAccessUri": address, "TempDownloadUri": address}
    made = company.add("Attachable", {**body, **system}, now)
    company.files[attachable_id] = content
    return made


def _link(company: Company, sent: Record) -> Record:
    target: Any = sent.get("EntityRef")
    if not isinstance(target, dict) or "value" not in target:
        raise required("EntityRef")
    entity = BY_PATH.get(str(target.get("type", "")).lower())
    if entity is None or company.get(entity.name, str(target["value"])) is None:
        raise no_such_reference("EntityRef", str(target.get("type")), str(target["value"]))
    shown = {"type": entity.name, "value": str(target["value"])}
    include = read_flag(sent.get("IncludeOnSend", False), "IncludeOnSend")
    return {"IncludeOnSend": include, "EntityRef": shown}
