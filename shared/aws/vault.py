"""The vault: token pairs as ciphertext under one data key per grant, which KMS wraps."""

import json
import os
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from shared.domain.grants import TokenPair
from shared.domain.secrets import Secret

if TYPE_CHECKING:
    from types_boto3_kms.client import KMSClient

_NONCE: Final = 12  # bytes, as AES-GCM wants
KEY_LIFETIME: Final = 300.0  # seconds for which an unwrapped data key is kept in memory


class DataKey:
    """The key of one grant, unwrapped. It needs no further call to KMS: a pair can be sealed whatever KMS does."""

    __slots__ = ("_key", "_label", "wrapped")

    def __init__(self, tenant: str, grant: str, key: bytes, wrapped: bytes) -> None:
        self._label = f"{tenant}|{grant}"
        self._key = key
        self.wrapped = wrapped

    def __repr__(self) -> str:
        return "DataKey(***)"

    def _bound(self, token_version: int) -> bytes:
        # A ciphertext moved to another grant, or put in an older version's place, does not open.
        return f"{self._label}|{token_version}".encode()

    def seal(self, pair: TokenPair, token_version: int) -> bytes:
        """AES-256-GCM ciphertext of a pair, bound to tenant, grant and token version."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self._key).encrypt(nonce, _to_json(pair), self._bound(token_version))

    def open(self, sealed: bytes, token_version: int) -> TokenPair:
        """The pair in a ciphertext; raises cryptography's InvalidTag when it belongs elsewhere or was altered."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        text = AESGCM(self._key).decrypt(sealed[:_NONCE], sealed[_NONCE:], self._bound(token_version))
        return _from_json(text)


class Vault:
    """Makes and unwraps data keys. KMS binds each to tenant and grant by its encryption context."""

    def __init__(self, kms: "KMSClient", key_arn: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._kms = kms
        self._key_arn = key_arn
        self._monotonic = monotonic
        self._unwrapped: dict[bytes, tuple[float, DataKey]] = {}

    def new_key(self, tenant: str, grant: str) -> DataKey:
        """A fresh data key for a grant; raises botocore's errors when KMS does not answer."""
        answer = self._kms.generate_data_key(
            KeyId=self._key_arn, KeySpec="AES_256", EncryptionContext={"tenant": tenant, "grant": grant}
        )
        return DataKey(tenant, grant, answer["Plaintext"], answer["CiphertextBlob"])

    def unwrap(self, tenant: str, grant: str, wrapped: bytes) -> DataKey:
        """The data key of a grant, from memory for up to five minutes; raises botocore's errors when KMS fails."""
        kept = self._unwrapped.get(wrapped)
        if kept and kept[0] > self._monotonic():
            return kept[1]
        answer = self._kms.decrypt(
            CiphertextBlob=wrapped, KeyId=self._key_arn, EncryptionContext={"tenant": tenant, "grant": grant}
        )
        key = DataKey(tenant, grant, answer["Plaintext"], wrapped)
        now = self._monotonic()
        self._unwrapped = {old: entry for old, entry in self._unwrapped.items() if entry[0] > now}
        self._unwrapped[wrapped] = (now + KEY_LIFETIME, key)
        return key

    def forget(self, wrapped: bytes) -> None:
        """Drop an unwrapped key from memory, when its grant has been let go."""
        self._unwrapped.pop(wrapped, None)


def _to_json(pair: TokenPair) -> bytes:
    return json.dumps(
        {
            "access": pair.access.reveal(),
            "refresh": pair.refresh.reveal(),
            "expires_at": pair.expires_at.isoformat(),
            "received_at": pair.received_at.isoformat(),
            "refresh_expires_at": pair.refresh_expires_at.isoformat() if pair.refresh_expires_at else None,
        }
    ).encode()


def _from_json(text: bytes) -> TokenPair:
    said = json.loads(text)
    until = said["refresh_expires_at"]
    return TokenPair(
        access=Secret(said["access"]),
        refresh=Secret(said["refresh"]),
        expires_at=datetime.fromisoformat(said["expires_at"]),
        received_at=datetime.fromisoformat(said["received_at"]),
        refresh_expires_at=datetime.fromisoformat(until) if until else None,
    )
