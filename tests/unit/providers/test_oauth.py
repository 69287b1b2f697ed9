"""Token endpoints at their best and worst: nothing that was rotated is ever lost, nothing secret is ever shown."""

import base64
import json
import socket
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.domain.secrets import Secret
from shared.providers import oauth
from shared.providers.contract import CallFailed
from shared.providers.oauth import App, InvalidGrant, LostAnswer
from shared.providers.xero.profile import OAUTH
from tests.unit.providers.wire_kit import answer, wire

NOW = datetime(2026, 3, 11, 9, 30, tzinfo=UTC)
OLD = Secret("old-refresh")


def app(base: str = "", pace: float = 1.0, secret: str | None = "s3cret") -> App:
    return App("client-1", Secret(secret) if secret else None, base, lambda: NOW, pace)


def jwt(**claims: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{payload}.sig"


def tokens(**fields: Any) -> bytes:
    access = jwt(xero_userid="user-1", authentication_event_id="event-1")
    told = {"access_token": access, "refresh_token": "new-refresh", "expires_in": 1800, "scope": "a b"}
    return json.dumps({name: value for name, value in {**told, **fields}.items() if value is not None}).encode()


def form(request: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.partition(b"\r\n\r\n")[2].decode()).items()}


def test_the_authorize_url() -> None:
    url = oauth.authorize_url(OAUTH, app(), redirect_uri="http://localhost:8/oauth/xero/callback", state="s1")
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == OAUTH.authorize_url
    assert (query["response_type"], query["client_id"], query["state"]) == ("code", "client-1", "s1")
    assert "offline_access" in query["scope"].split()
    local = oauth.authorize_url(OAUTH, app("http://localhost:9/xero"), redirect_uri="r", state="s")
    assert local.startswith("http://localhost:9/xero/identity/connect/authorize?")


def test_a_code_becomes_tokens_with_who_consented() -> None:
    with wire(answer(tokens())) as server:
        told = oauth.exchange(OAUTH, app(server.base), code=Secret("c1"), redirect_uri="r")
    assert (told.subject, told.consent_event, told.scopes) == ("user-1", "event-1", ("a", "b"))
    assert told.pair.expires_at == NOW + timedelta(minutes=30)
    assert form(server.requests[0]) == {"grant_type": "authorization_code", "code": "c1", "redirect_uri": "r"}
    credentials = base64.b64encode(b"client-1:s3cret")
    assert b"authorization: basic " + credentials.lower() in server.requests[0].lower()
    assert "new-refresh" not in repr(told)


def test_lifetimes_run_at_the_providers_pace() -> None:
    with wire(answer(tokens())) as server:
        pair = oauth.refresh(OAUTH, app(server.base, pace=6), refresh_token=OLD)
    assert pair.expires_at == NOW + timedelta(minutes=5)
    assert pair.refresh_expires_at == NOW + timedelta(days=10)


@pytest.mark.parametrize("expires_in", [None, "abc", 0, -5, 10**12, [], "1e3"])
def test_a_nonsense_lifetime_costs_no_token(expires_in: Any) -> None:
    with wire(answer(tokens(expires_in=expires_in))) as server:
        pair = oauth.refresh(OAUTH, app(server.base), refresh_token=OLD)
    assert pair.expires_at == NOW + OAUTH.access_lifetime
    assert pair.refresh == Secret("new-refresh")


@pytest.mark.parametrize("refresh_token", [None, "", 7])
def test_without_a_new_refresh_token_the_old_one_is_kept(refresh_token: Any) -> None:
    with wire(answer(tokens(refresh_token=refresh_token))) as server:
        assert oauth.refresh(OAUTH, app(server.base), refresh_token=OLD).refresh == OLD
    with wire(answer(tokens(refresh_token=refresh_token))) as server, pytest.raises(LostAnswer):
        oauth.exchange(OAUTH, app(server.base), code=Secret("c1"), redirect_uri="r")


def test_invalid_grant_is_final() -> None:
    with wire(answer(b'{"error":"invalid_grant"}', 400)) as server, pytest.raises(InvalidGrant):
        oauth.refresh(OAUTH, app(server.base), refresh_token=OLD)
    assert len(server.requests) == 1


def drop(connection: socket.socket, _: int) -> None:
    connection.close()


@pytest.mark.parametrize(
    "respond",
    [
        drop,
        answer(b"oops", 200, "text/html"),
        answer(b"[]"),
        answer(b"{}"),
        answer(b"", 302, location="http://localhost:1/"),
    ],
)
def test_a_lost_answer_is_told_from_a_refusal(respond: Any) -> None:
    with wire(respond) as server, pytest.raises(LostAnswer) as lost:
        oauth.refresh(OAUTH, app(server.base), refresh_token=OLD)
    assert lost.value.sent
    assert len(server.requests) == 1, "a token call is never repeated here"


def test_what_did_nothing_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    cases = [(f"http://127.0.0.1:{port}", "provider_unavailable")]
    with (
        wire(answer(b'{"error":"invalid_client"}', 401)) as one,
        wire(answer(b"", 429)) as two,
        wire(answer(b"oops", 503, "text/html")) as three,
    ):
        cases += [(one.base, "provider_not_set_up"), (two.base, "rate_limited"), (three.base, "provider_unavailable")]
        for base, code in cases:
            with pytest.raises(CallFailed) as failed:
                oauth.refresh(OAUTH, app(base), refresh_token=OLD)
            assert (failed.value.sent, failed.value.problem.code) == (False, code)


def test_revoking() -> None:
    with wire(answer(b"", 200, "text/plain")) as server:
        oauth.revoke(OAUTH, app(server.base), token=OLD)
    assert form(server.requests[0]) == {"token": "old-refresh"}
    with wire(answer(b'{"error":"invalid_client"}', 401)) as server, pytest.raises(CallFailed):
        oauth.revoke(OAUTH, app(server.base), token=OLD)


def test_an_app_without_secret_names_itself_in_the_body() -> None:
    with wire(answer(tokens())) as server:
        oauth.refresh(OAUTH, app(server.base, secret=None), refresh_token=OLD)
    assert form(server.requests[0])["client_id"] == "client-1"
    assert b"authorization:" not in server.requests[0].lower()
