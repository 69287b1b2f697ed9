"""One call: what it costs, how long it may take, what may have arrived, what an answer means."""

import gzip
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import Problem
from shared.domain.limits import Blocked, LimitReading, LimitScope
from shared.providers import transport
from shared.providers.contract import AccessLost, CallFailed, LimitReached, Session, TokenRefused
from shared.providers.transport import Call, address, perform, retry_after
from shared.providers.xero.api import DIALECT
from tests.unit.providers.wire_kit import answer, session, wire

URL = "https://api.xero.com/api.xro/2.0/Accounts"
NOW = datetime(2026, 3, 11, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "RETRY_PAUSE_SECONDS", 0.01)


def call(base: str | Session, method: str = "GET") -> transport.Answer:
    chosen = base if isinstance(base, Session) else session(base)
    return perform(chosen, Call(method, URL, content=b"{}" if method == "PUT" else None), DIALECT)


def test_an_override_replaces_scheme_and_host_and_keeps_the_path() -> None:
    assert address(URL, "") == URL
    assert address(URL, "http://localhost:1/xero/") == "http://localhost:1/xero/api.xro/2.0/Accounts"
    assert address("https://a.test/p?q=1", "http://b") == "http://b/p?q=1"


def test_a_call_is_paid_for_and_its_limits_are_told() -> None:
    paid: list[str] = []
    heard: list[LimitReading] = []
    headers = {"X-MinLimit-Remaining": "59", "X-DayLimit-Remaining": "rubbish", "X-AppMinLimit-Remaining": "-4"}
    with wire(answer(b'{"a":0.1}', **headers)) as server:
        found = call(session(server.base, permit=lambda: paid.append("paid"), observe=heard.append))
    assert found.json() == {"a": Decimal("0.1")}
    assert paid == ["paid"]
    assert heard == [LimitReading(minute_left=59, day_left=None, app_minute_left=0)]
    assert server.requests[0].startswith(b"GET /api.xro/2.0/Accounts HTTP/1.1")


def test_a_read_is_tried_three_times_each_paid_for_and_a_write_once() -> None:
    paid: list[str] = []
    for method, times in (("GET", 3), ("PUT", 1)):
        paid.clear()
        with wire(answer(b"oops", 500, "text/html")) as server, pytest.raises(CallFailed) as failed:
            call(session(server.base, permit=lambda: paid.append("paid")), method)
        assert (len(paid), len(server.requests)) == (times, times)
        assert failed.value.sent
        assert failed.value.problem.code == "provider_unavailable"


def test_a_read_that_succeeds_at_last_is_a_success() -> None:
    def third_time(connection: socket.socket, before: int) -> None:
        answer(b"{}" if before == 2 else b"oops", 200 if before == 2 else 503)(connection, before)

    with wire(third_time) as server:
        assert call(server.base).json() == {}


def test_no_call_starts_that_has_no_time_to_end() -> None:
    with wire(answer(b"{}")) as server, pytest.raises(CallFailed) as failed:
        call(session(server.base, seconds=0.5))
    assert not failed.value.sent
    assert server.requests == []


def test_a_permit_that_is_refused_stops_the_call() -> None:
    def used_up() -> None:
        raise LimitReached(Blocked(LimitScope.MINUTE, NOW))

    with wire(answer(b"{}")) as server, pytest.raises(LimitReached):
        call(session(server.base, permit=used_up))
    assert server.requests == []


def test_what_cannot_be_reached_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for base in (f"http://127.0.0.1:{port}", "http://no-such-host.invalid"):
        with pytest.raises(CallFailed) as failed:
            call(base, "PUT")
        assert not failed.value.sent, base


def reset(connection: socket.socket, _: int) -> None:
    connection.close()


def truncated(connection: socket.socket, _: int) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"a":')


@pytest.mark.parametrize(
    "respond",
    [
        reset,
        truncated,
        answer(b"<html>", 200, "text/html"),
        answer(b'{"a":', 200),
        answer(b'{"a":NaN}', 200),
        answer(b"\xff\xfe{}", 200),
        answer(b"not gzip", 200, **{"content-encoding": "gzip"}),
        answer(gzip.compress(b"{}")[:-6], 200, **{"content-encoding": "gzip"}),
    ],
)
def test_what_is_lost_or_broken_after_the_send_may_have_arrived(respond: Callable[[socket.socket, int], None]) -> None:
    with wire(respond) as server, pytest.raises(CallFailed) as failed:
        call(server.base, "PUT").json()
    assert failed.value.sent
    assert len(server.requests) == 1


def test_a_byte_order_mark_is_no_harm() -> None:
    with wire(answer(b'\xef\xbb\xbf{"a":1}')) as server:
        assert call(server.base).json() == {"a": 1}


def test_compressed_answers_are_read_and_bombs_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 10_000)
    with wire(answer(gzip.compress(b'{"a":1}'), **{"content-encoding": "gzip"})) as server:
        assert call(server.base).json() == {"a": 1}
    bomb = gzip.compress(b" " * 5_000_000)
    with wire(answer(bomb, **{"content-encoding": "gzip"})) as server, pytest.raises(CallFailed):
        call(server.base, "PUT")


@pytest.mark.parametrize("drips", [False, True])
def test_a_call_ends_at_its_deadline_however_slowly_bytes_come(drips: bool) -> None:
    def slow(connection: socket.socket, _: int) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n")
        connection.settimeout(0.2)
        while True:
            if drips:
                connection.sendall(b" ")
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                continue

    with wire(slow) as server:
        began = time.monotonic()
        with pytest.raises(CallFailed) as failed:
            call(session(server.base, seconds=1.2), "PUT")
        assert failed.value.sent
        assert time.monotonic() - began < 3


def test_a_redirect_is_not_followed_and_the_token_stays_here() -> None:
    with wire(answer(b"{}")) as other:
        with wire(answer(b"", 302, location=f"{other.base}/x")) as server, pytest.raises(CallFailed):
            call(server.base, "PUT")
        assert other.requests == []


@pytest.mark.parametrize(
    ("problem", "scope", "seconds", "headers"),
    [
        ("minute", LimitScope.MINUTE, 22, {"retry-after": "22"}),
        ("day", LimitScope.DAY, 40_000, {"retry-after": "40000"}),
        ("concurrent", LimitScope.CONCURRENT, 5, {}),
        ("appminute", LimitScope.APP_MINUTE, 60, {}),
        ("", LimitScope.MINUTE, 60, {"retry-after": "abc"}),
    ],
)
def test_a_limit_says_which_and_until_when(
    problem: str, scope: LimitScope, seconds: int, headers: dict[str, str]
) -> None:
    with wire(answer(b"", 429, **{"x-rate-limit-problem": problem}, **headers)) as server:
        with pytest.raises(LimitReached) as limited:
            call(session(server.base, now=lambda: NOW, deadline=NOW + timedelta(seconds=30)))
        assert limited.value.blocked == Blocked(scope, NOW + timedelta(seconds=seconds))
        with pytest.raises(LimitReached) as limited:
            call(session(server.base, now=lambda: NOW, deadline=NOW + timedelta(seconds=30), pace=6))
        assert limited.value.blocked.until == NOW + timedelta(seconds=seconds) / 6
    assert len(server.requests) == 2, "a limit is not tried again"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("37", 37),
        ("0", 1),
        ("-5", 1),
        ("1e9", 86_400),
        ("inf", 86_400),
        ("nan", 7),
        ("abc", 7),
        ("", 7),
        (None, 7),
        ("Wed, 11 Mar 2026 09:30:30 GMT", 30),
        ("Wed, 11 Mar 2020 09:30:30 GMT", 1),
        ("Wed, 11 Mar 2099 09:30:30 GMT", 86_400),
    ],
)
def test_retry_after_is_clamped(text: str | None, seconds: int) -> None:
    assert retry_after(text, NOW, timedelta(seconds=7)) == timedelta(seconds=seconds)


def test_a_refused_token_is_told_from_lost_access() -> None:
    title = b'{"Title":"Unauthorized","Status":401,"Detail":"TokenExpired: token expired"}'
    with wire(answer(title, 401)) as server, pytest.raises(TokenRefused):
        call(server.base)
    cases: list[tuple[int, bytes, dict[str, Any], str]] = [
        (403, b'{"Title":"Forbidden","Status":403,"Detail":"AuthenticationUnsuccessful"}', {}, "organisation_gone"),
        (403, b"", {}, "organisation_gone"),
        (401, b"", {"www-authenticate": 'Bearer error="insufficient_scope"'}, "provider_permission"),
        (403, b"", {"www-authenticate": 'Bearer error="insufficent_scope"'}, "provider_permission"),
    ]
    for status, body, headers, code in cases:
        with wire(answer(body, status, **headers)) as server, pytest.raises(AccessLost) as lost:
            call(server.base)
        assert lost.value.problem.code == code
        assert isinstance(lost.value.problem, Problem)
