"""ApprovalMax's webhooks: something was decided; go and look ("Webhooks").

The body is documented, how it is signed is not: header and algorithm below are assumed. What a webhook says is never
believed anyhow: it only has the requests read sooner.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from shared.domain.secrets import Secret
from shared.providers.contract import Notice

SIGNATURE_HEADER: Final = "x-approvalmax-signature"  # assumed, as is base64 of HMAC-SHA256 over the raw body


def notices(raw: bytes, headers: Mapping[str, str], key: Secret) -> list[Notice] | None:
    """The notices of a webhook's raw body (possibly none), or None when it is not signed with our key."""
    given = next((value for name, value in headers.items() if name.lower() == SIGNATURE_HEADER), "")
    if not key.reveal():
        return None
    expected = base64.b64encode(hmac.new(key.reveal().encode(), raw, hashlib.sha256).digest())
    if not hmac.compare_digest(expected, given.strip().encode("utf-8", "replace")):
        return None
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        return []
    listed = told.get("Events") if isinstance(told, dict) else None
    found = [_notice(event) for event in listed if isinstance(event, dict)] if isinstance(listed, list) else []
    return [notice for notice in found if notice is not None]


def _notice(event: Mapping[str, Any]) -> Notice | None:
    company = event.get("CompanyId")
    if not isinstance(company, str) or not company:
        return None
    digest = hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()[:32]
    return Notice(digest, company.lower(), decisions=True)
