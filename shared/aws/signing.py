"""Signed texts that callers hand back to us unchanged: cursors."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types_boto3_secretsmanager.client import SecretsManagerClient

_DIGEST: Final = 32  # bytes of SHA-256


class Signer:
    """Signs small JSON values for a purpose. The key is fetched once, on first use."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._fetch_key = key

    @classmethod
    def from_secret(cls, client: "SecretsManagerClient", secret_id: str) -> "Signer":
        """A signer whose key is the text of a secret."""

        def fetch() -> bytes:
            return client.get_secret_value(SecretId=secret_id)["SecretString"].encode()

        return cls(fetch)

    @cached_property
    def _key(self) -> bytes:
        return self._fetch_key()

    def _digest(self, purpose: str, body: bytes) -> bytes:
        return hmac.digest(self._key, len(purpose).to_bytes(4, "big") + purpose.encode() + body, hashlib.sha256)

    def sign(self, purpose: str, value: Any, until: datetime) -> str:
        """An opaque text carrying a JSON value, good for one purpose until a time."""
        body = json.dumps({"v": value, "u": int(until.timestamp())}, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._digest(purpose, body) + body).rstrip(b"=").decode()

    def open(self, purpose: str, text: str, now: datetime) -> Any | None:
        """The value in a signed text, or None when it was altered, made for another purpose, or is too old."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        digest, body = raw[:_DIGEST], raw[_DIGEST:]
        if not hmac.compare_digest(digest, self._digest(purpose, body)):
            return None
        said = json.loads(body)
        return said["v"] if now.timestamp() < said["u"] else None

    def derived(self, purpose: str, text: str) -> str:
        """A secret that follows from another text and our key: 43 URL-safe characters."""
        digest = self._digest(purpose, text.encode())
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
