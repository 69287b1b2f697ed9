"""Webhooks: the signature over the raw bytes decides, repeats do nothing, a failed hand-over comes again."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from functions.connect import webhook
from tests.integration.connect.conftest import World


def body(*changes: str, organisation: str = "org-1", category: str = "CONTACT") -> bytes:
    events = [
        {
            "tenantId": organisation, "tenantType": "ORGANISATION", "eventCategory": category, "eventType": "UPDATE",
            "resourceId": change, "eventDateUtc": "2026-03-01T00:00:00.000",
        }
        for change in changes
    ]  # fmt: skip
    return json.dumps({"events": events, "firstEventSequence": 1, "lastEventSequence": 1}).encode()


def signed(raw: bytes, key: str = "hook-key") -> str:
    return base64.b64encode(hmac.new(key.encode(), raw, hashlib.sha256).digest()).decode()


class Hook:
    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = world
        self.sent: list[tuple[dict[str, Any], int]] = []
        monkeypatch.setattr(webhook, "_service", lambda: world.service)
        monkeypatch.setattr(world.service.refresh_queue, "send", self._send)
        self.down = False

    def _send(self, body: dict[str, Any], *, group: str, delay_seconds: int = 0) -> None:
        if self.down:
            raise ConnectionError("no queue")
        self.sent.append((body, delay_seconds))

    def __call__(
        self, raw: bytes, signature: str | None = None, *, provider: str = "xero", encoded: bool = True
    ) -> int:
        event = {
            "pathParameters": {"provider": provider},
            "headers": {} if signature is None else {"X-Xero-Signature": signature},
            "requestContext": {"requestId": "r"},
            "body": base64.b64encode(raw).decode() if encoded else raw.decode(),
            "isBase64Encoded": encoded,
        }
        answer = webhook.handler(event, None)
        assert answer["body"] == ""
        return int(answer["statusCode"])


@pytest.fixture
def hook(world: World, monkeypatch: pytest.MonkeyPatch) -> Hook:
    return Hook(world, monkeypatch)


@pytest.mark.parametrize("encoded", [True, False])
def test_a_signed_notice_becomes_one_look(hook: Hook, encoded: bool) -> None:
    raw = body("a", "b", "c")
    assert hook(raw, signed(raw), encoded=encoded) == 200
    ((message, delay),) = hook.sent
    assert message == {
        "schema": 1, "kind": "notice", "provider": "xero",
        "notices": [{"organisation": "org-1", "kinds": ["customers", "suppliers"]}],
    }  # fmt: skip
    assert delay == 30


def test_intent_to_receive(hook: Hook) -> None:
    raw = b'{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3"}'
    assert hook(raw, signed(raw)) == 200
    assert hook(raw, signed(raw, "another key")) == 401
    assert not hook.sent


def test_what_is_not_signed_is_refused(hook: Hook) -> None:
    raw = body("a")
    good = signed(raw)
    for forged in (
        None,
        "",
        "x",
        good[:-4] + "AAA=",
        hmac.new(b"hook-key", raw, hashlib.sha256).hexdigest(),
        signed(raw + b" "),
    ):
        assert hook(raw, forged) == 401
    assert hook(raw + b"\n", good) == 401
    assert hook(raw, good, provider="sage") == 404
    assert hook(raw, good, provider="../xero") == 404
    assert hook(b"x" * ((1 << 20) + 1), good) == 413
    assert not hook.sent


def test_both_keys_are_taken_while_one_replaces_the_other(hook: Hook, world: World) -> None:
    raw = body("a")
    apps = {"xero": {"client_id": "c", "client_secret": "s", "webhook_key": "new", "earlier_webhook_key": "hook-key"}}
    secret = world.service.settings.text("provider_apps_secret")
    world.service.clients.secretsmanager.put_secret_value(SecretId=secret, SecretString=json.dumps(apps))
    assert hook(raw, signed(raw)) == hook(raw, signed(raw, "new")) == 200


def test_repeats_and_storms_are_one_look(hook: Hook, world: World) -> None:
    for change in ("a", "a", "b", "c"):
        raw = body(change)
        assert hook(raw, signed(raw)) == 200
    assert len(hook.sent) == 1
    world.time.ahead += timedelta(seconds=29)
    assert hook(body("a"), signed(body("a"))) == 200  # a replay, a day later as well
    assert len(hook.sent) == 1
    assert hook(body("d"), signed(body("d"))) == 200
    assert len(hook.sent) == 2


def test_a_storm_in_one_body_is_one_message(hook: Hook) -> None:
    raw = body(*(str(number) for number in range(3000)))
    assert hook(raw, signed(raw)) == 200
    assert len(hook.sent) == 1


def test_documents_change_no_list(hook: Hook) -> None:
    raw = body("a", category="INVOICE")
    assert hook(raw, signed(raw)) == 200 and not hook.sent


def test_what_could_not_be_passed_on_is_asked_for_again(hook: Hook) -> None:
    raw = body("a")
    hook.down = True
    assert hook(raw, signed(raw)) == 503
    hook.down = False
    assert hook(raw, signed(raw)) == 200
    assert len(hook.sent) == 1


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b'{"events": null}', b'{"events": [7, {}]}', b"\xff"])
def test_signed_rubbish_is_taken_and_ignored(hook: Hook, raw: bytes) -> None:
    assert hook(raw, signed(raw)) in {200, 400} and not hook.sent
