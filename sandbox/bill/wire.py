"""What passes between the sandbox's BILL shell (HTTP, sessions, limits, faults) and its books."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sandbox.bill.formats import Record

SessionKind = Literal["user", "token"]


@dataclass
class Options:
    """How the sandbox's BILL behaves where its documents are silent; changed by the control interface.

    refuse_duplicate_vendors, refuse_duplicate_bills: whether a vendor of a known name, or a bill of a known vendor and
    invoice number, is refused (BDC_1171). Bills are let through unless told otherwise, so that a bill sent twice shows.
    document_seconds: sandbox seconds until an upload is filed; None goes by size.
    upload_id_field: where the answer to an upload carries its 0du id, "uploadId" or "id": public clients disagree.
    notification_body: "string" (the JSON text as a JSON string, as BILL's notification rules say) or "object".
    notification_signature: over the "raw" bytes sent, or over the "minified" JSON of the payload: clients disagree.
    """

    refuse_duplicate_vendors: bool = True
    refuse_duplicate_bills: bool = False
    document_seconds: float | None = None
    upload_id_field: Literal["uploadId", "id"] = "uploadId"
    notification_body: Literal["string", "object"] = "string"
    notification_signature: Literal["raw", "minified"] = "raw"


@dataclass(frozen=True)
class ApiCall:
    """One call of the v3 API, already let in. `path` is what follows /connect/v3; `now` is the sandbox clock in UTC;
    `base_url` stands for scheme and host of the gateway."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    now: datetime
    user_id: str
    session_kind: SessionKind
    base_url: str
    options: Options


@dataclass(frozen=True)
class Event:
    """A change that BILL notifies of: its type ("bill.created"), the payload's member and the record as it is now."""

    type: str
    member: str
    record: Record


@dataclass(frozen=True)
class Answer:
    """An answer to an ApiCall: JSON, or bytes with a media type."""

    status: int
    body: Any
    events: tuple[Event, ...] = ()
    media_type: str = field(default="application/json")
