"""The local stack itself, with throw-away handlers: what tests and the demo rely on when they deploy the real ones."""

import io
import json
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import deploy, template
from local.stack import Stack

pytestmark = pytest.mark.soak  # it has a stack of its own
_HANDLER = """
import json, os

def handler(event, context):
    print(json.dumps({"seen": event.get("marker")}))
    if event.get("type") == "REQUEST":
        return {"isAuthorized": event["headers"].get("authorization") == "Bearer ok", "context": {"tenant": "t1"}}
    if "Records" in event:
        for record in event["Records"]:
            print(json.dumps({"message": record["body"]}))
        return {"batchItemFailures": []}
    if "read_table" in event:
        import boto3
        try:
            boto3.client("dynamodb").get_item(TableName=event["read_table"], Key={"pk": {"S": "a"}, "sk": {"S": "b"}})
        except Exception as error:
            return error.response["Error"]["Code"]
        return "read"
    if "rawPath" not in event:
        return {"marker": event.get("marker"), "environment": dict(os.environ)}
    seen = {"path": event["rawPath"], "parameters": event.get("pathParameters"),
            "query": event.get("queryStringParameters"), "caller": event["requestContext"].get("authorizer")}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(seen)}
"""


def throw_away_code(_: Path) -> deploy.CodeOf:
    def code_of(function: template.Function) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("/".join(function.handler.split(".")[:-1]) + ".py", _HANDLER)
        return buffer.getvalue()

    return code_of


@pytest.fixture(scope="module")
def bare() -> Iterator[Stack]:
    with Stack.started(sandbox=False, code=throw_away_code) as running:
        yield running


def call(stack: Stack, method: str, path: str, token: str | None = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(stack.api_url + path, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def test_a_route_asks_the_authoriser_and_hands_on_what_it_says(bare: Stack) -> None:
    assert call(bare, "GET", "/v1/accounts/a1/items/i1")[0] == 401
    assert call(bare, "GET", "/v1/accounts/a1/items/i1", "forged")[0] == 403
    status, seen = call(bare, "GET", "/v1/accounts/a1/items/i1", "ok")
    assert status == 200
    assert seen["parameters"] == {"account": "a1", "item": "i1"}
    assert seen["caller"] == {"lambda": {"tenant": "t1"}}


def test_public_routes_need_no_token_and_others_do_not_exist(bare: Stack) -> None:
    status, seen = call(bare, "GET", "/oauth/xero/callback?code=c&state=s")
    assert (status, seen["query"]) == (200, {"code": "c", "state": "s"})
    assert call(bare, "GET", "/docs")[0] == 200
    assert call(bare, "GET", "/v1/no-such-route", "ok")[0] == 404


def test_every_route_of_the_template_is_deployed(bare: Stack) -> None:
    resources = template.load(bare.options.template_path)["Resources"].values()
    written = {one["Properties"]["RouteKey"] for one in resources if one["Type"] == "AWS::ApiGatewayV2::Route"}
    routes = bare.client("apigatewayv2").get_routes(ApiId=bare.outputs["HttpApiId"], MaxResults="500")["Items"]
    assert {route["RouteKey"] for route in routes} == written


@pytest.mark.parametrize("work", ["Publish", "Refresh"])
def test_a_wake_up_reaches_its_worker(bare: Stack, work: str) -> None:
    bare.client("sqs").send_message(
        QueueUrl=bare.outputs[f"{work}QueueUrl"], MessageBody=f"wake {work}", MessageGroupId="tenant"
    )
    deadline = time.monotonic() + 30
    while not any(f"wake {work}" in line for line in bare.logs(f"{work}WorkerFunction")):
        assert time.monotonic() < deadline, "the worker was never called"
        time.sleep(0.1)  # its log is all that tells


def test_functions_see_nothing_of_this_machine(bare: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = bare.invoke("ConnectFunction", {"marker": "environment"})["environment"]
    assert seen["STAGE"] == "local"
    assert seen["API_BASE_URL"] == bare.api_url
    assert seen["AWS_ENDPOINT_URL"] == bare.aws_endpoint
    assert not set(seen) & {"PYTHONPATH", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST", "PWD", "USER"}
    assert seen["HOME"].startswith(str(bare.home))


@pytest.mark.parametrize(
    ("function", "table", "outcome"),
    [
        ("ConnectFunction", "Connections", "read"),
        ("OAuthFunction", "Vault", "read"),
        ("ConnectFunction", "Vault", "AccessDeniedException"),
        ("PublishFunction", "Organisations", "AccessDeniedException"),
        ("AuthorizerFunction", "Claims", "AccessDeniedException"),
    ],
)
def test_a_function_is_held_to_its_own_permissions(bare: Stack, function: str, table: str, outcome: str) -> None:
    assert bare.invoke(function, {"read_table": bare.outputs[f"{table}TableName"]}) == outcome


def test_what_the_emulator_leaves_out_is_set_afterwards(bare: Stack) -> None:
    expiry = bare.client("dynamodb").describe_time_to_live(TableName=bare.outputs["ClaimsTableName"])
    assert expiry["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    for worker in ("PublishWorkerFunction", "RefreshWorkerFunction"):
        name = bare.outputs[f"{worker}Name"]
        assert bare.client("lambda").get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Allow"


def test_the_documents_bucket_takes_a_presigned_form_and_keeps_what_is_overwritten(bare: Stack) -> None:
    s3, bucket = bare.client("s3"), bare.outputs["DocumentsBucketName"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    form = s3.generate_presigned_post(bucket, "a/b.pdf", Conditions=[["content-length-range", 1, 10]], ExpiresIn=60)
    assert form["url"].startswith(bare.aws_endpoint)


def test_listens_on_loopback_only(bare: Stack) -> None:
    for port in (bare.ports.aws, bare.ports.api):
        with socket.socket() as other, pytest.raises(OSError, match="refused"):
            other.settimeout(2)
            other.connect(("127.0.0.2", port))


def test_a_restart_keeps_state_and_address(bare: Stack) -> None:
    table = bare.outputs["ItemsTableName"]
    bare.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    answered: list[int] = []
    bare.restart()
    caller = threading.Thread(target=lambda: answered.append(call(bare, "GET", "/docs")[0]))
    caller.start()
    found = bare.client("dynamodb").get_item(TableName=table, Key={"pk": {"S": "a"}, "sk": {"S": "b"}})
    caller.join(30)
    assert "Item" in found
    assert answered == [200]


def test_a_second_deploy_changes_what_changed(bare: Stack) -> None:
    before = bare.outputs
    assert bare.deploy() == before
    assert call(bare, "GET", "/v1/providers", "ok")[0] == 200


def test_a_template_that_does_not_deploy_says_why(bare: Stack, tmp_path: Path) -> None:
    broken = template.load(bare.options.template_path)
    variables = broken["Resources"]["AuthorizerFunction"]["Properties"]["Environment"]["Variables"]
    variables["DEFAULT_ISSUER"] = {"Fn::GetAtt": ["UserPool", "NoSuchAttribute"]}
    uploaded = deploy.package(broken, bare.client, throw_away_code(tmp_path))
    with pytest.raises(deploy.DeployError, match="NoSuchAttribute"):
        deploy.deploy(bare.client, "broken", uploaded, bare.parameters())


def in_sessions(sessions: list[int]) -> list[int]:
    """Process ids of everything that lives in one of these sessions."""
    listed = subprocess.run(["ps", "-eo", "pid=,sess=,stat="], capture_output=True, text=True, check=True, timeout=10)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [int(pid) for pid, session, state in rows if int(session) in sessions and not state.startswith("Z")]


def test_nothing_is_left_when_it_stops() -> None:
    with Stack.started(sandbox=False, code=throw_away_code) as running:
        assert call(running, "GET", "/docs")[0] == 200
        home, port, sessions = running.home, running.ports.aws, running.sessions
        assert len(in_sessions(sessions)) > 1, "the emulator and at least one function"
    assert not home.exists()
    assert in_sessions(sessions) == []
    with socket.socket() as other:
        assert other.connect_ex(("127.0.0.1", port)) != 0
