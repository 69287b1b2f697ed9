import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.signing import Signer, b64url
from sandbox.xero.tokens import KEY_ID, Grant, Person, TokenRefusedError, TokenStore

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
BACK = "http://localhost:1/oauth/xero/callback"
SIGNER = Signer(KEY_ID)
PERSON = Person("u1", "Alex Morgan", "alex@example.com")
VERIFIER = "v" * 43
CHALLENGE = b64url(hashlib.sha256(VERIFIER.encode()).digest())


def consented(challenge: str | None = None) -> tuple[TokenStore, Grant, str]:
    store = TokenStore(SIGNER)
    grant = Grant("g1", "u1", "app", ("openid", "email", "offline_access"), "event-1", NOW)
    return store, grant, store.new_code(grant, BACK, challenge, "nonce-1", NOW)


def issued(store: TokenStore, grant: Grant, now: datetime = NOW) -> str:
    return str(store.issue(grant, PERSON, "http://localhost/xero", None, now)["refresh_token"])


def refused(store: TokenStore, token: str, now: datetime) -> bool:
    with pytest.raises(TokenRefusedError, match="invalid_grant"):
        store.exchange_refresh_token(token, "app", now)
    return True


def test_a_code_lives_five_minutes() -> None:
    store, _, code = consented()
    with pytest.raises(TokenRefusedError):
        store.redeem_code(code, "app", BACK, None, NOW + timedelta(minutes=5))
    assert store.redeem_code(code, "app", BACK, None, NOW + timedelta(minutes=4, seconds=59))[1] == "nonce-1"


def test_a_code_used_twice_revokes_what_the_first_use_gave() -> None:
    store, grant, code = consented()
    store.redeem_code(code, "app", BACK, None, NOW)
    token = issued(store, grant)
    with pytest.raises(TokenRefusedError):
        store.redeem_code(code, "app", BACK, None, NOW)
    assert grant.revoked
    assert refused(store, token, NOW)


@pytest.mark.parametrize(
    ("app", "back", "verifier"),
    [("other", BACK, VERIFIER), ("app", f"{BACK}/", VERIFIER), ("app", BACK, None), ("app", BACK, "w" * 43)],
)
def test_a_code_fits_only_its_app_address_and_verifier(app: str, back: str, verifier: str | None) -> None:
    store, _, code = consented(CHALLENGE)
    with pytest.raises(TokenRefusedError):
        store.redeem_code(code, app, back, verifier, NOW)
    assert store.redeem_code(code, "app", BACK, VERIFIER, NOW)


def test_an_exchanged_refresh_token_works_thirty_minutes_more() -> None:
    store, grant, _ = consented()
    old = issued(store, grant)
    store.exchange_refresh_token(old, "app", NOW)
    store.exchange_refresh_token(old, "app", NOW + timedelta(minutes=29))
    assert refused(store, old, NOW + timedelta(minutes=30)), "a second use must not lengthen the grace"


def test_an_unused_refresh_token_dies_after_sixty_days() -> None:
    store, grant, _ = consented()
    token = issued(store, grant)
    assert refused(store, token, NOW + timedelta(days=60))
    assert store.exchange_refresh_token(token, "app", NOW + timedelta(days=60, seconds=-1)) is grant


def test_a_refresh_token_belongs_to_one_app() -> None:
    store, grant, _ = consented()
    token = issued(store, grant)
    with pytest.raises(TokenRefusedError):
        store.exchange_refresh_token(token, "other", NOW)


def test_tests_can_end_access_refresh_and_grace_apart() -> None:
    store, grant, _ = consented()
    old = issued(store, grant)
    store.exchange_refresh_token(old, "app", NOW)
    new = issued(store, grant)
    assert store.expire("grace", "u1", "app", NOW) == 1
    assert refused(store, old, NOW)
    assert store.expire("access", None, None, NOW) == 2
    assert store.expire("refresh", "somebody else", None, NOW) == 0
    assert store.exchange_refresh_token(new, "app", NOW) is grant


def test_a_snapshot_keeps_tokens_their_times_and_the_signing_key() -> None:
    store, grant, _ = consented()
    old = issued(store, grant)
    store.exchange_refresh_token(old, "app", NOW)
    copy = TokenStore.from_snapshot(store.to_snapshot())
    assert copy.to_snapshot() == store.to_snapshot()
    assert copy.exchange_refresh_token(old, "app", NOW + timedelta(minutes=29)).scopes == grant.scopes
    assert refused(copy, old, NOW + timedelta(minutes=31))
