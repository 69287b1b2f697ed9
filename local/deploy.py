"""Deploy template.yaml by CloudFormation, as `sam deploy` would: package, change set, execute, read the outputs."""

import hashlib
import io
import json
import re
import time
import uuid
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local import artifact, template
from local.emulator.front_door import API_DOMAIN

ARTIFACTS_BUCKET = "ledgerbridge-artifacts"
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_NO_CHANGES = re.compile(r"didn't contain changes|No updates are to be performed", re.IGNORECASE)
_DEADLINE_SECONDS = 180
_ANSWER = "states:SendTaskSuccess"

Client = Callable[[str], Any]
"""Makes a boto3 client of a service that calls the emulator."""
CodeOf = Callable[[template.Function], bytes]
"""The zip of a function's code."""


class DeployError(Exception):
    """CloudFormation refused or rolled back; the message holds the reasons it gave."""


def zipped(folder: Path) -> bytes:
    """A folder as a zip. Stored, not deflated: a cold start here unpacks it, and nobody downloads it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def _upload(s3: Any, content: bytes, suffix: str) -> str:
    key = hashlib.sha256(content).hexdigest()[:32] + suffix
    s3.put_object(Bucket=ARTIFACTS_BUCKET, Key=key, Body=content)
    return key


def package(given: template.Template, client: Client, code_of: CodeOf) -> str:
    """Upload the code of every function, the definition of every state machine and the template that names them.

    Returns the template's URL.
    """
    s3 = client("s3")
    try:
        s3.create_bucket(Bucket=ARTIFACTS_BUCKET)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise
    packaged = json.loads(json.dumps(given))
    packaged["Globals"]["Function"].pop("CodeUri", None)
    for function in template.functions(given):
        key = _upload(s3, code_of(function), ".zip")
        packaged["Resources"][function.logical_id]["Properties"]["CodeUri"] = f"s3://{ARTIFACTS_BUCKET}/{key}"
    for logical_id, definition in template.definitions(given).items():
        key = _upload(s3, definition.read_bytes(), ".asl.json")
        packaged["Resources"][logical_id]["Properties"]["DefinitionUri"] = f"s3://{ARTIFACTS_BUCKET}/{key}"
    key = _upload(s3, json.dumps(packaged).encode(), ".json")
    return f"{s3.meta.endpoint_url}/{ARTIFACTS_BUCKET}/{key}"


def own_code(scratch: Path) -> CodeOf:
    """Code for `package`: the project's own files, compiled; the locked wheels are those of this environment.

    Why not the whole artifact: nine functions of 50 MB each cost the emulator 500 MB, and every cold start a second.
    That the artifact holds all it needs is shown by the packaging tests and by `make sam-deploy-local`.
    """
    return _once_per_area(scratch, artifact.copy_own_code)


def whole_artifact(scratch: Path) -> CodeOf:
    """Code for `package`: the artifact as shipped, but for this machine."""
    return _once_per_area(scratch, artifact.build_area)


def _once_per_area(scratch: Path, build: Callable[[str, Path, artifact.Target], None]) -> CodeOf:
    target = artifact.Target.of_this_machine()
    built: dict[str, bytes] = {}

    def code_of(function: template.Function) -> bytes:
        if function.area not in built:
            folder = scratch / function.area
            folder.mkdir()
            build(function.area, folder, target)
            built[function.area] = zipped(folder)
        return built[function.area]

    return code_of


def _await(read: Callable[[], str], pending: Callable[[str], bool], what: str) -> str:
    """CloudFormation can only be asked again: poll until the status is final."""
    end = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < end:
        status = read()
        if not pending(status):
            return status
        time.sleep(0.05)
    raise DeployError(f"{what} took longer than {_DEADLINE_SECONDS} s")


def _exists(cloudformation: Any, stack: str) -> bool:
    try:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError:
        return False
    return bool(found) and found[0]["StackStatus"] not in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE")


def _failures(cloudformation: Any, stack: str) -> str:
    """The reasons CloudFormation gave, oldest first. The rollback's own events fill the first page."""
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
    events = reversed([event for page in pages for event in page["StackEvents"]])
    failed = [event for event in events if "FAILED" in event["ResourceStatus"]]
    return "; ".join(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}" for event in failed)


def deploy(client: Client, stack: str, template_url: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """Create or update a stack from an uploaded template and return its outputs.

    Raises DeployError with CloudFormation's reasons when the change set or the stack fails.
    """
    cloudformation = client("cloudformation")
    change_set = cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=f"deploy-{uuid.uuid4().hex[:12]}",
        ChangeSetType="UPDATE" if _exists(cloudformation, stack) else "CREATE",
        TemplateURL=template_url,
        Capabilities=_CAPABILITIES,
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    )["Id"]

    def change_set_status() -> str:
        return str(cloudformation.describe_change_set(ChangeSetName=change_set)["Status"])

    if (
        _await(change_set_status, lambda status: status not in ("CREATE_COMPLETE", "FAILED"), "the change set")
        == "FAILED"
    ):
        reason = cloudformation.describe_change_set(ChangeSetName=change_set).get("StatusReason", "")
        if not _NO_CHANGES.search(reason):
            raise DeployError(f"the change set failed: {reason}")
        return outputs(client, stack)
    cloudformation.execute_change_set(ChangeSetName=change_set)

    def stack_status() -> str:
        return str(cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])

    status = _await(stack_status, lambda status: status.endswith("_IN_PROGRESS"), "the deployment")
    if "FAILED" in status or "ROLLBACK" in status:
        raise DeployError(f"{status}: {_failures(cloudformation, stack)}")
    return outputs(client, stack)


def outputs(client: Client, stack: str) -> dict[str, str]:
    """The outputs of a deployed stack, by name."""
    found = client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def set_what_the_emulator_leaves_out(client: Client, stack: str, given: template.Template) -> None:
    """Set by public AWS calls what the template says and the emulator's CloudFormation ignores.

    Expiry of a table's records, the permissions of workers to wake themselves and to answer state machines, and
    the API's own domain for the front door.
    """
    pages = client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    deployed = [resource for page in pages for resource in page["StackResourceSummaries"]]
    physical = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in deployed}
    for logical_id, resource in given["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::DynamoDB::Table" and "TimeToLiveSpecification" in properties:
            _expire_records(client("dynamodb"), physical[logical_id], properties["TimeToLiveSpecification"])
        if resource["Type"] == "AWS::Serverless::Function" and "RecursiveLoop" in properties:
            client("lambda").put_function_recursion_config(
                FunctionName=physical[logical_id], RecursiveLoop=properties["RecursiveLoop"]
            )
        if resource["Type"] == "AWS::Serverless::Function" and _ANSWER in json.dumps(properties.get("Policies", [])):
            _let_answer(client, physical[logical_id])
    _name_the_api(client("apigatewayv2"), physical["HttpApi"])


def _expire_records(dynamodb: Any, table: str, specification: dict[str, Any]) -> None:
    current = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"]
    if current == "DISABLED":
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)


def _let_answer(client: Client, function: str) -> None:
    """Why: AWS judges the answer to a task by its state machine, which the function's policy names; the emulator, whose
    tokens name none, by the resource "*".
    """
    role = client("lambda").get_function_configuration(FunctionName=function)["Role"].rpartition("/")[2]
    statement = {"Effect": "Allow", "Action": [_ANSWER], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("iam").put_role_policy(RoleName=role, PolicyName="answer-tasks", PolicyDocument=document)


def _name_the_api(apigateway: Any, api_id: str) -> None:
    domains = [domain["DomainName"] for domain in apigateway.get_domain_names()["Items"]]
    if API_DOMAIN not in domains:
        apigateway.create_domain_name(DomainName=API_DOMAIN)
    mappings = apigateway.get_api_mappings(DomainName=API_DOMAIN)["Items"]
    if [mapping["ApiId"] for mapping in mappings] == [api_id]:
        return
    for mapping in mappings:
        apigateway.delete_api_mapping(DomainName=API_DOMAIN, ApiMappingId=mapping["ApiMappingId"])
    apigateway.create_api_mapping(DomainName=API_DOMAIN, ApiId=api_id, Stage="$default")
