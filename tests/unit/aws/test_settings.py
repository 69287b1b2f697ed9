"""The environment is read once, and everything wrong with it is said at once."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.aws.clock import Clock
from shared.aws.settings import Settings, SettingsError

GOOD = {
    "STAGE": "local",
    "ITEMS_TABLE": "items-1",
    "CLOCK_FACTOR": "6",
    "LEDGERBRIDGE_XERO_URL": "http://localhost:9/xero/",
}


def test_what_is_given_is_found_under_its_name() -> None:
    settings = Settings.read(
        GOOD | {"PUBLISH_QUEUE_URL": "http://localhost:9/q", "API_BASE_URL": "https://api.example"}
    )
    assert settings.table("items") == "items-1" and settings.queue("publish") == "http://localhost:9/q"
    assert settings.clock_factor == 6 and settings.provider_urls == {"xero": "http://localhost:9/xero"}
    assert settings.text("api_base_url") == "https://api.example"


def test_a_missing_variable_is_named_when_it_is_needed() -> None:
    with pytest.raises(SettingsError, match="VAULT_TABLE is missing"):
        Settings.read(GOOD).table("vault")


def test_every_problem_is_in_one_message() -> None:
    with pytest.raises(SettingsError) as wrong:
        wrong_url = {"LEDGERBRIDGE_XERO_URL": "ftp://x", "API_BASE_URL": "api"}
        Settings.read({"STAGE": "prod", "CLOCK_FACTOR": "6", "ALLOW_LOOPBACK": "true", **wrong_url})
    message = str(wrong.value)
    for part in (
        "LEDGERBRIDGE_XERO_URL is refused unless STAGE is local",
        "CLOCK_FACTOR is refused",
        "ALLOW_LOOPBACK is refused",
        "LEDGERBRIDGE_XERO_URL is not an http(s) address",
        "API_BASE_URL is not an http(s) address",
    ):
        assert part in message


@pytest.mark.parametrize("factor", ["0.5", "-1", "nan", "fast", "1e9"])
def test_a_clock_factor_out_of_reason_is_refused(factor: str) -> None:
    with pytest.raises(SettingsError, match="CLOCK_FACTOR"):
        Settings.read(GOOD | {"CLOCK_FACTOR": factor})


def test_only_provider_durations_are_scaled() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    clock = Clock(6, source=lambda: at)
    assert clock.scale(timedelta(minutes=30)) == timedelta(minutes=5) and clock.now() == at
