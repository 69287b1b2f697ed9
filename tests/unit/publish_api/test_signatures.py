"""Standard Webhooks: the published example, and everything that is not quite it."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.secrets import Secret
from shared.domain.signatures import is_signed, signature

# The example that the reference libraries of Standard Webhooks test themselves with.
SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
BODY = b'{"test": 2432232314}'
STAMP = 1614265330
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(STAMP),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
NOW = datetime.fromtimestamp(STAMP, UTC)
OTHER = Secret("whsec_" + base64.b64encode(b"another secret of some length").decode())


def test_the_published_example_is_signed() -> None:
    assert is_signed([SECRET], HEADERS, BODY, NOW)
    assert signature(SECRET, HEADERS["webhook-id"], STAMP, BODY) == HEADERS["webhook-signature"]


def test_one_good_signature_among_several_and_one_live_secret_of_two_are_enough() -> None:
    several = {**HEADERS, "webhook-signature": f"v1a,AAAA v1,bm90aGluZw== {HEADERS['webhook-signature']}"}
    assert is_signed([OTHER, SECRET], several, BODY, NOW)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_within_five_minutes_either_way(seconds: int) -> None:
    assert is_signed([SECRET], HEADERS, BODY, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-301, 301, 86400])
def test_not_beyond_them(seconds: int) -> None:
    assert not is_signed([SECRET], HEADERS, BODY, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "msg_other"},
        {"webhook-id": ""},
        {"webhook-timestamp": str(STAMP + 1)},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": f"{STAMP}.0"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,not base64"},
        {"webhook-signature": HEADERS["webhook-signature"].replace("v1,", "v2,")},
        {"webhook-signature": HEADERS["webhook-signature"].removeprefix("v1,")},
        {"webhook-signature": HEADERS["webhook-signature"][:-6]},
        {"webhook-signature": "v1,AAAA " * 10 + HEADERS["webhook-signature"]},
    ],
)
def test_anything_else_is_refused(changed: dict[str, str]) -> None:
    assert not is_signed([SECRET], {**HEADERS, **changed}, BODY, NOW)


@pytest.mark.parametrize("body", [b'{"test":2432232314}', b'{"test": 2432232314} ', b""])
def test_the_same_thing_written_otherwise_is_refused(body: bytes) -> None:
    assert not is_signed([SECRET], HEADERS, body, NOW)


@pytest.mark.parametrize("missing", HEADERS)
def test_every_header_is_needed(missing: str) -> None:
    assert not is_signed([SECRET], {name: text for name, text in HEADERS.items() if name != missing}, BODY, NOW)


def test_without_a_secret_nothing_is_signed() -> None:
    assert not is_signed([], HEADERS, BODY, NOW)
    assert not is_signed([OTHER], HEADERS, BODY, NOW)
