"""A tax rate counts as of the document's day, for the service's own sums as well."""

from dataclasses import replace
from datetime import date

import pytest

from shared.domain.items import Side
from shared.domain.readiness import line_tax, own_problems, rate_for
from tests.unit.providers.sage.kit import BILL, ENDED, LINE, RESOLVED, STANDARD, ZERO, D


@pytest.mark.parametrize(
    ("on", "percent"),
    [(date(2010, 12, 31), "17.5"), (date(2011, 1, 3), "17.5"), (date(2011, 1, 4), "20"), (date(2026, 3, 11), "20")],
)
def test_the_percentage_in_force(on: date, percent: str) -> None:
    assert rate_for(STANDARD, Side.COSTS, on) == D(percent)


def test_outside_of_all_periods_there_is_none() -> None:
    assert rate_for(ENDED, Side.COSTS, date(2022, 1, 1)) is None
    assert rate_for(STANDARD, Side.COSTS, date(2009, 1, 1)) is None
    assert rate_for(ZERO, Side.COSTS, date(2009, 1, 1)) == 0  # no periods are told: the rate holds


def test_an_old_paper_adds_up_with_its_own_rate() -> None:
    old = replace(BILL, date=date(2010, 6, 1), total=D("47.00"))
    assert line_tax(LINE, old, RESOLVED.tax_rates) == 7
    assert own_problems(old, RESOLVED.tax_rates) == []
    assert [one.code for one in own_problems(BILL, RESOLVED.tax_rates)] == []
