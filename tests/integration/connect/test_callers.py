"""The authoriser: whose tokens are taken, whose are not."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from functions.connect import authorizer
from shared.aws.tokens import KeysUnavailable, Tokens
from shared.storage.tenants import Issuer
from tests.integration.connect.conftest import World

ISSUER = "https://issuer.example"
OWN = "https://login.customer.example"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def jwks() -> bytes:
    keys = []
    for key_id, key, algorithm in (
        ("k1", RSA_KEY, jwt.algorithms.RSAAlgorithm),
        ("k2", EC_KEY, jwt.algorithms.ECAlgorithm),
    ):
        said = json.loads(algorithm.to_jwk(key.public_key()))  # type: ignore[attr-defined]
        keys.append({**said, "kid": key_id, "use": "sig", "alg": "RS256" if key_id == "k1" else "ES256"})
    return json.dumps({"keys": keys}).encode()


class Authorised:
    """The authoriser's handler over a world, with the issuers' keys in the test's hands."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fetched: list[str] = []
        self.down = False
        monkeypatch.setattr(authorizer, "_service", lambda: world.service)
        monkeypatch.setattr(authorizer, "_tokens", Tokens(self.fetch))

    def fetch(self, uri: str) -> bytes:
        self.fetched.append(uri)
        if self.down:
            raise KeysUnavailable(uri)
        return jwks()

    def __call__(self, token: str | None) -> dict[str, Any]:
        headers = {} if token is None else {"Authorization": token}
        return authorizer.handler({"headers": headers, "requestContext": {"requestId": "r"}}, None)

    def allows(self, token: str) -> dict[str, Any] | None:
        said = self(f"Bearer {token}")
        assert set(said) <= {"isAuthorized", "context"}
        return dict(said["context"]) if said["isAuthorized"] else None


@pytest.fixture
def authorised(world: World, monkeypatch: pytest.MonkeyPatch) -> Authorised:
    scopes = frozenset({"ledgerbridge/read", "ledgerbridge/work"})
    world.service.tenants.put_client(ISSUER, "client-1", world.tenant, scopes)
    return Authorised(world, monkeypatch)


def token(key: Any = RSA_KEY, algorithm: str = "RS256", key_id: str | None = "k1", **claims: Any) -> str:
    now = datetime.now(UTC)
    said = {
        "iss": ISSUER, "client_id": "client-1", "sub": "client-1", "token_use": "access", "iat": now,
        "exp": now + timedelta(hours=1), "scope": "ledgerbridge/read ledgerbridge/manage",
    } | claims  # fmt: skip
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(said, key, algorithm=algorithm, headers={"kid": key_id} if key_id else {})


def with_hmac(signed: str, key: bytes) -> str:
    """The token's claims, signed with a public key as if it were a shared secret (a library refuses to make it)."""

    def encoded(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    text = f"{encoded(json.dumps({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'}).encode())}.{signed.split('.')[1]}"
    return f"{text}.{encoded(hmac.digest(key, text.encode(), hashlib.sha256))}"


def test_a_machine_gets_the_scopes_that_are_both_granted_and_allowed(world: World, authorised: Authorised) -> None:
    assert authorised.allows(token()) == {
        "tenant": world.tenant, "subject": "client-1", "is_machine": "true", "scopes": "ledgerbridge/read",
    }  # fmt: skip
    assert authorised.allows(token(EC_KEY, "ES256", "k2"))
    assert len(authorised.fetched) == 1


def test_what_is_not_a_good_token_is_refused(authorised: Authorised) -> None:
    now = datetime.now(UTC)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    bad = {
        "expired": token(exp=now - timedelta(minutes=5)),
        "without an end": token(exp=None),
        "of another issuer": token(iss="https://evil.example"),
        "an id token": token(token_use="id"),
        "signed by a stranger": token(stranger),
        "signed with the public key": with_hmac(token(), public),
        "unsigned": token(None, "none"),
        "of an unknown key": token(key_id="../../etc/passwd"),
        "of no key": token(key_id=None),
        "of a key of another algorithm": token(RSA_KEY, "RS256", "k2"),
        "of an unknown client": token(client_id="other", sub="other"),
        "of nobody": token(client_id=None, sub=None),
        "rubbish": "a.b.c",
        "long": "a" * 10_000,
    }
    for what, one in bad.items():
        assert authorised.allows(one) is None, what
    assert authorised(None) == authorised("Basic eDp5") == authorised("Bearer ") == {"isAuthorized": False}


def test_unknown_keys_do_not_make_us_fetch_again_and_again(authorised: Authorised) -> None:
    for number in range(20):
        assert authorised.allows(token(key_id=f"k{number + 10}")) is None
    assert len(authorised.fetched) == 1


def test_an_issuer_that_does_not_answer_is_a_failure_and_not_a_refusal(authorised: Authorised) -> None:
    authorised.down = True
    with pytest.raises(KeysUnavailable):
        authorised.allows(token())


def test_a_person_of_a_tenants_own_issuer(world: World, authorised: Authorised) -> None:
    world.service.tenants.put_issuer(Issuer(OWN, f"{OWN}/jwks", world.other_tenant))
    person = token(iss=OWN, client_id="spa", sub="ann", token_use=None)
    assert authorised.allows(person) == {
        "tenant": world.other_tenant, "subject": "ann", "is_machine": "false", "scopes": "",
    }  # fmt: skip
    assert authorised.fetched == [f"{OWN}/jwks"]


def test_a_person_of_a_shared_issuer_belongs_where_an_operator_says(world: World, authorised: Authorised) -> None:
    person = token(client_id="spa", sub="ann")
    assert authorised.allows(person) is None
    world.service.tenants.put_subject(ISSUER, "ann", world.tenant)
    found = authorised.allows(person)
    assert found is not None and (found["tenant"], found["is_machine"]) == (world.tenant, "false")
