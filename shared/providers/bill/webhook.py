"""BILL's webhooks: signed with HMAC-SHA256 under the subscription's key ("Test with BILL webhook security").

Whether the body is signed as it is sent or as minified JSON its clients disagree on: both are taken. The body is a JSON
object, or that object as a JSON string ("Webhook API notification rules").
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.domain.lists import Kind
from shared.domain.secrets import Secret
from shared.providers.contract import Notice

SIGNATURE_HEADER: Final = "x-bill-sha-signature"
# What a change tells us to look at again; bills and payments change no list.
_KINDS: Final = {
    "vendor": frozenset({Kind.SUPPLIERS}),
    "customer": frozenset({Kind.CUSTOMERS}),
}


def notices(raw: bytes, headers: Mapping[str, str], key: Secret) -> list[Notice] | None:
    """The notice of a webhook's raw body (possibly none), or None when it is not signed with our key."""
    given = next((value for name, value in headers.items() if name.lower() == SIGNATURE_HEADER), "")
    if not key.reveal():
        return None
    told = _json(raw)
    if not any(_is_signature(given, body, key) for body in _signed_bodies(raw, told)):
        return None
    if isinstance(told, str):
        told = _json(told.encode())
    notice = _notice(told)
    return [notice] if notice is not None else []


def _signed_bodies(raw: bytes, told: Any) -> Iterator[bytes]:
    """What may have been signed: the bytes as they came, the text inside them, and the minified object."""
    yield raw
    inner = _json(told.encode()) if isinstance(told, str) else told
    if isinstance(told, str):
        yield told.encode()
    if isinstance(inner, dict):
        for plain in (False, True):
            yield json.dumps(inner, separators=(",", ":"), ensure_ascii=plain).encode("utf-8", "replace")


def _is_signature(given: str, body: bytes, key: Secret) -> bool:
    expected = base64.b64encode(hmac.new(key.reveal().encode(), body, hashlib.sha256).digest())
    return hmac.compare_digest(expected, given.strip().encode("utf-8", "replace"))


def _notice(told: Any) -> Notice | None:
    metadata = told.get("metadata") if isinstance(told, dict) else None
    if not isinstance(metadata, dict):
        return None
    organisation, event_id = metadata.get("organizationId"), metadata.get("eventId")
    if not isinstance(organisation, str) or not organisation:
        return None
    said = event_id if isinstance(event_id, str) and event_id else json.dumps(told, sort_keys=True)
    entity = str(metadata.get("eventType") or "").partition(".")[0].lower()
    digest = hashlib.sha256(f"{organisation}|{said}".encode()).hexdigest()[:32]
    return Notice(digest, organisation, _KINDS.get(entity, frozenset()))


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
