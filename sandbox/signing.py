"""RS256 signatures of the simulated providers' tokens, so that a client can verify them against the key set."""

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


class Signer:
    """One key of a provider; `pem` is a saved one."""

    def __init__(self, key_id: str, pem: str | None = None) -> None:
        self._key_id = key_id
        self._key = _loaded(pem) if pem else rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def pem(self) -> str:
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    def jwt(self, claims: dict[str, Any]) -> str:
        header = {"alg": "RS256", "kid": self._key_id, "typ": "JWT"}
        signed = ".".join(b64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
        return f"{signed}.{b64url(self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def jwks(self) -> dict[str, Any]:
        numbers = self._key.public_key().public_numbers()
        modulus = b64url(numbers.n.to_bytes(256, "big"))
        exponent = b64url(numbers.e.to_bytes(3, "big"))
        return {
            "keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self._key_id, "n": modulus, "e": exponent}]
        }


def b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _loaded(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the snapshot's signing key is not RSA")
    return key
