"""Files of bills: taken at once, filed some minutes later. Sources: developer.bill.com, "Upload bill document", "Get
document upload status", "Get list of bill documents"; the names of the answers' fields are those that public clients
of v3 read.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.domain.errors import Problem
from shared.providers.bill import api
from shared.providers.bill.profile import PAGE_SIZE, PROFILE
from shared.providers.contract import FileAnswer, Session, Upload, WholeRefused
from shared.providers.transport import broken

FILED: Final = "00h"  # "Classification of BILL-generated IDs": a filed document, and one under way
UNDER_WAY: Final = "0du"
UPLOADS_ASKED: Final = 50  # assumed: how many ids one question about uploads takes
_STATES: Final = frozenset({"IN_PROGRESS", "UPLOADED"})
_NAME_LENGTH: Final = 255  # assumed
_UNSAFE: Final = str.maketrans(dict.fromkeys('"\\/\r\n\t\0', "-"))


def sent_name(name: str) -> str:
    return name.translate(_UNSAFE)[-_NAME_LENGTH:]


def attach(session: Session, uploads: Sequence[Upload]) -> list[FileAnswer]:
    """Send one file. Raises WholeRefused where BILL refuses it."""
    (upload,) = uploads  # one path, one file
    file, largest = upload.file, PROFILE.publishing.file_bytes
    if not 0 < len(file.content) <= largest:
        code = "file_too_large" if file.content else "file_missing"
        raise WholeRefused(Problem(code, details={"size": len(file.content), "largest": largest}))
    path = f"/documents/bills/{api.segment(upload.document.document_id)}"
    answer = api.post(session, path, {"name": sent_name(file.name)}, file.content, "application/octet-stream")
    if answer.status == 413:
        raise WholeRefused(Problem("file_too_large", provider_text=answer.text()))
    if answer.status == 404:
        raise WholeRefused(Problem("document_gone", provider_text=answer.text()))
    told = api.created(answer)
    if not isinstance(told, dict):
        raise broken("no document in the answer to an upload")
    ids = [str(told[name]) for name in ("id", "documentId", "uploadId") if told.get(name)]
    filed = next((one for one in ids if one.startswith(FILED)), None)
    under_way = next((one for one in ids if one.startswith(UNDER_WAY)), None)
    if filed is None and under_way is None:
        raise broken("no id in the answer to an upload")
    return [FileAnswer(file.name, filed, upload_id=under_way if filed is None else None)]


def filed(session: Session, upload_ids: Sequence[str]) -> Mapping[str, str | Problem]:
    """What became of uploads that were under way; those that still are, are missing."""
    found: dict[str, str | Problem] = {}
    for start in range(0, len(upload_ids), UPLOADS_ASKED):
        asked = upload_ids[start : start + UPLOADS_ASKED]
        told = api.get(session, "/documents/upload-status", {"ids": ",".join(asked)})
        for one in api.records(told if isinstance(told, list) else told.get("results")):
            upload_id, outcome = str(one.get("uploadId") or ""), _outcome(one)
            if upload_id in asked and outcome is not None:
                found[upload_id] = outcome
    return found


def _outcome(told: Mapping[str, Any]) -> str | Problem | None:
    document_id, status = told.get("documentId"), str(told.get("status") or "")
    if isinstance(document_id, str) and document_id.startswith(FILED):
        return document_id
    # Two states are on the page; that any other is a failure is assumed.
    return None if status in _STATES else Problem("attachment_failed", provider_text=status or None)


def attached(session: Session, uploads: Sequence[Upload]) -> list[FileAnswer]:
    """The files that their bills have, by name (BILL tells no size); one call for each bill.

    Names are unique for each item, so that one of the same name is ours.
    """
    found = []
    for upload in uploads:
        path = f"/documents/bills/{api.segment(upload.document.document_id)}"
        told = api.get(session, path, {"max": str(PAGE_SIZE)})
        listed = api.records(told if isinstance(told, list) else told.get("results"))
        there = [str(one["id"]) for one in listed if one.get("name") == sent_name(upload.file.name) and one.get("id")]
        found += [FileAnswer(upload.file.name, document_id) for document_id in there[:1]]
    return found
