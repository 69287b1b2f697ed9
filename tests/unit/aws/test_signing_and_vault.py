"""What leaves our hands and comes back is what left; what is stored opens only where it belongs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidTag

from shared.aws.signing import Signer
from shared.aws.vault import DataKey
from shared.domain.grants import TokenPair
from shared.domain.secrets import Secret

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SIGNER = Signer(lambda: b"a key")
PAIR = TokenPair(Secret("access"), Secret("refresh"), NOW, NOW, NOW + timedelta(days=60))


def test_a_signed_value_comes_back_until_its_time_is_up() -> None:
    text = SIGNER.sign("cursor:a", {"k": ["v", 1]}, NOW + timedelta(hours=1))
    assert SIGNER.open("cursor:a", text, NOW) == {"k": ["v", 1]}
    assert SIGNER.open("cursor:a", text, NOW + timedelta(hours=1)) is None


def test_another_purpose_key_or_a_changed_character_opens_nothing() -> None:
    text = SIGNER.sign("cursor:a", "x", NOW + timedelta(hours=1))
    assert SIGNER.open("cursor:b", text, NOW) is None
    assert Signer(lambda: b"another").open("cursor:a", text, NOW) is None
    for place in range(0, len(text), 7):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        assert SIGNER.open("cursor:a", changed, NOW) is None


@pytest.mark.parametrize("rubbish", ["", "a", "===", "\u00e9", "x" * 5000, "!!!!"])
def test_rubbish_opens_nothing(rubbish: str) -> None:
    assert SIGNER.open("cursor:a", rubbish, NOW) is None


def test_a_pair_opens_under_its_own_grant_and_version_only() -> None:
    key = DataKey("tenant", "grant", bytes(32), b"wrapped")
    sealed = key.seal(PAIR, 3)
    assert key.open(sealed, 3) == PAIR
    assert b"refresh" not in sealed and sealed != key.seal(PAIR, 3)
    for other, version in (
        (key, 4),
        (DataKey("tenant", "another", bytes(32), b""), 3),
        (DataKey("another", "grant", bytes(32), b""), 3),
        (DataKey("tenant", "grant", b"\x01" * 32, b""), 3),
    ):
        with pytest.raises(InvalidTag):
            other.open(sealed, version)


def test_a_pair_without_a_known_end_survives_the_way() -> None:
    key = DataKey("tenant", "grant", bytes(32), b"wrapped")
    pair = replace(PAIR, refresh_expires_at=None)
    assert key.open(key.seal(pair, 1), 1) == pair


def test_nothing_of_it_can_be_printed() -> None:
    pair = replace(PAIR, access=Secret("s3cr3t"), refresh=Secret("s3cr3t"))
    assert "s3cr3t" not in f"{pair!r} {pair}"
    assert repr(DataKey("t", "g", b"s3cr3t", b"s3cr3t")) == "DataKey(***)"
