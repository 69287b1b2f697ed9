"""Files of requests made over the API: three megabytes each, nine of them ("Attachments").

How a file is uploaded is on no page: the address and the raw body below are assumed. What a request has already is
read from the request itself (`attachments`, with name and size).
"""

from collections.abc import Sequence
from typing import Final

from shared.domain.errors import Problem
from shared.providers.approvalmax import api
from shared.providers.approvalmax.profile import API, PUBLISHING
from shared.providers.contract import FileAnswer, Session, Upload, WholeRefused
from shared.providers.transport import Call, broken

_UNSAFE: Final = str.maketrans(dict.fromkeys('"\\/\r\n\t\0', "-"))


def attach(session: Session, uploads: Sequence[Upload], key: str) -> list[FileAnswer]:  # noqa: ARG001
    """POST one file; no key would tell a repeat. Raises WholeRefused where it is refused."""
    (upload,) = uploads
    file, largest = upload.file, PUBLISHING.file_bytes
    if not 0 < len(file.content) <= largest:
        code = "file_too_large" if file.content else "file_missing"
        raise WholeRefused(Problem(code, details={"size": len(file.content), "largest": largest}))
    url = f"{API}{_path(session, upload)}/attachments"
    params, headers = {"fileName": _safe(file.name)}, {"Content-Type": file.mime_type}
    answer = api.request(session, Call("POST", url, params, headers, file.content))
    if answer.status == 404:
        raise WholeRefused(Problem("document_gone", provider_text=answer.text()))
    if answer.status == 413:
        raise WholeRefused(Problem("file_too_large", provider_text=answer.text()))
    told = api.created(answer)
    attachment_id = told.get("attachmentId")
    if not isinstance(attachment_id, str) or not attachment_id:
        raise broken("no attachmentId in the answer to an upload")
    return [FileAnswer(file.name, attachment_id)]


def attached(session: Session, uploads: Sequence[Upload]) -> list[FileAnswer]:
    """The files that their requests have by name and size; one call for each request."""
    found = []
    for upload in uploads:
        name, size = upload.file.name, len(upload.file.content)
        told = api.get(session, _path(session, upload))
        record = told.get("payload", told) if isinstance(told, dict) else {}
        there = [
            str(one["attachmentId"])
            for one in api.records(record.get("attachments") or [])
            if one.get("fileName") == _safe(name) and one.get("fileSize") in {size, None} and one.get("attachmentId")
        ]
        found += [FileAnswer(name, attachment_id) for attachment_id in there[:1]]
    return found


def _path(session: Session, upload: Upload) -> str:
    document = upload.document
    return api.company(session, f"/{document.resource}/{api.segment(document.document_id)}")


def _safe(name: str) -> str:
    return name.translate(_UNSAFE)
