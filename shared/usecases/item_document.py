"""An item's file: a form to send it with, and the check of what arrived."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from shared.aws.documents import FORM_LIFETIME
from shared.domain.accounts import Account
from shared.domain.errors import Problem, fail
from shared.domain.files import LARGEST_FILE, safe_name, type_of
from shared.domain.items import Document, FactOutcome, ItemState, Stage
from shared.domain.readiness import summary_of
from shared.usecases.create_items import Taken
from shared.usecases.edit_item import Changed, found_item, store_change
from shared.usecases.readiness import linked_connections
from shared.usecases.service import Service

_PURPOSE: Final = "document"
_UPLOAD_LIFETIME: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class UploadForm:
    """Where and how to send a file (S3's presigned POST: `fields` first, the file last as `file`)."""

    url: str
    fields: dict[str, str]
    upload: str
    expires_at: datetime


def request_document(
    service: Service, account: Account, item_id: str, upload_id: str, *, file_name: str, size: int, sha256: str | None
) -> UploadForm:
    """A form for one file of at most 25 MB, good for 15 minutes; `upload` goes back to `complete_document`.

    Raises not_found, file_too_large, already_published (unless only the file is missing there).
    """
    _, state, _ = found_item(service, account, item_id, [])
    _check_open(state)
    if size > LARGEST_FILE:
        raise fail("file_too_large", field="size", size=size, largest=LARGEST_FILE)
    now = service.clock.now()
    form: dict[str, Any] = service.documents.upload_form(_key(account, item_id, upload_id), largest=size)
    said = {"item": item_id, "account": account.id, "upload": upload_id, "name": file_name, "sha256": sha256}
    signed = service.signer.sign(_PURPOSE, {**said, "size": size}, now + _UPLOAD_LIFETIME)
    return UploadForm(form["url"], form["fields"], signed, now + timedelta(seconds=FORM_LIFETIME))


def complete_document(service: Service, account: Account, item_id: str, upload: str, *, actor: str) -> Taken:
    """Check what arrived and make it the item's document: size, digest, and type by content, whatever its name says.

    Raises not_found, invalid_request (`upload` is not of this item or too old), file_missing, file_changed,
    file_type_refused, file_too_large, already_published, publication_in_progress.
    """
    linked = linked_connections(service, account)
    item, state, marker = found_item(service, account, item_id, linked)
    said = service.signer.open(_PURPOSE, upload, service.clock.now())
    if said is None or (said["item"], said["account"]) != (item_id, account.id):
        raise fail("invalid_request", field="upload", reason="this upload is not of this item, or has expired")
    _check_open(state)
    document = _arrived(service, _key(account, item_id, said["upload"]), said)
    if item.document == document:
        return Taken(item, state, marker, new=False)
    changed = replace(item, document=document, fetch=None)
    state = replace(state, summary=summary_of(changed))
    return store_change(
        service, Changed(changed, state, marker, ("document",)), linked, actor=actor, what="item.document"
    )


def _check_open(state: ItemState) -> None:
    published = state.published
    awaits_file = (
        published is not None
        and published.attachment is not None
        and published.attachment.outcome is FactOutcome.FAILED
    )
    if state.stage is Stage.PUBLISHED and not awaits_file:
        raise fail("already_published")


def _arrived(service: Service, key: str, said: dict[str, Any]) -> Document:
    there = service.documents.head(key)
    if there is None:
        raise fail("file_missing")
    if there.size > LARGEST_FILE:
        raise fail("file_too_large", size=there.size, largest=LARGEST_FILE)
    content = service.documents.get(key)
    if content is None:
        raise fail("file_missing")
    digest = hashlib.sha256(content).hexdigest()
    if len(content) != said["size"]:
        raise fail("file_changed", field="size", announced=said["size"], arrived=len(content))
    if said["sha256"] is not None and digest != said["sha256"]:
        raise fail("file_changed", field="sha256")
    mime_type = type_of(content, said["name"])
    if mime_type is None:
        raise fail("file_type_refused", field="file_name")
    return Document(key, safe_name(said["name"], mime_type), mime_type, len(content), digest)


def file_warning(document: Document | None, largest: int) -> Problem | None:
    """What publishing will say of a file that the provider does not take for its size."""
    if document is None or document.size <= largest:
        return None
    return Problem("file_too_large", "document", details={"size": document.size, "largest": largest})


def _key(account: Account, item_id: str, upload_id: str) -> str:
    return f"documents/{account.tenant}/{account.id}/{item_id}/{upload_id}"
