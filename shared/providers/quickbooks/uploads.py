"""Files: uploaded with what they belong to, and looked for by it. Source: "Attachable" of developer.intuit.com."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.errors import Problem
from shared.providers.contract import CallFailed, FileToAttach, Session, Wanted, WholeRefused
from shared.providers.quickbooks import api
from shared.providers.quickbooks.profile import PAGE_SIZE, PROFILE
from shared.providers.transport import broken, to_json

# "Approved file types", by their endings; TIFF and TIF are taken to be one.
_ENDINGS: Final = frozenset(
    {"ai", "csv", "doc", "docx", "eps", "gif", "jpeg", "jpg", "ods", "pdf", "png", "rtf", "tif", "tiff", "txt"}
    | {"xls", "xlsx", "xml"}
)
_NAME_LENGTH: Final = 1000
_UNSAFE: Final = str.maketrans(dict.fromkeys('"\\\r\n\t\0', "-"))


@dataclass(frozen=True, slots=True)
class Upload:
    """A file and the document it goes to."""

    document: Wanted
    file: FileToAttach

    @property
    def name(self) -> str:
        """The name the file gets: without what would end a header or a quoted text."""
        return self.file.name.translate(_UNSAFE)[-_NAME_LENGTH:]


def refused_unsent(file: FileToAttach) -> Problem | None:
    """Why a file need not be sent at all, or None."""
    largest = PROFILE.publishing.file_bytes
    if not file.content:
        return Problem("file_missing", details={"size": 0, "largest": largest})
    if len(file.content) > largest:
        return Problem("file_too_large", details={"size": len(file.content), "largest": largest})
    if file.name.rpartition(".")[2].lower() not in _ENDINGS:
        return Problem("file_type_refused", details={"name": file.name, "mime_type": file.mime_type})
    return None


def upload(session: Session, uploads: Sequence[Upload], key: str) -> dict[str, str | Problem]:
    """Send the files in one request: the attachment's id, or why it was refused, by the name each was sent with.

    A file that the answer does not name is missing from the result. Raises WholeRefused when all were refused.
    """
    boundary = f"ledgerbridge-{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    body = b"".join(_parts(uploads, boundary))
    content_type = f"multipart/form-data; boundary={boundary}"
    told = api.read(session, api.post(session, "/upload", {"requestid": boundary[-32:]}, body, content_type))
    found: dict[str, str | Problem] = {}
    for place, one in enumerate(api.elements(told, "AttachableResponse")):
        fault = api.fault_of(one)
        attachable = one.get("Attachable")
        if fault is not None and not fault.passing and len(uploads) == 1:
            found[uploads[place].name] = fault.problem()
        elif isinstance(attachable, dict) and isinstance(attachable.get("Id"), str):
            found[str(attachable.get("FileName"))] = str(attachable["Id"])
    return found


def metadata(one: Upload) -> bytes:
    """The Attachable that goes with a file: what it belongs to and what it is called."""
    entity = {"type": one.document.resource, "value": one.document.document_id}
    reference = {"EntityRef": entity, "IncludeOnSend": False}
    return to_json({"AttachableRef": [reference], "FileName": one.name, "ContentType": one.file.mime_type})


def _parts(uploads: Sequence[Upload], boundary: str) -> Iterator[bytes]:
    for number, one in enumerate(uploads, 1):
        yield _part(boundary, f"file_metadata_{number:02}", "attachment.json", "application/json", metadata(one))
        yield _part(boundary, f"file_content_{number:02}", one.name, one.file.mime_type, one.file.content)
    yield f"--{boundary}--\r\n".encode()


def _part(boundary: str, name: str, file_name: str, content_type: str, content: bytes) -> bytes:
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
        f"Content-Type: {content_type}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n"


def attach(session: Session, document: Wanted, file: FileToAttach, key: str) -> str:
    """Upload one file; returns the attachment's id. Raises WholeRefused when QuickBooks refuses it."""
    refused = refused_unsent(file)
    if refused is not None:
        raise WholeRefused(refused)
    one = Upload(document, file)
    outcome = upload(session, [one], key).get(one.name)
    if outcome is None:
        raise broken("the answer to an upload names no attachment")
    if isinstance(outcome, Problem):
        raise WholeRefused(outcome)
    return outcome


def attached(session: Session, document: Wanted, file: FileToAttach) -> str | None:
    """The id of the file if the document has it, by name and size."""
    name = Upload(document, file).name
    for record in attachables(session, document):
        if record.get("FileName") == name and record.get("Size") == len(file.content):
            return str(record["Id"])
    return None


def attachables(session: Session, document: Wanted) -> list[dict[str, Any]]:
    """What is attached to a document. Raises CallFailed."""
    kind, value = api.literal(document.resource), api.literal(document.document_id)
    where = f"AttachableRef.EntityRef.Type = {kind} AND AttachableRef.EntityRef.value = {value}"
    found = api.query(session, api.select("*", "Attachable", where, 1), "Attachable")
    if len(found) >= PAGE_SIZE:
        raise CallFailed(Problem("too_many_files", details={"most": PAGE_SIZE}), sent=True)
    return found
