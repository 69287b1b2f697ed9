"""Read template.yaml: CloudFormation's short tags become their long forms, and functions are found by handler."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Template = dict[str, Any]
_FUNCTION = "AWS::Serverless::Function"
_MACHINE = "AWS::Serverless::StateMachine"
_ROOT = Path(__file__).resolve().parent.parent


# libyaml reads the template ten times as fast, where PyYAML was built with it.
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    pass


def _construct(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    raise TypeError(f"unexpected YAML node {node!r}")


def _short_tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value = _construct(loader, node)
    if suffix in ("Ref", "Condition"):
        return {suffix: value}
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_tag)


@dataclass(frozen=True)
class Function:
    """One function of the template: its logical id, its handler, and the folder of functions/ it lives in."""

    logical_id: str
    handler: str

    @property
    def area(self) -> str:
        return self.handler.split(".")[1]


def load(path: Path) -> Template:
    """The template as plain data, `!Ref x` being `{"Ref": "x"}`."""
    loaded = yaml.load(path.read_text(), _Loader)  # noqa: S506 - a SafeLoader with CloudFormation's tags
    if not isinstance(loaded, dict):
        raise TypeError(f"{path} is not a template")
    return loaded


def functions(template: Template) -> list[Function]:
    """Every function of the template, in its order."""
    return [
        Function(logical_id, resource["Properties"]["Handler"])
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == _FUNCTION
    ]


def definitions(template: Template) -> dict[str, Path]:
    """The file of every state machine's definition, by logical id."""
    return {
        logical_id: _ROOT / resource["Properties"]["DefinitionUri"]
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == _MACHINE
    }
