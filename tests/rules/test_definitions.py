"""The state machines as the template deploys them: every step bounded, repeated and caught, and nothing unreachable."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import jsonata
import pytest
from cfnlint import lint

from functions.connect import change_steps
from functions.merge import steps as merge_steps
from local import template
from shared.domain.workflows import OF_PEOPLE, STEPS, Step, WorkflowKind
from shared.usecases.carry_workflow import ABANDON, OVER, Steps
from tests.rules.deployment import TEMPLATE

Definition = dict[str, Any]
MACHINES: Final[dict[str, tuple[WorkflowKind, Steps]]] = {
    "ChangeMachine": (WorkflowKind.CHANGE, change_steps.STEPS),
    "MergeMachine": (WorkflowKind.MERGE, merge_steps.STEPS),
}
FILES: Final = template.definitions(TEMPLATE)
GIVE_UP, INTERRUPTED = "GiveUp", "Interrupted"
# From these on a workflow goes forward: a run that fails there is followed by another.
FORWARD: Final = {Step.LET_GO, Step.OFFER, Step.APPLY, Step.REPORT}


@cache
def definition(machine: str) -> Definition:
    """The definition with the template's defaults in the place of its parameters."""
    text = FILES[machine].read_text()
    for name, value in TEMPLATE["Resources"][machine]["Properties"]["DefinitionSubstitutions"].items():
        assert f"${{{name}}}" in text, f"{machine} is given {name}, which its definition does not ask for"
        default = TEMPLATE["Parameters"].get(value.get("Ref"), {}).get("Default", "aws")
        text = text.replace(f"${{{name}}}", str(default))
    assert "${" not in text, f"{machine} asks for what it is not given"
    found: Definition = json.loads(text)
    return found


def tasks(machine: str) -> dict[str, Definition]:
    return {name: state for name, state in definition(machine)["States"].items() if state["Type"] == "Task"}


def waits(machine: str) -> dict[str, Definition]:
    return {name: state for name, state in tasks(machine).items() if state["Resource"].endswith(".waitForTaskToken")}


def payload(state: Definition) -> Definition:
    found: Definition = state["Arguments"]["Payload"]
    return found


def leads_to(state: Definition) -> Iterator[str]:
    """Every state that may come after one."""
    for holder in [state, *state.get("Choices", []), *state.get("Catch", [])]:
        yield from (holder[name] for name in ("Next", "Default") if name in holder)


def expressions(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from expressions(one)
    elif isinstance(value, list):
        for one in value:
            yield from expressions(one)
    elif isinstance(value, str) and value.startswith("{%"):
        yield value


def test_every_machine_of_the_template_is_looked_at() -> None:
    assert set(FILES) == set(MACHINES)
    for machine in FILES:
        properties = TEMPLATE["Resources"][machine]["Properties"]
        assert properties["Type"] == "STANDARD"  # a run of the other type lasts five minutes
        assert properties["Name"] == {"Fn::Sub": f"${{AWS::StackName}}-{machine}"}
        assert properties["Logging"]["IncludeExecutionData"] is False  # tokens of waiting tasks are in it


def linted(found: Definition) -> list[str]:
    """What cfn-lint, which knows the language, has to say of a definition."""
    role = "arn:aws:iam::123456789012:role/machine"
    properties = {"RoleArn": role, "DefinitionString": json.dumps(found)}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    return [said.message for said in lint(json.dumps({"Resources": {"Machine": resource}}), None, ["us-east-1"])]


@pytest.mark.parametrize("machine", MACHINES)
def test_each_definition_passes_validation(machine: str) -> None:
    found = definition(machine)
    assert linted(found) == []
    without = {name: value for name, value in found["States"]["Next"].items() if name != "Choices"}
    assert linted({**found, "States": {**found["States"], "Next": without}}) != []


@pytest.mark.parametrize("machine", MACHINES)
def test_every_state_is_reached_and_leads_to_one_that_is_there(machine: str) -> None:
    found = definition(machine)
    assert found["QueryLanguage"] == "JSONata"
    reached, ahead = set(), [found["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += leads_to(found["States"][name])
    assert reached == set(found["States"])


@pytest.mark.parametrize("machine", MACHINES)
def test_it_is_made_of_what_the_emulator_runs_as_aws_does(machine: str) -> None:
    kinds = {state["Type"] for state in definition(machine)["States"].values()}
    assert kinds == {"Task", "Choice", "Succeed", "Fail"}
    for name, state in tasks(machine).items():
        assert re.match(r"arn:aws:states:::lambda:invoke(\.waitForTaskToken)?\Z", state["Resource"]), name
        assert isinstance(state["TimeoutSeconds"], int), name  # the emulator does not work expressions out here
        for rule in [*state["Retry"], *state["Catch"]]:
            # The names of exceptions of ours do not come through: what may be expected is data in the answer.
            assert rule["ErrorEquals"] in (["States.ALL"], ["States.Timeout"]), name


@pytest.mark.parametrize("machine", MACHINES)
def test_every_expression_can_be_read_and_names_only_what_the_run_has(machine: str) -> None:
    found = list(expressions(definition(machine)))
    assert found
    for expression in found:
        assert re.match(r"\{% \$states\.(context|input|result|errorOutput)\b.* %\}\Z", expression), expression
        jsonata.Jsonata.jsonata(expression[2:-2].strip())


@pytest.mark.parametrize("machine", MACHINES)
def test_every_task_has_a_time_a_bounded_retry_and_a_way_out(machine: str) -> None:
    forward = {step.value for step in FORWARD}
    for name, state in tasks(machine).items():
        assert state["TimeoutSeconds"] > 0, name
        again = state["Retry"][-1]
        assert again["ErrorEquals"] == ["States.ALL"], name
        assert 1 <= again["MaxAttempts"] <= 5, name
        assert again["JitterStrategy"] == "FULL", name
        (caught,) = state["Catch"]
        assert caught["ErrorEquals"] == ["States.ALL"], name
        gives_up = caught["Next"] == GIVE_UP
        action = payload(state)["action"]
        step = action if action == "give_up" else payload(state).get("step", action)
        assert gives_up is (step not in {"where", "give_up", "abandon", *forward}), name
        if gives_up:
            assert caught["Output"] == {"step": step, "error": "{% $states.errorOutput.Error %}"}, name
        else:
            assert caught["Next"] == INTERRUPTED, name


@pytest.mark.parametrize("machine", MACHINES)
def test_a_wait_is_not_begun_anew_when_its_time_is_over_and_the_record_knows_its_time(machine: str) -> None:
    kind, steps = MACHINES[machine]
    found = waits(machine)
    assert {Step(payload(state)["step"]) for state in found.values()} >= set(STEPS[kind]) & OF_PEOPLE
    assert {Step(payload(state)["step"]) for state in found.values()} >= set(steps.set_going)
    for name, state in found.items():
        assert state["Retry"][0] == {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 0}, name
        assert payload(state)["seconds"] == state["TimeoutSeconds"], name
        assert payload(state)["token"] == "{% $states.context.Task.Token %}", name
    longest = sum(state["TimeoutSeconds"] for state in tasks(machine).values())
    assert definition(machine)["TimeoutSeconds"] > longest


@pytest.mark.parametrize("machine", MACHINES)
def test_a_run_asks_the_record_after_each_task_and_knows_every_answer(machine: str) -> None:
    kind, steps = MACHINES[machine]
    states = definition(machine)["States"]
    assert payload(states[definition(machine)["StartAt"]])["action"] == "where"
    asked = {state["Next"] for name, state in tasks(machine).items() if name != definition(machine)["StartAt"]}
    assert asked == {definition(machine)["StartAt"]}
    answers = {re.search(r"'(\w+)'", one["Condition"])[1]: one["Next"] for one in states["Next"]["Choices"]}  # type: ignore[index]
    assert set(answers) == {*(step.value for step in STEPS[kind]), ABANDON, OVER}
    assert states[answers[OVER]]["Type"] == "Succeed"
    assert states["Next"]["Default"] == INTERRUPTED
    done = {payload(state)["action"] for state in tasks(machine).values()}
    assert done == {"where", "wait", "give_up", *steps.acts}
    for word, name in answers.items():
        if word != OVER:
            said = payload(states[name])
            assert said.get("step", said["action"]) == word
    for name, state in tasks(machine).items():
        assert payload(state)["run"] == "{% $states.context.Execution.Input %}", name


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_calls_its_own_function_alone(machine: str) -> None:
    properties = TEMPLATE["Resources"][machine]["Properties"]
    (policy,) = properties["Policies"]
    invoke, log = policy["Statement"]
    assert invoke["Action"] == ["lambda:InvokeFunction"]
    assert invoke["Resource"] == properties["DefinitionSubstitutions"]["Steps"]
    assert all(action.startswith("logs:") for action in log["Action"])
    assert {state["Arguments"]["FunctionName"] for state in tasks(machine).values()} == {"aws"}


@pytest.mark.parametrize("machine", MACHINES)
def test_runs_that_fail_or_take_too_long_are_told(machine: str) -> None:
    alarms = [one["Properties"] for one in TEMPLATE["Resources"].values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    watched = {one["MetricName"] for one in alarms if machine in json.dumps(one.get("Dimensions", []))}
    assert watched == {"ExecutionsFailed", "ExecutionsTimedOut"}
