"""Cold starts are bounded by what is imported: every function serves a first request in a process of its own.

Counted are standard and third-party modules, ours apart. The requests are real, against moto over HTTP; workers beside
that make a provider call, open the vault and make every client that their environment allows.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.rules.deployment import FUNCTIONS, Deployment, Json

API, WORKER, WEBHOOK, STEPS = 570, 660, 440, 570
CONSENT = 670  # the callback is an API request that calls a provider and opens the vault: docs/decisions/0003
CEILINGS = {
    "AuthorizerFunction": API,
    "ConnectFunction": API,
    "OAuthFunction": CONSENT,
    "WebhookFunction": WEBHOOK,
    "DeliverFunction": WORKER,
    "RefreshFunction": API,
    "RefreshWorkerFunction": WORKER,
    "MergeFunction": API,
    "AgendaFunction": WORKER,
    "PublishFunction": API,
    "PublishWorkerFunction": WORKER,
    "ChangeStepsFunction": STEPS,
    "MergeStepsFunction": STEPS,
}
Served = Callable[[str], Json]
WORKERS = {"RefreshWorkerFunction", "AgendaFunction", "PublishWorkerFunction"}
NEVER = (
    "boto3",
    "aws_xray_sdk",  # what makes a Tracer costly; powertools itself loads its own thin tracing module always
    "aws_lambda_powertools.utilities.idempotency",
    "aws_lambda_powertools.utilities.parser",
    "requests",
    "xml.sax",
)
OAUTH = {"OAuthFunction"}  # sends browsers to consent and redeems what comes back
# What of the provider's room a first request may load: nothing, what a webhook or a profile takes, or everything.
WITHOUT_PROVIDER = {"AuthorizerFunction", "RefreshFunction"}
WITHOUT_CALLS = WITHOUT_PROVIDER | {"ConnectFunction", "WebhookFunction"}
ITEM = {
    "side": "costs",
    "type": "invoice",
    "currency": "GBP",
    "tax_mode": "exclusive",
    "total": "48.00",
    "date": "2026-03-11",
    "lines": [{"description": "Fuel", "amount": "40.00", "tax_amount": "8.00"}],
}


def connecting(deployment: Deployment, account: str) -> Json:
    start = {"provider": "xero", "return_url": "https://app.example/back"}
    return deployment.request("POST", f"/v1/accounts/{account}/connections", start)


def consent(deployment: Deployment) -> list[Json]:
    """A start, and the callback of a start that another process served."""
    begun = deployment.serve("OAuthFunction", connecting(deployment, deployment.bare[0]))["answers"][0]
    state = parse_qs(urlsplit(json.loads(begun["body"])["authorize_url"]).query)["state"][0]
    callback = deployment.request("GET", f"/oauth/xero/callback?code=code&state={state}")
    return [connecting(deployment, deployment.bare[1]), callback]


def preview(deployment: Deployment) -> list[Json]:
    items = f"/v1/accounts/{deployment.connected}/items"
    made = deployment.serve("PublishFunction", deployment.request("POST", items, ITEM))["answers"][0]
    item = json.loads(made["body"])["results"][0]["item"]["id"]
    return [deployment.request("GET", items), deployment.request("GET", f"{items}/{item}/preview")]


def reading(deployment: Deployment) -> list[Json]:
    home = f"/v1/accounts/{deployment.connected}"
    return [deployment.request("GET", "/v1/providers"), deployment.request("GET", home)]


def message(deployment: Deployment, **more: Any) -> list[Json]:
    return [deployment.message({"schema": 1, "tenant": deployment.tenant, "account": deployment.connected, **more})]


# Of what each function serves, that which loads most.
FIRST: dict[str, Callable[[Deployment], list[Json]]] = {
    "AuthorizerFunction": reading,
    "ConnectFunction": reading,
    "OAuthFunction": consent,
    "WebhookFunction": lambda one: [one.webhook()],
    "DeliverFunction": lambda one: message(one, kind="news", at="2026-03-11T09:00:00+00:00", news=[]),
    "RefreshFunction": lambda one: [one.request("GET", f"/v1/accounts/{one.connected}/lists/suppliers")],
    "RefreshWorkerFunction": lambda one: message(one, kind="recheck"),
    "MergeFunction": lambda one: [one.request("GET", f"/v1/accounts/{one.connected}/merges")],
    "AgendaFunction": lambda _: [{}],
    "PublishFunction": preview,
    "PublishWorkerFunction": lambda one: message(one, provider="xero", organisation="organisation", hops=0),
    "ChangeStepsFunction": lambda one: [one.task("where")],
    "MergeStepsFunction": lambda one: [one.task("where")],
}


@pytest.fixture(scope="module")
def served(deployment: Deployment) -> Served:
    """What a function's process said of its first requests, by the function's name."""

    @cache
    def serve(function: str) -> Json:
        then = ["call_provider", "open_vault", "reach_everything"] if function in WORKERS else []
        return deployment.serve(function, *FIRST[function](deployment), then=then)

    return serve


def test_every_function_has_a_ceiling() -> None:
    assert set(CEILINGS) == set(FIRST) == set(FUNCTIONS)


def is_served(answer: Json) -> bool:
    """Whether an answer of a handler is a success: by HTTP, of the authoriser, a queue's or the schedule's."""
    if "statusCode" in answer:
        return int(answer["statusCode"]) < 400
    if "isAuthorized" in answer:
        return bool(answer["isAuthorized"])
    return not answer.get("batchItemFailures") and not answer.get("failed")  # a step's task that fails raises


@pytest.mark.soak
@pytest.mark.parametrize("function", CEILINGS)
def test_a_first_request_is_served_within_the_ceiling(function: str, served: Served) -> None:
    found = served(function)
    assert all(is_served(answer) for answer in found["answers"]), found["answers"]
    modules = found["modules"]
    packages = Counter(name.split(".")[0] for name in modules).most_common(12)
    assert len(modules) <= CEILINGS[function], packages


@pytest.mark.soak
@pytest.mark.parametrize("function", CEILINGS)
def test_nothing_is_loaded_that_a_function_has_no_use_for(function: str, served: Served) -> None:
    found = served(function)
    never = [*NEVER, *([] if function in OAUTH else ["authlib"])]
    assert [name for name in found["modules"] if name.startswith(tuple(never))] == []
    if function in WITHOUT_PROVIDER:
        assert [name for name in found["ours"] if re.match(r"shared\.providers\.\w+\.", name)] == []
    if function in WITHOUT_CALLS:
        assert {"shared.providers.xero.calls", "shared.providers.transport"}.isdisjoint(found["ours"])
        assert "httpx" not in found["modules"]
