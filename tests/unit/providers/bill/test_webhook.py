"""Webhooks: the signature over the raw bytes or the minified object, the body an object or a JSON string."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from shared.domain.lists import Kind
from shared.domain.secrets import Secret
from shared.providers.bill.webhook import notices

KEY = Secret("one-time-security-key")
EVENT: dict[str, Any] = {
    "metadata": {
        "eventId": "e-1",
        "subscriptionId": "s-1",
        "organizationId": "008A",
        "eventType": "vendor.updated",
        "version": "1",
    },
    "vendor": {"id": "009A", "name": "Caf\u00e9"},
}
PRETTY = json.dumps(EVENT, indent=2).encode()
MINIFIED = json.dumps(EVENT, separators=(",", ":")).encode()
AS_TEXT = json.dumps(MINIFIED.decode()).encode()


def signed(body: bytes, key: str = KEY.reveal()) -> dict[str, str]:
    digest = hmac.new(key.encode(), body, hashlib.sha256).digest()
    return {"X-Bill-Sha-Signature": base64.b64encode(digest).decode()}


@pytest.mark.parametrize(
    ("body", "over"),
    [(PRETTY, PRETTY), (PRETTY, MINIFIED), (AS_TEXT, AS_TEXT), (AS_TEXT, MINIFIED), (MINIFIED, MINIFIED)],
)
def test_either_form_under_either_signature(body: bytes, over: bytes) -> None:
    (notice,) = notices(body, signed(over), KEY) or []
    assert (notice.organisation, notice.kinds) == ("008A", frozenset({Kind.SUPPLIERS}))


def test_the_same_event_is_the_same_notice_and_another_is_not() -> None:
    first, again = notices(PRETTY, signed(PRETTY), KEY), notices(AS_TEXT, signed(AS_TEXT), KEY)
    assert first == again
    other = json.dumps({**EVENT, "metadata": {**EVENT["metadata"], "eventId": "e-2"}}).encode()
    assert notices(other, signed(other), KEY) != first


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-bill-sha-signature": ""},
        signed(PRETTY, "another-key"),
        signed(b"something else"),
        {"x-bill-sha-signature": "\u2603"},
    ],
)
def test_what_is_not_signed_with_our_key_is_refused(headers: dict[str, str]) -> None:
    assert notices(PRETTY, headers, KEY) is None
    assert notices(PRETTY, signed(PRETTY), Secret("")) is None


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[]", b'"text"', b"{}", b'{"metadata": {"organizationId": 5}}', b"[" * 5000]
)
def test_a_signed_body_that_says_nothing_is_no_notice(body: bytes) -> None:
    assert notices(body, signed(body), KEY) == []


def test_a_bill_changes_no_list() -> None:
    event = json.dumps({"metadata": {**EVENT["metadata"], "eventType": "bill.created"}}).encode()
    (notice,) = notices(event, signed(event), KEY) or []
    assert notice.kinds == frozenset()
