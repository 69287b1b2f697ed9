"""Both forms of QuickBooks' webhooks, signed and not."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from shared.domain.lists import Kind
from shared.domain.secrets import Secret
from shared.providers.contract import Notice
from shared.providers.quickbooks.webhook import notices

KEY = Secret("verifier")


def signed(told: Any, key: Secret = KEY) -> list[Notice] | None:
    raw = told if isinstance(told, bytes) else json.dumps(told).encode()
    signature = base64.b64encode(hmac.new(KEY.reveal().encode(), raw, hashlib.sha256).digest()).decode()
    return notices(raw, {"Intuit-Signature": signature}, key)


def old(*entities: dict[str, Any], realm: str = "310687") -> dict[str, Any]:
    return {"eventNotifications": [{"realmId": realm, "dataChangeEvent": {"entities": list(entities)}}]}


def event(kind: str, event_id: str, realm: str = "310687") -> dict[str, Any]:
    return {"specversion": "1.0", "id": event_id, "type": kind, "intuitentityid": "1", "intuitaccountid": realm}


def test_the_old_form() -> None:
    told = old(
        {"id": "1", "operation": "Update", "name": "Account", "lastUpdated": "2026-03-11T09:00:00Z"},
        {"id": "2", "operation": "Merge", "name": "Vendor", "lastUpdated": "2026-03-11T09:00:00Z", "deletedId": "3"},
        {"id": "9", "operation": "Create", "name": "Bill", "lastUpdated": "2026-03-11T09:00:00Z"},
    )
    found = signed(told) or []
    assert [one.kinds for one in found] == [{Kind.CATEGORIES, Kind.BANK_ACCOUNTS}, {Kind.SUPPLIERS}, frozenset()]
    assert {one.organisation for one in found} == {"310687"}
    assert len({one.id for one in found}) == 3


def test_the_new_form_may_mix_companies_and_repeats_have_one_id() -> None:
    told = [
        event("qbo.customer.created.v1", "a"),
        event("qbo.item.updated.v1", "b", "99"),
        event("qbo.customer.created.v1", "a"),
    ]
    found = signed(told) or []
    assert [(one.organisation, one.kinds) for one in found] == [
        ("310687", {Kind.CUSTOMERS, Kind.PROJECTS}),
        ("99", {Kind.PRODUCTS}),
        ("310687", {Kind.CUSTOMERS, Kind.PROJECTS}),
    ]
    assert found[0].id == found[2].id != found[1].id


@pytest.mark.parametrize(
    "told", [b"", b"{", b"[1, null]", b'"x"', b'{"eventNotifications": [1, {"realmId": 3}]}', b"[{}]"]
)
def test_nonsense_that_is_signed_brings_nothing(told: bytes) -> None:
    assert signed(told) == []


def test_only_the_right_key_over_the_same_bytes() -> None:
    raw = json.dumps(old()).encode()
    assert notices(raw, {"intuit-signature": "wrong"}, KEY) is None
    assert notices(raw, {}, KEY) is None
    assert signed(old(), Secret("other")) is None
    assert signed(old(), Secret("")) is None
