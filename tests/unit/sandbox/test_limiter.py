from datetime import UTC, datetime, timedelta

from sandbox.xero.limiter import Figures, Limiter, Verdict

NOW = datetime(2026, 3, 2, 10, 0, 17, tzinfo=UTC)
TENANT, OTHER = "tenant-a", "tenant-b"


def enter(limiter: Limiter, now: datetime = NOW, tenant: str = TENANT, tier: str = "core") -> Verdict:
    """A call that is answered at once."""
    verdict = limiter.enter("app", tier, tenant, now)
    if verdict.problem is None:
        limiter.leave("app", tenant)
    return verdict


def test_sixty_calls_fit_in_a_minute_and_the_next_is_told_when_to_return() -> None:
    limiter = Limiter()
    assert [enter(limiter).problem for _ in range(60)] == [None] * 60
    refused = enter(limiter)
    assert refused.problem == "minute"
    assert refused.headers["X-MinLimit-Remaining"] == "0"
    assert refused.retry_after is not None
    assert timedelta() < refused.retry_after <= timedelta(minutes=1)
    assert enter(limiter, NOW + refused.retry_after).problem is None


def test_the_window_is_fixed_not_sliding() -> None:
    limiter = Limiter()
    left = limiter.time_left("minute", "app", TENANT, NOW)
    assert left is not None
    end_of_window = NOW + left
    for _ in range(60):
        enter(limiter, end_of_window - timedelta(seconds=1))
    assert enter(limiter, end_of_window - timedelta(seconds=1)).problem == "minute"
    assert enter(limiter, end_of_window).problem is None


def test_one_organisation_does_not_use_up_another() -> None:
    limiter = Limiter(Figures(minute=1))
    assert enter(limiter).problem is None
    assert enter(limiter).problem == "minute"
    assert enter(limiter, tenant=OTHER).problem is None


def test_the_day_depends_on_the_tier_and_refused_calls_cost_nothing() -> None:
    limiter = Limiter(Figures(minute=100_000))
    for _ in range(1_000):
        enter(limiter, tier="starter")
    refused = enter(limiter, tier="starter")
    assert (refused.problem, refused.headers["X-DayLimit-Remaining"]) == ("day", "0")
    assert enter(limiter, tier="core").headers["X-DayLimit-Remaining"] == "3999"


def test_five_at_once_and_no_more_until_one_has_left() -> None:
    limiter = Limiter()
    assert [limiter.enter("app", "core", TENANT, NOW).problem for _ in range(5)] == [None] * 5
    refused = limiter.enter("app", "core", TENANT, NOW)
    assert (refused.problem, refused.retry_after) == ("concurrent", None)
    limiter.leave("app", TENANT)
    assert limiter.enter("app", "core", TENANT, NOW).problem is None


def test_the_app_limit_counts_over_all_organisations() -> None:
    limiter = Limiter(Figures(app_minute=2))
    assert enter(limiter).problem is None
    assert enter(limiter, tenant=OTHER).problem is None
    refused = enter(limiter)
    assert (refused.problem, refused.headers["X-AppMinLimit-Remaining"]) == ("appminute", "0")


def test_headers_count_down() -> None:
    limiter = Limiter()
    enter(limiter)
    assert enter(limiter).headers == {
        "X-DayLimit-Remaining": "4998",
        "X-MinLimit-Remaining": "58",
        "X-AppMinLimit-Remaining": "9998",
    }
