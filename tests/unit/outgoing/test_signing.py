"""Signatures of outgoing webhooks, waits between tries, and the snippet that docs/webhooks.md gives to receivers."""

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.domain.ids import is_id
from shared.domain.outgoing import WAITS, EventType, News, headers, message_id, signature, wait_after, written
from shared.domain.secrets import Secret

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
SECRET = Secret("whsec_" + base64.b64encode(b"k" * 32).decode())
OTHER = Secret("whsec_" + base64.b64encode(b"o" * 32).decode())
DOCS = Path(__file__).parents[3] / "docs" / "webhooks.md"


@pytest.fixture(scope="module")
def verified() -> Callable[..., bool]:
    (snippet,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.S)
    there: dict[str, Any] = {}
    exec(snippet, there)
    found: Callable[..., bool] = there["verified"]
    return found


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification's libraries: secret, id, time and body with their signature."""
    secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, tz=UTC)
    said = '{"test": 2432232314}'
    made = signature(secret, "p5jXN8AQM9LWM0D4loKWxJek", at, said)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_snippet_of_the_documentation_takes_ours_and_refuses_the_rest(verified: Callable[..., bool]) -> None:
    sent = headers([SECRET], "01K", NOW, '{"a":1}')
    then = NOW.timestamp()
    assert verified(SECRET.reveal(), sent, b'{"a":1}', then)
    assert not verified(OTHER.reveal(), sent, b'{"a":1}', then)
    assert not verified(SECRET.reveal(), sent, b'{"a": 1}', then)
    assert not verified(SECRET.reveal(), {**sent, "webhook-id": "msg_02K"}, b'{"a":1}', then)
    assert not verified(SECRET.reveal(), sent, b'{"a":1}', then + 301)
    both = headers([OTHER, SECRET], "01K", NOW, "{}")
    assert verified(SECRET.reveal(), both, b"{}", then)
    assert verified(OTHER.reveal(), both, b"{}", then)


def test_waits_grow_over_days_and_end() -> None:
    assert [wait_after(tries, 0.0) for tries in range(1, len(WAITS) + 1)] == list(WAITS)
    assert wait_after(1, 1.0) == timedelta(seconds=5.5)
    assert wait_after(len(WAITS) + 1) is None
    assert sorted(WAITS) == list(WAITS)


def test_the_same_occasion_is_one_message_and_another_is_not() -> None:
    one = News(EventType.ITEM_REFUSED, "account", "item", "batch-1")
    assert is_id(one.id("tenant"))
    assert one.id("tenant") == News(EventType.ITEM_REFUSED, "account", "item", "batch-1", {"more": 1}).id("tenant")
    assert len({one.id("tenant"), one.id("other"), News(one.type, "account", "item", "batch-2").id("tenant")}) == 3
    assert message_id("01K") == "msg_01K"
    assert written(one.payload(NOW)) == (
        '{"type":"item.refused","timestamp":"2026-03-11T09:00:00.000000Z","data":{"account":"account"}}'
    )
