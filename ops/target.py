"""The deployed stack an operator works on: its outputs, and clients of the AWS services it runs on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """`client` makes a boto3 client of a service; `outputs` are the CloudFormation outputs of template.yaml."""

    client: Callable[[str], Any]
    outputs: Mapping[str, str]


def deployed(stack: str, region: str | None = None) -> Target:
    """The stack of this name, with the operator's own AWS credentials; raises LookupError when it is not there.

    AWS_ENDPOINT_URL points it at a local stack (`python -m local status` shows the address).
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError

    config = Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 3})
    session: Any = boto3.session.Session(region_name=region)

    def client(service: str) -> Any:
        return session.client(service, config=config)

    try:
        found = client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        raise LookupError(f"no stack {stack}: {error}") from error
    return Target(client, {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])})
