"""Files: sent as base64 inside JSON, and looked for by what they belong to.

Sources: "Attachments" of developer.sage.com/accounting and the API description. Attachments are not among what
"Idempotency" covers: what is there is read before anything is sent, always.
"""

import base64
from collections.abc import Sequence
from typing import Final

from shared.domain.errors import Problem
from shared.providers.contract import FileAnswer, Session, Upload
from shared.providers.sage import api
from shared.providers.sage.mapping import WRAPPERS
from shared.providers.sage.profile import PROFILE
from shared.providers.transport import to_json

# Context types are the documents' names in capitals: PURCHASE_INVOICE and OTHER_PAYMENT are in public code,
# PURCHASE_CREDIT_NOTE in a driver's help; that the other documents follow them is assumed.
_CONTEXTS: Final = {resource: name.upper() for resource, name in WRAPPERS.items()}
_CONTENT: Final = "application/octet-stream"
_UNSAFE: Final = str.maketrans(dict.fromkeys('<>:"/\\|?*\r\n\t\0', "-"))
_REFUSED: Final = frozenset({400, 404, 413, 415, 422})


def attach(session: Session, uploads: Sequence[Upload], key: str) -> list[FileAnswer]:  # noqa: ARG001
    """Send one file, unless its document has it. A refusal is the file's own."""
    (upload,) = uploads
    facts, size = PROFILE.publishing, len(upload.file.content)
    if not 0 < size <= facts.file_bytes:
        code = "file_too_large" if size else "file_missing"
        return [
            FileAnswer(upload.file.name, problem=Problem(code, details={"size": size, "largest": facts.file_bytes}))
        ]
    there = _there(session, upload)
    if there is not None:
        return [FileAnswer(upload.file.name, there)]
    answer = api.post(session, "/attachments", body(upload))
    if answer.status in _REFUSED:
        return [FileAnswer(upload.file.name, problem=_refusal(answer.status, api.refusal(answer)))]
    if answer.status != 201:
        raise api.unexpected(answer)
    made = api.text_of(api.json_object(answer), "id")
    return [FileAnswer(upload.file.name, made)] if made else []


def attached(session: Session, uploads: Sequence[Upload]) -> list[FileAnswer]:
    """Those of the files that their documents have, by name and size: one look for each."""
    looked = ((upload.file.name, _there(session, upload)) for upload in uploads)
    return [FileAnswer(name, found) for name, found in looked if found is not None]


def _there(session: Session, upload: Upload) -> str | None:
    asked = {
        "attachment_context_id": upload.document.document_id,
        "attachment_context_type_id": _CONTEXTS[upload.document.resource],
        "attributes": "file_name,file_size",  # without them whole files might come
    }
    name, size = _safe(upload.file.name), len(upload.file.content)
    for row in api.rows(session, "/attachments", asked):
        if row.get("file_name") == name and row.get("file_size") == size:
            return api.text_of(row, "id")
    return None


def body(upload: Upload) -> bytes:
    """The exact bytes of one file's call."""
    document, file = upload.document, upload.file
    name = _safe(file.name)
    fields = {
        "file": base64.b64encode(file.content).decode(),
        "file_name": name,
        "mime_type": file.mime_type or _CONTENT,
        "file_extension": name.rpartition(".")[2].lower(),
        "file_size": len(file.content),
        "attachment_context_type_id": _CONTEXTS[document.resource],
        "attachment_context_id": document.document_id,
    }
    return to_json({"attachment": fields})


def _safe(name: str) -> str:
    return name.translate(_UNSAFE)


def _refusal(status: int, problem: Problem) -> Problem:
    """A refusal of one file: what the status says where the words say nothing that we know."""
    by_status = {404: "document_gone", 413: "file_too_large", 415: "file_type_refused"}
    if problem.code == "provider_refused" and status in by_status:
        return Problem(by_status[status], provider_text=problem.provider_text)
    return problem
