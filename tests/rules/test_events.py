"""One recorded event per trigger, in the shape that AWS sends; each is served by the shipped artifact.

The files in events/ are named <function>.<what>.json. {{tenant}}, {{account}}, {{token}} and {{publication}} stand
for what belongs to the deployment they are sent to.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.rules.deployment import FUNCTIONS, ROOT, Deployment

EVENTS = sorted((ROOT / "events").glob("*.json"))
# What the answer must hold. Workers say which messages failed: none. A callback with a state that we never gave, and
# a webhook that is not signed with our key, are refused by our own code.
ANSWERS: dict[str, dict[str, Any]] = {
    "AuthorizerFunction.request": {"isAuthorized": True},
    "ConnectFunction.list-accounts": {"statusCode": 200},
    "OAuthFunction.callback": {"statusCode": 400},
    "WebhookFunction.xero": {"statusCode": 401, "body": ""},
    "DeliverFunction.news": {"batchItemFailures": []},
    "RefreshFunction.lists": {"statusCode": 200},
    "MergeFunction.list-merges": {"statusCode": 200},
    "RefreshWorkerFunction.recheck": {"batchItemFailures": []},
    "AgendaFunction.minute": {"failed": 0},
    "ChangeStepsFunction.where": {"next": "over"},
    "MergeStepsFunction.where": {"next": "over"},
    "PublishFunction.list-items": {"statusCode": 200},
    "PublishWorkerFunction.wake-up": {"batchItemFailures": []},
    "PublishWorkerFunction.publication": {"batchItemFailures": []},
    "PublishWorkerFunction.disconnect": {"batchItemFailures": []},
    "PublishWorkerFunction.fetch-file": {"batchItemFailures": []},
}


def filled(path: Path, deployment: Deployment) -> dict[str, Any]:
    text = path.read_text()
    values = {
        "tenant": deployment.tenant,
        "account": deployment.connected,
        "token": deployment.token,
        "publication": "01KKKKKKKKKKKKKKKKKKKKKKKK",
    }
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    event: dict[str, Any] = json.loads(text)
    return event


def test_every_trigger_has_an_event() -> None:
    assert {path.stem.split(".")[0] for path in EVENTS} == set(FUNCTIONS)
    assert {path.stem for path in EVENTS} == set(ANSWERS)


@pytest.mark.soak
@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_a_recorded_event_is_served(path: Path, deployment: Deployment) -> None:
    answer = deployment.serve(path.stem.split(".")[0], filled(path, deployment))["answers"][0]
    expected = ANSWERS[path.stem]
    assert {name: answer.get(name) for name in expected} == expected
