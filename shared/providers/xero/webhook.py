"""Xero's webhooks: signed with HMAC-SHA256 over the raw body (specification xero-webhooks.yaml).

The intent-to-receive check sends some bodies wrongly signed: those must be refused like any other.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from shared.domain.lists import Kind
from shared.domain.secrets import Secret
from shared.providers.contract import Notice

SIGNATURE_HEADER: Final = "x-xero-signature"
# What a change tells us to look at again; documents change no list.
_KINDS: Final = {"CONTACT": frozenset({Kind.SUPPLIERS, Kind.CUSTOMERS})}


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
    except ValueError:
        return []
    events = told.get("events") if isinstance(told, dict) else None
    if not isinstance(events, list):
        return []
    return [notice for event in events if isinstance(event, dict) and (notice := _notice(event))]


def _notice(event: dict[str, Any]) -> Notice | None:
    organisation = event.get("tenantId")
    if not isinstance(organisation, str) or event.get("tenantType", "ORGANISATION") != "ORGANISATION":
        return None
    names = ("tenantId", "eventCategory", "eventType", "resourceId", "eventDateUtc")
    told = "|".join(str(event.get(name)) for name in names)
    notice_id = hashlib.sha256(told.encode()).hexdigest()[:32]
    return Notice(notice_id, organisation, _KINDS.get(str(event.get("eventCategory")), frozenset()))
