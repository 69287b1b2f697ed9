"""Browsers are sent to origins on the list, and every trick to look like one is refused."""

import pytest

from shared.domain.return_urls import is_allowed, is_origin, origin_of, with_answer

LIST = ("https://app.example", "https://app.example:8443", "http://localhost:3000")


@pytest.mark.parametrize(
    "url",
    ["https://app.example", "https://app.example/", "https://APP.example/a?b=c", "https://app.example:443/x",
     "https://app.example:8443/x", "http://localhost:3000/done"],
)  # fmt: skip
def test_allowed(url: str) -> None:
    assert is_allowed(url, LIST)


@pytest.mark.parametrize(
    "url",
    ["//evil.example", "https:evil.example", "https:\\\\evil.example", "https://evil.example\\@app.example",
     "https://app.example@evil.example", "https://app.example.evil.example", "https://app.example:444",
     "http://app.example", "javascript:alert(1)", "https://app.example\n.evil.example", "https://", "",
     "http://127.0.0.1:3000/", "http://localhost:3001/", "https://app.example:99999/", "https://[::1", "\thttps://app.example",
     "https://user:pass@app.example/"],
)  # fmt: skip
def test_refused(url: str) -> None:
    assert not is_allowed(url, LIST)


def test_an_origin_is_no_more_than_that() -> None:
    assert is_origin("https://app.example") and is_origin("https://app.example/")
    assert not is_origin("https://app.example/path") and not is_origin("http://app.example")
    assert origin_of("https://app.example:443") == "https://app.example"


def test_the_answer_is_added_and_cannot_be_forged_by_the_url() -> None:
    url = with_answer("https://app.example/back?x=1&status=fine#fragment", {"status": "failed", "error": "a&b"})
    assert url == "https://app.example/back?x=1&status=failed&error=a%26b"
