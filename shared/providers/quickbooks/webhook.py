"""QuickBooks' webhooks: signed with HMAC-SHA256 over the raw body, in the old form and as CloudEvents ("Webhooks").

Which form it is follows from the body: an object is the old one, an array the new one. One delivery may mix companies.
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

SIGNATURE_HEADER: Final = "intuit-signature"
# What a change tells us to look at again; documents change no list.
_KINDS: Final = {
    "account": frozenset({Kind.CATEGORIES, Kind.BANK_ACCOUNTS}),
    "vendor": frozenset({Kind.SUPPLIERS}),
    "customer": frozenset({Kind.CUSTOMERS, Kind.PROJECTS}),
    "item": frozenset({Kind.PRODUCTS}),
    "class": frozenset({Kind.DIMENSIONS}),
    "department": frozenset({Kind.DIMENSIONS}),
    "currency": frozenset({Kind.CURRENCIES}),
    "companycurrency": frozenset({Kind.CURRENCIES}),
    "taxcode": frozenset({Kind.TAX_RATES}),
    "taxrate": frozenset({Kind.TAX_RATES}),
    "preferences": frozenset({Kind.DIMENSIONS, Kind.CURRENCIES}),
}


def notices(raw: bytes, headers: Mapping[str, str], key: Secret) -> list[Notice] | None:
    """The notices of a webhook's raw body (possibly none), or None when it is not signed with our verifier token."""
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
    return list(_cloud_events(told) if isinstance(told, list) else _notifications(told))


def _cloud_events(told: list[Any]) -> Iterator[Notice]:
    for event in told:
        if not isinstance(event, dict):
            continue
        realm, kind, event_id = event.get("intuitaccountid"), str(event.get("type") or ""), event.get("id")
        parts = kind.split(".")  # qbo.<entity>.<what happened>.v1
        if isinstance(realm, str) and realm and len(parts) >= 3 and parts[0] == "qbo":
            told_id = event_id if isinstance(event_id, str) and event_id else json.dumps(event, sort_keys=True)
            yield Notice(_digest(realm, told_id), realm, _KINDS.get(parts[1].lower(), frozenset()))


def _notifications(told: Any) -> Iterator[Notice]:
    listed = told.get("eventNotifications") if isinstance(told, dict) else None
    for notification in listed if isinstance(listed, list) else []:
        realm = notification.get("realmId") if isinstance(notification, dict) else None
        change = notification.get("dataChangeEvent") if isinstance(notification, dict) else None
        entities = change.get("entities") if isinstance(change, dict) else None
        if not isinstance(realm, str) or not realm or not isinstance(entities, list):
            continue
        for entity in entities:
            if isinstance(entity, dict):
                names = ("name", "id", "operation", "lastUpdated", "deletedId")
                told_id = "|".join(str(entity.get(name)) for name in names)
                kinds = _KINDS.get(str(entity.get("name")).lower(), frozenset())
                yield Notice(_digest(realm, told_id), realm, kinds)


def _digest(realm: str, told: str) -> str:
    return hashlib.sha256(f"{realm}|{told}".encode()).hexdigest()[:32]
