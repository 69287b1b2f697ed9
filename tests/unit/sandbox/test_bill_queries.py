"""Filters, sorting and pages of the sandbox's BILL, record by record."""

from typing import Any

import pytest

from sandbox.bill.formats import RefusedError
from sandbox.bill.queries import listed

_AT = "2026-11-0{0}T09:00:00.000+00:00"


def vendors() -> list[dict[str, Any]]:
    names = ("Delta", "alpha", "Charlie", "Bravo, Inc: 2")
    return [
        {"id": f"009{day}", "name": name, "archived": day == 2, "updatedTime": _AT.format(day), "_own": 1}
        for day, name in enumerate(names, 1)
    ]


def names(**query: str) -> list[str]:
    return [one["name"] for one in listed("vendors", vendors(), query)["results"]]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("archived:eq:true", ["alpha"]),
        ('name:eq:"Bravo, Inc: 2"', ["Bravo, Inc: 2"]),
        ('name:in:"Delta,Charlie"', ["Delta", "Charlie"]),
        ('name:nin:"Delta,Charlie"', ["alpha", "Bravo, Inc: 2"]),
        ("name:sw:c", ["Charlie"]),
        ("updatedTime:gt:2026-11-02", ["alpha", "Charlie", "Bravo, Inc: 2"]),
        ('updatedTime:gte:"2026-11-02T09:00:00.000Z",archived:eq:false', ["Charlie", "Bravo, Inc: 2"]),
        ('updatedTime:lt:"2026-11-02T10:00:00.000+01:00"', ["Delta"]),
    ],
)
def test_filters(filters: str, expected: list[str]) -> None:
    assert names(filters=filters) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"filters": "phone:eq:1"},
        {"filters": "name:contains:x"},
        {"filters": "archived:eq:yes"},
        {"filters": 'name:eq:"open'},
        {"sort": "phone:asc"},
        {"sort": "name"},
        {"max": "0"},
        {"max": "101"},
        {"page": "nonsense"},
        {"offset": "1"},
    ],
)
def test_questions_that_cannot_be_read_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(RefusedError):
        listed("vendors", vendors(), query)


def test_pages_follow_one_another_and_end_without_a_next() -> None:
    query = {"max": "3", "sort": "name:desc"}
    first = listed("vendors", vendors(), query)
    second = listed("vendors", vendors(), {**query, "page": first["nextPage"]})
    assert [one["name"] for one in first["results"]] == ["Delta", "Charlie", "Bravo, Inc: 2"]
    assert [one["name"] for one in second["results"]] == ["alpha"]
    assert ("prevPage" in first, "nextPage" in second, "prevPage" in second) == (False, False, True)
    assert "_own" not in second["results"][0]
    with pytest.raises(RefusedError):
        listed("vendors", vendors(), {"max": "2", "sort": "name:desc", "page": first["nextPage"]})
