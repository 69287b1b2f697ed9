"""The AWS calls that each function's code can make, as (action, resource of the template).

Read from the sources: which stores, queues and keys the handler's code asks of the service, and which DynamoDB
operations or client methods those make. `python -m tests.rules.permissions` prints them as policy statements.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local import template
from tests.rules.reach import Reach
from tests.rules.sources import Sources, Symbol

ROOT: Final = Path(__file__).resolve().parents[2]
SERVICE: Final = "shared.usecases.service"
_OUTSIDE: Final = frozenset({"public_web"})  # attributes of the service that reach nothing of AWS
_SERVICE_NAMES: Final = frozenset({"service", "_service"})  # what code calls the service, as a variable or a field
Grant = tuple[str, str]

# What storage.table's methods and storage.operations' values need. A lost answer of a write is re-read by key.
_READS: Final = {"get": "GetItem", "batch_get": "BatchGetItem", "query": "Query", "count": "Query"}
_WRITES: Final = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "Assert": "ConditionCheckItem"}
# What clients' methods need. S3 says 403 instead of 404 for a missing object to those who may not list (S3's API
# reference, HeadObject).
_CLIENT: Final = {
    "generate_presigned_post": ("s3:PutObject",),
    "put_object": ("s3:PutObject",),
    "get_object": ("s3:GetObject", "s3:ListBucket"),
    "head_object": ("s3:GetObject", "s3:ListBucket"),
    "send_message": ("sqs:SendMessage",),
    "generate_data_key": ("kms:GenerateDataKey",),
    "decrypt": ("kms:Decrypt",),
    "get_secret_value": ("secretsmanager:GetSecretValue",),
    "start_execution": ("states:StartExecution",),
    "describe_execution": ("states:DescribeExecution",),
    "send_task_success": ("states:SendTaskSuccess",),
}
# A table under a key of ours is read with the caller's own permission on that key (DynamoDB: encryption at rest, usage
# notes); that statement is bound to DynamoDB by kms:ViaService.
_THROUGH_DYNAMODB: Final = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncrypt*",
    "kms:GenerateDataKey*",
    "kms:DescribeKey",
    "kms:CreateGrant",
)
VIA: Final = " (through DynamoDB)"
_TEXTS: Final = {
    "documents_bucket": "DocumentsBucket",
    "vault_key_arn": "VaultKey",
    "provider_apps_secret": "ProviderAppsSecret",
    "signing_secret": "SigningSecret",
    "change_machine_arn": "ChangeMachine",
    "merge_machine_arn": "MergeMachine",
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of the service: the class behind it, how it is made, the resource of the template it reaches."""

    symbol: Symbol
    maker: frozenset[str]
    resource: str


def attributes(sources: Sources) -> dict[str, Attribute]:
    """What the service's cached properties make: the one class each imports, with the name that its settings give."""
    module = sources.module(SERVICE)
    assert module
    (service,) = module.statements["Service"]
    assert isinstance(service, ast.ClassDef)
    found = {}
    for method in service.body:
        if not isinstance(method, ast.FunctionDef) or method.name in _OUTSIDE:
            continue
        if "cached_property" in map(ast.unparse, method.decorator_list):
            (symbol,) = sources.imported(method.body).values()
            maker = frozenset(part.attr for part in ast.walk(method) if isinstance(part, ast.Attribute))
            found[method.name] = Attribute(symbol, maker, _resource(method))
    return found


def _resource(method: ast.FunctionDef) -> str:
    for call in ast.walk(method):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args:
            kind, (argument, *_) = call.func.attr, call.args
            if kind in {"table", "queue"} and isinstance(argument, ast.Constant):
                return f"{str(argument.value).capitalize()}{kind.capitalize()}"
            if kind == "text" and isinstance(argument, ast.Constant):
                return _TEXTS[str(argument.value)]
    raise AssertionError(f"Service.{method.name} does not say what it reaches")


def asked_of_service(sources: Sources, handler: str) -> dict[str, set[str]]:
    """The methods that a handler's code may call on each attribute of the service.

    Of an attribute that is handed on as a value, under whatever name, those are all that any of the code mentions.
    """
    module, _, name = handler.rpartition(".")
    reached = Reach(sources, [Symbol(module, name)], stop={SERVICE})
    known = attributes(sources)
    asked: dict[str, set[str]] = {}
    for chain in reached.chains:
        if chain.owner in _SERVICE_NAMES and chain.attribute in known:
            asked.setdefault(chain.attribute, set()).update({chain.method} if chain.method else reached.mentioned)
    return asked


def needed(sources: Sources, handler: str) -> set[Grant]:
    """Every (action, resource) that the handler's code can ask for."""
    known = attributes(sources)
    grants: set[Grant] = set()
    for attribute, methods in asked_of_service(sources, handler).items():
        grants |= _grants(sources, known[attribute], methods)
    if any(resource == "VaultTable" for _, resource in grants):
        grants |= {(action + VIA, "VaultKey") for action in _THROUGH_DYNAMODB}
    return grants


def _grants(sources: Sources, attribute: Attribute, methods: Iterable[str]) -> set[Grant]:
    inside = Reach(
        sources,
        [attribute.symbol],
        mentioned=attribute.maker.union(methods),
        stop={"shared.storage.table", "shared.storage.operations"},
        foreign={"_table"},
    )
    if attribute.resource.endswith("Table"):
        return {(f"dynamodb:{action}", attribute.resource) for action in _operations(inside)}
    actions = (_CLIENT.get(name, ()) for name in inside.mentioned)
    return {(action, attribute.resource) for several in actions for action in several}


def _operations(inside: Reach) -> set[str]:
    asked = {chain.method for chain in inside.chains if chain.attribute == "_table"}
    found = {_READS[name] for name in asked & _READS.keys()}
    values = {symbol.name for symbol in inside.symbols if symbol.module == "shared.storage.operations"}
    found |= {_WRITES[name] for name in values & _WRITES.keys()}
    if "batch_put" in asked:
        found.add("BatchWriteItem")
    if asked & {"write", "transact"}:
        found.add("GetItem")
    return found


if __name__ == "__main__":
    for one in template.functions(template.load(ROOT / "template.yaml")):
        by_resource: dict[str, list[str]] = defaultdict(list)
        for action, resource in sorted(needed(Sources(ROOT), one.handler)):
            by_resource[resource].append(action)
        sys.stdout.write(f"{one.logical_id}\n")
        for resource, actions in sorted(by_resource.items()):
            sys.stdout.write(f"  {resource}: {', '.join(actions)}\n")
