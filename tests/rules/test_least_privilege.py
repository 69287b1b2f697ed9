"""Each function may do what its code can ask of AWS, and nothing else: compared both ways."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local import template
from tests.rules.permissions import ROOT, VIA, Grant, needed
from tests.rules.reach import Reach
from tests.rules.sources import Sources, Symbol

TEMPLATE = template.load(ROOT / "template.yaml")
FUNCTIONS = template.functions(TEMPLATE)
SOURCES = Sources(ROOT)
HOW = "`python -m tests.rules.permissions` prints what every function's code needs"


_NAMED = re.compile(r"\b[A-Z]\w+(Table|Queue|Bucket|Key|Secret|Machine)\b")


def granted(properties: dict[str, Any]) -> set[Grant]:
    """(action, logical id) of every statement; those bound to DynamoDB by a condition say so."""
    grants = set()
    for statement in (one for policy in properties["Policies"] for one in policy["Statement"]):
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        names = [_NAMED.search(json.dumps(resource)) for resource in resources]
        assert all(names), f"a resource of a kind that this test does not know: {resources}"
        via = VIA if "kms:ViaService" in json.dumps(statement.get("Condition", {})) else ""
        grants |= {(action + via, name[0]) for action in statement["Action"] for name in names if name}
    return grants


@cache
def wanted_by(function: template.Function) -> frozenset[Grant]:
    return frozenset(needed(SOURCES, function.handler))


def compared(function: template.Function, grants: set[Grant]) -> list[str]:
    """What differs, a line each: nothing where the policy is exact."""
    name, wanted = function.logical_id, wanted_by(function)
    missing = [f"{name} may not {action} on {resource}" for action, resource in sorted(wanted - grants)]
    unused = [f"{name} never does {action} on {resource}" for action, resource in sorted(grants - wanted)]
    return missing + unused


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.logical_id)
def test_a_functions_policy_is_what_its_code_asks_for(function: template.Function) -> None:
    found = compared(function, granted(TEMPLATE["Resources"][function.logical_id]["Properties"]))
    assert not found, "\n".join([*found, HOW])


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.logical_id)
def test_a_permission_taken_away_is_missed_and_one_too_many_is_noticed(function: template.Function) -> None:
    wanted = set(wanted_by(function))
    assert wanted
    for action, resource in wanted:
        assert compared(function, wanted - {(action, resource)}) == [
            f"{function.logical_id} may not {action} on {resource}"
        ]
    found = compared(function, wanted | {("dynamodb:Scan", "ItemsTable")})
    assert found == [f"{function.logical_id} never does dynamodb:Scan on ItemsTable"]


def reach_of(tmp_path: Path, **files: str) -> Reach:
    (tmp_path / "shared").mkdir()
    for name, text in files.items():
        (tmp_path / "shared" / f"{name}.py").write_text(text)
    return Reach(Sources(tmp_path), [Symbol("shared.start", "handler")])


def asked(reach: Reach) -> set[tuple[str, str]]:
    return {(chain.attribute, chain.method) for chain in reach.chains if chain.owner == "service"}


def test_reach_follows_imports_inside_functions_tables_of_functions_and_modules(tmp_path: Path) -> None:
    found = reach_of(
        tmp_path,
        start="def handler(service):\n    from shared import other\n    other.TABLE['x'](service)\n",
        other="from shared.third import run as go\nTABLE = {'x': go}\n",
        third="def run(service):\n    service.items.create()\ndef idle(service):\n    service.items.remove()\n",
    )
    assert asked(found) == {("items", "create")}


def test_reach_takes_the_methods_that_are_mentioned_of_classes_that_are_reached(tmp_path: Path) -> None:
    found = reach_of(
        tmp_path,
        start="from shared.other import Turn\ndef handler(service):\n    Turn(service).look()\n",
        other=(
            "class Turn:\n"
            "    def __init__(self, service):\n        self.service = service\n"
            "    def look(self):\n        return self.deeper()\n"
            "    def deeper(self):\n        self.service.vault.unwrap()\n"
            "    def idle(self):\n        self.service.vault.new_key()\n"
        ),
    )
    assert asked(found) == {("vault", "unwrap")}


def test_reach_leaves_out_what_is_only_a_type_and_sees_what_is_handed_on(tmp_path: Path) -> None:
    found = reach_of(
        tmp_path,
        start=(
            "from shared.other import Turn, use\n"
            "def handler(service, turn: Turn) -> Turn:\n    store = service.lists\n    use(store)\n"
        ),
        other=(
            "class Turn:\n    def __init__(self, service):\n        service.a.b()\ndef use(store):\n    store.write()\n"
        ),
    )
    assert asked(found) == {("lists", "")}
    assert "write" in found.mentioned
