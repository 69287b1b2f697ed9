"""The description is what the routes are, and a valid one."""

import json
from typing import Any

import pytest
from openapi_spec_validator import validate

from functions.openapi import DOCUMENT, all_routes, description, rendered
from shared.domain.catalogue import CATALOGUE


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return description()


def test_the_files_are_up_to_date() -> None:
    for path, text in rendered().items():
        assert path.read_text("utf-8") == text, f"{path.name} is stale: run `python -m functions.openapi`"


def test_it_is_a_valid_description(described: dict[str, Any]) -> None:
    validate(described)
    assert described == json.loads(DOCUMENT.read_text("utf-8"))


def test_every_route_says_how_it_may_fail(described: dict[str, Any]) -> None:
    for route in all_routes():
        assert set(route.error_codes) <= set(CATALOGUE), f"{route.method} {route.path}"
        operation = described["paths"][route.path][route.method.lower()]
        for code in route.error_codes:
            assert str(CATALOGUE[code].http_status) in operation["responses"]
    for example in described["components"]["examples"].values():
        assert example["value"]["cause"] and example["value"]["remedy"]


def test_every_post_takes_an_idempotency_key_and_every_patch_a_version(described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if operation.get("security") == []:
                continue
            headers = {one["name"] for one in operation["parameters"] if one["in"] == "header"}
            assert ("Idempotency-Key" in headers) == (method == "post"), f"{method} {path}"
            assert ("If-Match" in headers) == (method == "patch"), f"{method} {path}"


def test_what_the_gateway_answers_by_itself_is_told_where_a_token_is_asked_for(described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            for status in ("401", "403", "429"):
                content = operation["responses"].get(status, {}).get("content", {})
                told = "application/json" in content
                assert told == (operation.get("security") != []), f"{method} {path} {status}"


def test_every_operation_stands_under_a_word_of_its_own(described: dict[str, Any]) -> None:
    tags = {tag for methods in described["paths"].values() for one in methods.values() for tag in one["tags"]}
    assert {"Items", "Lists", "Publications", "Connections"} <= tags
    assert not {"", "Other"} & tags


def test_names_of_operations_are_unique(described: dict[str, Any]) -> None:
    names = [one["operationId"] for methods in described["paths"].values() for one in methods.values()]
    assert len(names) == len(set(names))
