"""What signs a webhook that comes in: Standard Webhooks, version 1 (the specification at standardwebhooks.com).

The headers webhook-id, webhook-timestamp (seconds) and webhook-signature ("v1,<base64>", several apart by spaces) over
the bytes "id.timestamp.body", HMAC-SHA256 with the base64 after `whsec_` as its key.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from shared.domain.secrets import Secret

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX: Final = "whsec_"
WINDOW: Final = timedelta(minutes=5)  # a timestamp this far off, before or after, is refused
_MOST_SIGNATURES: Final = 10
_VERSION: Final = "v1,"
_SECONDS: Final = re.compile(r"[0-9]{1,12}\Z")
_ID: Final = re.compile(r"[\x21-\x7e]{1,128}\Z")


def is_signed(secrets: Iterable[Secret], headers: Mapping[str, str], raw: bytes, now: datetime) -> bool:
    """Whether one of the secrets signed these very bytes, now. Header names are in lower case."""
    message, stamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not _ID.match(message) or not _SECONDS.match(stamp):
        return False
    if abs(now.timestamp() - int(stamp)) > WINDOW.total_seconds():
        return False
    given = [text[len(_VERSION) :] for text in headers.get(SIGNATURE, "").split(" ") if text.startswith(_VERSION)]
    signed = f"{message}.{stamp}.".encode() + raw
    # Every pair is compared, so that the time taken tells nothing of which secret or signature came close.
    found = False
    for secret in secrets:
        expected = _digest(secret, signed)
        for text in given[:_MOST_SIGNATURES]:
            found |= hmac.compare_digest(expected, _decoded(text))
    return found


def signature(secret: Secret, message: str, stamp: int, raw: bytes) -> str:
    """The value of webhook-signature with one secret."""
    return _VERSION + base64.b64encode(_digest(secret, f"{message}.{stamp}.".encode() + raw)).decode()


def _digest(secret: Secret, signed: bytes) -> bytes:
    return hmac.digest(base64.b64decode(secret.reveal().removeprefix(PREFIX)), signed, hashlib.sha256)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
