"""Whatever a caller sends: never a 500, and every refusal a problem document with a known code (schemathesis)."""

import json
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from local.artifact import ROOT
from shared.domain.catalogue import CATALOGUE
from tests.e2e.tenants import Customer, World

DESCRIPTION: Final = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
# Of each route, right requests and as many wrong ones, the same at every run; each time of a few routes alone.
EXAMPLES: Final = 6
EVERY: Final = 16
FOR_PEOPLE_AND_PROVIDERS: Final = {"/oauth/{provider}/callback", "/v1/webhooks/{provider}"}  # pages and bare statuses

described = schemathesis.openapi.from_dict(DESCRIPTION)
described.config.generation.update(with_security_parameters=False)
Operation = APIOperation[Any, Any, Any, Any]
_bounded: Final = settings(
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def operations() -> Iterator[Operation]:
    for found in described.get_all_operations():
        assert isinstance(found, Ok), found
        yield found.ok()


def modes(operation: Operation) -> list[GenerationMode]:
    """Right requests, and wrong ones where there is anything to get wrong."""
    said = DESCRIPTION["paths"][operation.path][operation.method.lower()]
    wrong = [GenerationMode.NEGATIVE] if said.get("parameters") or "requestBody" in said else []
    return [GenerationMode.POSITIVE, *wrong]


@pytest.fixture(scope="module")
def customer(world: World) -> Customer:
    return world.tenant("Bad bodies").connected()


@pytest.fixture(scope="module")
def known(customer: Customer) -> dict[str, str]:
    """Ids of what is there, so that bodies are looked at and not only paths."""
    item = customer.item()["id"]
    merge = customer.post("/merges", {"from": "own"})
    return {
        "account": customer.id,
        "connection": customer.connection,
        "item": item,
        "merge": merge["id"],
        "workflow": merge["workflow"],
        "publication": customer.publish([customer.item(number="P-1")["id"]]),
        "member": customer.post("/members", {"user": "a", "name": "A", "role": "viewer"})["id"],
        "entry": customer.entry("categories", "429")["id"],
        "rule": customer.rule("Northgate Stationers")["id"],
        "provider": "xero",
        "kind": "payment_methods",
    }


def table() -> Iterator[Any]:
    """Every route, some of them each time; with many more examples in `make sweep`."""
    for number, operation in enumerate(operations()):
        marks = [] if number % EVERY == 0 else [pytest.mark.soak]
        yield pytest.param(operation, EXAMPLES, marks=marks, id=operation.label)
        yield pytest.param(operation, 5 * EXAMPLES, marks=pytest.mark.sweep, id=f"{operation.label} more")


# Not schemathesis' own parametrisation: its tests share one id, of which several processes would run only one.
@pytest.mark.parametrize(("operation", "examples"), table())
def test_no_request_breaks_it(operation: Operation, examples: int, customer: Customer, known: dict[str, str]) -> None:
    bounded = settings(_bounded, max_examples=examples)
    for mode in modes(operation):
        bounded(given(operation.as_strategy(generation_mode=mode))(lambda case: send(case, customer, known)))()


def send(case: Case[Any], customer: Customer, known: dict[str, str]) -> None:
    """One request: whatever the answer, it is described, and a refusal says what is wrong."""
    ends_it_all = (case.method, case.path) == ("DELETE", "/v1/accounts/{account}")
    if not ends_it_all:
        case.path_parameters = {name: known.get(name, value) for name, value in (case.path_parameters or {}).items()}
    answer = case.call(
        base_url=customer.world.stack.api_url, headers={"authorization": f"Bearer {customer.product.token}"}, timeout=60
    )
    responses = DESCRIPTION["paths"][case.path][case.method.lower()]["responses"]
    assert answer.status_code < 500, f"{answer.status_code} {answer.text}"
    assert str(answer.status_code) in responses, f"{answer.status_code} is not described: {answer.text}"
    if answer.status_code >= 400 and case.path not in FOR_PEOPLE_AND_PROVIDERS:
        assert_problem(answer.status_code, answer.headers["content-type"][0], json.loads(answer.content))


def assert_problem(status: int, content_type: str, body: dict[str, Any]) -> None:
    assert content_type == "application/problem+json", body
    assert body["status"] == status
    for problem in [body, *body["problems"]]:
        assert problem["code"] in CATALOGUE
        assert problem["cause"] and problem["remedy"]
    assert CATALOGUE[body["code"]].http_status == status
    if body["code"] == "invalid_request":
        assert all(problem.get("details") for problem in body["problems"]), body
        assert body.get("field") or all("reason" in problem["details"] for problem in body["problems"])
    assert body["request_id"]


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 422, "invalid_request"),
        (b"{", 400, "invalid_json"),
        (b"\xff\xfe", 400, "invalid_json"),
        (b"null", 422, "invalid_request"),
        (b"[]", 422, "invalid_request"),
        (b'"text"', 422, "invalid_request"),
        (b'{"name": "\\ud800"}', 400, "invalid_json"),
        (b'{"name": "a\\u0000b"}', 422, "invalid_request"),
        (b'{"name": 1e400}', 422, "invalid_request"),
        (b"[" * 100_000, 400, "invalid_json"),
        (b'{"name": "A", "name": "B"}', 201, ""),
        (b'{"name": "A", "nmae": "B"}', 422, "invalid_request"),
    ],
    ids=["empty", "cut short", "no text", "null", "a list", "a text", "half a character", "NUL", "infinite", "deep",
         "a name twice", "a field misspelt"],
)  # fmt: skip
def test_bodies_that_are_hardly_bodies(customer: Customer, raw: bytes, status: int, code: str) -> None:
    answer = httpx.post(
        f"{customer.world.stack.api_url}/v1/accounts",
        content=raw,
        headers={"authorization": f"Bearer {customer.product.token}", "content-type": "application/json"},
        timeout=60,
    )
    assert answer.status_code == status, answer.text
    if code:
        assert answer.json()["code"] == code
        assert_problem(status, answer.headers["content-type"], answer.json())


def test_a_wrong_value_deep_inside_is_named(customer: Customer) -> None:
    line = {"description": "x", "amount": 12.5, "tracking": [{"dimension": "Region"}]}
    paper = {
        "side": "costs",
        "type": "invoice",
        "currency": "GBP",
        "tax_mode": "none",
        "total": "1.00",
        "lines": [line],
    }
    answer = customer.send("POST", "/items", {"items": [paper]})
    assert answer.status_code == 422
    fields = {problem["field"] for problem in answer.json()["problems"]}
    assert fields == {"items[0].lines[0].amount", "items[0].lines[0].tracking[0]"}


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/accounts/x/y/z", "/", "/v2/accounts"])
def test_what_is_no_route_is_not_found(customer: Customer, path: str) -> None:
    assert customer.api.send("GET", path).status_code == 404


@pytest.mark.parametrize(
    "account", ["x", "../../etc", "0" * 26, "Z" * 26, "%00", "' OR 1=1", "01M81YBBG6TP9M107TB246Z0T"]
)
def test_a_malformed_id_is_not_found(customer: Customer, account: str) -> None:
    answer = httpx.get(
        httpx.URL(customer.world.stack.api_url).copy_with(
            raw_path=f"/v1/accounts/{account}".replace(" ", "%20").encode()
        ),
        headers={"authorization": f"Bearer {customer.product.token}"},
        timeout=60,
    )
    assert answer.status_code == 404, answer.text
