"""Files: uploaded with what they belong to, and looked for by it. Source: "Attachable" of developer.intuit.com."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from shared.domain.errors import Problem
from shared.providers.contract import CallFailed, FileAnswer, FileToAttach, Session, Upload, Wanted
from shared.providers.quickbooks import api
from shared.providers.quickbooks.profile import PAGE_SIZE, PROFILE
from shared.providers.transport import to_json

# "Approved file types", by their endings; TIFF and TIF are taken to be one.
_ENDINGS: Final = frozenset(
    {"ai", "csv", "doc", "docx", "eps", "gif", "jpeg", "jpg", "ods", "pdf", "png", "rtf", "tif", "tiff", "txt"}
    | {"xls", "xlsx", "xml"}
)
_NAME_LENGTH: Final = 1000
_UNSAFE: Final = str.maketrans(dict.fromkeys('"\\\r\n\t\0', "-"))


def sent_name(file: FileToAttach) -> str:
    """The name a file gets: without what would end a header or a quoted text."""
    return file.name.translate(_UNSAFE)[-_NAME_LENGTH:]


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
            found[sent_name(uploads[place].file)] = fault.problem()
        elif isinstance(attachable, dict) and isinstance(attachable.get("Id"), str):
            found[str(attachable.get("FileName"))] = str(attachable["Id"])
    return found


def metadata(one: Upload) -> bytes:
    """The Attachable that goes with a file: what it belongs to and what it is called."""
    entity = {"type": one.document.resource, "value": one.document.document_id}
    reference = {"EntityRef": entity, "IncludeOnSend": False}
    return to_json({"AttachableRef": [reference], "FileName": sent_name(one.file), "ContentType": one.file.mime_type})


def _parts(uploads: Sequence[Upload], boundary: str) -> Iterator[bytes]:
    for number, one in enumerate(uploads, 1):
        yield _part(boundary, f"file_metadata_{number:02}", "attachment.json", "application/json", metadata(one))
        yield _part(boundary, f"file_content_{number:02}", sent_name(one.file), one.file.mime_type, one.file.content)
    yield f"--{boundary}--\r\n".encode()


def _part(boundary: str, name: str, file_name: str, content_type: str, content: bytes) -> bytes:
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
        f"Content-Type: {content_type}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n"


def attach(session: Session, uploads: Sequence[Upload], key: str) -> list[FileAnswer]:
    """Upload files in one request. Raises WholeRefused when QuickBooks refuses the request itself."""
    unsent = {one.file.name: problem for one in uploads if (problem := refused_unsent(one.file)) is not None}
    refused = [FileAnswer(name, problem=problem) for name, problem in unsent.items()]
    sent = [one for one in uploads if one.file.name not in unsent]
    outcomes = upload(session, sent, key) if sent else {}
    answers = ((one.file.name, outcomes.get(sent_name(one.file))) for one in sent)
    return [*refused, *(_answer(name, outcome) for name, outcome in answers if outcome is not None)]


def _answer(name: str, outcome: str | Problem) -> FileAnswer:
    return FileAnswer(name, problem=outcome) if isinstance(outcome, Problem) else FileAnswer(name, outcome)


def attached(session: Session, uploads: Sequence[Upload]) -> list[FileAnswer]:
    """The files that their documents have, by name and size; one call for as many documents as a batch takes."""
    documents = list({one.document: None for one in uploads})
    there: dict[Wanted, list[dict[str, Any]]] = {}
    most = PROFILE.publishing.batch_elements
    for start in range(0, len(documents), most):
        there |= _attachables(session, documents[start : start + most])
    found = []
    for one in uploads:
        same = (record for record in there[one.document] if _is_same(record, one.file))
        record = next(same, None)
        if record is not None:
            found.append(FileAnswer(one.file.name, str(record["Id"])))
    return found


def _is_same(record: Mapping[str, Any], file: FileToAttach) -> bool:
    return record.get("FileName") == sent_name(file) and record.get("Size") == len(file.content)


def _attachables(session: Session, documents: Sequence[Wanted]) -> dict[Wanted, list[dict[str, Any]]]:
    """What is attached to each document. Raises CallFailed, also where there is more than one answer holds."""
    named = {str(number): document for number, document in enumerate(documents)}
    told, _ = api.queries(session, {name: _of_document(document) for name, document in named.items()})
    found = {named[name]: api.records_of(element, "Attachable") for name, element in told.items()}
    if sum(map(len, found.values())) >= PAGE_SIZE:
        raise CallFailed(Problem("too_many_files", details={"most": PAGE_SIZE}), sent=True)
    return found


def _of_document(document: Wanted) -> str:
    kind, value = api.literal(document.resource), api.literal(document.document_id)
    where = f"AttachableRef.EntityRef.Type = {kind} AND AttachableRef.EntityRef.value = {value}"
    return api.select("*", "Attachable", where, 1)
