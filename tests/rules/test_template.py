"""What the emulator hides or lets pass is asserted on the template itself."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from local import template

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATE = template.load(ROOT / "template.yaml")
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
INBOX = "POST /v1/accounts/{account}/inbox"  # let in by its signature
PUBLIC = {"GET /oauth/{provider}/callback", "POST /v1/webhooks/{provider}", INBOX, "GET /v1/openapi.json", "GET /docs"}
TABLES = {"Connections", "Lists", "Rules", "Items", "Vault", "Claims", "Agenda", "Organisations"}
WORKERS = {
    "PublishWorkerFunction": "PublishQueue",
    "RefreshWorkerFunction": "RefreshQueue",
    "DeliverFunction": "DeliverQueue",
}
TOKEN_CODE = {"OAuthFunction", "RefreshWorkerFunction", "AgendaFunction", "PublishWorkerFunction"}


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: resource["Properties"] for name, resource in RESOURCES.items() if resource["Type"] == kind}


FUNCTIONS = of_type("AWS::Serverless::Function")


def statements(function: str) -> list[dict[str, Any]]:
    return [one for policy in FUNCTIONS[function]["Policies"] for one in policy["Statement"]]


def granted(function: str) -> set[tuple[str, str]]:
    """(action, resource as text) of every statement of a function."""
    pairs = set()
    for statement in statements(function):
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        pairs |= {(action, json.dumps(resource)) for action in statement["Action"] for resource in resources}
    return pairs


def test_every_table_has_the_one_key_shape_and_no_index() -> None:
    tables = of_type("AWS::DynamoDB::Table")
    assert set(tables) == {f"{name}Table" for name in TABLES}
    for name, table in tables.items():
        keys = [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]]
        assert keys == [("pk", "HASH"), ("sk", "RANGE")], name
        assert table["BillingMode"] == "PAY_PER_REQUEST", name
        assert "GlobalSecondaryIndexes" not in table, name
        assert "LocalSecondaryIndexes" not in table, name


def test_every_table_is_encrypted_and_restorable_but_the_vault_which_must_not_come_back() -> None:
    for name, table in of_type("AWS::DynamoDB::Table").items():
        assert table["SSESpecification"]["SSEEnabled"] is True, name
        restorable = table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        assert restorable is (name != "VaultTable"), name
    vault = RESOURCES["VaultTable"]["Properties"]["SSESpecification"]
    assert vault["KMSMasterKeyId"] == {"Fn::GetAtt": ["VaultKey", "Arn"]}


def test_claims_alone_expire() -> None:
    expiring = {name for name, table in of_type("AWS::DynamoDB::Table").items() if "TimeToLiveSpecification" in table}
    assert expiring == {"ClaimsTable"}
    ttl = RESOURCES["ClaimsTable"]["Properties"]["TimeToLiveSpecification"]
    assert ttl == {"AttributeName": "expires_at", "Enabled": True}


STATEFUL = (
    "AWS::DynamoDB::Table",
    "AWS::S3::Bucket",
    "AWS::KMS::Key",
    "AWS::SecretsManager::Secret",
    "AWS::Cognito::UserPool",
)


@pytest.mark.parametrize("kind", STATEFUL)
def test_what_holds_state_outlives_the_stack(kind: str) -> None:
    found = {name: resource for name, resource in RESOURCES.items() if resource["Type"] == kind}
    assert found
    for name, resource in found.items():
        assert resource.get("DeletionPolicy") == "Retain", name
        assert resource.get("UpdateReplacePolicy") == "Retain", name


def test_no_function_may_scan_and_none_has_a_wildcard() -> None:
    for function in FUNCTIONS:
        for action, resource in granted(function):
            assert action != "dynamodb:Scan", function
            assert action not in {"*", "dynamodb:*", "s3:*", "sqs:*", "kms:*", "secretsmanager:*"}, (function, action)
            assert resource != '"*"', (function, action)


def test_only_the_token_code_reaches_the_vault_and_its_key() -> None:
    reaches_table = {name for name in FUNCTIONS if any("VaultTable" in resource for _, resource in granted(name))}
    reaches_key = {name for name in FUNCTIONS if any("VaultKey" in resource for _, resource in granted(name))}
    assert reaches_table == reaches_key == TOKEN_CODE


def test_only_the_agenda_reads_what_is_due_across_tenants() -> None:
    query = ("dynamodb:Query", json.dumps({"Fn::GetAtt": ["AgendaTable", "Arn"]}))
    assert {name for name in FUNCTIONS if query in granted(name)} == {"AgendaFunction"}


def test_which_accounts_share_an_organisation_is_seen_at_consent_and_by_the_refresh_alone() -> None:
    reads = {name for name in FUNCTIONS if any("OrganisationsTable" in resource for _, resource in granted(name))}
    assert reads <= {"OAuthFunction", "WebhookFunction", "RefreshWorkerFunction", "AgendaFunction"}


def test_the_authoriser_reads_connections_and_nothing_else() -> None:
    assert all("ConnectionsTable" in resource for _, resource in granted("AuthorizerFunction"))
    assert {action for action, _ in granted("AuthorizerFunction")} <= {"dynamodb:GetItem", "dynamodb:Query"}


def test_a_function_is_given_the_names_of_exactly_what_it_may_use() -> None:
    given_by = {"_TABLE": r"^(\w+)_TABLE$", "_QUEUE_URL": r"^(\w+)_QUEUE_URL$"}
    for function, properties in FUNCTIONS.items():
        variables = properties["Environment"]["Variables"]
        for suffix, pattern in given_by.items():
            kind = "Table" if suffix == "_TABLE" else "Queue"
            named = {match[1].capitalize() + kind for name in variables if (match := re.match(pattern, name))}
            allowed = {match[1] for _, res in granted(function) if (match := re.search(rf'"(\w+{kind})"', res))}
            assert named == allowed, function
        assert ("DOCUMENTS_BUCKET" in variables) == any("DocumentsBucket" in res for _, res in granted(function))
        assert ("VAULT_KEY_ARN" in variables) == any("VaultKey" in res for _, res in granted(function))
        for variable, secret in (("PROVIDER_APPS_SECRET", "ProviderAppsSecret"), ("SIGNING_SECRET", "SigningSecret")):
            assert (variable in variables) == any(secret in res for _, res in granted(function)), (function, variable)
        for variable, machine in (("CHANGE_MACHINE_ARN", "ChangeMachine"), ("MERGE_MACHINE_ARN", "MergeMachine")):
            assert (variable in variables) == any(machine in res for _, res in granted(function)), (function, variable)


@pytest.mark.parametrize(("worker", "queue"), WORKERS.items())
def test_workers_take_one_wake_up_at_a_time_and_may_wake_themselves(worker: str, queue: str) -> None:
    assert FUNCTIONS[worker]["RecursiveLoop"] == "Allow"
    (event,) = FUNCTIONS[worker]["Events"].values()
    assert event["Properties"]["Queue"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert event["Properties"]["BatchSize"] == 1
    assert "MaximumBatchingWindowInSeconds" not in event["Properties"]
    assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # A number, not a parameter: the emulator compares it as it comes.
    assert event["Properties"]["ScalingConfig"]["MaximumConcurrency"] >= 2


def test_a_message_stays_hidden_for_a_minute_longer_than_its_worker_can_run() -> None:
    mapping = TEMPLATE["Mappings"]["Worker"]
    assert set(mapping) == set(TEMPLATE["Parameters"]["WorkerTimeout"]["AllowedValues"])
    for seconds, row in mapping.items():
        assert row["VisibilityTimeout"] == int(seconds) + 60
    for worker, queue in WORKERS.items():
        assert FUNCTIONS[worker]["Timeout"] == {"Ref": "WorkerTimeout"}
        found = RESOURCES[queue]["Properties"]["VisibilityTimeout"]
        assert found == {"Fn::FindInMap": ["Worker", {"Ref": "WorkerTimeout"}, "VisibilityTimeout"]}


@pytest.mark.parametrize("queue", WORKERS.values())
def test_a_wake_up_that_fails_five_times_is_kept_longer_than_the_queue_keeps_it(queue: str) -> None:
    properties = RESOURCES[queue]["Properties"]
    assert properties["RedrivePolicy"]["maxReceiveCount"] == 5
    (letters, _) = properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"]
    assert RESOURCES[letters]["Properties"]["MessageRetentionPeriod"] > properties["MessageRetentionPeriod"]


def test_only_the_documented_routes_take_no_token() -> None:
    routes = of_type("AWS::ApiGatewayV2::Route").values()
    assert {route["RouteKey"] for route in routes if route["AuthorizationType"] == "NONE"} == PUBLIC
    for route in routes:
        if route["RouteKey"] not in PUBLIC:
            assert route["AuthorizationType"] == "CUSTOM"
            assert route["AuthorizerId"] == {"Ref": "Authorizer"}


def test_no_route_is_there_twice() -> None:
    keys = [route["RouteKey"] for route in of_type("AWS::ApiGatewayV2::Route").values()]
    assert len(keys) == len(set(keys))


def test_public_routes_are_throttled_below_the_rest() -> None:
    stage = RESOURCES["ApiStage"]["Properties"]
    assert set(stage["RouteSettings"]) == PUBLIC
    default = {
        name: parameter["Default"] for name, parameter in TEMPLATE["Parameters"].items() if "Default" in parameter
    }
    assert default["PublicRateLimit"] < default["ApiRateLimit"]
    for settings in stage["RouteSettings"].values():
        assert settings["ThrottlingRateLimit"] == {"Ref": "PublicRateLimit"}
        assert settings["ThrottlingBurstLimit"] == {"Ref": "PublicBurstLimit"}
    # API Gateway refuses settings of a route that is not there yet.
    routes = {route["RouteKey"]: name for name, route in of_type("AWS::ApiGatewayV2::Route").items()}
    assert {routes[key] for key in PUBLIC} <= set(RESOURCES["ApiStage"]["DependsOn"])


def test_the_access_log_has_no_query_string() -> None:
    """The OAuth callback carries its code and state there."""
    written = RESOURCES["ApiStage"]["Properties"]["AccessLogSettings"]["Format"]
    variables = set(re.findall(r"\$context\.[\w.]+", written))
    assert variables
    assert not {name for name in variables if "query" in name.lower() or name == "$context.path"}
    json.loads(written)


def test_the_authoriser_answers_simply_per_token() -> None:
    authoriser = RESOURCES["Authorizer"]["Properties"]
    assert authoriser["AuthorizerType"] == "REQUEST"
    assert authoriser["EnableSimpleResponses"] is True
    assert authoriser["AuthorizerPayloadFormatVersion"] == "2.0"
    assert authoriser["IdentitySource"] == ["$request.header.Authorization"]
    assert TEMPLATE["Parameters"]["AuthorizerTtl"]["MaxValue"] == 300


def test_functions_run_on_arm64_with_a_log_group_of_limited_life() -> None:
    shared = TEMPLATE["Globals"]["Function"]
    assert shared["Runtime"] == "python3.13"
    assert shared["Architectures"] == ["arm64"]
    for name, properties in FUNCTIONS.items():
        assert properties["LoggingConfig"]["LogFormat"] == "JSON", name
        group = RESOURCES[properties["LoggingConfig"]["LogGroup"]["Ref"]]
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name
        assert RESOURCES[name]["Metadata"]["BuildMethod"] == "makefile", name


def test_replaced_addresses_and_clocks_reach_functions_on_the_local_stage_only() -> None:
    guarded = {"Fn::If": ["HasSandboxUrl", {"Ref": "SandboxUrl"}, {"Ref": "AWS::NoValue"}]}
    for properties in FUNCTIONS.values():
        assert properties["Environment"]["Variables"].get("LEDGERBRIDGE_SANDBOX_URL", guarded) == guarded
    clock = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]["CLOCK_FACTOR"]
    assert clock == {"Fn::If": ["IsLocal", {"Ref": "ClockFactor"}, {"Ref": "AWS::NoValue"}]}
    loopback = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]["ALLOW_LOOPBACK"]
    assert loopback == {"Fn::If": ["AllowsLoopback", "true", {"Ref": "AWS::NoValue"}]}
    for name in ("HasSandboxUrl", "HasAwsUrl", "AllowsLoopback"):
        assert {"Condition": "IsLocal"} in TEMPLATE["Conditions"][name]["Fn::And"]


def test_documents_are_private_encrypted_and_not_lost_by_overwriting() -> None:
    bucket = RESOURCES["DocumentsBucket"]["Properties"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert bucket["BucketEncryption"]
    assert bucket["VersioningConfiguration"]["Status"] == "Enabled"
    assert any("AbortIncompleteMultipartUpload" in rule for rule in bucket["LifecycleConfiguration"]["Rules"])


@pytest.mark.parametrize(("policy", "service"), [("DocumentsPolicy", "s3"), ("QueuesPolicy", "sqs")])
def test_documents_and_queues_refuse_plain_http_wherever_they_are_deployed(policy: str, service: str) -> None:
    (denied,) = RESOURCES[policy]["Properties"]["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", f"{service}:*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert RESOURCES[policy]["Condition"] == "IsDeployed"
    assert TEMPLATE["Conditions"]["IsDeployed"] == {"Fn::Not": [{"Condition": "IsLocal"}]}
    assert TEMPLATE["Conditions"]["IsLocal"] == {"Fn::Equals": [{"Ref": "Stage"}, "local"]}


def test_secrets_are_never_in_plain_parameters() -> None:
    assert TEMPLATE["Parameters"]["ProviderApps"]["NoEcho"] is True
    assert RESOURCES["SigningSecret"]["Properties"]["GenerateSecretString"]["PasswordLength"] >= 32


def test_alarms_watch_what_the_design_names() -> None:
    alarms = of_type("AWS::CloudWatch::Alarm")
    metrics = {alarm["MetricName"] for alarm in alarms.values()}
    assert metrics >= {
        "oldest_pending_seconds", "open_unknown_batches", "expired_connections", "parked_connections",
        "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage", "Errors", "Throttles",
    }  # fmt: skip
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == {
            "Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]
        }
    watched = {json.dumps(alarm["Dimensions"]) for alarm in alarms.values() if alarm["MetricName"] == "Errors"}
    assert watched == {json.dumps([{"Name": "FunctionName", "Value": {"Ref": name}}]) for name in FUNCTIONS}


def test_our_own_metrics_carry_the_dimension_that_the_alarms_ask_for() -> None:
    service = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    namespace = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
    own = [alarm for alarm in of_type("AWS::CloudWatch::Alarm").values() if alarm["Namespace"] == namespace]
    assert len(own) == 4
    for alarm in own:
        assert alarm["Dimensions"] == [{"Name": "service", "Value": service}]


def test_the_agenda_wakes_every_minute() -> None:
    (event,) = FUNCTIONS["AgendaFunction"]["Events"].values()
    assert event["Type"] == "ScheduleV2"
    assert event["Properties"]["ScheduleExpression"] == "rate(1 minute)"
    assert FUNCTIONS["AgendaFunction"]["Timeout"] <= 60


def test_the_routes_are_those_of_the_published_description() -> None:
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    methods = {"get", "put", "post", "patch", "delete"}
    described = {f"{method.upper()} {path}" for path, ways in paths.items() for method in ways if method in methods}
    routes = {route["RouteKey"] for route in of_type("AWS::ApiGatewayV2::Route").values()}
    assert routes - {"GET /docs"} == described - {"GET /docs"}
