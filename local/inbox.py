"""What a tenant's program does to send documents to an inbox: it signs them as Standard Webhooks has it.

Written from the specification at standardwebhooks.com, apart from the code that verifies.
"""

import base64
import hashlib
import hmac


def signed_headers(secret: str, message: str, body: bytes, stamp: int) -> dict[str, str]:
    """Headers of a message whose body is `body`, sent at `stamp` (seconds since 1970); `secret` begins with whsec_."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(stamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
