"""Signed notices, and everything that is not one."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from shared.domain.lists import Kind
from shared.domain.secrets import Secret
from shared.providers.xero.calls import PROVIDER

KEY = Secret("webhook-key")


def signed(raw: bytes, key: Secret = KEY) -> dict[str, str]:
    digest = hmac.new(key.reveal().encode(), raw, hashlib.sha256).digest()
    return {"X-Xero-Signature": base64.b64encode(digest).decode()}


def event(**fields: Any) -> dict[str, Any]:
    return {
        "resourceUrl": "https://api.xero.com/api.xro/2.0/Contacts/1",
        "resourceId": "1",
        "eventDateUtc": "2026-06-21T01:15:39.902",
        "eventType": "UPDATE",
        "eventCategory": "CONTACT",
        "tenantId": "t1",
        "tenantType": "ORGANISATION",
        **fields,
    }


def test_a_signed_body_gives_its_notices() -> None:
    raw = json.dumps({"events": [event(), event(tenantId="t2", eventCategory="INVOICE")]}).encode()
    contact, invoice = PROVIDER.notices(raw, signed(raw), KEY) or []
    assert (contact.organisation, contact.kinds) == ("t1", {Kind.SUPPLIERS, Kind.CUSTOMERS})
    assert (invoice.organisation, invoice.kinds) == ("t2", frozenset())
    assert contact.id != invoice.id
    assert (PROVIDER.notices(raw, signed(raw), KEY) or [])[0].id == contact.id


def test_the_intent_to_receive_is_answered_right_both_ways() -> None:
    raw = b'{"events":[],"lastEventSequence":0,"firstEventSequence":0,"entropy":"X"}'
    assert PROVIDER.notices(raw, signed(raw), KEY) == []
    assert PROVIDER.notices(raw, signed(raw, Secret("other")), KEY) is None


@pytest.mark.parametrize("header", ["", "AAAA", "é", "=" * 44])
def test_a_wrong_signature_is_refused(header: str) -> None:
    assert PROVIDER.notices(b"{}", {"x-xero-signature": header}, KEY) is None
    assert PROVIDER.notices(b"{}", {}, KEY) is None


def test_one_changed_byte_is_refused() -> None:
    raw = json.dumps({"events": [event()]}).encode()
    assert PROVIDER.notices(raw + b" ", signed(raw), KEY) is None


def test_without_a_key_nothing_is_believed() -> None:
    assert PROVIDER.notices(b"{}", signed(b"{}", Secret("")), Secret("")) is None


@pytest.mark.parametrize("raw", [b"", b"[]", b"nonsense", b'{"events":3}', b'{"events":[1,{}]}'])
def test_signed_nonsense_is_no_notice(raw: bytes) -> None:
    assert PROVIDER.notices(raw, signed(raw), KEY) == []
