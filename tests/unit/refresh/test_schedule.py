"""When connections are refreshed: each in its own slot."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.refreshing import next_refresh

DAY = timedelta(hours=24)
TIMES = st.integers(0, 2 * 365 * 86_400).map(
    lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@given(TIMES, st.uuids().map(str), st.integers(1, 168).map(lambda hours: timedelta(hours=hours)))
def test_a_refresh_is_never_far_off_and_its_slot_stays(now: datetime, connection: str, every: timedelta) -> None:
    at = next_refresh(now, every, connection)
    assert now + every / 2 <= at + timedelta(seconds=1)
    assert at <= now + every * 1.5 + timedelta(seconds=1)
    following = next_refresh(at, every, connection)
    assert abs(following - at - every) < timedelta(seconds=1)


def test_connections_are_spread_over_the_day() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    hours = [next_refresh(now, DAY, f"connection-{number}").hour for number in range(480)]
    assert all(5 <= hours.count(hour) <= 45 for hour in range(24))
