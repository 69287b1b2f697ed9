"""No secret on any line, whoever forgot to mask it."""

import io
import json

import pytest
from aws_lambda_powertools import Logger

from shared.aws import log
from shared.domain.secrets import Secret

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"


@pytest.fixture
def lines() -> tuple[Logger, io.StringIO]:
    stream = io.StringIO()
    # Loggers are kept by their service's name, with their first stream: each test needs one of its own.
    return Logger(service=f"test-log-{id(stream)}", stream=stream, logger_formatter=log._Formatter()), stream


def test_secrets_are_masked_by_name_by_type_and_by_look(lines: tuple[Logger, io.StringIO]) -> None:
    logger, stream = lines
    logger.info(
        "sent to https://x/cb?code=abc123&state=s3cr3t with Authorization: Bearer t0ken",
        extra={"access_token": "a1", "nested": {"refreshToken": "b2", "code": "c3"}, "pair": [Secret("d4"), JWT]},
    )
    text = stream.getvalue()
    for secret in ("abc123", "s3cr3t", "t0ken", "a1", "b2", "c3", "d4", JWT):
        assert f'"{secret}"' not in text and f"={secret}" not in text and f" {secret}" not in text
    assert json.loads(text)["message"].startswith("sent to https://x/cb?code=***")


def test_an_exception_of_somebody_else_is_masked_too(lines: tuple[Logger, io.StringIO]) -> None:
    logger, stream = lines
    try:
        int("refused refresh_token=hush-hush for Basic dXNlcjpwYXNz")
    except ValueError:
        logger.exception("failed")
    assert "ValueError" in stream.getvalue()
    assert "hush-hush" not in stream.getvalue() and "dXNlcjpwYXNz" not in stream.getvalue()


def test_error_codes_are_not_taken_for_secrets() -> None:
    line = {"problems": ["account_archived"], "code": "connection_expired", "state": "active"}
    assert log.masked(line) == line
    assert log.masked({"code": "4/0AX4XfWh", "state": "Zm9v"}) == {"code": "***", "state": "***"}
